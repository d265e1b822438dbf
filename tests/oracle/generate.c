/* SPDX-License-Identifier: MIT
 * tests/oracle/generate.c - random calls made from the rows of the command table.
 *
 * Why:        nobody writes scripts for every meeting of options and odd arguments.
 * How:        a walk over the row's syntax tree: optional items are there or not, one
 *             of several is picked, arguments come from small pools, so that calls
 *             meet the keys of earlier ones.  One call in three is then damaged: a
 *             word is dropped, doubled, added, moved or replaced.
 *             Then what must not be is made harmless: see `tame`.
 * Read next:  tests/oracle/generate_args.c */
#include "oracle/generate.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/rand.h"
#include "commands/families.h"
#include "oracle/generate_args.h"

static const struct family *const families[] = {
    &string_family, &string_many_family, &string_number_family, &string_range_family,
    &lcs_family, &bitmap_family, &bitfield_family, &key_family, &expire_family,
    &scan_family, &object_family, &connection_family, &client_family, &server_family,
    &config_family, &command_family, &memory_family, &slowlog_family, &latency_family,
    &debug_family, &lolwut_family, &list_family, &list_edit_family, &list_move_family,
    &hash_family, &hash_number_family, &hash_pick_family, &hash_expire_family,
    &hash_life_family, &set_family, &set_pick_family, &set_algebra_family, &zset_family,
    &zset_range_family, &zset_combine_family, &zset_pop_family, &sort_family,
    &transaction_family, &pubsub_family, &tracking_family,
};

/* Not called at random. */
static const struct { const char *name, *why; } skipped[] = {
    { "quit", "closes" },
    { "reset", "changes the protocol" },
    { "hello", "changes the protocol; its version differs" },
    { "shutdown", "ends the server" },
    { "monitor", "sends more than its reply" },
    { "debug", "sleeps, crashes, fills memory: has a script" },
    { "client|kill", "may close the caller" },
    { "client|reply", "a reply may stay away" },
    { "client|pause", "a reply may come late" },
    { "client|tracking", "sends more than its reply" },
    { "subscribe", "sends more than its reply: see test_messages.c" },
    { "psubscribe", "sends more than its reply" },
    { "ssubscribe", "sends more than its reply" },
    { "unsubscribe", "sends more than its reply" },
    { "punsubscribe", "sends more than its reply" },
    { "sunsubscribe", "sends more than its reply" },
    { "config|set", "may set limits that make everything fail: has scripts" },
    { "config|rewrite", "would write a file" },
    { "module|load", "would load a library" },
    { "module|loadex", "would load a library" },
};

static void
add(struct made *out, struct bytes word)
{
    if (out->n < MADE_MAX)
        out->word[out->n++] = word;
}

/* --- following the syntax --- */

/* Newer than 7.0, and documented without the version. */
static const char *const newer_tokens[] = {
    "NOVALUES", "WITHSCORE", "ROLLBACK",        /* the last is our own */
};

/* Has the server we are compared with nothing like it? */
static bool
is_newer(const struct argument *a)
{
    int major, minor;

    for (size_t i = 0; a->token && i < sizeof newer_tokens / sizeof *newer_tokens; i++)
        if (strcmp(a->token, newer_tokens[i]) == 0)
            return true;
    return a->since && sscanf(a->since, "%d.%d", &major, &minor) == 2 &&
           (major > 7 || (major == 7 && minor > 0));
}

/* A call being made: its words, and what `numkeys` among them is to say. */
struct making {
    struct made *out;
    struct taste taste;
    size_t count_at, keys;      /* where `numkeys` is (0: nowhere); how many keys came */
};

static void walk(struct making *m, const struct argument *list);

/* One of several, but none that 7.0 lacks. */
static const struct argument *
alternative(const struct argument *list)
{
    const struct argument *one;

    do {
        one = list;
        for (size_t i = rand_below(syntax_count(list)); i > 0; i--)
            one = one->next;
    } while (is_newer(one));
    return one;
}

