/* SPDX-License-Identifier: MIT
 * tests/unit/test_listpack.c - structs/listpack.c against an array of texts. */
#include "structs/listpack.h"

#include <criterion/criterion.h>
#include <limits.h>

#include "base/num.h"
#include "base/rand.h"
#include "unit/text_model.h"

#define ROUNDS 100000
#define MODEL_MAX 400

/* Numbers of every width, and texts around the borders of every header. */
static struct bytes
random_text(char *buf)
{
    static const size_t borders[] = { 0, 1, 2, 20, 62, 63, 64, 65, 125, 126, 127, 128 };
    size_t len;

    if (rand_below(2)) {
        int64_t n = (int64_t)(rand_u64() >> rand_below(64));
        return bytes_view(buf, num_format_i64(buf, rand_below(2) ? n : -n));
    }
    len = borders[rand_below(sizeof borders / sizeof borders[0])];
    if (rand_below(300) == 0)
        len = 4090 + rand_below(12);
    memset(buf, 'a' + (int)rand_below(26), len);
    return bytes_view(buf, len);
}

static void
expect_item(const uint8_t *at, struct bytes wanted)
{
    char buf[NUM_I64_MAX_TEXT];
    struct bytes got;

    cr_assert_not_null(at);
    got = listpack_item_text(listpack_get(at), buf);
    cr_assert(bytes_equal(got, wanted), "%.*s is not %.*s", B_ARG(got), B_ARG(wanted));
}

static void
expect_same(const struct listpack *lp, const struct model *m)
{
    const uint8_t *p;
    size_t count, i;

    cr_assert(lp->gap + listpack_bytes(lp) <= lp->room);
    cr_assert(listpack_is_valid(listpack_view(lp), &count));
    cr_assert_eq(count, m->count);
    cr_assert_eq(listpack_count(lp), m->count);
    for (i = 0, p = listpack_first(lp); p; p = listpack_next(p))
        expect_item(p, m->at[i++]);
    cr_assert_eq(i, m->count);
    for (p = listpack_last(lp); p; p = listpack_prev(lp, p))
        expect_item(p, m->at[--i]);
    cr_assert_eq(i, 0);
}

static void
random_insert(struct listpack **lp, struct model *m)
{
    static char buf[5000];
    struct bytes b = random_text(buf);
    size_t i = rand_below(3) == 0 ? rand_below(m->count + 1)
             : rand_below(2) ? m->count : 0;

    if (i == 0 && rand_below(2))
        listpack_prepend(lp, listpack_item_of(b));
    else
        expect_item(listpack_insert(lp, listpack_seek(*lp, (int64_t)i),
                                    listpack_item_of(b)), b);
    model_insert(m, i, b);
}

static void
random_delete(struct listpack **lp, struct model *m)
{
    size_t i = rand_below(3) == 0 ? rand_below(m->count)
             : rand_below(2) ? m->count - 1 : 0;
    size_t n = rand_below(8) ? 1 : rand_below(20), fits = m->count - i;
    const uint8_t *p = listpack_delete(lp, listpack_seek(*lp, (int64_t)i), n);

    model_delete(m, i, n < fits ? n : fits);
    if (i < m->count)
        expect_item(p, m->at[i]);
    else
        cr_assert_null(p);
}

static void
random_replace(struct listpack **lp, struct model *m)
{
    static char buf[5000];
    struct bytes b = random_text(buf);
    size_t i = rand_below(m->count);

    expect_item(listpack_replace(lp, listpack_seek(*lp, (int64_t)i - (int64_t)m->count),
                                 listpack_item_of(b)), b);
    model_delete(m, i, 1);
    model_insert(m, i, b);
}

static void
split_and_join(struct listpack **lp, struct model *m)
{
    size_t i = rand_below(m->count);
    struct listpack *rest = listpack_split(lp, listpack_seek(*lp, (int64_t)i));

    cr_assert_eq(listpack_count(*lp), i);
    cr_assert_eq(listpack_count(rest), m->count - i);
    listpack_join(lp, rest);
}

static void
find_one(struct listpack *lp, struct model *m)
{
    size_t i = rand_below(m->count), k = 0;
    const uint8_t *p = listpack_find(listpack_first(lp), listpack_item_of(m->at[i]));

    while (!bytes_equal(m->at[k], m->at[i]))
        k++;
    cr_assert_eq(p, listpack_seek(lp, (int64_t)k));
}

Test(listpack, agrees_with_an_array_over_100k_random_operations)
{
    struct listpack *lp = listpack_new();
    struct model m = { .count = 0 };
    size_t round, at_most = 20;

    rand_seed(7);
    for (round = 0; round < ROUNDS; round++) {
        if (round % 5000 == 0)
            at_most = 1 + rand_below(round % 20000 ? 40 : MODEL_MAX);
        if (m.count == 0 || (m.count < at_most && rand_below(5) < 2))
            random_insert(&lp, &m);
        else if (m.count >= at_most || rand_below(2))
            random_delete(&lp, &m);
        else if (rand_below(2))
            random_replace(&lp, &m);
        else if (rand_below(2))
            split_and_join(&lp, &m);
        else
            find_one(lp, &m);
        expect_same(lp, &m);
    }
    listpack_free(lp);
    model_delete(&m, 0, m.count);
}

