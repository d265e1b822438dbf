/* SPDX-License-Identifier: MIT
 * tests/unit/test_watch.c - EXEC runs exactly when none of the watched keys was touched. */
#include "command/transaction.h"
#include "support/house.h"

#define GUESTS 6
#define NAMES 8
#define DATABASES 2

TestSuite(watch, .init = house_build, .fini = house_leave);

static struct client *guests[GUESTS];
static bool watched[GUESTS][DATABASES][NAMES], broken[GUESTS];
static bool is_there[DATABASES][NAMES];
static size_t at[GUESTS];               /* the database a guest uses */

static size_t
watching(void)
{
    size_t n = 0;

    for (size_t g = 0; g < GUESTS; g++)
        n += guests[g]->watched != NULL;
    return n;
}

static void
touch(size_t db, size_t k)
{
    for (size_t g = 0; g < GUESTS; g++)
        broken[g] |= watched[g][db][k];
}

static void
forget(size_t g)
{
    memset(watched[g], 0, sizeof watched[g]);
    broken[g] = false;
}

static void
change_key(size_t g)
{
    size_t db = at[g], k = rand_below(NAMES);

    switch (rand_below(4)) {
    case 0:
        house_say(guests[g], "DEL key%zu", k);
        if (is_there[db][k])
            touch(db, k);
        is_there[db][k] = false;
        break;
    case 1:
        house_say(guests[g], "GET key%zu", k);
        break;
    default:
        house_say(guests[g], "SET key%zu v", k);
        touch(db, k);
        is_there[db][k] = true;
    }
}

/* A database that is emptied touches the keys that were there. */
static void
flush(size_t g)
{
    house_say(guests[g], "FLUSHDB");
    for (size_t k = 0; k < NAMES; k++) {
        if (is_there[at[g]][k])
            touch(at[g], k);
        is_there[at[g]][k] = false;
    }
}

/* Keys of both databases are touched that are in either, before or after. */
static void
swap(size_t g)
{
    bool other[NAMES];

    house_say(guests[g], "SWAPDB 0 1");
    for (size_t k = 0; k < NAMES; k++)
        if (is_there[0][k] || is_there[1][k]) {
            touch(0, k);
            touch(1, k);
        }
    memcpy(other, is_there[0], sizeof other);
    memcpy(is_there[0], is_there[1], sizeof other);
    memcpy(is_there[1], other, sizeof other);
}

static void
try_exec(size_t g)
{
    const char *heard;

    house_say(guests[g], "MULTI");
    house_say(guests[g], "PING");
    house_heard(guests[g]);
    heard = house_ask(guests[g], "EXEC");
    cr_assert_str_eq(heard, broken[g] ? "*-1\r\n" : "*1\r\n+PONG\r\n", "guest %zu", g);
    forget(g);
}

static void
do_something(size_t g)
{
    size_t k = rand_below(NAMES);

    switch (rand_below(20)) {
    case 0:
        flush(g);
        break;
    case 1:
        swap(g);
        break;
    case 2:
        house_say(guests[g], "UNWATCH");
        forget(g);
        break;
    case 3:
        at[g] = rand_below(DATABASES);
        house_say(guests[g], "SELECT %zu", at[g]);
        break;
    case 4: case 5: case 6:
        try_exec(g);
        break;
    case 7: case 8: case 9: case 10: case 11:
        change_key(g);
        break;
    default:
        house_say(guests[g], "WATCH key%zu key%zu", k, k);
        /* a client that has lost already does not watch any more */
        watched[g][at[g]][k] |= !client_is(guests[g], CLIENT_WATCH_BROKEN);
    }
    house_heard(guests[g]);
}

Test(watch, lets_exec_run_exactly_when_a_naive_table_says_so)
{
    size_t keys;

    for (size_t g = 0; g < GUESTS; g++)
        guests[g] = house_guest();
    for (int i = 0; i < 30000; i++) {
        do_something(rand_below(GUESTS));
        keys = 0;
        for (size_t n = 0; n < DATABASES * NAMES; n++) {
            bool any = false;

            for (size_t g = 0; g < GUESTS; g++)
                any |= watched[g][n / NAMES][n % NAMES];
            keys += any;
        }
        cr_assert_eq(watches_keys(house.server.watches), keys);
        cr_assert_eq(watches_clients(house.server.watches), watching());
    }
}

Test(watch, counts_a_key_that_is_over_as_changed)
{
    struct client *c = house_guest();

    house_say(c, "SET k v PX 100");
    house_say(c, "WATCH k");
    clock_freeze(HOUSE_NOON + 99);
    cr_expect_not(watch_is_broken(c));
    clock_freeze(HOUSE_NOON + 100);
    cr_expect(watch_is_broken(c));
}

/* One that was over when it was watched had been no key. */
Test(watch, does_not_count_a_key_that_was_over_before)
{
    struct client *c = house_guest();

    house_say(c, "SET k v PX 100");
    clock_freeze(HOUSE_NOON + 100);
    house_say(c, "WATCH k");
    cr_expect_not(watch_is_broken(c));
    house_say(c, "SET k v");
    cr_expect(watch_is_broken(c));
}

/* No key before, and none after: but one that is still there comes and goes. */
Test(watch, does_not_count_a_key_that_swapdb_brings_when_it_is_over)
{
    struct client *c = house_guest(), *other = house_guest();

    house_say(other, "SELECT 1");
    house_say(other, "SET over v PX 100");
    house_say(other, "SET late v PX 200");
    clock_freeze(HOUSE_NOON + 100);
    house_say(c, "WATCH over");
    house_say(other, "SWAPDB 0 1");
    house_say(c, "GET over");
    cr_expect_not(watch_is_broken(c));
    house_say(other, "SWAPDB 0 1");
    house_say(c, "WATCH late");
    house_say(other, "SWAPDB 0 1");
    clock_freeze(HOUSE_NOON + 200);
    house_say(c, "GET late");
    cr_expect(watch_is_broken(c));
}

/* Each of them again and again, in front of long lists. */
Test(watch, of_a_key_named_twice_is_one)
{
    struct client *c = house_guest(), *other = house_guest();

    for (int i = 0; i < 500; i++)
        house_say(c, "WATCH key%d", i);
    house_say(other, "WATCH key7");
    for (int i = 0; i < 500; i++) {
        house_say(c, "WATCH key%d key%d", i, i);
        house_say(other, "WATCH key7 key7");
    }
    cr_expect_eq(watches_keys(house.server.watches), 500);
    house_say(c, "UNWATCH");
    cr_expect_eq(watches_keys(house.server.watches), 1);
    house_say(other, "UNWATCH");
    cr_expect_eq(watches_keys(house.server.watches), 0);
}
