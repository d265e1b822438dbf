/* SPDX-License-Identifier: MIT
 * tests/unit/test_v_zset.c - sorted sets in both forms against a naive array. */
#include "values/v_zset.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"

#define NAMES 400

static struct zset_limits limits;
static struct value set;

/* The model: the score of each name, or NaN when it is not a member. */
static double model[NAMES];

static struct bytes
name_of(unsigned n, char buf[16])
{
    /* numbers and texts: a pack keeps them differently */
    int len = snprintf(buf, 16, n % 2 ? "%u" : "name:%u", n);

    return bytes_view(buf, (size_t)len);
}

static bool
comes_before(unsigned a, unsigned b)
{
    char x[16], y[16];

    if (model[a] != model[b])
        return model[a] < model[b];
    return bytes_compare(name_of(a, x), name_of(b, y)) < 0;
}

static size_t
model_count(void)
{
    size_t n = 0;

    for (unsigned i = 0; i < NAMES; i++)
        n += !isnan(model[i]);
    return n;
}

static size_t
model_rank(unsigned name)
{
    size_t rank = 0;

    for (unsigned i = 0; i < NAMES; i++)
        rank += !isnan(model[i]) && comes_before(i, name);
    return rank;
}

static void
start(void)
{
    hash_start(B("a fixed seed for tests"));
    rand_seed(20260303);
    limits = (struct zset_limits){ .entries = 128, .value = 64 };
    for (unsigned i = 0; i < NAMES; i++)
        model[i] = NAN;
    set = zset_new(1, &limits);
}

static void
finish(void)
{
    zset_type.free(set);
}

TestSuite(v_zset, .init = start, .fini = finish);

static void
put(struct bytes member, double score)
{
    struct zset_place p;

    zset_find(set, member, &p);
    if (p.found)
        zset_rescore(&set, &p, member, score);
    else
        zset_add(&set, &p, member, score, &limits);
}

static bool
score_of(struct bytes member, double *out)
{
    struct zset_place p;

    zset_find(set, member, &p);
    if (p.found)
        *out = p.score;
    return p.found;
}

Test(v_zset, keeps_every_kind_of_score)
{
    static const double scores[] = {
        0, 1, -1, 0.1, -2.5, 1e17, 9007199254740993.0, 4.7e18, -4.7e18, 1e300, 5e-324,
        INFINITY, -INFINITY, 6.8e-38
    };
    char buf[16];
    double got;

    for (int form = 0; form < 2; form++) {
        for (unsigned i = 0; i < sizeof scores / sizeof scores[0]; i++) {
            put(name_of(i, buf), scores[i]);
            cr_assert(score_of(name_of(i, buf), &got));
            cr_assert_eq(got, scores[i]);
        }
        zset_check(set);
        limits.entries = 0;
        put(B("one more makes it a tree"), 3);
        cr_assert_eq(set.encoding, ZSET_TREE);
    }
}

/* The 8 bytes of this double are the text 12345678. */
Test(v_zset, does_not_take_the_bytes_of_a_score_for_a_number)
{
    double score, got;

    memcpy(&score, "12345678", sizeof score);
    put(B("m"), score);
    cr_assert(score_of(B("m"), &got));
    cr_assert_eq(got, score);
}

Test(v_zset, becomes_a_tree_at_the_first_member_beyond_a_limit)
{
    char buf[16];

    for (unsigned i = 0; i < 128; i++)
        put(name_of(i, buf), i);
    cr_assert_eq(set.encoding, ZSET_PACK);
    cr_assert_str_eq(zset_type.encoding_name(set), "listpack");
    put(name_of(128, buf), 1);
    cr_assert_eq(set.encoding, ZSET_TREE);
    cr_assert_str_eq(zset_type.encoding_name(set), "skiplist");
    cr_assert_eq(zset_count(set), 129);
    zset_check(set);
}

Test(v_zset, becomes_a_tree_at_the_first_member_that_is_too_long)
{
    char name[65];

    memset(name, 'x', sizeof name);
    put(bytes_view(name, 64), 1);
    cr_assert_eq(set.encoding, ZSET_PACK);
    put(bytes_view(name, 65), 1);
    cr_assert_eq(set.encoding, ZSET_TREE);
}

