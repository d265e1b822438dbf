/* SPDX-License-Identifier: MIT
 * config/option_list.c - option types of several words: addresses, directives that add
 * up, events, a host with its port.
 *
 * Why:        eight options have a little grammar each (four of them, of numbers, are in
 *             option_series.c); a table of types keeps those grammars out of everything
 *             else.
 * Invariants: a failed parse owns nothing; all-zero is an empty value.
 * Read next:  option_series.c, config_load.c */
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
 * its own.  One that stands alone will be split once more. */
static void
words_lines(const struct option *o, const void *field,
            void (*line)(const char *rest, void *arg), void *arg)
{
    const struct word_list *list = field;
    struct text value = { 0 }, alone = { 0 };

    (void)o;
    for (size_t i = 0; i < list->count; i++) {
        text_add_text(&value, i > 0 ? " " : "");
        option_add_word(&value, bytes_of_text(list->at[i]));
    }
    if (list->count == 1) {
        option_add_word(&alone, text_view(&value));
        line(alone.at, arg);
    } else {
        line(value.len > 0 ? value.at : "\"\"", arg);
    }
    text_free(&value);
    text_free(&alone);
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
