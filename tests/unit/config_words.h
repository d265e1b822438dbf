/* SPDX-License-Identifier: MIT
 * tests/unit/config_words.h - a scratch directory, and small words for what tests of
 * options do all the time. */
#ifndef IGNIS_TESTS_UNIT_CONFIG_WORDS_H
#define IGNIS_TESTS_UNIT_CONFIG_WORDS_H
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "base/log.h"
#include "config/config.h"

/* Every test runs in a process of its own: it may change its directory. */
static char scratch[] = "/tmp/test_config.XXXXXX";

static inline void
enter_scratch(void)
{
    cr_assert(mkdtemp(scratch) != NULL);
    cr_assert_eq(chdir(scratch), 0);
    log_set_level(LOG_LEVEL_NOTHING);   /* of options that were set in vain */
}

static inline void
leave_scratch(void)
{
    char command[64];

    cr_assert_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -r %s", scratch);
    cr_expect_eq(system(command), 0);
}

static inline void
write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    cr_assert(f != NULL);
    fputs(text, f);
    fclose(f);
}

static inline char *
read_file(const char *path)
{
    static char text[64 * 1024];
    FILE *f = fopen(path, "r");
    size_t n;

    cr_assert(f != NULL, "%s", path);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static inline void
add_pair(const char *name, struct bytes value, void *arg)
{
    text_printf(arg, "%s=%.*s\n", name, B_ARG(value));
}

static inline const char *
get(const struct config *c, const char *pattern)
{
    static struct text out;
    struct bytes wanted = bytes_of_text(pattern);

    text_clear(&out);
    config_get(c, &wanted, 1, add_pair, &out);
    return out.at ? out.at : "";
}

static inline const char *
everything(const struct config *c, struct text *out)
{
    struct bytes wanted = B("*");

    text_clear(out);
    config_get(c, &wanted, 1, add_pair, out);
    return out->at;
}

/* "OK" or the error. */
static inline const char *
set_pairs(struct config *c, const struct bytes *pairs, size_t n)
{
    static struct text error;

    text_clear(&error);
    return config_set(c, pairs, n, false, &error) == OK ? "OK" : error.at;
}

static inline const char *
set(struct config *c, const char *name, const char *value)
{
    struct bytes pair[] = { bytes_of_text(name), bytes_of_text(value) };

    return set_pairs(c, pair, 1);
}

#endif
