/* SPDX-License-Identifier: MIT
 * tests/unit/test_large_ends.c - whatever ends a large collection leaves its elements to
 * the background thread: commands, deadlines, eviction, and whole databases. */
#include "keyspace/evict.h"
#include "keyspace/lazyfree.h"
#include "support/house.h"

#define MANY 5000

static struct client *c;

/* The options are as they come: that they are yes is part of the promise. */
static void
start(void)
{
    house_build();
    lazyfree_start();
    keyspace_set_lazy_expire(house.server.keyspace,
                             house.server.config->lazyfree_lazy_expire);
    c = house_guest();
}

static void
stop(void)
{
    house_leave();
    lazyfree_stop();
}

TestSuite(large_ends, .init = start, .fini = stop, .timeout = 120);

/* --- something large of each type --- */

/* A format each; the elements of the list are long, for what counts there is nodes. */
static const char *const makers[] = {
    "RPUSH big %0200d %0200d %0200d %0200d %0200d", "SADD big a%d b%d c%d d%d e%d",
    "HSET big a%d 1 b%d 2 c%d 3 d%d 4 e%d 5", "ZADD big 1 a%d 2 b%d 3 c%d 4 d%d 5 e%d",
};
#define TYPES_MADE (sizeof makers / sizeof *makers)

static void
make(size_t type)
{
    char line[2048];

    for (int i = 0; i < MANY / 5; i++) {
        snprintf(line, sizeof line, makers[type], i, i, i, i, i);
        house_say(c, "%s", line);
    }
    house_heard(c);
    lazyfree_wait();
    lazyfree_reset_done();
}

static struct entry *
big(void)
{
    struct key key = key_of(B("big"));

    return db_peek(keyspace_db(house.server.keyspace, 0), &key);
}

/* --- commands --- */

/* After "RPUSH small 1", "SADD s x", "ZADD z 1 x", "SET text x" and nothing else. */
static const char *const enders[] = {
    "DEL big", "UNLINK big", "DEL nosuch big", "SET big x", "SET big x EX 100",
    "SETEX big 100 x", "PSETEX big 100 x", "MSET a 1 big 2", "RENAME small big",
    "RENAME text big", "COPY small big REPLACE", "COPY text big REPLACE",
    "EXPIRE big -1", "PEXPIREAT big 1", "SUNIONSTORE big s", "SINTERSTORE big s nosuch",
    "SDIFFSTORE big s s", "ZUNIONSTORE big 1 z", "ZINTERSTORE big 2 z nosuch",
    "ZRANGESTORE big z 0 -1", "ZRANGESTORE big z 5 6", "SORT small STORE big",
    "SORT nosuch STORE big", "BITOP NOT big text", "FLUSHDB", "FLUSHALL", "FLUSHALL ASYNC",
    "FLUSHDB ASYNC",
};

static void
expect_freed_elsewhere(const char *what, size_t type)
{
    struct entry *e = big();
    uint64_t given;

    given = lazyfree_pending() + lazyfree_done();
    cr_expect_geq(given, 1, "%s: type %zu was freed in front of everybody", what, type);
    lazyfree_wait();
    cr_expect_eq(lazyfree_pending(), 0);
    cr_expect(!e || value_type_of(entry_type(e))->length(entry_value(e)) < MANY / 2,
              "%s: type %zu is still there", what, type);
}

Test(large_ends, by_any_command_leave_the_elements_to_the_thread)
{
    for (size_t i = 0; i < sizeof enders / sizeof *enders; i++)
        for (size_t type = 0; type < TYPES_MADE; type++) {
            const char *heard;

            house_say(c, "FLUSHALL");
            house_say(c, "RPUSH small 1");
            house_say(c, "SADD s x");
            house_say(c, "ZADD z 1 x");
            house_say(c, "SET text x");
            make(type);
            heard = house_ask(c, "%s", enders[i]);
            cr_assert_neq(heard[0], '-', "%s: %s", enders[i], heard);
            expect_freed_elsewhere(enders[i], type);
        }
}

/* What is left is small, and as it was. */
static const struct { size_t type; const char *call, *length, *look, *left; } cuts[] = {
    { 0, "LTRIM big 0 2", "LLEN big", "LINDEX big 2", "0000" },
    { 0, "LTRIM big -3 -1", "LLEN big", "LINDEX big 0", "00999" },
    { 0, "LTRIM big 4000 4002", "LLEN big", "LINDEX big 0", "00800" },
    { 3, "ZREMRANGEBYRANK big 1 -3", "ZCARD big", "ZRANGE big 0 -1", "e998" },
    { 3, "ZREMRANGEBYRANK big 3 -1", "ZCARD big", "ZRANGE big 0 -1", "a10" },
    { 3, "ZREMRANGEBYRANK big 0 -4", "ZCARD big", "ZRANGE big 0 -1", "e999" },
    { 3, "ZREMRANGEBYRANK big 0 -1", "ZCARD big", "ZRANGE big 0 -1", "*0" },
    { 3, "ZREMRANGEBYSCORE big -inf +inf", "ZCARD big", "EXISTS big", ":0" },
    { 3, "ZREMRANGEBYLEX big - +", "ZCARD big", "EXISTS big", ":0" },
};

