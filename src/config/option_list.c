/* SPDX-License-Identifier: MIT
 * config/option_list.c - option types of several words.
 *
 * Why:        eight options have a little grammar each; a table of types keeps
 *             those grammars out of everything else.
 * Invariants: a failed parse owns nothing; all-zero is an empty value.
 * Read next:  config_load.c */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/num.h"
#include "config/option_types.h"

#define BIND_MOST 16

/* --- word lists --- */

static void
word_list_release(struct word_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->at[i]);
    mem_free(list->at);
    *list = (struct word_list){ 0 };
}

static void
word_list_take(struct word_list *list, const struct bytes *words, size_t n)
{
    list->at = n > 0 ? mem_zalloc(n * sizeof *list->at) : NULL;
    list->count = n;
    for (size_t i = 0; i < n; i++)
        list->at[i] = bytes_copy_text(words[i]);
}

static void
words_release(void *field)
{
    word_list_release(field);
}

/* bind: one empty word means no address at all. */
static bool
words_parse(const struct option *o, enum option_from from, const struct bytes *words,
            size_t n, const void *old, void *to, struct text *why)
{
    (void)o, (void)from, (void)old;
    if (n > BIND_MOST) {
        text_add_text(why, "Too many bind addresses specified.");
        return false;
    }
    if (n == 1 && words[0].len == 0)
        n = 0;
    word_list_take(to, words, n);
    return true;
}

static void
words_format(const struct option *o, const void *field, struct text *out)
{
    const struct word_list *list = field;

    (void)o;
    for (size_t i = 0; i < list->count; i++)
        text_printf(out, "%s%s", i > 0 ? " " : "", list->at[i]);
}

/* Each word quoted when it has to be: a client chose it, and it must not begin a line of
 * its own. */
static void
words_lines(const struct option *o, const void *field,
            void (*line)(const char *rest, void *arg), void *arg)
{
    const struct word_list *list = field;
    struct text value = { 0 };

    (void)o;
    for (size_t i = 0; i < list->count; i++) {
        text_add_text(&value, i > 0 ? " " : "");
        option_add_word(&value, bytes_of_text(list->at[i]));
    }
    line(value.len > 0 ? value.at : "\"\"", arg);
    text_free(&value);
}

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

const struct option_type option_type_words = {
    .size = sizeof(struct word_list), .splits = true, .many_words = true,
    .zero_words = true, .parse = words_parse, .format = words_format,
    .lines = words_lines, .release = words_release
};

/* --- directives that add up: user, rename-command, loadmodule --- */

static void
lines_release(void *field)
{
    struct config_lines *lines = field;

    for (size_t i = 0; i < lines->count; i++)
        word_list_release(&lines->at[i]);
    mem_free(lines->at);
    *lines = (struct config_lines){ 0 };
}

/* The lines so far and one more.  No words at all is the default: no line. */
static bool
lines_parse(const struct option *o, enum option_from from, const struct bytes *words,
            size_t n, const void *old, void *to, struct text *why)
{
    const struct config_lines *so_far = old;
    struct config_lines *all = to;
    bool is_rename = strcmp(o->name, "rename-command") == 0;

    if (from == FROM_DEFAULT)
        return true;
    if (is_rename ? n != 2 : n == 0) {
        text_add_text(why, "Bad directive or wrong number of arguments");
        return false;
    }
    all->at = mem_zalloc((so_far->count + 1) * sizeof *all->at);
    all->count = so_far->count + 1;
    for (size_t i = 0; i < so_far->count; i++) {
        struct word_list *copy = &all->at[i];

        copy->count = so_far->at[i].count;
        copy->at = mem_zalloc(copy->count * sizeof *copy->at);
        for (size_t j = 0; j < copy->count; j++)
            copy->at[j] = mem_copy_text(so_far->at[i].at[j]);
    }
    word_list_take(&all->at[so_far->count], words, n);
    return true;
}

static void
lines_format(const struct option *o, const void *field, struct text *out)
{
    const struct config_lines *lines = field;

    (void)o;
    for (size_t i = 0; i < lines->count; i++)
        for (size_t j = 0; j < lines->at[i].count; j++) {
            text_add_text(out, j > 0 ? " " : i > 0 ? "\n" : "");
            option_add_word(out, bytes_of_text(lines->at[i].at[j]));
        }
}

const struct option_type option_type_lines = {
    .size = sizeof(struct config_lines), .many_words = true, .zero_words = true,
    .parse = lines_parse, .format = lines_format, .release = lines_release
};

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

/* --- notify-keyspace-events --- */

