/* SPDX-License-Identifier: MIT
 * tests/unit/test_elements.c - fields die on time, and with the last of them the key. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "base/rand.h"
#include "keyspace/internal.h"
#include "keyspace/lazyfree.h"
#include "values/v_hash.h"
#include "values/v_string.h"

#define BUDGET 1000000          /* us: enough for everything here */

static const struct hash_limits limits = { 4, 64 };
static struct keyspace *ks;
static struct db *db;
static char told[400];

static void
listen(void *arg, struct db *where, struct bytes key, enum event_class what,
       const char *event)
{
    size_t len = strlen(told);

    (void)arg;
    (void)where;
    (void)what;
    snprintf(told + len, sizeof told - len, "%s %.*s,", event, B_ARG(key));
}

static void
start(void)
{
    hash_start(B("a fixed seed"));
    rand_seed(9);
    clock_start();
    clock_freeze(1000000);
    value_type_register(TYPE_STRING, &string_type);
    value_type_register(TYPE_HASH, &hash_type);
    ks = keyspace_new(2);
    db = keyspace_db(ks, 0);
    keyspace_listen(ks, listen, NULL);
    told[0] = '\0';
}

static void
stop(void)
{
    keyspace_free(ks);
    clock_thaw();
}

/* HSET key name "v", with a deadline `life` ms away. */
static void
set(struct bytes key, struct bytes name, msec life)
{
    struct key k = key_of(key);
    struct slot s;
    struct value v;

    db_slot(db, &k, &s);
    v = s.entry ? entry_value(s.entry) : hash_new();
    hash_set(&v, name, B("v"), life ? clock_ms() + life : HASH_FOREVER, &limits);
    if (s.entry)
        slot_set_object(&s, v);
    else
        slot_put(&s, v, NO_DEADLINE);
}

static size_t
fields(struct bytes key)
{
    struct key k = key_of(key);
    struct entry *e = db_peek(db, &k);

    return e ? hash_count(entry_value(e)) : 0;
}

static size_t
filed(void)
{
    return db->elements ? deadlines_count(db->elements) : 0;
}

Test(elements, a_lookup_removes_what_is_due_and_no_more, .init = start, .fini = stop)
{
    set(B("h"), B("a"), 10);
    set(B("h"), B("b"), 20);
    set(B("h"), B("c"), 0);
    clock_freeze(1000009);
    cr_expect_eq(fields(B("h")), 3);
    clock_freeze(1000010);
    cr_expect_eq(fields(B("h")), 2);
    clock_freeze(1000020);
    cr_expect_eq(fields(B("h")), 1);
    cr_expect_str_eq(told, "hexpired h,hexpired h,");
    cr_expect_eq(filed(), 0);
}

Test(elements, the_cycle_finds_due_fields_without_a_lookup, .init = start, .fini = stop)
{
    set(B("h"), B("a"), 10);
    set(B("h"), B("b"), 0);
    set(B("i"), B("a"), 30);
    clock_freeze(1000010);
    cr_expect_not(keyspace_expire_due(ks, BUDGET));
    cr_expect_str_eq(told, "hexpired h,");
    cr_expect_eq(filed(), 1);
}

Test(elements, the_key_goes_with_its_last_field, .init = start, .fini = stop)
{
    set(B("h"), B("a"), 10);
    set(B("h"), B("b"), 10);
    clock_freeze(1000010);
    keyspace_expire_due(ks, BUDGET);
    cr_expect_str_eq(told, "hexpired h,del h,");
    cr_expect_eq(db_count(db), 0);
    cr_expect_eq(filed(), 0);
}

Test(elements, a_write_sees_no_field_that_is_due, .init = start, .fini = stop)
{
    set(B("h"), B("a"), 10);
    clock_freeze(1000010);
    set(B("h"), B("b"), 0);
    cr_expect_str_eq(told, "hexpired h,del h,");
    cr_expect_eq(fields(B("h")), 1);
}

