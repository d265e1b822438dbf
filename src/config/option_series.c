/* SPDX-License-Identifier: MIT
 * config/option_series.c - option types that are series of numbers: save points, output
 * limits, scores for the kernel, percentiles.
 *
 * Invariants: as in option_list.c: a failed parse owns nothing, all-zero is empty.
 * Read next:  config_load.c */
#include "base/alloc.h"
#include "base/num.h"
#include "config/option_types.h"

/* The value as CONFIG GET shows it, or "" in quotes. */
static void
plain_or_empty_line(const struct option *o, const void *field,
                    void (*line)(const char *rest, void *arg), void *arg)
{
    struct text value = { 0 };

    o->type->format(o, field, &value);
    line(value.len > 0 ? value.at : "\"\"", arg);
    text_free(&value);
}

/* --- save --- */

static bool
parse_save_point(const struct bytes *words, struct save_point *out)
{
    int64_t changes;

    if (!num_parse_i64(words[0], &out->seconds) || !num_parse_i64(words[1], &changes)
        || out->seconds < 1 || changes < 0 || changes > INT32_MAX)
        return false;
    out->changes = (int)changes;
    return true;
}

/* Pairs.  In a file every further line adds to those before; "" forgets them. */
static bool
save_parse(const struct option *o, enum option_from from, const struct bytes *words,
           size_t n, const void *old, void *to, struct text *why)
{
    const struct save_points *so_far = old;
    struct save_points *points = to;
    size_t kept = from == FROM_FILE_AGAIN ? so_far->count : 0;

    (void)o;
    if (n == 0 || (n == 1 && words[0].len == 0))
        return true;
    points->at = mem_zalloc((kept + n) * sizeof *points->at);
    for (size_t i = 0; i < kept; i++)
        points->at[points->count++] = so_far->at[i];
    for (size_t i = 0; i < n; i += 2)
        if (n % 2 != 0 || !parse_save_point(words + i, &points->at[points->count++])) {
            text_add_text(why, "Invalid save parameters");
            mem_free(points->at);
            *points = (struct save_points){ 0 };
            return false;
        }
    return true;
}

static void
save_format(const struct option *o, const void *field, struct text *out)
{
    const struct save_points *points = field;

    (void)o;
    for (size_t i = 0; i < points->count; i++)
        text_printf(out, "%s%lld %d", i > 0 ? " " : "", (long long)points->at[i].seconds,
                    points->at[i].changes);
}

static void
save_lines(const struct option *o, const void *field,
           void (*line)(const char *rest, void *arg), void *arg)
{
    const struct save_points *points = field;

    if (points->count == 0)
        line("\"\"", arg);
    for (size_t i = 0; i < points->count; i++) {
        struct save_points one = { &points->at[i], 1 };

        plain_or_empty_line(o, &one, line, arg);
    }
}

static void
save_release(void *field)
{
    struct save_points *points = field;

    mem_free(points->at);
    *points = (struct save_points){ 0 };
}

const struct option_type option_type_save = {
    .size = sizeof(struct save_points), .splits = true, .many_words = true,
    .zero_words = true, .parse = save_parse, .format = save_format,
    .lines = save_lines, .release = save_release
};

/* --- client-output-buffer-limit --- */

static const char *const class_names[OUTPUT_CLASSES] = { "normal", "slave", "pubsub" };

static int
class_of(struct bytes word)
{
    for (int i = 0; i < OUTPUT_CLASSES; i++)
        if (bytes_is(word, class_names[i]))
            return i;
    return bytes_is(word, "replica") ? OUTPUT_REPLICA : -1;
}

/* Groups of class, hard, soft, seconds; classes not named keep their limits. */
static bool
limits_parse(const struct option *o, enum option_from from, const struct bytes *words,
             size_t n, const void *old, void *to, struct text *why)
{
    struct output_limit *limits = to;

    (void)o, (void)from;
    memcpy(limits, old, sizeof(struct output_limit[OUTPUT_CLASSES]));
    if (n % 4 != 0)
        text_add_text(why, "Wrong number of arguments in buffer limit configuration.");
    for (size_t i = 0; i + 4 <= n && why->len == 0; i += 4) {
        int class = class_of(words[i]);
        uint64_t hard, soft;
        int64_t seconds;

        if (class < 0)
            text_add_text(why, "Invalid client class specified in "
                               "buffer limit configuration.");
        else if (!option_parse_size(words[i + 1], &hard)
                 || !option_parse_size(words[i + 2], &soft)
                 || !num_parse_i64(words[i + 3], &seconds) || seconds < 0)
            text_add_text(why, "Error in hard, soft or soft_seconds setting in "
                               "buffer limit configuration.");
        else
            limits[class] = (struct output_limit){ hard, soft, seconds };
    }
    return why->len == 0;
}

