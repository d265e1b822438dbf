/* SPDX-License-Identifier: MIT
 * tests/unit/test_dict.c - the hash table against a naive model. */
#include "structs/dict.h"
#include <criterion/criterion.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "structs/bucket.h"

#define UNIVERSE 40000          /* keys of the model: 0 .. UNIVERSE-1 */

/* The key is the 8 bytes of the number; the rest is for the tests' bookkeeping. */
struct thing { uint64_t key; unsigned seen; bool gone; };

static struct bytes
thing_key(const void *item)
{
    const struct thing *t = item;

    return bytes_view(&t->key, sizeof t->key);
}

static const struct dict_ops plain_ops = { .key_of = thing_key };

static uint64_t
hash_of(uint64_t key)
{
    return hash_bytes(&key, sizeof key);
}

static struct thing *
thing_new(uint64_t key)
{
    struct thing *t = mem_zalloc(sizeof *t);

    t->key = key;
    return t;
}

static size_t freed;

static void
thing_free(void *item)
{
    freed++;
    mem_free(item);
}

static const struct dict_ops owning_ops = {
    .key_of = thing_key, .free_item = thing_free,
};

static void *
find_key(struct dict *d, uint64_t key)
{
    return dict_find(d, bytes_view(&key, sizeof key), hash_of(key));
}

static void *
remove_key(struct dict *d, uint64_t key)
{
    return dict_remove(d, bytes_view(&key, sizeof key), hash_of(key));
}

static void
start(void)
{
    hash_start(B("a fixed seed for tests"));
    rand_seed(20260101);
}

static void
finish(void)
{
    dict_hold_resize(false);
}

TestSuite(dict, .init = start, .fini = finish);

Test(dict, finds_nothing_when_empty)
{
    struct dict *d = dict_new(&plain_ops);
    uint64_t key = 1;

    cr_assert_eq(dict_count(d), 0);
    cr_assert_null(find_key(d, 1));
    cr_assert_null(dict_place(d, bytes_view(&key, 8), hash_of(1)));
    cr_assert_null(remove_key(d, 1));
    cr_assert_null(dict_random(d));
    cr_assert_eq(dict_scan(d, 0, 10, NULL, NULL), 0);
    cr_assert_not(dict_step(d, 10));
    dict_prefetch_bucket(d, hash_of(1));
    dict_prefetch_item(d, hash_of(1));
    dict_check(d);
    dict_free(d);
}

Test(dict, of_five_items_takes_one_bucket_and_its_head)
{
    struct dict *d = dict_new(&owning_ops);
    size_t before = mem_used(), empty = dict_memory(d);

    for (uint64_t key = 0; key < 5; key++)
        dict_add(d, thing_new(key), hash_of(key));
    cr_assert_eq(dict_memory(d) - empty, mem_class(sizeof(struct bucket)));
    cr_assert_leq(mem_used() - before, 6 * 80);     /* five things and the bucket */
    dict_free(d);
}

/* --- the model --- */

struct model {
    struct dict *d;
    struct thing *things[UNIVERSE];
    size_t count;
};

static void
model_change(struct model *m, uint64_t key)
{
    struct bytes name = bytes_view(&key, sizeof key);
    struct thing *t = m->things[key], *other;
    void **place;

    dict_prefetch_bucket(m->d, hash_of(key));
    dict_prefetch_item(m->d, hash_of(key));
    switch (rand_below(t == NULL ? 1 : 4)) {
    case 0:
        if (t != NULL) {
            cr_assert_eq(dict_remove(m->d, name, hash_of(key)), t);
            mem_free(t);
            m->things[key] = NULL;
            m->count--;
            break;
        }
        cr_assert_null(dict_find(m->d, name, hash_of(key)));
        m->things[key] = thing_new(key);
        dict_add(m->d, m->things[key], hash_of(key));
        m->count++;
        break;
    case 1:
        other = thing_new(key);
        cr_assert_not(dict_remove_item(m->d, other, hash_of(key)));
        mem_free(other);
        cr_assert(dict_remove_item(m->d, t, hash_of(key)));
        mem_free(t);
        m->things[key] = NULL;
        m->count--;
        break;
    case 2:                         /* the same key in another block */
        place = dict_place(m->d, name, hash_of(key));
        cr_assert_eq(*place, t);
        cr_assert_eq(dict_place_of_item(m->d, t, hash_of(key)), place);
        *place = m->things[key] = thing_new(key);
        mem_free(t);
        break;
    default:
        cr_assert_eq(dict_find(m->d, name, hash_of(key)), t);
    }
    cr_assert_eq(dict_count(m->d), m->count);
}

/* Keys below `edge` are added, those above removed: moving it grows and shrinks. */
static void
model_drift(struct model *m, uint64_t edge, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        uint64_t key = rand_below(UNIVERSE);

        if ((key < edge) != (m->things[key] != NULL) || rand_below(8) == 0)
            model_change(m, key);
    }
}

