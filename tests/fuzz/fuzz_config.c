/* SPDX-License-Identifier: MIT
 * fuzz/fuzz_config.c - libFuzzer entry for config files and the command line.  The first
 * byte chooses which of the two the rest is; arguments are separated by '|'.  Whatever
 * was taken must come back the same after being written down and read again. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "config/config.h"
#include "config/config_own.h"
#include "config/option.h"

#define ARGS_MOST 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
ignore_mistake(const struct config_mistake *m, void *arg)
{
    struct text *shown = arg;

    if (m->is_unreadable)
        return true;
    text_clear(shown);
    config_add_line(shown, m->line, m->name);
    return true;
}

/* An include may name any file of this machine, some without an end. */
static bool
includes_files(struct bytes text)
{
    for (size_t i = 0; i + 7 <= text.len; i++)
        if (strncasecmp(text.at + i, "include", 7) == 0)
            return true;
    return memmem(text.at, text.len, "\\x", 2) != NULL;     /* "\x69nclude" */
}

static void
apply_file(struct config *c, struct bytes text)
{
    struct text shown = { 0 };

    config_apply_text(c, text, SIZE_MAX, NULL, ignore_mistake, &shown);
    text_free(&shown);
}

/* Surrounded by options, so that no argument is a file or standard input. */
static void
apply_arguments(struct config *c, struct bytes text)
{
    char *argv[ARGS_MOST + 4] = { "--hz", "10" }, *copy = bytes_copy_text(text), *rest;
    struct text report = { 0 };
    int argc = 2;

    for (char *arg = strtok_r(copy, "|", &rest); arg && argc < ARGS_MOST;
         arg = strtok_r(NULL, "|", &rest))
        argv[argc++] = arg;
    argv[argc++] = "--hz";
    argv[argc++] = "5";
    if (config_load(c, argc, argv, &report) != OK && report.len == 0)
        abort();                        /* a refusal says why */
    text_free(&report);
    mem_free(copy);
}

static void
add_line(const char *line, void *arg)
{
    text_printf(arg, "%s\n", line);
}

static void
add_pair(const char *name, struct bytes value, void *arg)
{
    text_printf(arg, "%s=", name);
    text_add_quoted(arg, value);
}

static void
describe(const struct config *c, struct text *out)
{
    struct bytes all = B("*");

    config_get(c, &all, 1, add_pair, out);
}

static bool
stop_at_mistake(const struct config_mistake *m, void *arg)
{
    (void)m, (void)arg;
    return false;
}

static void
check_round_trip(const struct config *c)
{
    struct text lines = { 0 }, was = { 0 }, is = { 0 };
    struct config *again = config_new();

    for (size_t i = 0; i < option_count(); i++) {
        const struct option *o = option_at(i);

        if (!(o->flags & REPEATED))
            option_lines(o, o->name, option_value(o, c), add_line, &lines);
    }
    if (!config_apply_text(again, text_view(&lines), SIZE_MAX, NULL, stop_at_mistake,
                           NULL))
        abort();
    describe(c, &was);
    describe(again, &is);
    if (!bytes_equal(text_view(&was), text_view(&is)))
        abort();
    text_free(&lines);
    text_free(&was);
    text_free(&is);
    config_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_view(data + (size > 0), size - (size > 0));
    struct config *c;

    if (size == 0 || includes_files(text))
        return 0;
    c = config_new();
    if (data[0] & 1)
        apply_arguments(c, text);
    else
        apply_file(c, text);
    check_round_trip(c);
    config_free(c);
    return 0;
}
