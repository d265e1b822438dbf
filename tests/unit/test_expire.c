/* SPDX-License-Identifier: MIT
 * tests/unit/test_expire.c - keys die when they should and not before. */
#include "keyspace/keyspace.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include "base/rand.h"
#include "values/v_string.h"

#define NOON 1700000000000
#define PLENTY 10000000         /* us: no test is about running out of time by chance */

static struct keyspace *ks;
static struct db *db;
static unsigned told;

static void
start(void)
{
    hash_start(B("expire tests"));
    clock_start();
    clock_freeze(NOON);
    value_type_register(TYPE_STRING, &string_type);
    rand_seed(3);
    ks = keyspace_new(4);
    db = keyspace_db(ks, 0);
    told = 0;
}

static void
stop(void)
{
    keyspace_free(ks);
    clock_thaw();
}

TestSuite(expire, .init = start, .fini = stop);

static void
put_in(struct db *where, const char *name, msec deadline)
{
    struct key key = key_of(bytes_of_text(name));
    struct slot s;

    db_slot(where, &key, &s);
    slot_put(&s, string_value(B("value")), deadline);
}

static void
put_many(struct db *where, int from, int to, msec deadline)
{
    char name[32];

    for (int i = from; i < to; i++) {
        snprintf(name, sizeof name, "key:%d", i);
        put_in(where, name, deadline);
    }
}

static bool
has(const char *name)
{
    struct key key = key_of(bytes_of_text(name));

    return db_peek(db, &key) != NULL;
}

static void
count_expired(void *arg, struct db *where, struct bytes key, enum event_class what,
              const char *event)
{
    (void)arg, (void)where;
    if (what == EVENT_EXPIRED && strcmp(event, "expired") == 0 && key.len)
        told++;
}

Test(expire, key_lives_until_its_deadline_and_not_one_millisecond_longer)
{
    put_in(db, "a", NOON + 1000);
    clock_freeze(NOON + 999);
    cr_expect(has("a"));
    clock_freeze(NOON + 1000);
    cr_expect_not(has("a"));
    cr_expect_eq(db_count(db), 0, "the lookup removes it");
    cr_expect_eq(keyspace_stats(ks)->expired, 1);
}

Test(expire, every_way_to_look_finds_nothing_and_tells_once)
{
    static const char *const names[] = {
        "read", "no_touch", "slot", "take", "remove", "random"
    };
    struct slot s;

    keyspace_listen(ks, count_expired, NULL);
    for (unsigned i = 0; i < 6; i++) {
        struct key key = key_of(bytes_of_text(names[i]));
        void *found = NULL;

        clock_freeze(NOON);
        put_in(db, names[i], NOON + 1);
        clock_freeze(NOON + 1);
        switch (i) {
        case 0: found = db_read(db, &key); break;
        case 1: found = db_read_no_touch(db, &key); break;
        case 2: db_slot(db, &key, &s); found = s.entry; break;
        case 3: found = db_take(db, &key); break;
        case 4: found = db_remove(db, &key, false) ? &key : NULL; break;
        case 5: found = db_random(db); break;
        }
        cr_expect_null(found, "%s", names[i]);
        cr_expect_eq(db_count(db), 0, "%s", names[i]);
        cr_expect_eq(told, i + 1, "%s", names[i]);
    }
    cr_expect_eq(keyspace_dirty(ks), 0);
}

Test(expire, cycle_removes_exactly_what_is_due_in_every_database)
{
    for (int i = 0; i < 4; i++) {
        put_many(keyspace_db(ks, i), 0, 500, NOON + 100);
        put_many(keyspace_db(ks, i), 500, 800, NOON + 101);
        put_many(keyspace_db(ks, i), 800, 1000, NO_DEADLINE);
    }
    clock_freeze(NOON + 99);
    cr_expect_not(keyspace_expire_due(ks, PLENTY));
    cr_expect_eq(keyspace_stats(ks)->expired, 0);
    clock_freeze(NOON + 100);
    cr_expect_not(keyspace_expire_due(ks, PLENTY));
    cr_expect_eq(keyspace_stats(ks)->expired, 4 * 500);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(db_count(keyspace_db(ks, i)), 500);
        cr_expect_eq(db_count_expiring(keyspace_db(ks, i)), 300);
    }
}

Test(expire, cycle_without_time_does_little_says_so_and_reaches_every_database_in_the_end)
{
    int turns = 0;

    for (int i = 0; i < 4; i++)
        put_many(keyspace_db(ks, i), 0, 1000, NOON + 1);
    clock_freeze(NOON + 1);
    cr_expect(keyspace_expire_due(ks, 0));
    cr_expect_lt(keyspace_stats(ks)->expired, 100);
    cr_expect_gt(keyspace_stats(ks)->expired, 0);
    for (int i = 0; i < 3; i++)
        keyspace_expire_due(ks, 0);
    for (int i = 0; i < 4; i++)
        cr_expect_lt(db_count(keyspace_db(ks, i)), 1000, "database %d had no turn", i);
    while (keyspace_expire_due(ks, 0))
        cr_assert_lt(++turns, 4000);
    cr_expect_eq(keyspace_stats(ks)->expired, 4000);
    cr_expect_gt(keyspace_stats(ks)->expired_time_cap, 0);
}

