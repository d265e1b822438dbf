/* SPDX-License-Identifier: MIT
 * tests/unit/test_evict.c - the limit holds, and what is in use survives. */
#include "keyspace/evict.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "values/v_string.h"

#define NOON 1700000000000
#define VALUE 400               /* bytes of each value: outside its entry */

static struct keyspace *ks;
static uint64_t told;

static void
start(void)
{
    hash_start(B("evict tests"));
    clock_start();
    clock_freeze(NOON);
    value_type_register(TYPE_STRING, &string_type);
    rand_seed(11);
    ks = keyspace_new(3);
    told = 0;
}

static void
stop(void)
{
    keyspace_free(ks);
    clock_thaw();
}

TestSuite(evict, .init = start, .fini = stop);

/* Tenacity 100: no test is about running out of time by chance. */
static void
limit(enum evict_policy policy, size_t room)
{
    struct evict_settings s = {
        .limit = mem_used() + room, .policy = policy, .samples = 5, .tenacity = 100,
        .lfu_log_factor = 10, .lfu_decay_minutes = 1,
    };

    evict_configure(ks, &s);
}

static struct key
key_for(char name[32], const char *prefix, int n)
{
    return key_of(bytes_view(name, (size_t)snprintf(name, 32, "%s%d", prefix, n)));
}

static void
put(int db, const char *prefix, int n, msec deadline)
{
    char name[32], value[VALUE] = { 0 };
    struct key key = key_for(name, prefix, n);
    struct slot s;

    db_slot(keyspace_db(ks, db), &key, &s);
    slot_put(&s, string_value(bytes_view(value, sizeof value)), deadline);
}

static bool
has(int db, const char *prefix, int n)
{
    char name[32];
    struct key key = key_for(name, prefix, n);

    return db_peek(keyspace_db(ks, db), &key) != NULL;
}

static void
use(int db, const char *prefix, int n)
{
    char name[32];
    struct key key = key_for(name, prefix, n);

    db_read(keyspace_db(ks, db), &key);
}

static int
count(int db, const char *prefix, int from, int to)
{
    int n = 0;

    for (int i = from; i < to; i++)
        n += has(db, prefix, i);
    return n;
}

static void
count_evicted(void *arg, struct db *db, struct bytes key, enum event_class what,
              const char *event)
{
    (void)arg, (void)db, (void)key;
    told += what == EVENT_EVICTED && strcmp(event, "evicted") == 0;
}

Test(evict, every_policy_keeps_the_limit_and_counts_and_tells_each_key)
{
    keyspace_listen(ks, count_evicted, NULL);
    for (enum evict_policy p = EVICT_VOLATILE_LRU; p < EVICT_NONE; p++) {
        uint64_t before = keyspace_stats(ks)->evicted;

        keyspace_flush(ks, -1, false);
        limit(p, 1 << 20);
        for (int i = 0; i < 10000; i++) {
            put(i % 3, "key:", i, NOON + 1000000 + (msec)rand_below(100000));
            cr_assert_eq(evict_to_fit(ks), OK, "policy %d, key %d", p, i);
            cr_assert_not(evict_is_over(ks));
        }
        cr_expect_gt(keyspace_stats(ks)->evicted, before);
        cr_expect_eq(told, keyspace_stats(ks)->evicted);
        cr_expect_gt(db_count(keyspace_db(ks, 0)) + db_count(keyspace_db(ks, 1)), 500,
                     "policy %d removes no more than it must", p);
    }
}

