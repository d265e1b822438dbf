/* SPDX-License-Identifier: MIT
 * tests/oracle/test_messages.c - what is heard: the messages of pub/sub, and the events
 * of random calls, are those of redis-server, in its order.
 *
 * How:        see hear.h. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "base/rand.h"
#include "oracle/hear.h"
#include "oracle/run.h"
#include "support/server.h"

/* --- events --- */

/* Returns how many bytes Redis sent. */
static size_t
compare_events(struct run *r)
{
    size_t len;
    struct text ours = { 0 }, redis = { 0 };

    hear(&r->twins, "ears", &ours, &redis);
    twins_switch(&r->twins, "main");
    if (!bytes_equal(text_view(&ours), text_view(&redis))) {
        if (r->differences++ < REPORTS) {
            text_printf(&r->report, "after %s\n    redis: ", run_last_call(r));
            text_add_quoted(&r->report, text_view(&redis));
            text_add_text(&r->report, "\n    ours:  ");
            text_add_quoted(&r->report, text_view(&ours));
            text_add_text(&r->report, "\n");
        }
    }
    len = redis.len;
    text_free(&ours);
    text_free(&redis);
    return len;
}

Test(messages, generated_calls_make_the_events_of_redis, .timeout = 300)
{
    uint64_t calls = run_setting("IGNIS_ORACLE_CALLS", 15000) / 3;
    size_t heard = 0;
    struct made m;
    struct run r;

    run_start(&r, 2);
    rand_seed(run_setting("IGNIS_ORACLE_SEED", 20260) + 11);
    twins_need(&r.twins, "CONFIG SET notify-keyspace-events AKEmn");
    twins_switch(&r.twins, "ears");
    twins_need(&r.twins, "PSUBSCRIBE __key*");
    twins_switch(&r.twins, "main");
    while (r.calls < calls) {
        generate_call(r.all, r.n, run_choose(&r), &m);
        run_compare(&r, &m);
        heard += compare_events(&r);
    }
    cr_expect_gt(heard, 10 * calls, "%zu bytes are hardly any events", heard);
    run_stop(&r);
}

/* --- pub/sub --- */

static const char *const names[] = { "main", "one", "two" };
static const char *const verbs[] = {
    "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE",
    "SUNSUBSCRIBE", "PUBLISH", "PUBLISH", "SPUBLISH", "PUBSUB NUMSUB", "PUBSUB NUMPAT",
    "PUBSUB SHARDNUMSUB", "GET", "SET",
};
static const char *const words[] = { "a", "b", "a*", "*", "?", "\"\"", "news" };

#define ANY_OF(list) (list)[rand_below(sizeof(list) / sizeof *(list))]

/* A call as a line.  Only one channel is left at a time, and one pattern is heard: more
 * come in the order of a hash table. */
static void
make_line(struct text *line)
{
    const char *verb = ANY_OF(verbs);
    size_t n = strstr(verb, "PUBLISH") || strcmp(verb, "SET") == 0 ? 2
             : strstr(verb, "UNSUB") || strcmp(verb, "GET") == 0
               || strcmp(verb, "PSUBSCRIBE") == 0 ? 1 : rand_below(4);

    text_clear(line);
    text_add_text(line, verb);
    for (size_t i = 0; i < n; i++)
        text_printf(line, " %s", strcmp(verb, "PSUBSCRIBE") == 0
                    || strcmp(verb, "PUNSUBSCRIBE") == 0 ? "a*" : ANY_OF(words));
}

static void
expect_same_messages(int proto)
{
    uint64_t calls = run_setting("IGNIS_ORACLE_CALLS", 15000) / 10;
    struct text line = { 0 };
    struct twins t;

    if (!twins_are_possible())
        skip_or_fail("redis-server 7.0");
    twins_start(&t, proto, NULL);
    rand_seed(run_setting("IGNIS_ORACLE_SEED", 20260) + 13 + (uint64_t)proto);
    for (uint64_t i = 0; i < calls; i++) {
        const char *sender = ANY_OF(names);

        make_line(&line);
        twins_switch(&t, sender);
        hear_say(&t, line.at, line.at);
        hear_same(&t, sender, line.at);     /* it runs before the others ask */
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            hear_same(&t, names[j], line.at);
    }
    text_free(&line);
    twins_stop(&t);
}

Test(messages, are_heard_as_from_redis_in_resp2, .timeout = 120)
{
    expect_same_messages(2);
}

Test(messages, are_heard_as_from_redis_in_resp3, .timeout = 120)
{
    expect_same_messages(3);
}