/* Once: with its token, unless that was said before. */
static void
emit(struct making *m, const struct argument *a, bool with_token)
{
    if (a->token && a->token[0] && with_token)
        add(m->out, bytes_of_text(a->token));
    if (a->type == ARGUMENT_BLOCK) {
        walk(m, a->inside);
    } else if (a->type == ARGUMENT_ONEOF) {
        emit(m, alternative(a->inside), true);
    } else if (a->type != ARGUMENT_TOKEN) {
        if (strcmp(a->name, "numkeys") == 0)
            m->count_at = m->out->n;
        add(m->out, argument_word(&m->taste, a));
    }
}

/* Seven times in eight `numkeys` is true. */
static void
count_keys(struct making *m, size_t n)
{
    static const struct bytes number[] = { { "1", 1 }, { "2", 1 }, { "3", 1 } };

    m->keys = n;
    if (n >= 1 && n <= 3 && m->count_at > 0 && !one_in(8))
        m->out->word[m->count_at] = number[n - 1];
}

static size_t
times_of(const struct making *m, const struct argument *a)
{
    if (!(a->flags & ARGUMENT_MULTIPLE))
        return 1;
    if (m->keys > 0 && strcmp(a->name, "weight") == 0 && !one_in(8))
        return m->keys;
    return 1 + rand_below(3);
}

static void
walk(struct making *m, const struct argument *list)
{
    for (const struct argument *a = list; a; a = a->next) {
        size_t times = times_of(m, a);

        if (is_newer(a) || (a->flags & ARGUMENT_OPTIONAL && one_in(2)))
            continue;
        for (size_t i = 0; i < times; i++)
            emit(m, a, i == 0 || a->flags & ARGUMENT_MULTIPLE_TOKEN);
        if (a->type == ARGUMENT_KEY && a->flags & ARGUMENT_MULTIPLE)
            count_keys(m, times);
    }
}

static bool
has_word(const struct made *m, const char *word)
{
    for (size_t i = 1; i < m->n; i++)
        if (bytes_is(m->word[i], word))
            return true;
    return false;
}

/* ZRANGE and ZRANGESTORE: the bounds mostly suit the options that came after them. */
static void
suit_bounds(const struct source *s, struct made *out)
{
    size_t at = strcmp(s->name, "zrange") == 0 ? 2
              : strcmp(s->name, "zrangestore") == 0 ? 3 : 0;

    for (size_t i = at; at > 0 && i < at + 2 && i < out->n; i++)
        if (!one_in(8))
            out->word[i] = bound_word(has_word(out, "BYLEX"), has_word(out, "BYSCORE"));
}

/* --- doing damage --- */

/* Words before `first` are the command's name: they stay. */
static void
damage(struct made *out, size_t first)
{
    size_t at = first + rand_below(out->n - first + 1);
    struct bytes word;

    switch (rand_below(6)) {
    case 0:                                     /* drop the last */
        if (out->n > first)
            out->n--;
        break;
    case 1:                                     /* drop one */
        if (at < out->n) {
            memmove(out->word + at, out->word + at + 1,
                    (out->n - at - 1) * sizeof *out->word);
            out->n--;
        }
        break;
    case 2:
        add(out, any_word());
        break;
    case 3:
        add(out, option_word());
        break;
    case 4:
        if (at < out->n)
            out->word[at] = any_word();
        break;
    default:                                    /* exchange two */
        if (at + 1 < out->n) {
            word = out->word[at];
            out->word[at] = out->word[at + 1];
            out->word[at + 1] = word;
        }
    }
}

#define FAR 4102444800000       /* valid as seconds and as ms, from now or from 1970 */

/* A small number that came to stand where a deadline belongs would make the key die
 * between two replies, or be born dead and vanish at some time. */
static void
lengthen_deadlines(const struct source *s, struct made *out)
{
    if (!s->row->syntax || !strstr(s->row->syntax, "seconds"))
        return;
    for (size_t i = 2; i < out->n; i++) {
        long long n = strtoll(out->word[i].at, NULL, 0);

        if (n > 0 && n < FAR)
            out->word[i] = B("4102444800000");
    }
}

