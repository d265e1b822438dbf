/* SPDX-License-Identifier: MIT
 * tests/oracle/run.c - calls made one after the other, compared.
 *
 * How:        after a difference both databases are emptied, so that one finding does
 *             not make others; the calls since then that share an argument with it are
 *             printed, ready to become a script.  What was queued is remembered, because
 *             each reply inside EXEC's is compared in the way of its own call.  What
 *             chance left behind, as SPOP does, is removed from both. */
#include "oracle/run.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/rand.h"
#include "oracle/explained.h"
#include "support/server.h"

static const char *const quiet[] = {
    "--slowlog-log-slower-than", "-1",          /* its contents depend on times */
    "--enable-debug-command", "yes", NULL,
};

uint64_t
run_setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

void
run_start(struct run *r, int proto)
{
    memset(r, 0, sizeof *r);
    if (!twins_are_possible())
        skip_or_fail("redis-server 7.0");
    r->proto = proto;
    r->n = sources_load(&r->all);
    twins_start(&r->twins, proto, quiet);
    for (size_t i = 0; i < r->n; i++)
        r->all[i].known = twin_knows(r->twins.now->redis, r->all[i].full_name);
}

void
run_stop(struct run *r)
{
    cr_expect_eq(r->differences, 0, "%zu of %zu replies differ in RESP%d\n%s",
                 r->differences, r->calls, r->proto, r->report.at ? r->report.at : "");
    twins_stop(&r->twins);
    for (size_t i = 0; i < REMEMBERED; i++)
        text_free(&r->past[i]);
    text_free(&r->report);
    sources_free(r->all, r->n);
}

/* Note the call as a line of a script. */
static void
remember(struct run *r, const struct made *m)
{
    struct text *line = &r->past[r->calls % REMEMBERED];

    text_clear(line);
    for (size_t i = 0; i < m->n; i++) {
        text_add_text(line, i > 0 ? " " : "");
        text_add_quoted(line, m->word[i]);
    }
}

/* Does the line have an argument of this call? */
static bool
is_related(const struct text *line, const struct made *m)
{
    struct text word = { 0 };
    bool found = false;

    for (size_t i = 1; i < m->n && !found; i++) {
        text_clear(&word);
        text_add_char(&word, ' ');
        text_add_quoted(&word, m->word[i]);
        found = line->len > 0 && strstr(line->at, word.at);
    }
    text_free(&word);
    return found;
}

static void
tell(struct run *r, const struct made *m, const struct answers *a)
{
    r->differences++;
    if (r->differences > REPORTS)
        return;
    for (size_t i = REMEMBERED - 1; i > 0; i--) {
        struct text *line = &r->past[(r->calls - i) % REMEMBERED];

        if (i <= r->calls && is_related(line, m))
            text_printf(&r->report, "%.200s\n", line->at);
    }
    text_printf(&r->report, "%s\n", r->past[r->calls % REMEMBERED].at);
    answers_describe(a, &r->report);
    text_add_text(&r->report, "\n");
}

void
run_start_anew(struct run *r)
{
    struct bytes discard = B("DISCARD");
    struct answers a;

    twins_ask(&r->twins, &discard, 1, &a);      /* an error outside of MULTI */
    answers_free(&a);
    r->queueing = false;
    twins_need(&r->twins, "UNWATCH");
    twins_need(&r->twins, "FLUSHALL");
    twins_need(&r->twins, "SELECT 0");
    for (size_t i = 0; i < REMEMBERED; i++)
        text_clear(&r->past[i]);
}

const char *
run_last_call(const struct run *r)
{
    return r->past[(r->calls - 1) % REMEMBERED].at;
}

/* --- transactions --- */

static bool
is_call(const struct made *m, const char *name)
{
    return m->n > 0 && bytes_is(m->word[0], name);
}

/* The next reply of several, as an answer that borrows. */
static struct answer
next_reply(struct bytes *rest)
{
    const char *end = reply_end(rest->at, rest->at + rest->len);
    struct answer one = { (char *)rest->at, (size_t)(end - rest->at) };

    *rest = bytes_view(end, rest->len - one.len);
    return one;
}

