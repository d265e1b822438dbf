/* SPDX-License-Identifier: MIT
 * config/option.c - the rows of options.def as an array, and finding one.
 *
 * Why:        an option spelled in five places is wrong in one of them.
 * How:        options.def is expanded here for the third time (options.h made the
 *             fields, this file the rows); everything else walks the array.
 * Invariants: 1. names are unique, aliases included.
 *             2. every default parses: config_new() relies on it.
 * Cost:       two hundred rows; a look-up is a binary search.
 * Read next:  option_types.h, config.c */
#include "config/option.h"

#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"
#include "config/option_types.h"

#define W(text, number) { text, number },
#define WORDS(name) \
    static const struct word words_##name[] = { WORDS_##name(W) { NULL, 0 } };
WORDS(local_access)
WORDS(tls_auth)
WORDS(supervision)
WORDS(log_levels)
WORDS(log_formats)
WORDS(log_timestamps)
WORDS(syslog_facilities)
WORDS(sanitize)
WORDS(diskless_load)
WORDS(propagation)
WORDS(acl_channels)
WORDS(policy)
WORDS(oom_modes)
WORDS(fsync_modes)
WORDS(endpoint_types)
WORDS(shutdown_words)

/* What the columns min and max mean for each type. */
#define BOUNDS_bool(lo, hi)
#define BOUNDS_int(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_rate(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_watch(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_octal(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_long(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_msec(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_bytes(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_backlog(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_memory(lo, hi) .min = (lo), .max = (hi),
#define BOUNDS_percent(lo, hi)
#define BOUNDS_enum(lo, hi) .words = words_##lo,
#define BOUNDS_flags(lo, hi) .words = words_##lo,
#define BOUNDS_text(lo, hi)
#define BOUNDS_secret(lo, hi)
#define BOUNDS_words(lo, hi)
#define BOUNDS_lines(lo, hi)
#define BOUNDS_save(lo, hi)
#define BOUNDS_limits(lo, hi)
#define BOUNDS_oom_values(lo, hi)
#define BOUNDS_percentiles(lo, hi)
#define BOUNDS_events(lo, hi)
#define BOUNDS_endpoint(lo, hi)
#define BOUNDS_dir(lo, hi)