/* Both walks, from everywhere, meet the members in the model's order. */
static void
compare_walks(void)
{
    size_t count = model_count(), rank = rand_below(count + 1);
    unsigned by_rank[NAMES];
    struct zset_iter it;
    struct zset_item item;
    char buf[16];

    cr_assert_eq(zset_count(set), count);
    for (unsigned i = 0; i < NAMES; i++)
        if (!isnan(model[i]))
            by_rank[model_rank(i)] = i;
    zset_iter_start(&it, set, rank, false);
    for (size_t i = rank; i < count; i++) {
        cr_assert(zset_iter_next(&it, &item));
        cr_assert(bytes_equal(item.member, name_of(by_rank[i], buf)));
        cr_assert_eq(item.score, model[by_rank[i]]);
    }
    cr_assert(!zset_iter_next(&it, &item));
    zset_iter_start(&it, set, rank, true);
    for (size_t i = count - rank; i-- > 0; ) {
        cr_assert(zset_iter_next(&it, &item));
        cr_assert(bytes_equal(item.member, name_of(by_rank[i], buf)));
    }
    cr_assert(!zset_iter_next(&it, &item));
}

static void
compare_spans(void)
{
    struct zset_scores r = {
        (double)rand_below(60), (double)rand_below(60), rand_below(2), rand_below(2)
    };
    struct zset_span s = zset_span_of_scores(set, &r);
    size_t before = 0, inside = 0;

    for (unsigned i = 0; i < NAMES; i++) {
        bool above = r.min_open ? model[i] > r.min : model[i] >= r.min;
        bool below = r.max_open ? model[i] < r.max : model[i] <= r.max;

        inside += above && below;
        before += !isnan(model[i]) && !above;
    }
    cr_assert_eq(s.to - s.from, inside);
    if (inside)
        cr_assert_eq(s.from, before);
}

static void
random_step(void)
{
    unsigned n = (unsigned)rand_below(NAMES);
    struct zset_place p;
    char buf[16];
    struct bytes member = name_of(n, buf);

    zset_find(set, member, &p);
    cr_assert_eq(p.found, !isnan(model[n]));
    if (p.found) {
        cr_assert_eq(p.score, model[n]);
        cr_assert_eq(zset_rank(set, &p), model_rank(n));
    }
    if (p.found && rand_below(2)) {
        zset_remove(&set, &p);
        model[n] = NAN;
        return;
    }
    model[n] = (double)rand_below(60) + (rand_below(2) ? 0.5 : 0);
    put(member, model[n]);
}

static void
walk_randomly(int steps)
{
    for (int i = 0; i < steps; i++) {
        random_step();
        if (i % 50 == 0) {
            compare_walks();
            compare_spans();
        }
        if (i % 1000 == 0)
            zset_check(set);
    }
}

Test(v_zset, agrees_with_an_array_as_a_tree)
{
    walk_randomly(50000);
    cr_assert_eq(set.encoding, ZSET_TREE);
}

Test(v_zset, agrees_with_an_array_as_a_pack)
{
    limits.entries = NAMES;
    walk_randomly(50000);
    cr_assert_eq(set.encoding, ZSET_PACK);
}

Test(v_zset, takes_spans_of_ranks_out)
{
    char buf[16];

    for (int form = 0; form < 2; form++) {
        struct zset_iter it;
        struct zset_item item;

        for (unsigned i = 0; i < 100; i++)
            put(name_of(i, buf), i);
        zset_remove_ranks(&set, 10, 80);
        zset_check(set);
        cr_assert_eq(zset_count(set), 20);
        zset_iter_start(&it, set, 10, false);
        cr_assert(zset_iter_next(&it, &item));
        cr_assert_eq(item.score, 90);
        zset_remove_ranks(&set, 0, 20);
        cr_assert_eq(zset_count(set), 0);
        limits.entries = 0;
    }
    cr_assert_eq(set.encoding, ZSET_TREE);
}

