/* SPDX-License-Identifier: MIT
 * tests/unit/test_dict_walk.c - scanning a hash table and picking from it, whatever its
 * size does meanwhile and however its items hash. */
#include "unit/fair.h"
#include "unit/things.h"

TestSuite(dict_walk, .init = things_start, .fini = things_finish);

/* --- scan --- */

struct scan { struct dict *d; bool removes; size_t handed; };

static void
see(void *item, void *arg)
{
    struct scan *s = arg;
    struct thing *t = item;

    cr_assert_not(t->gone);
    t->seen++;
    s->handed++;
    if (s->removes && t->key % 3 == 0) {
        t->gone = true;
        cr_assert(dict_remove_item(s->d, t, hash_of(t->key)));
    }
}

/* Items 0..999 stay; the rest come and go so fast that every cursor returns to
 * a table of another size, or to one that is just being moved. */
Test(dict_walk, scan_meets_what_stays_exactly_once_whatever_the_size_does)
{
    enum { STAY = 1000, ALL = 30000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct scan s = { .d = d };
    size_t resizes = 0, sizes = 0, now = STAY;
    struct dict_facts facts;
    uint64_t cursor, buckets = 0;

    add_range(d, things, 0, STAY);
    for (int round = 0; round < 40; round++) {
        for (size_t i = 0; i < ALL; i++)
            things[i].seen = 0;
        cursor = 0;
        do {
            size_t to = STAY + rand_below(ALL - STAY) / (1 + rand_below(50));

            cursor = dict_scan(d, cursor, 1 + rand_below(60), see, &s);
            cr_assert_lt(cursor, 1ull << 48);
            if (to > now)
                add_range(d, things, now, to);
            else
                remove_range(d, things, to, now);
            now = to;
            dict_facts(d, &facts);
            resizes += facts.old_buckets > 0;
            sizes += facts.buckets != buckets;
            buckets = facts.buckets;
        } while (cursor != 0);
        for (size_t i = 0; i < STAY; i++)
            cr_assert_eq(things[i].seen, 1, "%zu seen %u times", i, things[i].seen);
        for (size_t i = STAY; i < ALL; i++)
            cr_assert_leq(things[i].seen, ALL);
    }
    cr_assert_gt(resizes, 20);
    cr_assert_gt(sizes, 100);
    dict_free(d);
    mem_free(things);
}

Test(dict_walk, scan_may_remove_what_it_is_given)
{
    enum { ALL = 20000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct scan s = { .d = d, .removes = true };
    uint64_t cursor = 0;

    add_range(d, things, 0, ALL);
    do
        cursor = dict_scan(d, cursor, 100, see, &s);
    while (cursor != 0);
    for (size_t i = 0; i < ALL; i++) {
        cr_assert_eq(things[i].seen, 1);
        cr_assert_eq(find_key(d, i), i % 3 == 0 ? NULL : &things[i]);
    }
    cr_assert_eq(s.handed, ALL);
    dict_check(d);
    dict_free(d);
    mem_free(things);
}

Test(dict_walk, scan_from_a_cursor_nobody_gave_ends_or_goes_on)
{
    struct thing *things = many_things(100);
    struct dict *d = dict_new(&plain_ops);
    struct scan s = { .d = d };

    add_range(d, things, 0, 100);
    cr_assert_eq(dict_scan(d, UINT64_MAX, 10, see, &s), 0);
    cr_assert_eq(dict_scan(d, 1ull << 48, 10, see, &s), 0);
    cr_assert_eq(s.handed, 0);
    cr_assert_eq(dict_scan(d, (1ull << 48) - 1, SIZE_MAX, see, &s), 0);
    cr_assert_eq(dict_scan(d, 0, SIZE_MAX, see, &s), 0);
    cr_assert_geq(s.handed, 100);
    dict_free(d);
    mem_free(things);
}

/* --- hostile --- */

static struct bytes
same_key(const void *item)
{
    (void)item;
    return B("all items hash alike");
}

Test(dict_walk, with_equal_hashes_still_works)
{
    enum { ALL = 60000 };
    static const struct dict_ops ops = { .key_of = same_key };
    struct thing *things = many_things(ALL);
    struct bytes key = same_key(NULL);
    uint64_t hash = hash_bytes(key.at, key.len);
    struct dict *d = dict_new(&ops);
    struct scan s = { .d = d };

    for (size_t i = 0; i < ALL; i++)
        dict_add(d, &things[i], hash);
    dict_check(d);
    cr_assert_not_null(dict_find(d, key, hash));
    while (dict_step(d, 100))
        ;
    for (uint64_t cursor = dict_scan(d, 0, 1, see, &s); cursor != 0;)
        cursor = dict_scan(d, cursor, 1000, see, &s);
    cr_assert_eq(s.handed, ALL);
    cr_assert_not_null(dict_random(d));
    for (size_t i = ALL; i > 500; i--)
        cr_assert_not_null(dict_remove(d, key, hash));
    dict_check(d);
    while (dict_remove(d, key, hash) != NULL)
        dict_check(d);
    cr_assert_eq(dict_count(d), 0);
    dict_free(d);
    mem_free(things);
}

/* --- random --- */

/* The keys of `d` are 0 to n-1. */
static void
assert_fair(struct dict *d, size_t n)
{
    unsigned *hits = mem_zalloc(n * sizeof *hits);

    for (size_t i = 0; i < n * 200; i++)
        hits[((struct thing *)dict_random(d))->key]++;
    cr_assert_lt(chi_square(hits, n, 200), chi_limit(n), "%zu items", n);
    mem_free(hits);
}

Test(dict_walk, random_is_fair)
{
    enum { ALL = 5000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct dict_facts facts;
    size_t resizing = 0, n = 0;

    for (size_t next = 5; next <= ALL; next = next * 5 / 3 + 1) {
        add_range(d, things, n, next);
        n = next;
        dict_facts(d, &facts);
        resizing += facts.old_buckets > 0;
        assert_fair(d, n);
    }
    dict_hold_resize(true);
    remove_range(d, things, 200, n);        /* a sparse table */
    assert_fair(d, 200);
    dict_free(d);
    mem_free(things);
}

Test(dict_walk, random_is_fair_while_the_table_is_being_moved)
{
    enum { ALL = 4000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct dict_facts facts = { 0 };
    size_t n = 2000;

    add_range(d, things, 0, n);
    while (facts.old_buckets == 0 || facts.migrated < facts.old_buckets / 2) {
        add_range(d, things, n, n + 1);
        n++;
        dict_facts(d, &facts);
    }
    assert_fair(d, n);
    dict_free(d);
    mem_free(things);
}

Test(dict_walk, sample_gives_distinct_items)
{
    struct thing *things = many_things(1000);
    struct dict *d = dict_new(&plain_ops);
    void *out[2000];

    add_range(d, things, 0, 1000);
    cr_assert_eq(dict_sample(d, out, 2000), 1000);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(((struct thing *)out[i])->seen++, 0);
    cr_assert_eq(dict_sample(d, out, 16), 16);
    dict_free(d);
    mem_free(things);
}