static void
limits_format(const struct option *o, const void *field, struct text *out)
{
    const struct output_limit *limits = field;

    (void)o;
    for (int i = 0; i < OUTPUT_CLASSES; i++)
        text_printf(out, "%s%s %zu %zu %lld", i > 0 ? " " : "", class_names[i],
                    limits[i].hard, limits[i].soft, (long long)limits[i].soft_seconds);
}

/* One line for each class. */
static void
limits_lines(const struct option *o, const void *field,
             void (*line)(const char *rest, void *arg), void *arg)
{
    const struct output_limit *limits = field;

    (void)o;
    for (int i = 0; i < OUTPUT_CLASSES; i++) {
        struct text value = { 0 };

        text_printf(&value, "%s ", i == OUTPUT_REPLICA ? "replica" : class_names[i]);
        option_add_size(&value, limits[i].hard);
        text_add_char(&value, ' ');
        option_add_size(&value, limits[i].soft);
        text_printf(&value, " %lld", (long long)limits[i].soft_seconds);
        line(value.at, arg);
        text_free(&value);
    }
}

const struct option_type option_type_limits = {
    .size = sizeof(struct output_limit[OUTPUT_CLASSES]), .splits = true,
    .many_words = true, .zero_words = true, .parse = limits_parse,
    .format = limits_format, .lines = limits_lines
};

/* --- oom-score-adj-values --- */

static bool
oom_values_parse(const struct option *o, enum option_from from,
                 const struct bytes *words, size_t n, const void *old, void *to,
                 struct text *why)
{
    int *values = to;

    (void)o, (void)from, (void)old;
    if (n != 3) {
        text_add_text(why, "wrong number of arguments");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t value;

        if (!num_parse_i64(words[i], &value) || value < -2000 || value > 2000) {
            text_add_text(why, "Invalid oom-score-adj-values, "
                               "elements must be between -2000 and 2000.");
            return false;
        }
        values[i] = (int)value;
    }
    return true;
}

static void
oom_values_format(const struct option *o, const void *field, struct text *out)
{
    const int *values = field;

    (void)o;
    text_printf(out, "%d %d %d", values[0], values[1], values[2]);
}

const struct option_type option_type_oom_values = {
    .size = sizeof(int[3]), .splits = true, .many_words = true, .zero_words = true,
    .parse = oom_values_parse, .format = oom_values_format
};

/* --- latency-tracking-info-percentiles --- */

static bool
percentiles_parse(const struct option *o, enum option_from from,
                  const struct bytes *words, size_t n, const void *old, void *to,
                  struct text *why)
{
    struct percentiles *list = to;

    (void)from, (void)old;
    if (n == 0 || (n == 1 && words[0].len == 0))
        return true;
    list->at = mem_zalloc(n * sizeof *list->at);
    list->count = n;
    for (size_t i = 0; i < n && why->len == 0; i++)
        if (!num_parse_double(words[i], &list->at[i]))
            text_printf(why, "Invalid %s parameters", o->name);
        else if (list->at[i] < 0 || list->at[i] > 100)
            text_printf(why, "%s parameters should sit between [0.0,100.0]", o->name);
    if (why->len == 0)
        return true;
    mem_free(list->at);
    *list = (struct percentiles){ 0 };
    return false;
}

static void
percentiles_format(const struct option *o, const void *field, struct text *out)
{
    const struct percentiles *list = field;

    (void)o;
    for (size_t i = 0; i < list->count; i++) {
        text_printf(out, "%s%.6f", i > 0 ? " " : "", list->at[i]);
        while (out->at[out->len - 1] == '0')
            out->at[--out->len] = '\0';
        if (out->at[out->len - 1] == '.')
            out->at[--out->len] = '\0';
    }
}

static void
percentiles_release(void *field)
{
    struct percentiles *list = field;

    mem_free(list->at);
    *list = (struct percentiles){ 0 };
}

const struct option_type option_type_percentiles = {
    .size = sizeof(struct percentiles), .splits = true, .many_words = true,
    .zero_words = true, .parse = percentiles_parse, .format = percentiles_format,
    .lines = plain_or_empty_line, .release = percentiles_release
};
