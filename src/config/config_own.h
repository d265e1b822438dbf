/* SPDX-License-Identifier: MIT
 * config/config_own.h - what a struct config remembers besides its values.
 * Private to src/config/. */
#ifndef IGNIS_CONFIG_CONFIG_OWN_H
#define IGNIS_CONFIG_CONFIG_OWN_H
#include "config/config.h"
#include "config/option.h"

struct watch {
    const struct option *option;
    config_watch_fn *fn;
    void *arg;
};

struct judge { config_judge_fn *fn; void *arg; };

struct config_own {
    char *file;                 /* absolute, "" when none */
    struct watch *watches;
    size_t watch_count;
    struct judge *judges;       /* by row; no fn: nobody judges */
    bool *given;                /* by row: a file or the command line named it */
    bool is_replica;            /* --role slave */
};

/* A mistake in a line of a config file or of the command line. */
struct config_mistake {
    const char *file;           /* NULL: what the command line names and says */
    size_t line_number;         /* from 1 */
    struct bytes line;          /* trimmed */
    struct bytes name;          /* its first word */
    const char *why;
    const char *meant;          /* the word that was, where one is known; or NULL */
    bool is_unknown;            /* no such option */
    bool is_unreadable;         /* `line` is the name of a file that cannot be opened */
};
/* Return true to go on with the next line. */
typedef bool config_mistake_fn(const struct config_mistake *m, void *arg);

/* Apply lines to `c`.  `options_at` is where lines from the command line begin.
 * False when a mistake stopped it. */
bool config_apply_text(struct config *c, struct bytes text, size_t options_at,
                       const char *file, config_mistake_fn *mistake, void *arg);
/* Does the value of `o` ask for a feature that is not part of this version? */
bool config_is_missed(const struct config *c, const struct option *o);
/* Without the blanks around it. */
struct bytes config_trimmed(struct bytes line);
/* `line` as it may be shown: without the value of a secret. */
void config_add_line(struct text *out, struct bytes line, struct bytes name);

#endif
