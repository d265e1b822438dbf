/* SPDX-License-Identifier: MIT
 * config/option_size.c - option types that are an amount of memory.
 *
 * Sizes are digits and a unit; a number too large for 64 bits means as much as
 * fits, as in Redis, but a unit that would overflow is refused.
 * `maxmemory` keeps two facts side by side, the bytes in force and the percentage
 * they came from (0: given in bytes).
 * Read next:  option_text.c */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/num.h"
#include "config/option_types.h"

#define BACKLOG_LEAST 16384

static const struct { const char *name; uint64_t bytes; } units[] = {
    { "", 1 }, { "b", 1 },
    { "k", 1000 }, { "kb", 1024 },
    { "m", 1000 * 1000 }, { "mb", 1024 * 1024 },
    { "g", 1000 * 1000 * 1000 }, { "gb", 1024 * 1024 * 1024 },
};
#define UNITS (sizeof units / sizeof units[0])

bool
option_parse_size(struct bytes word, uint64_t *out)
{
    uint64_t number = 0;
    size_t i;

    for (i = 0; i < word.len && word.at[i] >= '0' && word.at[i] <= '9'; i++)
        if (__builtin_mul_overflow(number, 10, &number)
            || __builtin_add_overflow(number, (uint64_t)(word.at[i] - '0'), &number))
            number = UINT64_MAX;        /* and stays there: x 10 overflows again */
    for (size_t u = 0; u < UNITS; u++)
        if (bytes_is(bytes_view(word.at + i, word.len - i), units[u].name))
            return !__builtin_mul_overflow(number, units[u].bytes, out);
    return false;
}

/* In the largest unit that divides it: "100mb". */
void
option_add_size(struct text *out, uint64_t bytes)
{
    for (size_t u = UNITS - 1; u >= 3; u -= 2)
        if (bytes > 0 && bytes % units[u].bytes == 0) {
            text_printf(out, "%llu%s", (unsigned long long)(bytes / units[u].bytes),
                        units[u].name);
            return;
        }
    text_printf(out, "%llu", (unsigned long long)bytes);
}

static void
one_line(struct text *value, void (*line)(const char *rest, void *arg), void *arg)
{
    line(value->at, arg);
    text_free(value);
}

static bool
bytes_parse(const struct option *o, enum option_from from, const struct bytes *words,
            size_t n, const void *old, void *to, struct text *why)
{
    uint64_t size;

    (void)from, (void)n, (void)old;
    if (!option_parse_size(words[0], &size)) {
        text_add_text(why, "argument must be a memory value");
        return false;
    }
    if (size > o->max || (o->min > 0 && size < (uint64_t)o->min)) {
        text_printf(why, "argument must be between %lld and %llu inclusive",
                    (long long)o->min, (unsigned long long)o->max);
        return false;
    }
    *(size_t *)to = size;
    return true;
}

static void
bytes_format(const struct option *o, const void *field, struct text *out)
{
    (void)o;
    text_printf(out, "%zu", *(const size_t *)field);
}

static void
bytes_lines(const struct option *o, const void *field,
            void (*line)(const char *rest, void *arg), void *arg)
{
    struct text value = { 0 };

    (void)o;
    option_add_size(&value, *(const size_t *)field);
    one_line(&value, line, arg);
}

const struct option_type option_type_bytes = {
    .size = sizeof(size_t), .parse = bytes_parse, .format = bytes_format,
    .lines = bytes_lines
};

/* repl-backlog-size: what CONFIG SET makes too small to be of use grows, what a file
 * says stays, as in Redis. */
static bool
backlog_parse(const struct option *o, enum option_from from, const struct bytes *words,
              size_t n, const void *old, void *to, struct text *why)
{
    size_t *size = to;

    if (!bytes_parse(o, from, words, n, old, to, why))
        return false;
    if (from == FROM_SET && *size < BACKLOG_LEAST)
        *size = BACKLOG_LEAST;
    return true;
}

const struct option_type option_type_backlog = {
    .size = sizeof(size_t), .parse = backlog_parse, .format = bytes_format,
    .lines = bytes_lines
};