Test(large_ends, by_cutting_nearly_everything_off_leave_it_to_the_thread)
{
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        bool all = cuts[i].left[0] == '*' || cuts[i].left[0] == ':';
        const char *heard;

        house_say(c, "FLUSHALL");
        make(cuts[i].type);
        house_say(c, "%s", cuts[i].call);
        expect_freed_elsewhere(cuts[i].call, cuts[i].type);
        house_heard(c);
        heard = house_ask(c, "%s", cuts[i].length);
        cr_expect_str_eq(heard, all ? ":0\r\n" : ":3\r\n", "%s: %s", cuts[i].call, heard);
        heard = house_ask(c, "%s", cuts[i].look);
        cr_expect_not_null(strstr(heard, cuts[i].left), "%s: %s", cuts[i].call, heard);
    }
}

/* In the time of one transaction too. */
Test(large_ends, in_a_transaction_leave_the_elements_to_the_thread)
{
    for (size_t type = 0; type < TYPES_MADE; type++) {
        make(type);
        house_say(c, "MULTI");
        house_say(c, "DEL big");
        house_say(c, "EXEC");
        expect_freed_elsewhere("EXEC", type);
    }
}

/* --- without a command --- */

Test(large_ends, by_a_deadline_leave_the_elements_to_the_thread)
{
    for (size_t type = 0; type < TYPES_MADE; type++) {
        clock_freeze(HOUSE_NOON);
        make(type);
        house_say(c, "PEXPIRE big 10");
        clock_freeze(HOUSE_NOON + 10);
        keyspace_expire_due(house.server.keyspace, 1000000);
        expect_freed_elsewhere("the cycle", type);
        clock_freeze(HOUSE_NOON);
        make(type);
        house_say(c, "PEXPIRE big 10");
        clock_freeze(HOUSE_NOON + 10);
        house_say(c, "EXISTS big");
        expect_freed_elsewhere("a lookup", type);
    }
}

Test(large_ends, by_eviction_leave_the_elements_to_the_thread)
{
    struct evict_settings s = { .policy = EVICT_ALLKEYS_RANDOM, .samples = 5,
                                .tenacity = 10, .limit = 1,
                                .lazy = house.server.config->lazyfree_lazy_eviction };

    for (size_t type = 0; type < TYPES_MADE; type++) {
        make(type);
        evict_configure(house.server.keyspace, &s);
        cr_expect_neq(evict_to_fit(house.server.keyspace), OK, "a byte is little");
        expect_freed_elsewhere("eviction", type);
        evict_configure(house.server.keyspace, &(struct evict_settings){ .samples = 5 });
    }
}

/* Who wants it otherwise is heard: with the options off DEL frees at once. */
Test(large_ends, free_at_once_when_the_options_say_so)
{
    house.server.config->lazyfree_lazy_user_del = false;
    for (size_t type = 0; type < TYPES_MADE; type++) {
        make(type);
        house_say(c, "DEL big");
        cr_expect_eq(lazyfree_pending() + lazyfree_done(), 0);
        make(type);
        house_say(c, "UNLINK big");
        expect_freed_elsewhere("UNLINK", type);
    }
}

/* What small things are made of is not worth a job. */
Test(large_ends, of_small_collections_are_done_here)
{
    house_say(c, "RPUSH small 1 2 3");
    house_say(c, "DEL small");
    house_say(c, "SADD s a b c");
    house_say(c, "UNLINK s");
    cr_expect_eq(lazyfree_pending() + lazyfree_done(), 0);
}

/* The table of who read what is as large as it is allowed to be. */
Test(large_ends, of_the_tracking_table_are_left_to_the_thread)
{
    house_say(c, "HELLO 3");
    house_say(c, "CLIENT TRACKING on");
    for (int i = 0; i < 5000; i++)
        house_say(c, "GET key:%d", i);
    lazyfree_wait();
    lazyfree_reset_done();
    house_say(c, "FLUSHALL ASYNC");
    cr_expect_geq(lazyfree_pending() + lazyfree_done(), 5000);
}
