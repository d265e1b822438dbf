/* SPDX-License-Identifier: MIT
 * tests/unit/test_dict.c - the hash table against a naive model, and how much memory it
 * takes for what it holds. */
#include "structs/bucket.h"
#include "unit/things.h"

#define UNIVERSE 40000          /* keys of the model: 0 .. UNIVERSE-1 */

TestSuite(dict, .init = things_start, .fini = things_finish);

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
remove_key(struct dict *d, uint64_t key)
{
    return dict_remove(d, bytes_view(&key, sizeof key), hash_of(key));
}

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
