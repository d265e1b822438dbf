/* SPDX-License-Identifier: MIT
 * tests/unit/test_v_set.c - sets in all their forms against a plain table of flags. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "values/v_set.h"
#include "unit/fair.h"

#define NAMES 600

static const struct set_limits limits = { 64, 32, 20 };

static struct bytes
name_of(unsigned i, char buf[64])
{
    if (i % 3 == 0)
        snprintf(buf, 64, "%d", (int)i * 977 - 100000);
    else if (i % 3 == 1)
        snprintf(buf, 64, "m%u", i);
    else
        snprintf(buf, 64, "a member that is longer than twenty bytes %u", i);
    return bytes_of_text(buf);
}

static void
start(void)
{
    hash_start(B("a fixed seed"));
    rand_seed(3);
}

static size_t
count_of(const bool *in)
{
    size_t n = 0;

    for (unsigned i = 0; i < NAMES; i++)
        n += in[i];
    return n;
}

static void
compare(struct value v, const bool *in)
{
    const struct bytes *member;
    struct set_iter it;
    size_t n = 0;
    char buf[64];

    set_check(v);
    cr_assert_eq(set_count(v), count_of(in));
    set_iter_start(&it, v);
    for (; (member = set_iter_next(&it)); n++)
        cr_assert(set_has(v, *member));
    cr_assert_eq(n, set_count(v));
    for (unsigned i = 0; i < NAMES; i++)
        cr_assert_eq(set_has(v, name_of(i, buf)), in[i]);
}

/* Names below `kinds` * 3 first of numbers only, then short, then all. */
static unsigned
draw(int step)
{
    unsigned i = (unsigned)rand_below(NAMES);

    if (step < 2000)
        return i / 3 % 20 * 3;
    return step < 6000 ? i / 3 % 10 * 3 + i % 2 : i;
}

Test(v_set, is_a_set_in_every_form, .init = start)
{
    static bool in[NAMES];
    bool seen[3] = { false };
    struct value v = set_new(B("1"), 1, &limits);
    char buf[64];

    for (int i = 0; i < 100000; i++) {
        unsigned n = draw(i);
        struct bytes name = name_of(n, buf);

        if (rand_below(2)) {
            cr_assert_eq(set_add(&v, name, &limits), !in[n]);
            in[n] = true;
        } else {
            cr_assert_eq(set_remove(&v, name), in[n]);
            in[n] = false;
        }
        seen[v.encoding] = true;
        if (i % 500 == 0)
            compare(v, in);
    }
    compare(v, in);
    cr_expect(seen[SET_INTSET] && seen[SET_PACK] && seen[SET_TABLE]);
    set_type.free(v);
}

static struct value
numbered(enum set_encoding form, unsigned n)
{
    struct set_limits l = limits;
    struct value v;
    char buf[64];

    l.intset_entries = form == SET_INTSET ? 1000 : 0;
    l.pack_entries = form == SET_PACK ? 1000 : 0;
    v = set_new(B("1"), 1, &l);
    for (unsigned i = 0; i < n; i++) {
        snprintf(buf, sizeof buf, "%u", i);
        set_add(&v, bytes_of_text(buf), &l);
    }
    cr_assert_eq(v.encoding, form);
    return v;
}

Test(v_set, picks_every_member_as_often_as_any_other, .init = start)
{
    for (int form = SET_INTSET; form <= SET_TABLE; form++) {
        struct value v = numbered(form, 200);
        static unsigned hits[200];
        struct set_member m;
        int64_t n;

        memset(hits, 0, sizeof hits);
        for (int i = 0; i < 100000; i++) {
            set_random(v, &m);
            cr_assert(num_parse_i64(m.text, &n));
            hits[n]++;
        }
        cr_expect_lt(chi_square(hits, 200, 500), chi_limit(200), "form %d", form);
        set_type.free(v);
    }
}

static void
count_hit(struct bytes member, void *arg)
{
    unsigned *hits = arg;
    int64_t n;

    cr_assert(num_parse_i64(member, &n));
    hits[n]++;
}

/* Both ways of choosing some: drawing (20 of 200) and walking (150 of 200). */
Test(v_set, samples_are_fair_and_without_repeats, .init = start)
{
    static const size_t sizes[] = { 20, 150, 200, 1000 };

    for (int form = SET_INTSET; form <= SET_TABLE; form++) {
        struct value v = numbered(form, 200);

        for (int s = 0; s < 4; s++) {
            size_t expected = sizes[s] < 200 ? sizes[s] : 200;
            unsigned hits[200] = { 0 }, total = 0;

            set_sample(v, sizes[s], count_hit, hits);
            for (int i = 0; i < 200; i++) {
                cr_assert_leq(hits[i], 1);
                total += hits[i];
            }
            cr_assert_eq(total, expected);
            for (int i = 1; i < 1000; i++)
                set_sample(v, sizes[s], count_hit, hits);
            cr_expect_lt(chi_square(hits, 200, (double)expected * 5), chi_limit(200),
                         "form %d size %zu", form, sizes[s]);
        }
        set_type.free(v);
    }
}

static void
forms_at(size_t hint, struct bytes first, enum set_encoding wanted)
{
    struct value v = set_new(first, hint, &limits);

    cr_expect_eq(v.encoding, wanted);
    set_type.free(v);
}

Test(v_set, starts_in_the_form_that_suits_what_comes, .init = start)
{
    forms_at(1, B("5"), SET_INTSET);
    forms_at(64, B("5"), SET_INTSET);
    forms_at(65, B("5"), SET_TABLE);
    forms_at(32, B("x"), SET_PACK);
    forms_at(33, B("x"), SET_TABLE);
}

Test(v_set, copies_own_themselves, .init = start)
{
    for (int form = SET_INTSET; form <= SET_TABLE; form++) {
        struct value v = numbered(form, 50), copy = set_type.copy(v);
        unsigned char a[20] = { 0 }, b[20] = { 0 };

        set_type.digest(v, a);
        set_type.free(v);
        set_type.digest(copy, b);
        cr_expect_arr_eq(a, b, 20);
        cr_expect_eq(set_count(copy), 50);
        set_type.free(copy);
    }
}

/* A member longer than a byte can count. */
Test(v_set, holds_long_members, .init = start)
{
    struct value v = set_new(B("x"), 100, &limits);
    char *text = mem_alloc(70000);

    memset(text, 'x', 70000);
    cr_expect(set_add(&v, bytes_view(text, 254), &limits));
    cr_expect(set_add(&v, bytes_view(text, 255), &limits));
    cr_expect(set_add(&v, bytes_view(text, 70000), &limits));
    cr_expect_not(set_add(&v, bytes_view(text, 255), &limits));
    cr_expect(set_remove(&v, bytes_view(text, 255)));
    cr_expect_eq(set_count(v), 2);
    mem_free(text);
    set_type.free(v);
}