/* Both replies to EXEC are arrays of as many replies as calls were queued? */
static bool
are_results(const struct run *r, const struct answers *a)
{
    char head[24];

    snprintf(head, sizeof head, "*%zu\r\n", r->queued);
    return strncmp(a->ours.at, head, strlen(head)) == 0 &&
           strncmp(a->redis.at, head, strlen(head)) == 0;
}

static bool
same_results(const struct run *r, const struct answers *a)
{
    struct bytes ours = answer_view(&a->ours), redis = answer_view(&a->redis);
    size_t head = (size_t)(strchr(ours.at, '\n') + 1 - ours.at);
    bool same = true;

    ours = bytes_view(ours.at + head, ours.len - head);
    redis = bytes_view(redis.at + head, redis.len - head);
    for (size_t i = 0; same && i < r->queued; i++) {
        const struct made *m = &r->queue[i];
        struct answers one = { next_reply(&ours), next_reply(&redis) };

        same = explained_agree(explained_at_random(m->word, m->n), &one);
    }
    return same;
}

/* Redis looks at errno after strtod() without having cleared it: SORT may fail for what
 * an earlier call found out of range. */
static bool
is_an_old_error(const struct made *m, const struct answers *a)
{
    return (is_call(m, "sort") || is_call(m, "sort_ro")) && a->ours.at && a->redis.at &&
           strncmp(a->redis.at, "-ERR One or more scores can't", 29) == 0;
}

static bool
is_same(const struct run *r, const struct made *m, const struct answers *a)
{
    if (is_an_old_error(m, a))
        return true;
    if (r->queueing && is_call(m, "exec") && a->ours.at && a->redis.at &&
        are_results(r, a))
        return same_results(r, a);
    return explained_agree(explained_at_random(m->word, m->n), a);
}

/* Note what the call did to the transaction. */
static void
follow(struct run *r, const struct made *m, const struct answers *a)
{
    if (!a->redis.at)
        return;
    if (strcmp(a->redis.at, "+QUEUED\r\n") == 0 && r->queued < QUEUE_MAX)
        r->queue[r->queued++] = *m;
    else if (is_call(m, "multi") && a->redis.at[0] == '+')
        r->queueing = true, r->queued = 0;
    else if ((is_call(m, "exec") || is_call(m, "discard")) && m->n == 1)
        r->queueing = false;
}

/* --- comparing --- */

static void
remove_key(struct run *r, struct bytes key)
{
    struct bytes words[] = { B("DEL"), key };
    struct answers a;

    twins_ask(&r->twins, words, 2, &a);
    answers_free(&a);
}

static bool
has_word(const struct made *m, const char *word)
{
    size_t i = 1;

    while (i < m->n && !bytes_is(m->word[i], word))
        i++;
    return i < m->n;
}

/* Weights that are missing or equal leave members of a set in the order in which the
 * hash table of Redis gives them, another one in each process. */
static bool
stores_by_chance(const struct made *m)
{
    return is_call(m, "sort") && has_word(m, "by") && has_word(m, "alpha")
           && has_word(m, "store");
}

/* What it left is not the same in both. */
static void
remove_chance(struct run *r, const struct made *m)
{
    if (is_call(m, "spop"))
        remove_key(r, m->word[1]);
    if (!stores_by_chance(m))
        return;
    for (size_t i = 2; i + 1 < m->n; i++)
        if (bytes_is(m->word[i], "store"))
            remove_key(r, m->word[i + 1]);
}

static bool
is_tree(struct run *r, struct bytes key)
{
    struct bytes words[] = { B("OBJECT"), B("ENCODING"), key };
    struct answers a;
    bool is;

    twins_ask(&r->twins, words, 3, &a);
    is = a.redis.at && strstr(a.redis.at, "skiplist");
    answers_free(&a);
    return is;
}

/* A range by bytes of a large sorted set whose scores may differ: what Redis answers
 * depends on the levels that its skip list drew. */