/* A GROUP row has no type: it gives the rows after it their heading. */
static const struct option rows[] = {
#define OPTION(type_, field_, name_, default_, min_, max_, flags_, summary_) \
    { .name = name_, .type = &option_type_##type_, \
      .offset = offsetof(struct config, field_), .fallback = #default_, \
      BOUNDS_##type_(min_, max_) .flags = (flags_), .summary = summary_ },
#define ALIAS(name_, field_)
#define GROUP(heading_) { .group = heading_ },
#include "config/options.def"
#undef OPTION
#undef ALIAS
#undef GROUP
};
#define ROWS (sizeof rows / sizeof rows[0])

static const struct { const char *name; size_t offset; } aliases[] = {
#define OPTION(type_, field_, name_, default_, min_, max_, flags_, summary_)
#define ALIAS(name_, field_) { name_, offsetof(struct config, field_) },
#define GROUP(heading_)
#include "config/options.def"
#undef OPTION
#undef ALIAS
#undef GROUP
};
#define ALIASES (sizeof aliases / sizeof aliases[0])

struct named { const char *name; const struct option *option; };

/* Rows with their groups, and all names sorted: made at first use. */
static struct option table[ROWS];
static size_t table_count;
static struct named by_order[ROWS + ALIASES];
static struct named by_name[ROWS + ALIASES];
static size_t name_count;

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static const struct option *
option_of_offset(size_t offset)
{
    for (size_t i = 0; i < table_count; i++)
        if (table[i].offset == offset)
            return &table[i];
    return NULL;
}

static void
prepare(void)
{
    const char *group = "";

    if (table_count > 0)
        return;
    for (size_t i = 0; i < ROWS; i++) {
        if (!rows[i].name) {
            group = rows[i].group;
            continue;
        }
        table[table_count] = rows[i];
        table[table_count].group = group;
        by_order[name_count++] = (struct named){ rows[i].name, &table[table_count] };
        table_count++;
    }
    for (size_t i = 0; i < ALIASES; i++)
        by_order[name_count++] =
            (struct named){ aliases[i].name, option_of_offset(aliases[i].offset) };
    memcpy(by_name, by_order, name_count * sizeof by_name[0]);
    qsort(by_name, name_count, sizeof by_name[0], compare_names);
}

size_t
option_count(void)
{
    prepare();
    return table_count;
}

const struct option *
option_at(size_t i)
{
    prepare();
    return i < table_count ? &table[i] : NULL;
}

const char *
option_name_at(size_t i, const struct option **option)
{
    prepare();
    if (i >= name_count)
        return NULL;
    *option = by_order[i].option;
    return by_order[i].name;
}

/* <0, 0, >0 as `name` sorts before, at or after the lower-case `word`. */
static int
compare_to_word(struct bytes name, const char *word)
{
    size_t len = strlen(word);
    int order = strncasecmp(name.at, word, name.len < len ? name.len : len);

    if (order != 0)
        return order;
    return name.len < len ? -1 : name.len > len;
}

static const struct named *
find(struct bytes name)
{
    size_t low = 0, high;

    prepare();
    high = name_count;
    if (memchr(name.at, '\0', name.len))
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_to_word(name, by_name[middle].name);

        if (order == 0)
            return &by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct option *
option_find(struct bytes name)
{
    const struct named *n = find(name);

    return n ? n->option : NULL;
}

const char *
option_name(struct bytes name)
{
    const struct named *n = find(name);

    return n ? n->name : NULL;
}

/* --- values --- */

/* Split at each single blank, as CONFIG SET does: "a  b" is a, "" and b. */
static struct bytes *
split_at_blanks(struct bytes text, size_t *count)
{
    struct bytes *words;
    size_t n = 1;

    *count = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == ' ';
    words = mem_alloc(n * sizeof *words);
    if (text.len == 0)
        return words;
    for (size_t start = 0, i = 0; i <= text.len; i++)
        if (i == text.len || text.at[i] == ' ') {
            words[(*count)++] = bytes_view(text.at + start, i - start);
            start = i + 1;
        }
    return words;
}

static bool
parse_blanks(const struct option *o, struct bytes value, const void *old, void *to,
             struct text *why)
{
    size_t n;
    struct bytes *words = split_at_blanks(value, &n);
    bool ok = o->type->parse(o, FROM_SET, words, n, old, to, why);

    mem_free(words);
    return ok;
}

/* In a file, as a line of its own.  Redis takes open quotes for no words at all and goes
 * on, say without save points; here they are a mistake. */
static bool
parse_line(const struct option *o, enum option_from from, struct bytes value,
           const void *old, void *to, struct text *why)
{
    size_t n;
    struct bytes *words = words_split(value, &n);
    bool ok = words && o->type->parse(o, from, words, n, old, to, why);

    if (!words)
        text_add_text(why, "Unbalanced quotes in configuration line");
    words_free(words, n);
    return ok;
}

bool
option_parse(const struct option *o, enum option_from from, const struct bytes *words,
             size_t n, const void *old, void *to, struct text *why)
{
    memset(to, 0, o->type->size);
    if (n > 1 ? !o->type->many_words : n == 0 && !o->type->zero_words) {
        text_add_text(why, "wrong number of arguments");
        return false;
    }
    if (!o->type->splits || n != 1)
        return o->type->parse(o, from, words, n, old, to, why);
    return from == FROM_SET ? parse_blanks(o, words[0], old, to, why)
                            : parse_line(o, from, words[0], old, to, why);
}

void
option_release(const struct option *o, void *field)
{
    if (o->type->release)
        o->type->release(field);
}

/* The state of option_lines: each line gets the name in front. */
struct liner { const char *name; option_line_fn *each; void *arg; struct text text; };

static void
line_with_name(const char *rest, void *arg)
{
    struct liner *l = arg;

    text_clear(&l->text);
    text_printf(&l->text, "%s %s", l->name, rest);
    l->each(l->text.at, l->arg);
}

void
option_lines(const struct option *o, const char *name, const void *field,
             option_line_fn *each, void *arg)
{
    struct liner l = { .name = name, .each = each, .arg = arg };

    if (o->type->lines) {
        o->type->lines(o, field, line_with_name, &l);
    } else {
        struct text value = { 0 };

        o->type->format(o, field, &value);
        line_with_name(value.at ? value.at : "", &l);
        text_free(&value);
    }
    text_free(&l.text);
}

void
option_default(const struct option *o, void *to)
{
    struct text why = { 0 };
    size_t n;
    struct bytes *words = words_split(bytes_of_text(o->fallback), &n);
    union option_space empty = { { 0 } };

    if (!option_parse(o, FROM_DEFAULT, words, n, &empty, to, &why))
        abort();                        /* invariant 2 */
    words_free(words, n);
    text_free(&why);
}

void
option_set_default(const struct option *o, struct config *c)
{
    option_default(o, option_field(o, c));
}

bool
option_is_default(const struct option *o, const void *field)
{
    union option_space space = { { 0 } };
    struct text now = { 0 }, then = { 0 };
    bool same;

    option_default(o, &space);
    o->type->format(o, field, &now);
    o->type->format(o, &space, &then);
    same = bytes_equal(text_view(&now), text_view(&then));
    option_release(o, &space);
    text_free(&now);
    text_free(&then);
    return same;
}
