/* SPDX-License-Identifier: MIT
 * tests/unit/test_pack.c - a pack against an array of strings. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "structs/pack.h"

#define MODEL_MAX 200

struct model { char *text[MODEL_MAX]; size_t len[MODEL_MAX], count; };

/* Texts of every kind: short, long, numbers of all widths, near-numbers. */
static struct bytes
draw(char *buf)
{
    static const char *const odd[] = { "-0", "+1", "007", " 1", "", "9223372036854775808",
                                       "9223372036854775807", "-9223372036854775808" };
    size_t len;

    switch (rand_below(6)) {
    case 0:
        return bytes_view(buf, num_format_i64(buf, (int64_t)(rand_u64() >> rand_below(64))));
    case 1:
        return bytes_view(buf, num_format_i64(buf, -(int64_t)(rand_u64() >> (1 + rand_below(63)))));
    case 2:
        return bytes_of_text(odd[rand_below(sizeof odd / sizeof odd[0])]);
    case 3:
        len = 100 + rand_below(60);
        break;
    default:
        len = 1 + rand_below(8);
    }
    if (rand_below(5000) == 0)
        len = 65000 + rand_below(1000);
    memset(buf, 'a' + (int)rand_below(3), len);
    return bytes_view(buf, len);
}

static void
model_open(struct model *m, size_t at)
{
    memmove(m->text + at + 1, m->text + at, (m->count - at) * sizeof m->text[0]);
    memmove(m->len + at + 1, m->len + at, (m->count - at) * sizeof m->len[0]);
    m->count++;
}

static void
model_put(struct model *m, size_t at, struct bytes b)
{
    m->text[at] = bytes_copy_text(b);
    m->len[at] = b.len;
}

static void
model_drop(struct model *m, size_t at)
{
    mem_free(m->text[at]);
    m->count--;
    memmove(m->text + at, m->text + at + 1, (m->count - at) * sizeof m->text[0]);
    memmove(m->len + at, m->len + at + 1, (m->count - at) * sizeof m->len[0]);
}

static void
compare(const struct pack *p, const struct model *m)
{
    char buf[NUM_I64_MAX_TEXT];
    uint32_t at = pack_first(p);

    pack_check(p);
    cr_assert_eq(pack_count(p), m->count);
    for (size_t i = 0; i < m->count; i++) {
        struct bytes b = pack_view(p, at, buf);

        cr_assert_eq(b.len, m->len[i]);
        cr_assert(memcmp(b.at, m->text[i], b.len) == 0);
        cr_assert_eq(pack_seek(p, i), at);
        at = pack_next(p, at);
    }
    cr_assert_eq(at, PACK_END);
    cr_assert_eq(pack_seek(p, m->count), PACK_END);
}

static size_t
model_find(const struct model *m, struct bytes b, size_t step)
{
    for (size_t i = 0; i < m->count; i += step)
        if (bytes_equal(bytes_view(m->text[i], m->len[i]), b))
            return i;
    return SIZE_MAX;
}

static struct pack *
one_change(struct pack *p, struct model *m, char *buf)
{
    size_t at = rand_below(m->count + 1), n;
    struct bytes b = draw(buf);

    switch (rand_below(5)) {
    case 0:
    case 1:
        if (m->count >= MODEL_MAX - 1)
            break;
        p = pack_insert(p, pack_seek(p, at), b);
        model_open(m, at);
        model_put(m, at, b);
        break;
    case 2:
        if (at == m->count)
            break;
        p = pack_replace(p, pack_seek(p, at), b);
        mem_free(m->text[at]);
        model_put(m, at, b);
        break;
    case 3:
        n = rand_below(4);
        p = pack_remove(p, pack_seek(p, at), n);
        while (n-- && at < m->count)
            model_drop(m, at);
        break;
    default:
        n = 1 + rand_below(2);
        at = model_find(m, b, n);
        cr_assert_eq(pack_find(p, pack_first(p), b, (unsigned)n),
                     at == SIZE_MAX ? PACK_END : pack_seek(p, at));
    }
    return p;
}

Test(pack, is_an_array_of_strings_whatever_is_done_to_it)
{
    static char buf[70000];
    struct model m = { .count = 0 };
    struct pack *p = pack_new();

    rand_seed(7);
    for (int i = 0; i < 100000; i++) {
        p = one_change(p, &m, buf);
        if (i % 50 == 0)
            compare(p, &m);
    }
    compare(p, &m);
    while (m.count)
        model_drop(&m, 0);
    pack_free(p);
}

Test(pack, finds_elements_it_was_given)
{
    struct pack *p = pack_new();

    for (int i = 0; i < 100; i++) {
        char a[32], b[32];

        snprintf(a, sizeof a, "f%d", i);
        snprintf(b, sizeof b, "%d", i * 1000);
        p = pack_insert_two(p, PACK_END, bytes_of_text(a), bytes_of_text(b));
    }
    cr_expect_eq(pack_find(p, pack_first(p), B("f77"), 2), pack_seek(p, 154));
    cr_expect_eq(pack_find(p, pack_first(p), B("77000"), 2), PACK_END);
    cr_expect_eq(pack_find(p, pack_seek(p, 1), B("77000"), 2), pack_seek(p, 155));
    cr_expect_eq(pack_find(p, pack_first(p), B("f100"), 1), PACK_END);
    pack_free(p);
}

static size_t
size_alone(struct bytes element)
{
    struct pack *p = pack_new();
    size_t empty = pack_bytes(p), size;

    p = pack_append(p, element);
    size = pack_bytes(p) - empty;
    pack_free(p);
    return size;
}

Test(pack, keeps_numbers_in_as_few_bytes_as_they_need)
{
    cr_expect_eq(size_alone(B("0")), 1);
    cr_expect_eq(size_alone(B("63")), 1);
    cr_expect_eq(size_alone(B("64")), 2);
    cr_expect_eq(size_alone(B("-128")), 2);
    cr_expect_eq(size_alone(B("128")), 3);
    cr_expect_eq(size_alone(B("-9223372036854775808")), 9);
    cr_expect_eq(size_alone(B("007")), 4);
}

/* The small hash every session store has thousands of. */
Test(pack, holds_five_fields_in_112_bytes)
{
    struct pack *p = pack_new();

    for (int i = 0; i < 5; i++)
        p = pack_insert_two(p, PACK_END, B("field3"), B("value-000123"));
    cr_expect_leq(pack_bytes(p), 112);
    pack_free(p);
}

Test(pack, refuses_what_would_not_fit_a_gigabyte)
{
    struct pack *p = pack_new();

    cr_expect(pack_fits(p, 1000, 2));
    cr_expect_not(pack_fits(p, PACK_BYTES_MAX, 1));
    cr_expect_not(pack_fits(p, SIZE_MAX - 3, 1));
    cr_expect_not(pack_fits(p, 1, SIZE_MAX / 2));
    pack_free(p);
}