Test(evict, volatile_policies_touch_only_keys_with_a_deadline_and_fail_without)
{
    static const enum evict_policy policies[] = {
        EVICT_VOLATILE_LRU, EVICT_VOLATILE_LFU, EVICT_VOLATILE_RANDOM, EVICT_VOLATILE_TTL
    };

    for (int p = 0; p < 4; p++) {
        keyspace_flush(ks, -1, false);
        for (int i = 0; i < 3000; i++)
            put(0, "for ever:", i, NO_DEADLINE);
        for (int i = 0; i < 100; i++)
            put(0, "some time:", i, NOON + 1000000);
        limit(policies[p], 0);
        put(0, "for ever:", 3000, NO_DEADLINE);
        cr_expect_eq(evict_to_fit(ks), OK);
        cr_expect_eq(count(0, "for ever:", 0, 3001), 3001);
        cr_expect_lt(count(0, "some time:", 0, 100), 100);
        for (int i = 3001; i < 4000; i++)
            put(0, "for ever:", i, NO_DEADLINE);
        cr_expect_eq(evict_to_fit(ks), FAILED);
        cr_expect_eq(count(0, "for ever:", 0, 4000), 4000);
        cr_expect_eq(count(0, "some time:", 0, 100), 0);
    }
}

Test(evict, noeviction_removes_nothing_and_fails)
{
    limit(EVICT_NONE, 0);
    put(0, "k", 0, NOON + 5);
    cr_expect(evict_is_over(ks));
    cr_expect_eq(evict_to_fit(ks), FAILED);
    cr_expect(has(0, "k", 0));
}

Test(evict, without_a_limit_nothing_is_over)
{
    struct evict_settings s = { .policy = EVICT_ALLKEYS_LRU, .samples = 5 };

    evict_configure(ks, &s);
    put(0, "k", 0, NO_DEADLINE);
    cr_expect_not(evict_is_over(ks));
    cr_expect_eq(evict_to_fit(ks), OK);
    cr_expect(has(0, "k", 0));
}

Test(evict, volatile_ttl_takes_the_earliest_deadline_of_all_databases_first)
{
    for (int i = 0; i < 300; i++)
        put(i % 3, "k", i, NOON + 100000 + (i * 7919 % 300) * 1000);
    limit(EVICT_VOLATILE_TTL, 0);
    for (int left = 300; left > 250; left--) {
        struct evict_settings s = *evict_settings(ks);

        s.limit = mem_used() - 1;
        evict_configure(ks, &s);
        cr_assert_eq(evict_to_fit(ks), OK);
        for (int i = 0; i < 300; i++)
            cr_assert_eq(has(i % 3, "k", i), i * 7919 % 300 > 300 - left);
    }
}

Test(evict, lru_keeps_what_was_used_lately)
{
    int used, idle;

    for (int i = 0; i < 4000; i++)
        put(0, "k", i, NO_DEADLINE);
    clock_freeze(NOON + 600000);
    for (int i = 0; i < 2000; i++)
        use(0, "k", i);
    clock_freeze(NOON + 700000);
    limit(EVICT_ALLKEYS_LRU, 0);
    for (int i = 0; i < 1000; i++) {
        put(0, "new", i, NO_DEADLINE);
        cr_assert_eq(evict_to_fit(ks), OK);
    }
    used = count(0, "k", 0, 2000);
    idle = count(0, "k", 2000, 4000);
    cr_expect_gt(used, 1900, "%d used and %d idle keys are left", used, idle);
    cr_expect_lt(idle, 1200, "%d used and %d idle keys are left", used, idle);
    cr_expect_gt(count(0, "new", 0, 1000), 950);
}

Test(evict, lru_finds_the_idle_among_few_keys_with_a_deadline)
{
    int used, idle;

    for (int i = 0; i < 20000; i++)
        put(0, "for ever:", i, NO_DEADLINE);
    for (int i = 0; i < 200; i++)
        put(0, "k", i, NOON + 86400000 + (i * 7919 % 200) * 1000);
    clock_freeze(NOON + 600000);
    for (int i = 0; i < 100; i++)
        use(0, "k", i);
    for (int i = 0; i < 80; i++) {
        limit(EVICT_VOLATILE_LRU, 0);
        put(0, "more:", i, NO_DEADLINE);
        cr_assert_eq(evict_to_fit(ks), OK);
    }
    used = count(0, "k", 0, 100);
    idle = count(0, "k", 100, 200);
    cr_expect_gt(used, 90, "%d used and %d idle keys are left", used, idle);
    cr_expect_lt(idle, 60, "%d used and %d idle keys are left", used, idle);
    cr_expect_eq(count(0, "for ever:", 0, 20000), 20000);
}

