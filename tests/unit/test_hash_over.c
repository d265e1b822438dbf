/* SPDX-License-Identifier: MIT
 * tests/unit/test_hash_over.c - fields that are over: nobody finds them, whether they
 * have been removed or not, and who has to know is told. */
#include "keyspace/keyspace.h"
#include "support/house.h"

#define OVER 3000               /* more than one lookup removes */
#define LIVE 10

TestSuite(hash_over, .init = house_build, .fini = house_leave);

static void
cycle(void)
{
    keyspace_expire_due(house.server.keyspace, 1000000);
}

static void
pass(msec ms)
{
    clock_freeze(clock_ms() + ms);
}

/* A hash with OVER fields whose time has come and LIVE others, all of them x0, x1 ... */
static void
fill(struct client *c)
{
    for (int i = 0; i < OVER; i++)
        house_ask(c, "HSETEX h PX 10 FIELDS 1 over%d old", i);
    for (int i = 0; i < LIVE; i++)
        house_ask(c, "HSETEX h PX 1000 FIELDS 1 live%d new", i);
    pass(10);
}

static int
dead_in(const char *reply)
{
    return house_number_in(reply, "over") + house_number_in(reply, "old");
}

/* Each question is put to a hash of its own, as a look removes some of what is over. */
Test(hash_over, fields_beyond_what_one_look_removes_are_not_seen)
{
    static const struct { const char *asks; int live; } asked[] = {
        { "HKEYS h", LIVE }, { "HVALS h", 0 }, { "HGETALL h", LIVE },
        { "HSCAN h 0 COUNT 100000", LIVE }, { "HRANDFIELD h", 1 },
        { "HRANDFIELD h 1", 1 }, { "HRANDFIELD h 3", 3 }, { "HRANDFIELD h 10", LIVE },
        { "HRANDFIELD h 100000", LIVE }, { "HRANDFIELD h 1500", LIVE },
        { "HRANDFIELD h -25", 25 }, { "HRANDFIELD h 4 WITHVALUES", 4 },
        { "HMGET h over0 over2999 over1500", 0 }, { "HTTL h FIELDS 1 over2999", 0 },
    };
    struct client *c = house_guest();

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const char *heard;

        fill(c);
        heard = house_ask(c, "%s", asked[i].asks);
        cr_expect_eq(dead_in(heard), 0, "%s: %.200s", asked[i].asks, heard);
        cr_expect_eq(house_number_in(heard, "live"), asked[i].live, "%s: %.300s",
                     asked[i].asks, heard);
        house_ask(c, "DEL h");
    }
}

Test(hash_over, fields_are_neither_changed_nor_counted_as_there)
{
    static const struct { const char *says, *reply; } said[] = {
        { "HEXISTS h over2999", ":0\r\n" }, { "HSTRLEN h over2999", ":0\r\n" },
        { "HGET h over2999", "$-1\r\n" }, { "HDEL h over2999", ":0\r\n" },
        { "HSET h over2999 1", ":1\r\n" }, { "HSETNX h over2999 1", ":1\r\n" },
        { "HINCRBY h over2999 5", ":5\r\n" }, { "HINCRBYFLOAT h over2999 5", "$1\r\n5\r\n" },
        { "HPERSIST h FIELDS 1 over2999", "*1\r\n:-2\r\n" },
        { "HEXPIRE h 100 FIELDS 1 over2999", "*1\r\n:-2\r\n" },
        { "HGETDEL h FIELDS 1 over2999", "*1\r\n$-1\r\n" },
        { "HGETEX h EX 100 FIELDS 1 over2999", "*1\r\n$-1\r\n" },
        { "HSETEX h FXX FIELDS 1 over2999 1", ":0\r\n" },
        { "HSETEX h FNX KEEPTTL FIELDS 1 over2999 1", ":1\r\n" },
        { "SORT list BY nosort GET h->over2999", "*1\r\n$-1\r\n" },
    };
    struct client *c = house_guest();

    house_ask(c, "RPUSH list x");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const char *heard;

        fill(c);
        heard = house_ask(c, "%s", said[i].says);
        cr_expect_str_eq(heard, said[i].reply, "%s: %s", said[i].says, heard);
        heard = house_ask(c, "HTTL h FIELDS 1 over2999");
        cr_expect_null(strstr(heard, ":100"), "it has no deadline: %s", said[i].says);
        house_ask(c, "DEL h");
    }
}

Test(hash_over, fields_are_no_part_of_a_digest)
{
    struct client *c = house_guest();
    char digest[200];

    house.server.config->enable_debug_command = ACCESS_YES;
    for (int i = 0; i < LIVE; i++)
        house_ask(c, "HSETEX h PX 1000 FIELDS 1 live%d new", i);
    snprintf(digest, sizeof digest, "%s", house_ask(c, "DEBUG DIGEST-VALUE h"));
    cr_assert_eq(digest[0], '*', "%s", digest);
    house_ask(c, "DEL h");
    fill(c);
    cr_expect_str_eq(house_ask(c, "DEBUG DIGEST-VALUE h"), digest);
}

/* The last live field goes: what is left of the hash is nobody's. */
Test(hash_over, fields_do_not_keep_a_key)
{
    struct client *c = house_guest();

    fill(c);
    for (int i = 0; i < LIVE; i++)
        cr_expect_str_eq(house_ask(c, "HDEL h live%d", i), ":1\r\n");
    cycle();
    cr_expect_str_eq(house_ask(c, "DBSIZE"), ":0\r\n");
}

/* --- who is told --- */

Test(hash_over, field_breaks_the_watch_of_its_hash)
{
    struct client *c = house_guest();

    for (int removed = 0; removed < 2; removed++) {
        house_ask(c, "HSET h a 1 b 2");
        house_ask(c, "HPEXPIRE h 10 FIELDS 1 a");
        house_ask(c, "WATCH h");
        pass(10);
        if (removed)
            cycle();
        house_ask(c, "MULTI");
        house_ask(c, "HGET h a");
        cr_expect_str_eq(house_ask(c, "EXEC"), "*-1\r\n", "removed: %d", removed);
    }
}

Test(hash_over, field_breaks_no_watch_that_came_later)
{
    struct client *c = house_guest();

    house_ask(c, "HSET h a 1 b 2");
    house_ask(c, "HPEXPIRE h 10 FIELDS 1 a");
    pass(10);
    house_ask(c, "WATCH h");
    house_ask(c, "MULTI");
    house_ask(c, "HGET h b");
    cr_expect_str_eq(house_ask(c, "EXEC"), "*1\r\n$1\r\n2\r\n");
}

Test(hash_over, field_is_told_of_to_who_tracks_its_hash)
{
    struct client *c = house_guest();

    house_ask(c, "HELLO 3");
    house_ask(c, "HSET h a 1 b 2");
    house_ask(c, "HPEXPIRE h 10 FIELDS 1 a");
    house_ask(c, "CLIENT TRACKING ON");
    house_ask(c, "HGET h b");
    pass(9);
    cycle();
    cr_expect_str_eq(house_heard(c), "");
    pass(1);
    cycle();
    cr_expect_str_eq(house_heard(c), ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nh\r\n");
}