#define EVENTS_BY_KEY 1
#define EVENTS_BY_NAME 2
/* In the order they are shown; K and E come after the classes, m last. */
static const struct { char letter; int bit; } event_letters[] = {
    { 'g', 1 << 2 }, { '$', 1 << 3 }, { 'l', 1 << 4 }, { 's', 1 << 5 },
    { 'h', 1 << 6 }, { 'z', 1 << 7 }, { 'x', 1 << 8 }, { 'e', 1 << 9 },
    { 't', 1 << 10 }, { 'd', 1 << 13 }, { 'n', 1 << 14 },
    { 'K', EVENTS_BY_KEY }, { 'E', EVENTS_BY_NAME }, { 'm', 1 << 11 },
};
#define EVENT_LETTERS (sizeof event_letters / sizeof event_letters[0])
#define EVENTS_ALL_LETTERS 10       /* 'A' stands for the first so many; n is next */

static int
events_all(void)
{
    int bits = 0;

    for (size_t i = 0; i < EVENTS_ALL_LETTERS; i++)
        bits |= event_letters[i].bit;
    return bits;
}

static bool
events_parse(const struct option *o, enum option_from from, const struct bytes *words,
             size_t n, const void *old, void *to, struct text *why)
{
    int bits = 0;

    (void)o, (void)from, (void)old, (void)n;
    for (size_t i = 0; i < words[0].len; i++) {
        int bit = words[0].at[i] == 'A' ? events_all() : 0;

        for (size_t j = 0; j < EVENT_LETTERS; j++)
            if (event_letters[j].letter == words[0].at[i])
                bit = event_letters[j].bit;
        if (bit == 0) {
            text_add_text(why, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
            return false;
        }
        bits |= bit;
    }
    *(int *)to = bits;
    return true;
}

static void
add_events(struct text *out, int bits, size_t first)
{
    for (size_t i = first; i < EVENT_LETTERS; i++)
        if (bits & event_letters[i].bit)
            text_add_char(out, event_letters[i].letter);
}

/* As Redis shows it: beside A there is no n. */
static void
events_format(const struct option *o, const void *field, struct text *out)
{
    int bits = *(const int *)field;
    bool all = (bits & events_all()) == events_all();

    (void)o;
    text_add_text(out, all ? "A" : "");
    add_events(out, bits, all ? EVENTS_ALL_LETTERS + 1 : 0);
}

/* Here n must not get lost. */
static void
events_lines(const struct option *o, const void *field,
             void (*line)(const char *rest, void *arg), void *arg)
{
    int bits = *(const int *)field;
    bool all = (bits & events_all()) == events_all();
    struct text value = { 0 };

    (void)o;
    text_add_text(&value, all ? "\"A" : "\"");
    add_events(&value, bits, all ? EVENTS_ALL_LETTERS : 0);
    text_add_char(&value, '"');
    line(value.at, arg);
    text_free(&value);
}

const struct option_type option_type_events = {
    .size = sizeof(int), .parse = events_parse, .format = events_format,
    .lines = events_lines
};

/* --- replicaof --- */

static bool
endpoint_parse(const struct option *o, enum option_from from, const struct bytes *words,
               size_t n, const void *old, void *to, struct text *why)
{
    struct endpoint *endpoint = to;
    int64_t port;

    (void)o, (void)from, (void)old;
    if (n == 2 && bytes_is(words[0], "no") && bytes_is(words[1], "one")) {
        endpoint->host = mem_copy_text("");
        return true;
    }
    if (n != 2) {
        text_add_text(why, "wrong number of arguments");
        return false;
    }
    if (!num_parse_i64(words[1], &port) || port < 0 || port > 65535) {
        text_add_text(why, "Invalid master port");
        return false;
    }
    endpoint->host = bytes_copy_text(words[0]);
    endpoint->port = (int)port;
    return true;
}

static void
endpoint_format(const struct option *o, const void *field, struct text *out)
{
    const struct endpoint *endpoint = field;

    (void)o;
    if (endpoint->host && endpoint->host[0])
        text_printf(out, "%s %d", endpoint->host, endpoint->port);
}

/* No line at all when there is no primary. */
static void
endpoint_lines(const struct option *o, const void *field,
               void (*line)(const char *rest, void *arg), void *arg)
{
    const struct endpoint *endpoint = field;
    struct text value = { 0 };

    (void)o;
    if (!endpoint->host || !endpoint->host[0])
        return;
    option_add_word(&value, bytes_of_text(endpoint->host));
    text_printf(&value, " %d", endpoint->port);
    line(value.at, arg);
    text_free(&value);
}

static void
endpoint_release(void *field)
{
    struct endpoint *endpoint = field;

    mem_free(endpoint->host);
    *endpoint = (struct endpoint){ 0 };
}

const struct option_type option_type_endpoint = {
    .size = sizeof(struct endpoint), .splits = true, .many_words = true,
    .zero_words = true, .parse = endpoint_parse, .format = endpoint_format,
    .lines = endpoint_lines, .release = endpoint_release
};
