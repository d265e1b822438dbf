/* SPDX-License-Identifier: MIT
 * tests/unit/test_hash_counts.c - what calls about fields that may die leave behind
 * besides their replies: counted changes, counted deaths, the name of the form.
 *
 * How:        the numbers are what redis-server 8.0 answers to the same calls. */
#include "keyspace/keyspace.h"
#include "support/house.h"

TestSuite(hash_counts, .init = house_build, .fini = house_leave);

static const struct row {
    const char *call;           /* to h: a and b, c with a deadline */
    int changes, deaths;
} rows[] = {
    { "HEXPIRE h 0 FIELDS 3 a b z", 2, 2 },
    { "HEXPIRE h 0 XX FIELDS 2 a c", 1, 1 },
    { "HPEXPIREAT h 1 FIELDS 3 a b c", 3, 3 },
    { "HEXPIRE h 100 FIELDS 3 a a z", 2, 0 },
    { "HPEXPIREAT h 1 NX FIELDS 1 c", 0, 0 },
    { "HGETEX h EX 0 FIELDS 3 a a z", 1, 1 },
    { "HGETEX h EX 100 FIELDS 3 a a z", 2, 0 },
    { "HGETEX h PERSIST FIELDS 3 a c c", 1, 0 },
    { "HSETEX h EX 0 FIELDS 3 a 1 a 2 z 3", 3, 3 },
    { "HSETEX h FXX PXAT 1 FIELDS 1 a 1", 1, 1 },
    { "HSETEX h FNX PXAT 1 FIELDS 1 a 1", 0, 0 },
    { "HSETEX none EX 0 FIELDS 2 a 1 b 2", 2, 2 },
    { "HSETEX h EX 100 FIELDS 3 a 1 a 2 z 3", 3, 0 },
    { "HPERSIST h FIELDS 2 c d", 1, 0 },
    { "HPERSIST h FIELDS 2 a b", 0, 0 },
    { "HGETDEL h FIELDS 4 a a c z", 2, 0 },
};

static void
fill(struct client *c)
{
    house_ask(c, "DEL h none");
    house_ask(c, "HSET h a 1 b 2");
    house_ask(c, "HSETEX h EX 1000 FIELDS 2 c 3 d 4");
}

Test(hash_counts, of_changes_and_of_dead_fields_are_what_redis_counts)
{
    struct keyspace *ks = house.server.keyspace;
    struct client *c = house_guest();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t changes;
        uint64_t deaths;

        fill(c);
        changes = keyspace_dirty(ks);
        deaths = keyspace_stats(ks)->expired_elements;
        cr_expect_neq(*house_ask(c, "%s", rows[i].call), '-', "%s", rows[i].call);
        cr_expect_eq(keyspace_dirty(ks) - changes, rows[i].changes, "%s", rows[i].call);
        cr_expect_eq(keyspace_stats(ks)->expired_elements - deaths,
                     (uint64_t)rows[i].deaths, "%s", rows[i].call);
    }
}

Test(hash_counts, leave_no_hash_when_all_fields_were_set_too_late)
{
    struct client *c = house_guest();

    house_ask(c, "WATCH h");
    cr_expect_str_eq(house_ask(c, "HSETEX h EX 0 FIELDS 2 a 1 b 2"), ":1\r\n");
    cr_expect_str_eq(house_ask(c, "DBSIZE"), ":0\r\n");
    house_ask(c, "MULTI");
    cr_expect_str_eq(house_ask(c, "EXEC"), "*-1\r\n", "it was there for a moment");
}

/* --- forms --- */

#define PLAIN "$8\r\nlistpack\r\n"
#define TIMED "$10\r\nlistpackex\r\n"

/* A command that can give a deadline makes room for it, whether it gives one or not. */
Test(hash_counts, forms_are_named_as_redis_names_them)
{
    static const struct { const char *call, *form; } calls[] = {
        { "HEXPIRE h 100 FIELDS 1 z", TIMED }, { "HEXPIRE h 100 XX FIELDS 1 a", TIMED },
        { "HEXPIRE h 0 FIELDS 1 a", TIMED }, { "HEXPIRE h 100 FIELDS 2 a", PLAIN },
        { "HEXPIRE h -1 FIELDS 1 a", PLAIN }, { "HGETEX h FIELDS 1 a", PLAIN },
        { "HGETEX h EX 100 FIELDS 1 z", TIMED }, { "HGETEX h PERSIST FIELDS 1 a", TIMED },
        { "HGETEX h EX 0 FIELDS 1 a", TIMED }, { "HPERSIST h FIELDS 1 a", PLAIN },
        { "HSETEX h EX 0 FIELDS 1 z 1", TIMED }, { "HSETEX h KEEPTTL FIELDS 1 z 1", PLAIN },
        { "HSETEX h FXX EX 100 FIELDS 1 z 1", PLAIN }, { "HGETDEL h FIELDS 1 a", PLAIN },
        { "HTTL h FIELDS 1 a", PLAIN },
    };
    struct client *c = house_guest();

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        house_ask(c, "DEL h");
        house_ask(c, "HSET h a 1 b 2");
        house_ask(c, "%s", calls[i].call);
        cr_expect_str_eq(house_ask(c, "OBJECT ENCODING h"), calls[i].form, "%s",
                         calls[i].call);
    }
}

/* --- digests --- */

#define DIGEST(hex) "*1\r\n+" hex "\r\n"

Test(hash_counts, digests_tell_fields_with_deadlines_from_others)
{
    struct client *c = house_guest();

    house.server.config->enable_debug_command = ACCESS_YES;
    house_ask(c, "HSET h f v g w");
    cr_expect_str_eq(house_ask(c, "DEBUG DIGEST-VALUE h"), DIGEST("d127864ed50239662bf61bafc9bda63c17da5b37"));
    house_ask(c, "HPEXPIREAT h 9999999999000 FIELDS 1 f");
    cr_expect_str_eq(house_ask(c, "DEBUG DIGEST-VALUE h"), DIGEST("355879033a5e790f0e021f3025ccea7312d9d282"));
    house_ask(c, "HPEXPIREAT h 9999999999999 FIELDS 1 g");
    cr_expect_str_eq(house_ask(c, "DEBUG DIGEST-VALUE h"), DIGEST("7dccbd0ae30b6882a8a3831903fc54a61e354a6c"));
    house_ask(c, "HPERSIST h FIELDS 2 f g");
    cr_expect_str_eq(house_ask(c, "DEBUG DIGEST-VALUE h"), DIGEST("d127864ed50239662bf61bafc9bda63c17da5b37"));
}
