/* SPDX-License-Identifier: MIT
 * tests/unit/test_intset.c - an intset against a plain array. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/rand.h"
#include "structs/intset.h"

#define MODEL_MAX 1000

struct model { int64_t at[MODEL_MAX]; size_t count; };

static size_t
model_find(const struct model *m, int64_t n)
{
    size_t i = 0;

    while (i < m->count && m->at[i] != n)
        i++;
    return i;
}

/* Narrow numbers first, so that both widenings happen with something in the set. */
static int64_t
draw(int step)
{
    static const int64_t edges[] = { INT16_MIN, INT16_MAX, INT32_MIN, INT32_MAX,
                                     INT64_MIN, INT64_MAX, (int64_t)INT16_MAX + 1,
                                     (int64_t)INT32_MIN - 1 };

    if (rand_below(50) == 0)
        return edges[rand_below(step < 30000 ? 2 : step < 60000 ? 4 : 8)];
    if (step >= 60000 && rand_below(10) == 0)
        return (int64_t)rand_u64();
    return (int64_t)rand_below(600) - 300;
}

static void
compare(const struct intset *s, const struct model *m)
{
    intset_check(s);
    cr_assert_eq(intset_count(s), m->count);
    for (size_t i = 0; i < m->count; i++)
        cr_assert_lt(model_find(m, intset_get(s, i)), m->count);
}

Test(intset, is_a_set_of_numbers_whatever_is_done_to_it)
{
    struct model m = { .count = 0 };
    struct intset *s = intset_new();
    bool done;

    rand_seed(11);
    for (int i = 0; i < 100000; i++) {
        int64_t n = draw(i);
        size_t at = model_find(&m, n);

        cr_assert_eq(intset_has(s, n), at < m.count);
        if (rand_below(2) && m.count < MODEL_MAX) {
            s = intset_add(s, n, &done);
            cr_assert_eq(done, at == m.count);
            if (done)
                m.at[m.count++] = n;
        } else {
            s = intset_remove(s, n, &done);
            cr_assert_eq(done, at < m.count);
            if (done)
                m.at[at] = m.at[--m.count];
        }
        if (i % 200 == 0)
            compare(s, &m);
    }
    compare(s, &m);
    intset_free(s);
}

Test(intset, takes_two_four_or_eight_bytes_a_number)
{
    struct intset *s = intset_new();
    bool done;

    s = intset_add(s, 1, &done);
    s = intset_add(s, -5, &done);
    cr_expect_eq(intset_bytes(s), 8 + 2 * 2);
    s = intset_add(s, 40000, &done);
    cr_expect_eq(intset_bytes(s), 8 + 3 * 4);
    s = intset_add(s, 1ll << 40, &done);
    cr_expect_eq(intset_bytes(s), 8 + 4 * 8);
    cr_expect_eq(memcmp(s, "\x08\0\0\0\x04\0\0\0\xfb\xff\xff\xff\xff\xff\xff\xff", 16), 0);
    intset_free(s);
}