static void
expect_bytes(struct bytes element, const char *wanted, size_t len)
{
    struct listpack *lp = listpack_new();
    struct bytes got;

    listpack_append(&lp, listpack_item_of(element));
    got = listpack_view(lp);
    cr_assert_eq(got.len, LISTPACK_EMPTY + len, "%.*s", B_ARG(element));
    cr_assert_eq(memcmp(got.at + LISTPACK_HEADER, wanted, len), 0, "%.*s",
                 B_ARG(element));
    cr_assert_eq(got.at[4], 1);
    listpack_free(lp);
}

Test(listpack, writes_each_kind_of_element_as_the_format_says)
{
    expect_bytes(B("0"), "\x00\x01", 2);
    expect_bytes(B("127"), "\x7f\x01", 2);
    expect_bytes(B("128"), "\xc0\x80\x02", 3);
    expect_bytes(B("-1"), "\xdf\xff\x02", 3);
    expect_bytes(B("4095"), "\xcf\xff\x02", 3);
    expect_bytes(B("-4096"), "\xd0\x00\x02", 3);
    expect_bytes(B("4096"), "\xf1\x00\x10\x03", 4);
    expect_bytes(B("32768"), "\xf2\x00\x80\x00\x04", 5);
    expect_bytes(B("-8388609"), "\xf3\xff\xff\x7f\xff\x05", 6);
    expect_bytes(B("4294967296"), "\xf4\x00\x00\x00\x00\x01\x00\x00\x00\x09", 10);
    expect_bytes(B("hello"), "\x85hello\x06", 7);
    expect_bytes(B("007"), "\x83" "007\x04", 5);
    expect_bytes(B(""), "\x80\x01", 2);
}

Test(listpack, counts_beyond_what_its_header_holds)
{
    struct listpack *lp = listpack_new();
    size_t i, count;

    for (i = 0; i < 70000; i++)
        listpack_append(&lp, (struct listpack_item){ .number = (int64_t)(i & 63) });
    cr_assert_eq(listpack_count(lp), 70000);
    cr_assert(listpack_is_valid(listpack_view(lp), &count));
    cr_assert_eq(count, 70000);
    listpack_delete(&lp, listpack_first(lp), 69000);
    cr_assert_eq(listpack_count(lp), 1000);
    listpack_free(lp);
}

Test(listpack, survives_a_queue_without_growing)
{
    struct listpack *lp = listpack_new();
    size_t i;

    for (i = 0; i < 50; i++)
        listpack_append(&lp, listpack_item_of(B("sixteen bytes...")));
    for (i = 0; i < 100000; i++) {
        listpack_append(&lp, listpack_item_of(B("sixteen bytes...")));
        listpack_delete(&lp, listpack_first(lp), 1);
    }
    cr_assert_leq(listpack_memory(lp), 1536);
    listpack_free(lp);
}

Test(listpack, gives_memory_back_when_it_empties)
{
    struct listpack *lp = listpack_new();

    for (size_t i = 0; i < 400; i++)
        listpack_prepend(&lp, listpack_item_of(B("sixteen bytes...")));
    listpack_delete(&lp, listpack_first(lp), 399);
    cr_assert_leq(listpack_memory(lp), 64);
    expect_item(listpack_first(lp), B("sixteen bytes..."));
    listpack_free(lp);
}

Test(listpack, refuses_bytes_that_are_no_listpack)
{
    struct listpack *lp = listpack_new();
    struct bytes good;
    size_t count, i, accepted = 0;
    char *bad;

    rand_seed(11);
    for (i = 0; i < 40; i++) {
        char buf[5000];
        listpack_append(&lp, listpack_item_of(random_text(buf)));
    }
    good = listpack_view(lp);
    for (i = 0; i < good.len; i++) {
        bad = memcpy(mem_alloc(i + 1), good.at, i);
        cr_assert_not(listpack_is_valid(bytes_view(bad, i), &count));
        mem_free(bad);
    }
    /* whatever passes can be walked without leaving it: the sanitizers watch */
    for (i = 0; i < 20000; i++) {
        struct listpack *copy = listpack_copy(lp);
        uint8_t *at = (uint8_t *)listpack_start(copy);

        at[6 + rand_below(good.len - 6)] = (uint8_t)rand_u64();
        if (listpack_is_valid(listpack_view(copy), &count)) {
            accepted++;
            for (const uint8_t *p = listpack_last(copy); p; p = listpack_prev(copy, p))
                count -= listpack_get(p).text.len < LONG_MAX;
            cr_assert_eq(count, 0);
        }
        listpack_free(copy);
    }
    cr_assert(accepted > 0 && accepted < 20000);
    listpack_free(lp);
}