static void
model_compare(struct model *m)
{
    struct dict_iter it;
    struct thing *t;
    size_t met = 0;

    dict_check(m->d);
    for (uint64_t key = 0; key < UNIVERSE; key++)
        cr_assert_eq(find_key(m->d, key), m->things[key]);
    dict_iter_start(&it, m->d);
    while ((t = dict_iter_next(&it)) != NULL) {
        cr_assert_eq(m->things[t->key], t);
        met++;
    }
    cr_assert_eq(met, m->count);
}

static void
model_free(struct model *m)
{
    dict_free(m->d);
    for (uint64_t key = 0; key < UNIVERSE; key++)
        mem_free(m->things[key]);
    mem_free(m);
}

Test(dict, agrees_with_an_array_through_growth_and_shrinking)
{
    struct model *m = mem_zalloc(sizeof *m);
    size_t before;

    m->d = dict_new(&plain_ops);
    before = mem_used();
    for (int round = 0; round < 60; round++) {
        uint64_t edge = round % 5 == 0 ? 0 : rand_below(UNIVERSE);

        dict_hold_resize(rand_below(4) == 0);
        model_drift(m, edge, 10000);
        if (rand_below(4) == 0)
            dict_step(m->d, rand_below(200));
        if (rand_below(8) == 0)
            dict_reserve(m->d, rand_below(UNIVERSE));
        if (round % 4 == 0)
            model_compare(m);
    }
    model_compare(m);
    dict_clear(m->d, NULL, NULL);
    for (uint64_t key = 0; key < UNIVERSE; key++) {
        mem_free(m->things[key]);
        m->things[key] = NULL;
    }
    cr_assert_eq(mem_used(), before, "tables leak %zu", mem_used() - before);
    model_free(m);
}

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

static struct thing *
many_things(size_t n)
{
    struct thing *things = mem_zalloc(n * sizeof *things);

    for (size_t i = 0; i < n; i++)
        things[i].key = i;
    return things;
}

static void
add_range(struct dict *d, struct thing *things, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        dict_add(d, &things[i], hash_of(i));
}

static void
remove_range(struct dict *d, struct thing *things, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        cr_assert(dict_remove_item(d, &things[i], hash_of(i)));
}

/* Items 0..999 stay; the rest come and go so fast that every cursor returns to
 * a table of another size, or to one that is just being moved. */
Test(dict, scan_meets_what_stays_exactly_once_whatever_the_size_does)
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

Test(dict, scan_may_remove_what_it_is_given)
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

Test(dict, scan_from_a_cursor_nobody_gave_ends_or_goes_on)
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

Test(dict, with_equal_hashes_still_works)
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

/* 99.99% quantile of chi-square, by Wilson and Hilferty. */
static double
chi_limit(double freedom)
{
    double c = 2.0 / (9.0 * freedom), root = 1.0 - c + 3.719 * __builtin_sqrt(c);

    return freedom * root * root * root;
}

static void
assert_fair(struct dict *d, struct thing *things, size_t n)
{
    double expected = 200, chi = 0, delta;

    for (size_t i = 0; i < n; i++)
        things[i].seen = 0;
    for (size_t i = 0; i < n * (size_t)expected; i++)
        ((struct thing *)dict_random(d))->seen++;
    for (size_t i = 0; i < n; i++) {
        delta = things[i].seen - expected;
        chi += delta * delta / expected;
    }
    cr_assert_lt(chi, chi_limit((double)n - 1), "n %zu chi %f", n, chi);
}

Test(dict, random_is_fair)
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
        assert_fair(d, things, n);
    }
    dict_hold_resize(true);
    remove_range(d, things, 200, n);        /* a sparse table */
    assert_fair(d, things, 200);
    dict_free(d);
    mem_free(things);
}

Test(dict, random_is_fair_while_the_table_is_being_moved)
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
    assert_fair(d, things, n);
    dict_free(d);
    mem_free(things);
}

Test(dict, sample_gives_distinct_items)
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

/* --- size --- */

