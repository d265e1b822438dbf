/* SPDX-License-Identifier: MIT
 * config/option.h - a row of options.def at run time, and what its type can do.
 * Private to src/config/, utils/make-conf and their tests. */
#ifndef IGNIS_CONFIG_OPTION_H
#define IGNIS_CONFIG_OPTION_H
#include "base/text.h"
#include "config/options.h"

enum option_flag {
    LIVE = 0,               /* CONFIG SET works */
    FIXED = 1 << 0,         /* start-up only */
    PROTECTED = 1 << 1,     /* CONFIG SET as enable-protected-configs says */
    HIDDEN = 1 << 2,        /* CONFIG GET to exact names only; not in ignis.conf */
    SECRET = 1 << 3,        /* never logged */
    NOT_BUILT = 1 << 4,     /* kept and answered; nothing acts on it */
    REPEATED = 1 << 5,      /* a directive that adds up: no CONFIG GET or SET */
    UNLISTED = 1 << 6       /* CONFIG GET to exact names only */
};

struct option;

/* Where a value comes from decides what `save` does with what is there. */
enum option_from { FROM_DEFAULT, FROM_FILE, FROM_FILE_AGAIN, FROM_SET };

/* What a type can do with a field of struct config.  A "field" is the memory of
 * one value, `size` bytes; all-zero bytes are a valid empty one. */
struct option_type {
    size_t size;
    /* A word that stands alone is split: in CONFIG SET at each blank, in a file and on
     * the command line as a line is. */
    bool splits;
    /* How many words a line of the file may have: 0 words are fine when zero_words is
     * set; more than one when many_words is. */
    bool zero_words, many_words;
    /* Make a new value of `n` words in `to`; `old` is the value so far, for types that
     * change a part of it.  On failure `to` owns nothing and `why` has Redis's text. */
    bool (*parse)(const struct option *o, enum option_from from,
                  const struct bytes *words, size_t n, const void *old, void *to,
                  struct text *why);
    /* As CONFIG GET shows it. */
    void (*format)(const struct option *o, const void *field, struct text *out);
    /* The lines of a config file that say it, without the name, one call of `line`
     * each; NULL: one line, format's text, quoted when it has to be. */
    void (*lines)(const struct option *o, const void *field,
                  void (*line)(const char *rest, void *arg), void *arg);
    /* Free what the value owns; NULL: it owns nothing. */
    void (*release)(void *field);
    /* The value takes effect outside struct config (chdir); NULL: it does not. */
    bool (*apply)(const void *field, struct text *why);
};

struct word { const char *word; int value; };

struct option {
    const char *name;
    const char *group;              /* heading in ignis.conf */
    const struct option_type *type;
    size_t offset;                  /* of the field in struct config */
    const char *fallback;           /* the default, as a config file writes it */
    int64_t min;
    uint64_t max;
    const struct word *words;       /* enum and flags; ends with a NULL word */
    unsigned flags;
    const char *summary;
};

/* The rows of options.def, in their order; `i` is below the count. */
size_t option_count(void);
const struct option *option_at(size_t i);
/* By name or alias, any case; NULL when unknown.  O(log n). */
const struct option *option_find(struct bytes name);
/* All names, rows first, then aliases; NULL past the end. */
const char *option_name_at(size_t i, const struct option **option);
/* The name as it was found: an alias stays an alias. */
const char *option_name(struct bytes name);

static inline void *option_field(const struct option *o, struct config *c)
{
    return (char *)c + o->offset;
}
static inline const void *option_value(const struct option *o, const struct config *c)
{
    return (const char *)c + o->offset;
}

/* Parse `n` words, split when the type wants that, into a new value. */
bool option_parse(const struct option *o, enum option_from from,
                  const struct bytes *words, size_t n, const void *old, void *to,
                  struct text *why);
void option_release(const struct option *o, void *field);
/* Bytes that no value of any type exceeds. */
#define OPTION_SIZE_MAX 128
union option_space { char bytes[OPTION_SIZE_MAX]; void *align; int64_t align_number; };

/* Lines that say the value of `o` in `c`: name included. */
typedef void option_line_fn(const char *line, void *arg);
void option_lines(const struct option *o, const char *name, const void *field,
                  option_line_fn *each, void *arg);
/* The default as a new value, which the caller releases. */
void option_default(const struct option *o, void *to);
/* Give the field in `c` its default; the field must own nothing yet. */
void option_set_default(const struct option *o, struct config *c);
/* Same value as the default? */
bool option_is_default(const struct option *o, const void *field);

#endif
