/* SPDX-License-Identifier: MIT
 * tests/unit/test_deadlines.c - the index of deadlines against a naive model. */
#include "structs/deadlines.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include "base/alloc.h"
#include "base/rand.h"

#define ITEMS 5000
#define LATEST ((1ll << 48) - 1)

/* Item i of the model is the address of items[i]; -1: it has no deadline. */
static char items[2 * ITEMS];
static msec model[2 * ITEMS];
static size_t model_count;

static void
start(void)
{
    rand_seed(7);
    for (size_t i = 0; i < 2 * ITEMS; i++)
        model[i] = -1;
}

TestSuite(deadlines, .init = start);

static void
model_add(struct deadlines *x, size_t i, msec when)
{
    deadlines_add(x, when, &items[i]);
    model[i] = when;
    model_count++;
}

static void
model_remove(struct deadlines *x, size_t i)
{
    cr_assert(deadlines_remove(x, model[i], &items[i]));
    cr_assert_not(deadlines_remove(x, model[i], &items[i]));
    model[i] = -1;
    model_count--;
}

/* The first of the tree must be a least one of the model, and stand there. */
static void
model_compare(struct deadlines *x)
{
    msec least = INT64_MAX, when = -1;
    unsigned __int128 sum = 0;
    char *first = deadlines_first(x, &when);

    for (size_t i = 0; i < 2 * ITEMS; i++) {
        if (model[i] < 0)
            continue;
        least = model[i] < least ? model[i] : least;
        sum += (uint64_t)model[i];
    }
    deadlines_check(x);
    cr_assert_eq(deadlines_count(x), model_count);
    if (model_count == 0) {
        cr_assert_null(first);
        cr_assert_eq(deadlines_average(x), 0);
        return;
    }
    cr_assert_eq(when, least);
    cr_assert_eq(model[first - items], least);
    cr_assert_eq(deadlines_average(x), (msec)(sum / model_count));
}

static void
model_pop(struct deadlines *x)
{
    msec when = -1;
    char *first = deadlines_first(x, &when);

    if (first == NULL)
        return;
    cr_assert_eq(model[first - items], when);
    model_remove(x, (size_t)(first - items));
}

static void
model_move(struct deadlines *x, size_t i)
{
    size_t to = i < ITEMS ? i + ITEMS : i - ITEMS;

    deadlines_move(x, model[i], &items[i], &items[to]);
    model[to] = model[i];
    model[i] = -1;
}

/* `span`: how many different times; few make many equal ones. */
static void
run_model(struct deadlines *x, uint64_t span, size_t times, unsigned adds_of_16)
{
    static msec later = 1000000;

    for (size_t n = 0; n < times; n++) {
        size_t i = rand_below(ITEMS);

        if (model[i] < 0 && model[i + ITEMS] >= 0)
            i += ITEMS;
        if (model[i] < 0) {
            if (rand_below(16) < adds_of_16)
                model_add(x, i, rand_below(4) ? (msec)rand_below(span) : ++later);
        } else if (rand_below(3) == 0) {
            model_move(x, i);
        } else if (rand_below(16) >= adds_of_16) {
            if (rand_below(3) == 0)
                model_pop(x);
            else
                model_remove(x, i);
        }
        if (n % 5000 == 0)
            model_compare(x);
    }
    model_compare(x);
}

Test(deadlines, agree_with_an_array)
{
    struct deadlines *x = deadlines_new();
    static const uint64_t spans[] = { 1, 50, 5000, 1ull << 47 };
    static const unsigned adds[] = { 15, 8, 2, 12, 0 };

    for (size_t s = 0; s < 4; s++)
        for (size_t a = 0; a < 5; a++)
            run_model(x, spans[s], 30000, adds[a]);
    while (model_count > 0)
        model_pop(x);
    model_compare(x);
    deadlines_free(x);
}

Test(deadlines, are_empty_at_first)
{
    struct deadlines *x = deadlines_new();
    msec when;

    cr_assert_null(deadlines_first(x, &when));
    cr_assert_not(deadlines_remove(x, 5, items));
    cr_assert_eq(deadlines_average(x), 0);
    deadlines_check(x);
    deadlines_free(x);
    deadlines_free(NULL);
}

Test(deadlines, come_out_in_order)
{
    enum { ALL = 200000 };
    struct deadlines *x = deadlines_new();
    size_t before = mem_used();
    msec when, last = -1;
    void *item;

    for (size_t i = 0; i < ALL; i++)
        deadlines_add(x, (msec)rand_below(1ull << 40), &items[i % ITEMS]);
    deadlines_check(x);
    for (size_t i = 0; i < ALL; i++) {
        item = deadlines_first(x, &when);
        cr_assert_geq(when, last);
        last = when;
        cr_assert(deadlines_remove(x, when, item));
        if (i % 10000 == 0)
            deadlines_check(x);
    }
    cr_assert_null(deadlines_first(x, &when));
    cr_assert_eq(mem_used(), before);
    deadlines_free(x);
}

Test(deadlines, outside_of_48_bits_are_clamped_alike_everywhere)
{
    struct deadlines *x = deadlines_new();
    msec when = 0;

    deadlines_add(x, INT64_MAX, &items[1]);
    deadlines_add(x, INT64_MIN, &items[2]);
    cr_assert_eq(deadlines_first(x, &when), &items[2]);
    cr_assert_eq(when, 0);
    deadlines_move(x, INT64_MIN, &items[2], &items[3]);
    cr_assert(deadlines_remove(x, INT64_MIN, &items[3]));
    cr_assert_eq(deadlines_first(x, &when), &items[1]);
    cr_assert_eq(when, LATEST);
    cr_assert_eq(deadlines_average(x), LATEST);
    cr_assert(deadlines_remove(x, INT64_MAX, &items[1]));
    deadlines_check(x);
    deadlines_free(x);
}

Test(deadlines, added_in_order_leave_leaves_full)
{
    enum { ALL = 1000000 };
    struct deadlines *x = deadlines_new();

    for (msec i = 0; i < ALL; i++)
        deadlines_add(x, i / 3, &items[i % ITEMS]);
    deadlines_check(x);
    cr_assert_lt(deadlines_memory(x), ALL * 13);
    deadlines_free(x);
}

Test(deadlines, added_at_random_take_less_than_18_bytes_each)
{
    enum { ALL = 500000 };
    struct deadlines *x = deadlines_new();
    size_t least = 100000;

    for (size_t i = 1; i <= ALL; i++) {
        deadlines_add(x, (msec)rand_below(1ull << 40), &items[i % ITEMS]);
        if (i >= least && i % 1000 == 0)
            cr_assert_lt(deadlines_memory(x), i * 18);
    }
    deadlines_check(x);
    deadlines_free(x);
}

Test(deadlines, give_memory_back_when_removed_at_random)
{
    enum { ALL = 100000 };
    struct deadlines *x = deadlines_new();
    size_t full;

    for (uint64_t i = 0; i < ALL; i++)
        deadlines_add(x, (msec)(i * 7919 % ALL), &items[0]);
    full = deadlines_memory(x);
    for (uint64_t i = 0; i < ALL; i++)
        if (i * 31 % 10 != 0)
            cr_assert(deadlines_remove(x, (msec)(i * 7919 % ALL), &items[0]));
    deadlines_check(x);
    cr_assert_lt(deadlines_memory(x), full / 3);
    deadlines_free(x);
}