Test(elements, a_hidden_keyspace_removes_nothing, .init = start, .fini = stop)
{
    struct hash_field f;
    struct key k = key_of(B("h"));

    set(B("h"), B("a"), 10);
    keyspace_set_hide_expired_only(ks, true);
    clock_freeze(1000010);
    cr_expect_eq(fields(B("h")), 1);
    cr_expect_not(hash_find(entry_value(db_peek(db, &k)), B("a"), &f));
    cr_expect_str_eq(told, "");
}

/* --- very many fields at once --- */

static uint64_t looks;

/* Every look at this clock finds 100 us gone. */
static uint64_t
slow_clock(void)
{
    return ++looks * 100000;
}

static void
fill(struct bytes key, unsigned count, msec life)
{
    char name[32];

    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "field%u", i);
        set(key, bytes_of_text(name), life);
    }
}

static size_t
left_in(struct bytes key)
{
    struct key k = key_of(key);
    const struct entry *e = db_glance(db, &k);

    return e ? hash_count(entry_value(e)) : 0;
}

/* The cycle takes a large hash apart in steps, each of which is over in the blink of an
 * eye, and looks at the clock after each; what remains waits for the next portion. */
Test(elements, the_cycle_looks_at_the_clock_after_every_few_fields, .init = start,
     .fini = stop)
{
    size_t before = 20000, now;

    fill(B("h"), 20000, 10);
    clock_freeze(1000010);
    keyspace_set_expire_clock(ks, slow_clock);
    for (int portion = 0; portion < 20; portion++) {
        looks = 0;
        cr_expect(keyspace_expire_due(ks, 500));
        now = left_in(B("h"));
        cr_assert_lt(now, before, "nothing was done in a portion");
        cr_assert_leq(before - now, 100 * looks, "%zu fields between %zu looks",
                      before - now, (size_t)looks);
        cr_assert_leq(looks, 10);
        before = now;
    }
}

Test(elements, are_told_of_once_a_portion_and_the_empty_key_goes, .init = start,
     .fini = stop)
{
    fill(B("h"), 5000, 10);
    clock_freeze(1000010);
    cr_expect_not(keyspace_expire_due(ks, BUDGET));
    cr_expect_str_eq(told, "hexpired h,del h,");
    cr_expect_eq(db_count(db), 0);
}

static void
put_keys(unsigned from, unsigned count)
{
    char name[32];
    struct slot s;

    for (unsigned i = from; i < from + count; i++) {
        struct key key = key_of(bytes_view(name, (size_t)snprintf(name, 32, "k%u", i)));

        db_slot(db, &key, &s);
        slot_put(&s, string_value(B("v")), clock_ms());
    }
}

/* Giving large blocks back takes long: one or two are a step. */
Test(elements, the_cycle_looks_at_the_clock_after_every_large_field, .init = start,
     .fini = stop)
{
    static char large[1 << 20];
    struct key k = key_of(B("h"));
    struct value v;
    struct slot s;

    fill(B("h"), 8, 10);
    db_slot(db, &k, &s);
    v = entry_value(s.entry);
    for (char c = '0'; c < '8'; c++)
        hash_set(&v, bytes_view((char[]){ 'f', 'i', 'e', 'l', 'd', c }, 6),
                 bytes_view(large, sizeof large), HASH_KEEP, &limits);
    slot_set_object(&s, v);
    clock_freeze(1000010);
    keyspace_set_expire_clock(ks, slow_clock);
    cr_expect(keyspace_expire_due(ks, 0));
    cr_expect_eq(left_in(B("h")), 7);
    cr_expect(keyspace_expire_due(ks, 90));
    cr_expect_eq(left_in(B("h")), 6);
}