static bool
is_chance(struct run *r, const struct made *m)
{
    bool by_bytes = false;

    if (m->n < 3 || m->word[0].len < 6 || (m->word[0].at[0] | 32) != 'z')
        return false;
    by_bytes = bytes_is(m->word[0], "zlexcount") || bytes_is(m->word[0], "zrangebylex")
               || bytes_is(m->word[0], "zrevrangebylex")
               || bytes_is(m->word[0], "zremrangebylex");
    for (size_t i = 3; i < m->n && !by_bytes; i++)
        by_bytes = bytes_is(m->word[i], "bylex");
    return by_bytes && (r->queueing || is_tree(r, m->word[1]) || is_tree(r, m->word[2]));
}

bool
run_compare(struct run *r, const struct made *m)
{
    struct answers a;
    bool same;

    if (is_chance(r, m) || (r->queueing && stores_by_chance(m)))
        return true;
    remember(r, m);
    twins_ask(&r->twins, m->word, m->n, &a);
    same = is_same(r, m, &a);
    if (!same)
        tell(r, m, &a);
    r->errors += a.redis.at && a.redis.at[0] == '-';
    follow(r, m, &a);
    if (!a.ours.at || !a.redis.at) {
        twins_reconnect(&r->twins);
        r->queueing = false;
    }
    if (!same || is_an_old_error(m, &a))
        run_start_anew(r);
    else if (a.redis.at && a.redis.at[0] != '-')
        remove_chance(r, m);
    answers_free(&a);
    r->calls++;
    return same;
}

/* The keys of both whose values differ, into the report. */
static void
tell_keys(struct run *r)
{
    struct answers a;
    struct bytes keys[] = { B("KEYS"), B("*") };
    struct bytes rest;

    twins_ask(&r->twins, keys, 2, &a);
    answers_describe(&a, &r->report);
    rest = answer_view(&a.ours);
    rest.at = strchr(rest.at, '\n') + 1;
    rest.len = a.ours.len - (size_t)(rest.at - a.ours.at);
    while (rest.len > 0) {
        struct answer key = next_reply(&rest), body = key;
        struct answers digests;

        body.at = strchr(key.at, '\n') + 1;
        body.len = key.len - (size_t)(body.at - key.at) - 2;
        struct bytes words[] = { B("DEBUG"), B("DIGEST-VALUE"), answer_view(&body) };

        twins_ask(&r->twins, words, 3, &digests);
        if (!bytes_equal(answer_view(&digests.ours), answer_view(&digests.redis))) {
            text_add_text(&r->report, "  differs: ");
            text_add_quoted(&r->report, answer_view(&body));
            text_add_text(&r->report, "\n");
        }
        answers_free(&digests);
    }
    answers_free(&a);
}

void
run_compare_state(struct run *r)
{
    static const struct made digest = { { { "DEBUG", 5 }, { "DIGEST", 6 } }, 2 };
    struct answers a;

    twins_ask(&r->twins, digest.word, digest.n, &a);
    if (!bytes_equal(answer_view(&a.ours), answer_view(&a.redis))) {
        tell(r, &digest, &a);
        if (r->differences <= REPORTS) {
            for (size_t i = 0; i < REMEMBERED; i++) {
                const struct text *line = &r->past[(r->calls + i) % REMEMBERED];

                if (line->len > 0)
                    text_printf(&r->report, "%.200s\n", line->at);
            }
            tell_keys(r);
        }
        run_start_anew(r);
    }
    answers_free(&a);
}

/* --- choosing --- */

/* Each wait takes up to a tenth of a second in Redis; commands about the server need
 * less of the time than those of the data. */
static bool
is_passed_over(const struct run *r, const struct source *s)
{
    if (!s->known || !s->random)
        return true;
    if (r->queueing)
        return strcmp(s->name, "spop") == 0;
    if (s->row->flags & BLOCKING)
        return rand_below(16) > 0;
    return s->row->keys[0].shape == KEYS_NONE && rand_below(4) > 0;
}

const struct source *
run_choose(const struct run *r)
{
    const char *soon = r->queueing && (rand_below(8) == 0 || r->queued == QUEUE_MAX)
                     ? "exec" : NULL;
    const struct source *s;

    do
        s = &r->all[rand_below(r->n)];
    while (soon ? strcmp(s->full_name, soon) != 0 : is_passed_over(r, s));
    return s;
}
