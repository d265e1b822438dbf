/* SPDX-License-Identifier: MIT
 * tests/unit/test_btree.c - the tree of sorted sets against a sorted array. */
#include "structs/btree.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "structs/btree_leaf.h"

/* --- the model: an array of members in order --- */

#define MODEL_ROOM 30000

struct model { struct scored *at[MODEL_ROOM]; size_t count; };

static struct model model;
static struct btree *tree;

/* The order, said in another way than the tree says it. */
static bool
is_less(const struct scored *a, const struct scored *b)
{
    struct bytes x = scored_bytes(a), y = scored_bytes(b);
    size_t len = x.len < y.len ? x.len : y.len;
    int order = memcmp(x.at, y.at, len);

    if (a->score < b->score || a->score > b->score)
        return a->score < b->score;
    return order < 0 || (order == 0 && x.len < y.len);
}

static size_t
model_rank(const struct scored *item)
{
    size_t low = 0, high = model.count;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (is_less(model.at[mid], item))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void
model_add(struct scored *item)
{
    size_t at = model_rank(item);

    cr_assert_lt(model.count, (size_t)MODEL_ROOM);
    memmove(&model.at[at + 1], &model.at[at], (model.count - at) * sizeof model.at[0]);
    model.at[at] = item;
    model.count++;
}

static void
model_take(size_t at, size_t n)
{
    memmove(&model.at[at], &model.at[at + n],
            (model.count - at - n) * sizeof model.at[0]);
    model.count -= n;
}

static size_t
model_count_score(double score, bool or_equal)
{
    size_t n = 0;

    while (n < model.count && (model.at[n]->score < score
                               || (or_equal && model.at[n]->score == score)))
        n++;
    return n;
}

/* --- members --- */

static struct scored *
make(double score, uint64_t n)
{
    char name[32];
    int len = snprintf(name, sizeof name, "%llu", (unsigned long long)n);

    return scored_new(score, bytes_view(name, (size_t)len));
}

static void
add(struct scored *item)
{
    btree_insert(tree, item);
    model_add(item);
}

static void
free_item(struct scored *item, void *arg)
{
    ++*(size_t *)arg;
    scored_free(item);
}

/* Everything the tree can be asked agrees with the array. */
static void
compare(void)
{
    struct btree_cursor c;
    size_t i;

    btree_check(tree);
    cr_assert_eq(btree_count(tree), model.count);
    btree_seek(tree, 0, &c);
    for (i = 0; i < model.count; i++)
        cr_assert_eq(btree_next(&c), model.at[i]);
    cr_assert_null(btree_next(&c));
    while (i-- > 0)
        cr_assert_eq(btree_prev(&c), model.at[i]);
    cr_assert_null(btree_prev(&c));
}

static void
start(void)
{
    rand_seed(20260202);
    model.count = 0;
    tree = btree_new();
}

static void
finish(void)
{
    for (size_t i = 0; i < model.count; i++)
        scored_free(model.at[i]);
    btree_free(tree);
}

TestSuite(btree, .init = start, .fini = finish);

Test(btree, is_empty_at_first)
{
    struct btree_cursor c;

    btree_check(tree);
    btree_seek(tree, 0, &c);
    cr_assert_null(btree_next(&c));
    cr_assert_null(btree_prev(&c));
    cr_assert_eq(btree_count_score(tree, INFINITY, true), 0);
    cr_assert_eq(btree_count_member(tree, B("x"), true), 0);
}

Test(btree, orders_scores_as_numbers)
{
    static const double ascending[] = {
        -INFINITY, -1e300, -2.5, -1, -1e-310, 0, 5e-324, 1e-310, 0.1, 1, 2,
        4503599627370496, 1e300, INFINITY
    };
    size_t n = sizeof ascending / sizeof ascending[0];

    for (size_t i = n; i-- > 0; )
        add(make(ascending[i], i));
    compare();
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(model.at[i]->score, ascending[i]);
    cr_assert_eq(scored_key(-0.0), scored_key(0.0));
}

Test(btree, orders_equal_scores_by_bytes)
{
    add(scored_new(0.0, B("b")));
    add(scored_new(-0.0, B("a")));
    add(scored_new(-0.0, B("ab")));
    add(scored_new(0.0, B("")));
    compare();
    cr_assert(bytes_equal(scored_bytes(model.at[2]), B("ab")));
    cr_assert_eq(btree_count_member(tree, B("ab"), false), 2);
    cr_assert_eq(btree_count_member(tree, B("ab"), true), 3);
}

/* Scores of the random walk: few or many, near or far. */
static double
pick_score(unsigned kind)
{
    switch (kind) {
    case 0:
        return (double)rand_below(20);
    case 1:
        return (double)rand_below(1000000);
    case 2:
        return (double)rand_u64() * (rand_below(2) ? 1e280 : -1e-280);
    case 3:
        return 1.7e12 + (double)rand_below(100);
    default:
        return rand_below(50) ? 1.0 : rand_below(2) ? INFINITY : -INFINITY;
    }
}

static void
random_step(unsigned kind, uint64_t *serial)
{
    size_t at, rank, n, gone = 0;
    struct scored *item;
    double score = pick_score(kind);

    switch (model.count ? rand_below(10) : 0) {
    case 0: case 1: case 2: case 3:
        add(make(score, (*serial)++));
        break;
    case 4: case 5:
        at = rand_below(model.count);
        item = model.at[at];
        cr_assert_eq(btree_rank(tree, item), at);
        btree_remove(tree, item);
        model_take(at, 1);
        scored_free(item);
        break;
    case 6:
        at = rand_below(model.count);
        item = model.at[at];
        if (rand_below(2))
            score = item->score + 0.5;
        model_take(at, 1);
        btree_rescore(tree, item, score);
        cr_assert(item->score == score);
        model_add(item);
        break;
    case 7:
        rank = rand_below(model.count);
        n = rand_below(30) == 0 ? rand_below(model.count - rank + 1) / 8 : 0;
        btree_remove_range(tree, rank, n, free_item, &gone);
        cr_assert_eq(gone, n);
        model_take(rank, n);
        break;
    case 8:
        rank = model_count_score(score, false);
        cr_assert_eq(btree_count_score(tree, score, false), rank);
        rank = model_count_score(score, true);
        cr_assert_eq(btree_count_score(tree, score, true), rank);
        break;
    default:
        item = make(score, rand_below(*serial));
        rank = model_rank(item);
        if (kind == 4 && score == 1.0 && model.at[0]->score == 1.0
            && model.at[model.count - 1]->score == 1.0)
            cr_assert_eq(btree_count_member(tree, scored_bytes(item), false), rank);
        scored_free(item);
    }
}

Test(btree, agrees_with_an_array_through_100000_random_operations)
{
    uint64_t serial = 0;

    for (unsigned kind = 0; kind < 5; kind++) {
        for (int i = 0; i < 20000; i++) {
            random_step(kind, &serial);
            if (i % 1000 == 0)
                compare();
        }
        compare();
    }
}

/* Removing most and coming back leaves no sparse leaves behind. */
Test(btree, stays_packed_through_churn)
{
    for (uint64_t i = 0; i < 20000; i++)
        add(make((double)rand_below(1000000), i));
    for (uint64_t i = 0; i < 40000; i++) {
        size_t at = rand_below(model.count);
        struct scored *item = model.at[at];

        btree_remove(tree, item);
        model_take(at, 1);
        scored_free(item);
        if (model.count < 15000 || rand_below(2))
            add(make((double)rand_below(1000000), 20000 + i));
    }
    compare();
    cr_assert_lt(btree_memory(tree), model.count * 15);
}

Test(btree, fills_leaves_when_members_come_in_order)
{
    for (uint64_t i = 0; i < 10000; i++)
        add(make((double)i, i));
    compare();
    cr_assert_lt(btree_memory(tree), 10000 * 10);
}

Test(btree, fills_leaves_when_members_come_in_reverse)
{
    for (uint64_t i = 0; i < 10000; i++)
        add(make(-(double)i, i));
    compare();
    cr_assert_lt(btree_memory(tree), 10000 * 10);
}

Test(btree, can_be_emptied_from_either_end)
{
    size_t gone = 0;

    for (uint64_t i = 0; i < 9000; i++)
        add(make((double)rand_below(100000), i));
    while (model.count) {
        bool front = model.count % 2;
        struct btree_cursor c;
        struct scored *item;

        btree_seek(tree, front ? 0 : model.count, &c);
        item = front ? btree_next(&c) : btree_prev(&c);
        cr_assert_eq(item, model.at[front ? 0 : model.count - 1]);
        btree_remove(tree, item);
        model_take(front ? 0 : model.count - 1, 1);
        free_item(item, &gone);
        if (model.count % 500 == 0)
            compare();
    }
    cr_assert_eq(gone, 9000);
    cr_assert_eq(btree_nodes(tree), 1);
}

Test(btree, forgets_a_whole_range_at_once)
{
    size_t gone = 0;

    for (uint64_t i = 0; i < 12000; i++)
        add(make((double)rand_below(100000), i));
    btree_remove_range(tree, 100, 11800, free_item, &gone);
    model_take(100, 11800);
    cr_assert_eq(gone, 11800);
    compare();
    btree_remove_range(tree, 0, model.count, free_item, &gone);
    model.count = 0;
    compare();
    cr_assert_eq(gone, 12000);
}

Test(btree, keeps_members_longer_than_a_length_byte)
{
    char long_name[1000];
    struct btree_cursor end;
    struct scored *item;

    memset(long_name, 'x', sizeof long_name);
    for (size_t len = 250; len < 260; len++) {
        item = scored_new(1, bytes_view(long_name, len));
        cr_assert_eq(scored_bytes(item).len, len);
        add(item);
    }
    add(scored_new(1, bytes_view(long_name, sizeof long_name)));
    compare();
    btree_seek(tree, model.count, &end);
    cr_assert_eq(scored_bytes(btree_prev(&end)).len, sizeof long_name);
}