/* With no key that has a deadline a cycle that is cut short is not behind with any. */
Test(elements, fields_over_count_as_work_but_not_as_stale_keys, .init = start,
     .fini = stop)
{
    struct keyspace_stats *stats = keyspace_stats(ks);

    fill(B("h"), 1000, 10);
    put_keys(0, 20);
    clock_freeze(1000010);
    keyspace_set_expire_clock(ks, slow_clock);
    cr_expect(keyspace_expire_due(ks, 500));
    cr_expect_gt(stats->expired_stale_perc, 0.001);
    while (keyspace_expire_due(ks, 200))
        ;
    cr_expect_eq(stats->expired_elements, 1000);
    cr_expect(stats->expired_stale_perc >= 0 && stats->expired_stale_perc < 100, "%f",
              stats->expired_stale_perc);
    stats->expired_stale_perc = 0;
    stats->expired_time_cap = stats->expire_cycle_us = 0;
    fill(B("i"), 1000, 10);
    clock_freeze(1000020);
    while (keyspace_expire_due(ks, 500))
        ;
    cr_expect_gt(stats->expired_time_cap, 0);
    cr_expect_gt(stats->expire_cycle_us, 0);
}

/* More keys come due than a portion can remove. */
Test(elements, are_removed_although_keys_are_due_all_the_time, .init = start, .fini = stop)
{
    int portions = 0;

    keyspace_listen_for(ks, 0, listen, NULL);
    fill(B("h"), 1000, 10);
    clock_freeze(1000010);
    keyspace_set_expire_clock(ks, slow_clock);
    for (; left_in(B("h")); portions++) {
        put_keys((unsigned)portions * 20, 20);
        keyspace_expire_due(ks, 500);
        keyspace_expire_due(ks, 500);
        cr_assert_lt(portions, 100);
    }
    cr_expect_gt(db_count(db), 0, "the keys were never behind");
}

/* --- at random --- */

static struct bytes
numbered(const char *prefix, unsigned n, char buf[32])
{
    snprintf(buf, 32, "%s%u", prefix, n);
    return bytes_of_text(buf);
}

static void
change(unsigned i)
{
    char key_text[32], name[32];
    struct key key = key_of(numbered("key", i, key_text));
    struct slot s;

    switch (rand_below(8)) {
    case 0:
        db_remove(db, &key, false);
        break;
    case 1:
        db_slot(db, &key, &s);
        slot_put(&s, string_value(B("text")), NO_DEADLINE);
        break;
    case 2:                     /* the entry's block moves */
        db_slot(db, &key, &s);
        if (s.entry)
            slot_set_deadline(&s, rand_below(2) ? NO_DEADLINE : clock_ms() + 5000);
        break;
    case 3:
        clock_freeze(clock_ms() + (msec)rand_below(40));
        if (rand_below(2))
            keyspace_expire_due(ks, BUDGET);
        break;
    default:
        db_slot(db, &key, &s);
        if (s.entry && entry_type(s.entry) == TYPE_STRING)
            slot_remove(&s, false);
        set(key.name, numbered("f", (unsigned)rand_below(8), name),
            rand_below(3) ? 1 + (msec)rand_below(500) : 0);
    }
}

static void
check_filed(struct entry *e, void *arg)
{
    size_t *n = arg;

    if (elements_next(e) != NO_DEADLINE) {
        cr_assert(deadlines_remove(db->elements, elements_next(e), e));
        deadlines_add(db->elements, elements_next(e), e);
        (*n)++;
    }
}

/* Invariant 1 of elements.c, through every way an entry can change. */
Test(elements, every_entry_is_filed_under_its_earliest_deadline, .init = start,
     .fini = stop)
{
    for (int i = 0; i < 100000; i++) {
        told[0] = '\0';
        change((unsigned)rand_below(50));
        if (i % 1000 == 0) {
            size_t n = 0;

            db_each(db, check_filed, &n);
            cr_assert_eq(n, filed());
        }
    }
    db_swap(db, keyspace_db(ks, 1));
    cr_expect_eq(filed(), 0);
    db_swap(db, keyspace_db(ks, 1));
    keyspace_flush(ks, -1, false);
    cr_expect_eq(filed(), 0);
}