Test(v_zset, picks_fairly_and_never_twice)
{
    unsigned seen[150] = { 0 };
    char buf[16];

    for (unsigned i = 0; i < 150; i++)
        put(name_of(i, buf), i);
    for (int i = 0; i < 150000; i++) {
        struct zset_item item;

        zset_random(set, &item);
        seen[(unsigned)item.score]++;
    }
    double chi = 0;

    for (unsigned i = 0; i < 150; i++)
        chi += (seen[i] - 1000.0) * (seen[i] - 1000.0) / 1000.0;
    cr_assert_lt(chi, 220, "149 degrees of freedom, p < 0.0002: %f", chi);
}

static void
mark(const struct zset_item *item, void *arg)
{
    bool *seen = arg;

    cr_assert(!seen[(unsigned)item->score]);
    seen[(unsigned)item->score] = true;
}

Test(v_zset, samples_hold_no_member_twice)
{
    char buf[16];

    for (unsigned size = 1; size <= 300; size += 37) {
        for (unsigned i = 0; i < size; i++)
            put(name_of(i, buf), i);
        for (size_t n = 0; n <= size; n += 1 + size / 10) {
            bool seen[NAMES] = { false };
            size_t got = 0;

            zset_sample(set, n, mark, seen);
            for (unsigned i = 0; i < NAMES; i++)
                got += seen[i];
            cr_assert_eq(got, n);
        }
    }
}

Test(v_zset, copies_own_themselves)
{
    unsigned char a[20] = { 0 }, b[20] = { 0 };
    char buf[16];

    for (unsigned i = 0; i < 300; i++) {
        put(name_of(i, buf), i / 3.0);
        if (i == 50 || i == 299) {
            struct value copy = zset_type.copy(set);

            zset_check(copy);
            cr_assert_eq(copy.encoding, set.encoding);
            memset(a, 0, sizeof a);
            memset(b, 0, sizeof b);
            zset_type.digest(set, a);
            zset_type.digest(copy, b);
            cr_assert_arr_eq(a, b, sizeof a);
            cr_assert_gt(zset_type.memory(copy, 5), 0);
            zset_type.free(copy);
        }
    }
}

Test(v_zset, a_range_by_bytes_ends_where_it_says)
{
    struct zset_members r = {
        .min = { LEX_OPEN, B("b") }, .max = { LEX_CLOSED, B("d") }
    };
    struct zset_span s;

    for (int form = 0; form < 2; form++) {
        put(B("a"), 1);
        put(B("b"), 1);
        put(B("c"), 1);
        put(B("d"), 1);
        s = zset_span_of_members(set, &r, false, 0);
        cr_assert_eq(s.from, 2);
        cr_assert_eq(s.to, 4);
        limits.entries = 0;
        put(B("e"), 1);
    }
    r.max = (struct lex_bound){ LEX_CLOSED, B("b") };
    cr_assert(zset_members_is_empty(&r));
}

/* Redis skips without looking; where scores are equal, that makes no difference. */
Test(v_zset, a_range_by_bytes_skips_the_same_in_both_forms_and_directions)
{
    struct zset_members r = {
        .min = { LEX_OPEN, B("a") }, .max = { LEX_CLOSED, B("d") }
    };
    struct zset_span s;

    for (int form = 0; form < 2; form++) {
        for (const char *name = "abcde"; *name; name++)
            put(bytes_view(name, 1), 1);
        for (size_t skip = 0; skip < 8; skip++) {
            s = zset_span_of_members(set, &r, false, skip);
            cr_assert_eq(s.to - s.from, skip < 3 ? 3 - skip : 0);
            cr_assert(skip >= 3 || s.from == 1 + skip);
            s = zset_span_of_members(set, &r, true, skip);
            cr_assert_eq(s.to - s.from, skip < 3 ? 3 - skip : 0);
            cr_assert(skip >= 3 || s.to == 4 - skip);
        }
        cr_assert_eq(set.encoding, form ? ZSET_TREE : ZSET_PACK);
        limits.entries = 0;
        put(B("f"), 1);
    }
}