Test(expire, changed_deadline_counts_and_the_old_one_is_forgotten)
{
    struct key key = key_of(B("a"));
    struct slot s;

    put_in(db, "a", NOON + 10);
    db_slot(db, &key, &s);
    slot_set_deadline(&s, NOON + 1000);
    clock_freeze(NOON + 500);
    keyspace_expire_due(ks, PLENTY);
    cr_expect(has("a"));
    db_slot(db, &key, &s);
    slot_set_deadline(&s, NO_DEADLINE);
    clock_freeze(NOON + 5000);
    keyspace_expire_due(ks, PLENTY);
    cr_expect(has("a"));
    cr_expect_eq(db_count_expiring(db), 0);
}

Test(expire, clock_that_goes_back_brings_no_key_down_and_none_back)
{
    put_in(db, "a", NOON + 1000);
    put_in(db, "b", NOON + 2000);
    clock_freeze(NOON + 1500);
    keyspace_expire_due(ks, PLENTY);
    clock_freeze(NOON - 3600000);
    keyspace_expire_due(ks, PLENTY);
    cr_expect_not(has("a"));
    cr_expect(has("b"));
    cr_expect_gt(db_average_ttl(db), 3600000);
    clock_freeze(NOON + 2000);
    keyspace_expire_due(ks, PLENTY);
    cr_expect_not(has("b"));
}

Test(expire, hidden_keys_are_not_seen_but_stay)
{
    struct key key = key_of(B("a"));
    struct slot s;

    keyspace_set_hide_expired_only(ks, true);
    put_in(db, "a", NOON + 1);
    clock_freeze(NOON + 2);
    cr_expect_null(db_read(db, &key));
    cr_expect_null(db_peek(db, &key));
    cr_expect_null(db_random(db));
    cr_expect_not(keyspace_expire_due(ks, PLENTY));
    cr_expect_eq(db_count(db), 1);
    db_slot(db, &key, &s);
    cr_expect_not_null(s.entry, "a write decided elsewhere finds it");
    keyspace_set_hide_expired_only(ks, false);
    cr_expect_not(has("a"));
    cr_expect_eq(db_count(db), 0);
}

Test(expire, cycle_that_is_off_leaves_the_work_to_lookups)
{
    put_in(db, "a", NOON + 1);
    keyspace_set_active_expire(ks, false);
    clock_freeze(NOON + 2);
    cr_expect_not(keyspace_expire_due(ks, PLENTY));
    cr_expect_eq(db_count(db), 1);
    cr_expect_not(has("a"));
    cr_expect_eq(db_count(db), 0);
}

Test(expire, random_key_is_a_live_one_even_when_nearly_all_are_over)
{
    struct entry *e;

    put_many(db, 0, 3000, NOON + 1);
    put_in(db, "alive", NO_DEADLINE);
    clock_freeze(NOON + 1);
    keyspace_set_hide_expired_only(ks, true);
    for (int i = 0; i < 20; i++) {
        e = db_random(db);
        cr_assert_not_null(e);
        cr_assert(bytes_equal(entry_key(e), B("alive")));
    }
}

static uint64_t looks;

/* Every look at this clock finds 100 us gone. */
static uint64_t
slow_clock(void)
{
    return ++looks * 100000;
}

/* A portion ends with the first look that finds its time gone, and there is a look after
 * every key: so no portion takes longer than its budget and one key. */
Test(expire, looks_at_the_clock_after_every_key)
{
    uint64_t died, before;

    put_many(db, 0, 2000, NOON + 1);
    clock_freeze(NOON + 1);
    keyspace_set_expire_clock(ks, slow_clock);
    for (int portion = 0; portion < 100; portion++) {
        looks = 0;
        before = keyspace_stats(ks)->expired;
        cr_expect(keyspace_expire_due(ks, 500));
        died = keyspace_stats(ks)->expired - before;
        cr_assert_eq(died, 5, "%zu keys in a portion", (size_t)died);
        cr_assert_leq(died, looks);
    }
}

/* A pause in the middle of a portion - the machine had other things to do - ends it. */
Test(expire, goes_on_after_a_pause_with_the_next_portion)
{
    put_many(db, 0, 10, NOON + 1);
    clock_freeze(NOON + 1);
    keyspace_set_expire_clock(ks, slow_clock);
    cr_expect(keyspace_expire_due(ks, 90));
    cr_expect_eq(keyspace_stats(ks)->expired, 1);
    for (int i = 1; i < 9; i++)
        cr_expect(keyspace_expire_due(ks, 90));
    cr_expect_not(keyspace_expire_due(ks, 90), "the last one leaves nothing to do");
    cr_expect_eq(keyspace_stats(ks)->expired, 10);
}