/* Blocking commands wait at most a moment, nobody asks for millions of random picks
 * (nor for -2^63 of them, which Redis would try to count), and ZRANK and MULTI get none of our words,
 * because INFO tells a call that is refused from one that fails. */
static void
tame(const struct source *s, struct made *out)
{
    bool first = strcmp(s->name, "blmpop") == 0 || strcmp(s->name, "bzmpop") == 0;
    size_t at = first ? 1 : out->n - 1;
    char *end;
    double n;

    if (strcmp(s->name, "multi") == 0)
        out->n = 1;
    if (strcmp(s->name, "zrank") == 0 || strcmp(s->name, "zrevrank") == 0)
        out->n = out->n < 3 ? out->n : 3;
    if (s->row->flags & BLOCKING && at > 0 && at < out->n) {
        n = strtod(out->word[at].at, &end);
        if (end != out->word[at].at && n >= 0 && n < 1e16)
            out->word[at] = B("0.001");
    }
    for (size_t i = 2; strcmp(s->name, "lpos") == 0 && i < out->n; i++)
        if (bytes_is(out->word[i], "-9223372036854775808"))     /* its negation overflows */
            out->word[i] = B("-9223372036854775807");           /* in Redis 7.0 */
    for (size_t i = 2; strstr(s->name, "rand") && i < out->n; i++) {
        n = strtod(out->word[i].at, &end);
        if (n < -1000 && n > -9.3e18)
            out->word[i] = B("-1000");
    }
}

static void
begin(const struct source *s, struct made *out)
{
    out->n = 0;
    add(out, bytes_of_text(s->name));
    if (s->sub[0])
        add(out, bytes_of_text(s->sub));
}

static bool
takes_a_call(const struct source *s)
{
    return strncmp(s->full_name, "command|getkeys", strlen("command|getkeys")) == 0;
}

void
generate_call(const struct source *all, size_t n, const struct source *s,
              struct made *out)
{
    struct made inner;
    size_t first;

    begin(s, out);
    first = out->n;
    if (takes_a_call(s) && !one_in(8)) {
        const struct source *other = &all[rand_below(n)];

        while (!other->known || takes_a_call(other))
            other = &all[rand_below(n)];
        generate_call(all, n, other, &inner);
        for (size_t i = 0; i < inner.n; i++)
            add(out, inner.word[i]);
        first++;                /* not SYNC and the like, which only Redis has */
    } else {
        struct making m = { out, taste_of(s->group, s->name), 0, 0 };

        walk(&m, s->tree);
        suit_bounds(s, out);
    }
    if (one_in(3)) {
        damage(out, first);
        lengthen_deadlines(s, out);
    }
    tame(s, out);
}

void
generate_arity(const struct source *s, size_t extra, struct made *out)
{
    begin(s, out);
    while (extra-- > 0)
        add(out, B("1"));
    tame(s, out);
}

/* --- sources --- */

static void
load(struct source *s, const struct command *row, const char *group)
{
    const char *error;

    memset(s, 0, sizeof *s);
    s->row = row;
    s->group = group;
    s->tree = syntax_parse(row->syntax ? row->syntax : "", &error);
    cr_assert_null(error, "%s: %s", row->name, error);
    snprintf(s->full_name, sizeof s->full_name, "%s%s%s",
             row->container ? row->container : "", row->container ? "|" : "", row->name);
    snprintf(s->name, sizeof s->name, "%s", row->container ? row->container : row->name);
    snprintf(s->sub, sizeof s->sub, "%s", row->container ? row->name : "");
    s->random = true;
    for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
        if (strcmp(s->full_name, skipped[i].name) == 0)
            s->random = false;
}

size_t
sources_load(struct source **out)
{
    size_t n = 0, total = 0;

    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        total += families[i]->count;
    *out = calloc(total, sizeof **out);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (size_t j = 0; j < families[i]->count; j++)
            load(&(*out)[n++], &families[i]->rows[j], families[i]->group);
    return n;
}

void
sources_free(struct source *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        syntax_free(s[i].tree);
    free(s);
}
