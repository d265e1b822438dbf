/* SPDX-License-Identifier: MIT
 * tests/oracle/test_generated.c - random calls of every command that redis-server
 * has as well get the same replies from both.
 *
 * How:        a seeded sequence (IGNIS_ORACLE_SEED) of IGNIS_ORACLE_CALLS calls goes
 *             to both, in RESP2 and in RESP3; from time to time the digests of all
 *             databases are compared.
 * Read next:  tests/oracle/run.c */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "base/rand.h"
#include "oracle/run.h"

static void
expect_equal_replies(int proto)
{
    uint64_t calls = run_setting("IGNIS_ORACLE_CALLS", 15000);
    struct made m;
    struct run r;

    run_start(&r, proto);
    rand_seed(run_setting("IGNIS_ORACLE_SEED", 20260) + (uint64_t)proto);
    while (r.calls < calls) {
        generate_call(r.all, r.n, run_choose(&r), &m);
        run_compare(&r, &m);
        if (r.calls % 50 == 0 && !r.queueing)
            run_compare_state(&r);
    }
    cr_expect_lt(r.errors, calls * 3 / 4, "%zu calls are refused: what do these prove?",
                 r.errors);
    cr_log_info("%zu of %zu calls are refused", r.errors, r.calls);
    run_stop(&r);
}

Test(oracle, generated_calls_get_the_replies_of_redis_in_resp2, .timeout = 600)
{
    expect_equal_replies(2);
}

Test(oracle, generated_calls_get_the_replies_of_redis_in_resp3, .timeout = 600)
{
    expect_equal_replies(3);
}

/* --- what INFO counts --- */

/* Lines of INFO that are to be equal, by how they begin. */
static const char *const counted[] = {
    "rdb_changes_since_last_save:", "keyspace_hits:", "keyspace_misses:", "expired_keys:",
    "evicted_keys:", "total_error_replies:", "unexpected_error_replies:", "errorstat_",
    "acl_access_denied_auth:", "cmdstat_", "db",
};

static bool
is_counted(const char *line)
{
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (strncmp(line, counted[i], strlen(counted[i])) == 0)
            return true;
    return false;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The counted lines, sorted (Redis has commands in an order of chance), without
 * the fields that are durations.  Takes the reply apart. */
static void
take_counts(const struct answer *info, struct text *out)
{
    char *line[1024], *rest = NULL;
    size_t n = 0;

    for (char *at = strtok_r(info->at, "\r\n", &rest); at && n < 1024;
         at = strtok_r(NULL, "\r\n", &rest))
        if (is_counted(at))
            line[n++] = at;
    qsort(line, n, sizeof *line, by_text);
    for (size_t i = 0; i < n; i++) {
        for (char *at = strtok_r(line[i], ",", &rest); at;
             at = strtok_r(NULL, ",", &rest))
            if (strncmp(at, "usec", 4) != 0 && strncmp(at, "avg_ttl", 7) != 0)
                text_printf(out, "%s%s", at == line[i] ? "" : ",", at);
        text_add_char(out, '\n');
    }
}

/* The lines that differ; false when there are none. */
static bool
describe_counts(char *ours, char *redis, struct text *out)
{
    char *a_rest, *b_rest;
    char *a = strtok_r(ours, "\n", &a_rest), *b = strtok_r(redis, "\n", &b_rest);
    bool differ = false;

    while (a || b) {
        int order = !a ? 1 : !b ? -1 : strcmp(a, b);

        if (order != 0) {
            text_printf(out, "    %s %s\n", order > 0 ? "redis:" : "ours: ",
                        order > 0 ? b : a);
            differ = true;
        }
        if (order <= 0)
            a = strtok_r(NULL, "\n", &a_rest);
        if (order >= 0)
            b = strtok_r(NULL, "\n", &b_rest);
    }
    return differ;
}

static void
compare_counts(struct run *r)
{
    struct bytes words[] = { B("INFO"), B("everything") };
    struct text ours = { 0 }, redis = { 0 }, report = { 0 };
    struct answers a;

    twins_switch(&r->twins, "watch");
    twins_ask(&r->twins, words, 2, &a);
    take_counts(&a.ours, &ours);
    take_counts(&a.redis, &redis);
    cr_assert_gt(redis.len, 0);
    if (describe_counts(ours.at, redis.at, &report)) {
        if (r->differences++ < REPORTS)
            text_printf(&r->report, "after %s (of %zu queued)\n%s", run_last_call(r),
                        r->queued, report.at);
        twins_need(&r->twins, "CONFIG RESETSTAT");
        twins_need(&r->twins, "FLUSHALL");
    }
    twins_switch(&r->twins, "main");
    text_free(&ours);
    text_free(&redis);
    text_free(&report);
    answers_free(&a);
}

/* Changes, hits and misses, errors, calls by command: INFO counts them as Redis does. */
Test(oracle, generated_calls_are_counted_as_redis_counts_them, .timeout = 600)
{
    uint64_t calls = run_setting("IGNIS_ORACLE_CALLS", 15000) / 5;
    struct made m;
    struct run r;

    run_start(&r, 2);
    rand_seed(run_setting("IGNIS_ORACLE_SEED", 20260) + 7);
    twins_need(&r.twins, "CONFIG RESETSTAT");
    while (r.calls < calls) {
        const struct source *s = run_choose(&r);

        generate_call(r.all, r.n, s, &m);
        if (strcmp(s->name, "scan") == 0)       /* TYPE hits the keys it comes by: */
            continue;                           /* they depend on the cursor */
        run_compare(&r, &m);
        compare_counts(&r);
    }
    run_stop(&r);
}

/* --- arity --- */

/* QUIT and RESET take any number of arguments, or none, and change the session;
 * SHUTDOWN and MONITOR only with arguments that they refuse. */
static bool
is_safe(const struct source *s, size_t extra)
{
    size_t len = strlen(s->name), tail = strlen("subscribe");
    static const char *const never[] = { "quit", "reset", "hello", "client|pause" };

    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(s->full_name, never[i]) == 0)
            return false;
    if (len >= tail && strcmp(s->name + len - tail, "subscribe") == 0)
        return extra == 0;                      /* else a reply for each channel */
    return extra > 0
           || (strcmp(s->name, "shutdown") != 0 && strcmp(s->name, "monitor") != 0);
}

Test(oracle, every_number_of_arguments_is_taken_or_refused_alike, .timeout = 120)
{
    struct made m;
    struct run r;

    run_start(&r, 2);
    for (size_t i = 0; i < r.n; i++) {
        for (size_t extra = 0; r.all[i].known && extra < 8; extra++) {
            generate_arity(&r.all[i], extra, &m);
            if (is_safe(&r.all[i], extra))
                run_compare(&r, &m);
        }
    }
    cr_expect_gt(r.calls, 500);
    run_stop(&r);
}