/* "37%" with digits only; above INT_MAX counts as INT_MAX. */
static bool
parse_percentage(struct bytes word, int64_t *out)
{
    uint64_t number;

    if (word.len < 2 || word.at[word.len - 1] != '%'
        || !option_parse_size(bytes_view(word.at, word.len - 1), &number)
        || word.at[word.len - 2] < '0' || word.at[word.len - 2] > '9')
        return false;
    *out = number > INT_MAX ? INT_MAX : (int64_t)number;
    return true;
}

/* maxmemory-clients: bytes, or minus a percentage of maxmemory. */
static bool
percent_parse(const struct option *o, enum option_from from, const struct bytes *words,
              size_t n, const void *old, void *to, struct text *why)
{
    uint64_t size;
    int64_t percentage = 0;

    (void)o, (void)from, (void)n, (void)old;
    if (parse_percentage(words[0], &percentage)) {
        *(int64_t *)to = -percentage;
        if (percentage <= 100)
            return true;
    } else if (option_parse_size(words[0], &size)) {
        *(int64_t *)to = (int64_t)size;
        if (size <= INT64_MAX)
            return true;
    } else {
        text_add_text(why, "argument must be a memory or percent value");
        return false;
    }
    text_add_text(why, "percentage argument must be less or equal to 100");
    return false;
}

static void
percent_format(const struct option *o, const void *field, struct text *out)
{
    int64_t value = *(const int64_t *)field;

    (void)o;
    if (value < 0)
        text_printf(out, "%lld%%", (long long)-value);
    else
        text_printf(out, "%lld", (long long)value);
}

static void
percent_lines(const struct option *o, const void *field,
              void (*line)(const char *rest, void *arg), void *arg)
{
    struct text value = { 0 };

    if (*(const int64_t *)field < 0)
        percent_format(o, field, &value);
    else
        option_add_size(&value, (uint64_t)*(const int64_t *)field);
    one_line(&value, line, arg);
}

const struct option_type option_type_percent = {
    .size = sizeof(int64_t), .parse = percent_parse, .format = percent_format,
    .lines = percent_lines
};

/* --- maxmemory --- */

/* The two fields of FIELD_memory lie side by side. */
_Static_assert(offsetof(struct config, max_memory_percent)
               == offsetof(struct config, max_memory) + sizeof(size_t), "FIELD_memory");
#define MEMORY_SIZE (sizeof(size_t) + sizeof(int))

/* The number a limit file of the cgroup holds; 0 for "max" or no such file. */
static uint64_t
cgroup_limit(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[64];
    uint64_t limit = 0;
    size_t len;

    if (!file)
        return 0;
    if (fgets(line, sizeof line, file)) {
        len = strcspn(line, "\n");
        if (!num_parse_u64(bytes_view(line, len), &limit))
            limit = 0;
    }
    fclose(file);
    return limit;
}

/* Memory this process may use: the machine's, or its cgroup's when that is less. */
static uint64_t
memory_there(void)
{
    static const char *const limits[] = {
        "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"
    };
    uint64_t there = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint64_t limit = cgroup_limit(limits[i]);

        if (limit > 0 && limit < there)
            there = limit;
    }
    return there;
}

static bool
memory_parse(const struct option *o, enum option_from from, const struct bytes *words,
             size_t n, const void *old, void *to, struct text *why)
{
    int64_t percentage;
    int stored;

    if (!parse_percentage(words[0], &percentage))
        return bytes_parse(o, from, words, n, old, to, why);
    if (percentage < 1 || percentage > 100) {
        text_add_text(why, "percentage argument must be between 1 and 100");
        return false;
    }
    *(size_t *)to = memory_there() / 100 * (uint64_t)percentage;
    stored = (int)percentage;
    memcpy((char *)to + sizeof(size_t), &stored, sizeof stored);
    return true;
}

static void
memory_lines(const struct option *o, const void *field,
             void (*line)(const char *rest, void *arg), void *arg)
{
    struct text value = { 0 };
    int percentage;

    memcpy(&percentage, (const char *)field + sizeof(size_t), sizeof percentage);
    if (percentage == 0) {
        bytes_lines(o, field, line, arg);
        return;
    }
    text_printf(&value, "%d%%", percentage);
    one_line(&value, line, arg);
}

const struct option_type option_type_memory = {
    .size = MEMORY_SIZE, .parse = memory_parse, .format = bytes_format,
    .lines = memory_lines
};