Test(evict, lfu_keeps_what_is_used_often_over_what_was_used_last)
{
    int often, once;

    limit(EVICT_ALLKEYS_LFU, 1 << 30);
    for (int i = 0; i < 2000; i++)
        put(0, "k", i, NO_DEADLINE);
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < 1000; i++)
            use(0, "k", i);
    clock_freeze(NOON + 30000);
    for (int i = 1000; i < 2000; i++)
        use(0, "k", i);
    limit(EVICT_ALLKEYS_LFU, 0);
    for (int i = 2000; i < 2500; i++) {
        put(0, "k", i, NO_DEADLINE);
        cr_assert_eq(evict_to_fit(ks), OK);
    }
    often = count(0, "k", 0, 1000);
    once = count(0, "k", 1000, 2500);
    cr_expect_gt(often, 970, "%d often and %d rarely used keys are left", often, once);
}

Test(evict, candidate_used_meanwhile_is_spared)
{
    int left;

    for (int i = 0; i < 12; i++)
        put(0, "k", i, NO_DEADLINE);
    clock_freeze(NOON + 100000);
    for (int i = 12; i < 200; i++)
        put(0, "k", i, NO_DEADLINE);
    limit(EVICT_ALLKEYS_LRU, 0);
    for (int i = 200; i < 202; i++) {           /* the pool fills with old ones */
        put(0, "k", i, NO_DEADLINE);
        cr_assert_eq(evict_to_fit(ks), OK);
    }
    clock_freeze(NOON + 200000);
    left = count(0, "k", 0, 12);
    for (int i = 0; i < 12; i++)
        use(0, "k", i);
    for (int i = 202; i < 210; i++) {
        put(0, "k", i, NO_DEADLINE);
        cr_assert_eq(evict_to_fit(ks), OK);
    }
    cr_expect_eq(count(0, "k", 0, 12), left);
}

Test(evict, frequency_grows_with_use_and_fades_with_time)
{
    uint32_t clock;
    unsigned freq;

    limit(EVICT_ALLKEYS_LFU, 1 << 20);
    clock = evict_first_clock(ks);
    cr_expect_eq(evict_frequency(ks, clock), 5);
    for (int i = 0; i < 1000; i++)
        clock = evict_touched_clock(ks, clock);
    freq = evict_frequency(ks, clock);
    cr_expect(freq > 12 && freq < 30, "%u after 1000 uses", freq);
    for (int i = 0; i < 10000000 && evict_frequency(ks, clock) < 255; i++)
        clock = evict_touched_clock(ks, clock);
    cr_expect_eq(evict_frequency(ks, clock), 255);
    clock_freeze(NOON + 60000 * 55);
    cr_expect_eq(evict_frequency(ks, clock), 200);
    clock_freeze(NOON + 60000 * 300);
    cr_expect_eq(evict_frequency(ks, clock), 0);
}

Test(evict, idle_time_is_counted_in_seconds_and_survives_a_clock_set_back)
{
    uint32_t clock = evict_first_clock(ks);

    clock_freeze(NOON + 86400000);
    cr_expect_eq(evict_idle_ms(ks, clock), 86400000);
    clock_freeze(NOON - 3600000);
    cr_expect_eq(evict_idle_ms(ks, clock), 0);
}

Test(evict, without_time_says_that_it_is_not_done)
{
    struct evict_settings s;

    for (int i = 0; i < 1000; i++)
        put(0, "k", i, NO_DEADLINE);
    limit(EVICT_ALLKEYS_RANDOM, 0);
    s = *evict_settings(ks);
    s.tenacity = 0;
    s.limit = 1;
    evict_configure(ks, &s);
    cr_expect_eq(evict_to_fit(ks), FAILED_LIMIT);
    cr_expect_lt(keyspace_stats(ks)->evicted, 1000);
    cr_expect_gt(keyspace_stats(ks)->evicted, 0);
}