Test(dict, keeps_its_size_while_held_unless_badly_overfull)
{
    enum { ALL = 40000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct dict_facts facts, later;

    add_range(d, things, 0, 5000);
    while (dict_step(d, 100))
        ;
    dict_facts(d, &facts);
    dict_hold_resize(true);
    add_range(d, things, 5000, 10000);
    cr_assert_not(dict_step(d, 100));
    dict_facts(d, &later);
    cr_assert_eq(later.buckets, facts.buckets);
    cr_assert_eq(later.old_buckets, 0);
    dict_check(d);
    add_range(d, things, 10000, ALL);
    dict_facts(d, &later);
    cr_assert_gt(later.buckets, facts.buckets);
    dict_check(d);
    dict_hold_resize(false);
    while (dict_step(d, 100))
        ;
    dict_facts(d, &later);
    cr_assert_geq(later.buckets * 7, ALL);
    dict_free(d);
    mem_free(things);
}

Test(dict, gives_memory_back_when_items_go)
{
    enum { ALL = 300000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    size_t full;

    add_range(d, things, 0, ALL);
    full = dict_memory(d);
    cr_assert_lt(full, ALL * 16);
    remove_range(d, things, 100, ALL);
    while (dict_step(d, 1000))
        ;
    cr_assert_lt(dict_memory(d), 100 * 40);
    for (size_t i = 0; i < 100; i++)
        cr_assert_eq(find_key(d, i), &things[i]);
    dict_check(d);
    dict_free(d);
    mem_free(things);
}

Test(dict, reserved_needs_no_growth)
{
    enum { ALL = 50000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct dict_facts before, after;

    dict_reserve(d, ALL);
    dict_facts(d, &before);
    add_range(d, things, 0, ALL);
    dict_facts(d, &after);
    cr_assert_eq(before.buckets, after.buckets);
    cr_assert_eq(after.old_buckets, 0);
    dict_reserve(d, SIZE_MAX);              /* impossible: leaves it alone */
    dict_check(d);
    dict_free(d);
    mem_free(things);
}

Test(dict, never_holds_much_more_than_it_ends_with_while_growing)
{
    enum { ALL = 1000000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct dict_facts facts;
    size_t peak = 0, checked = 0, now;

    for (size_t i = 0; i < ALL; i++) {
        dict_add(d, &things[i], hash_of(i));
        dict_facts(d, &facts);
        now = dict_memory(d);
        if (facts.old_buckets > 0) {
            peak = now > peak ? now : peak;
        } else if (peak > 0) {
            if (now > 3 << 20)
                cr_assert_lt(peak, now + now / 4, "%zu -> %zu", peak, now);
            checked += now > 3 << 20;
            peak = 0;
        }
    }
    cr_assert_gt(checked, 2);
    dict_check(d);
    dict_free(d);
    mem_free(things);
}

Test(dict, reserves_room_in_the_middle_of_a_growth)
{
    enum { ALL = 20000 };
    struct thing *things = many_things(ALL);
    struct dict *d = dict_new(&plain_ops);
    struct dict_facts facts = { 0 };
    size_t n = 0;

    while (n < 3000 || facts.old_buckets == 0) {
        add_range(d, things, n, n + 1);
        n++;
        dict_facts(d, &facts);
    }
    dict_reserve(d, ALL);
    dict_check(d);
    dict_facts(d, &facts);
    cr_assert_geq(facts.buckets * 7, ALL);
    add_range(d, things, n, ALL);
    for (size_t i = 0; i < ALL; i++)
        cr_assert_eq(find_key(d, i), &things[i]);
    dict_check(d);
    dict_free(d);
    mem_free(things);
}

static size_t steps;

static void
count_step(void *arg)
{
    cr_assert_eq(arg, &steps);
    steps++;
}

Test(dict, clear_frees_items_calls_step_and_leaves_an_empty_table)
{
    struct dict *d = dict_new(&owning_ops);

    for (uint64_t key = 0; key < 10000; key++)
        dict_add(d, thing_new(key), hash_of(key));
    dict_clear(d, count_step, &steps);
    cr_assert_eq(freed, 10000);
    cr_assert_geq(steps, 5);
    cr_assert_eq(dict_count(d), 0);
    cr_assert_null(find_key(d, 5));
    dict_check(d);
    dict_add(d, thing_new(5), hash_of(5));
    cr_assert_not_null(find_key(d, 5));
    dict_free(d);
    cr_assert_eq(freed, 10001);
}

/* At every size, with a table half moved too: each item is counted in one bucket. */
Test(dict, shape_counts_each_item_once)
{
    struct dict *d = dict_new(&owning_ops);
    size_t by_items[4], wide[50], sum, i, most;

    cr_assert_eq(dict_shape(d, by_items, 4), 0);
    cr_assert_eq(by_items[0], 0);
    for (uint64_t key = 0; key < 3000; key++) {
        dict_add(d, thing_new(key), hash_of(key));
        if (key % 37)
            continue;
        most = dict_shape(d, wide, 50);
        for (sum = 0, i = 0; i < 50; i++)
            sum += i * wide[i];
        cr_assert_eq(sum, key + 1);
        cr_assert_gt(wide[most], 0);
        dict_shape(d, by_items, 4);
        cr_assert_arr_eq(by_items, wide, 3 * sizeof wide[0]);
        for (sum = 0, i = 3; i < 50; i++)
            sum += wide[i];
        cr_assert_eq(by_items[3], sum);
    }
    dict_free(d);
}
