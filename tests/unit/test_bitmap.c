/* SPDX-License-Identifier: MIT
 * tests/unit/test_bitmap.c - structs/bitmap.c against one bit at a time. */
#include "structs/bitmap.h"

#include <criterion/criterion.h>

#include "base/alloc.h"
#include "base/rand.h"

#define BYTES 300
#define ROUNDS 100000

/* The naive model: what the header says, one bit at a time. */
static bool
bit_of(const char *at, uint64_t offset)
{
    return (unsigned char)at[offset / 8] >> (7 - offset % 8) & 1;
}

static uint64_t
naive_count(const char *at, uint64_t from, uint64_t to)
{
    uint64_t n = 0;

    for (; from < to; from++)
        n += bit_of(at, from);
    return n;
}

static int64_t
naive_find(const char *at, uint64_t from, uint64_t to, bool bit)
{
    for (; from < to; from++)
        if (bit_of(at, from) == bit)
            return (int64_t)from;
    return -1;
}

static uint64_t
naive_read(struct bytes b, uint64_t offset, unsigned width)
{
    uint64_t n = 0, i;

    for (i = offset; i < offset + width; i++)
        n = n << 1 | (i / 8 < b.len && bit_of(b.at, i));
    return n;
}

/* Mostly long runs of equal bytes, so that word-wise skipping is exercised, on
 * a heap block of exactly this size, so that reading past it is noticed. */
static char *
random_bytes(size_t len)
{
    char *at = mem_alloc(len + 1);
    size_t i;
    char fill = rand_below(2) ? 0 : (char)0xff;

    at = mem_realloc(at, len ? len : 1);
    for (i = 0; i < len; i++)
        at[i] = rand_below(40) == 0 ? (char)rand_u64() : fill;
    if (rand_below(4) == 0)
        for (i = 0; i < len; i++)
            at[i] = (char)rand_u64();
    return at;
}

static void
random_range(size_t len, uint64_t *from, uint64_t *to)
{
    uint64_t a = rand_below(len * 8 + 1), b = rand_below(len * 8 + 1);

    *from = a < b ? a : b;
    *to = a < b ? b : a;
}

Test(bitmap, counts_any_range_as_bit_by_bit_counting_does)
{
    uint64_t from, to, i;
    size_t len;
    char *at;

    rand_seed(1);
    for (i = 0; i < ROUNDS / 10; i++) {
        len = rand_below(BYTES);
        at = random_bytes(len);
        random_range(len, &from, &to);
        cr_assert_eq(bitmap_count(at, from, to), naive_count(at, from, to),
                     "range %lu..%lu of %zu bytes", from, to, len);
        mem_free(at);
    }
}

Test(bitmap, finds_the_first_bit_of_any_range)
{
    uint64_t from, to, i;
    size_t len;
    char *at;
    bool bit;

    rand_seed(2);
    for (i = 0; i < ROUNDS / 10; i++) {
        len = rand_below(BYTES);
        at = random_bytes(len);
        random_range(len, &from, &to);
        bit = rand_below(2);
        cr_assert_eq(bitmap_find(at, from, to, bit), naive_find(at, from, to, bit),
                     "bit %d in %lu..%lu of %zu bytes", bit, from, to, len);
        mem_free(at);
    }
}

Test(bitmap, an_empty_range_has_no_bits_to_count_or_find)
{
    cr_expect_eq(bitmap_count("\xff", 3, 3), 0);
    cr_expect_eq(bitmap_count("\xff", 5, 2), 0);
    cr_expect_eq(bitmap_find("\xff", 8, 8, true), -1);
    cr_expect_eq(bitmap_find("", 0, 0, false), -1);
}

Test(bitmap, a_bit_outside_the_range_is_not_found_even_in_its_last_byte)
{
    cr_expect_eq(bitmap_find("\x00\x01", 0, 15, true), -1);
    cr_expect_eq(bitmap_find("\x00\x01", 0, 16, true), 15);
    cr_expect_eq(bitmap_find("\x80\x00", 1, 16, true), -1);
}

Test(bitmap, a_set_bit_is_the_only_one_that_changes)
{
    char at[8] = { 0 };
    uint64_t i;

    for (i = 0; i < 64; i++) {
        bitmap_set(at, i, true);
        cr_expect(bitmap_get(bytes_view(at, 8), i));
        cr_expect_eq(bitmap_count(at, 0, 64), 1);
        bitmap_set(at, i, false);
        cr_expect_eq(bitmap_count(at, 0, 64), 0);
    }
    cr_expect_not(bitmap_get(bytes_view("\xff", 1), 8));
    cr_expect_not(bitmap_get(bytes_view("", 0), UINT64_MAX));
}

static unsigned char
naive_combine(enum bitmap_op op, const struct bytes *in, size_t n, size_t at)
{
    unsigned char sum = at < in[0].len ? (unsigned char)in[0].at[at] : 0, byte;
    size_t k;

    for (k = 1; k < n; k++) {
        byte = at < in[k].len ? (unsigned char)in[k].at[at] : 0;
        if (op == BITMAP_AND)
            sum &= byte;
        else if (op == BITMAP_OR)
            sum |= byte;
        else
            sum ^= byte;
    }
    return op == BITMAP_NOT ? (unsigned char)~sum : sum;
}

/* Lengths around the block size too, inputs shorter and longer than the result. */
Test(bitmap, combines_inputs_of_different_lengths_as_if_padded_with_zeros)
{
    struct bytes in[5];
    enum bitmap_op op;
    size_t n, k, len, at, most;
    char *out;
    int round;

    rand_seed(3);
    for (round = 0; round < 600; round++) {
        op = (enum bitmap_op)rand_below(4);
        n = op == BITMAP_NOT ? 1 : 1 + rand_below(5);
        most = round % 10 == 0 ? 9000 : 200;
        len = rand_below(most);
        for (k = 0; k < n; k++) {
            in[k].len = rand_below(most);
            in[k].at = random_bytes(in[k].len);
        }
        out = random_bytes(len);
        bitmap_combine(op, out, len, in, n);
        for (at = 0; at < len; at++)
            cr_assert_eq((unsigned char)out[at], naive_combine(op, in, n, at),
                         "op %d, byte %zu of %zu", (int)op, at, len);
        mem_free(out);
        for (k = 0; k < n; k++)
            mem_free((char *)in[k].at);
    }
}

Test(bitmap, fields_of_any_width_read_back_what_was_written_and_spare_their_neighbours)
{
    char before[24], after[24];
    uint64_t offset, n, mask, i, bit;
    unsigned width;
    struct bytes b = { after, sizeof after };

    rand_seed(4);
    for (i = 0; i < ROUNDS; i++) {
        for (bit = 0; bit < sizeof before; bit++)
            before[bit] = (char)rand_u64();
        memcpy(after, before, sizeof after);
        width = 1 + (unsigned)rand_below(64);
        offset = rand_below(sizeof after * 8 - width + 1);
        mask = width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
        n = rand_u64();
        bitmap_write_field(after, offset, width, n);
        cr_assert_eq(bitmap_read_field(b, offset, width), n & mask);
        cr_assert_eq(naive_read(b, offset, width), n & mask);
        bitmap_write_field(after, offset, width,
                           bitmap_read_field(bytes_view(before, 24), offset, width));
        cr_assert_eq(memcmp(before, after, sizeof after), 0);
    }
}

Test(bitmap, a_field_that_reaches_beyond_the_end_continues_with_zeros)
{
    struct bytes b = B("\xff\xff\xff");
    unsigned width;
    uint64_t offset;

    for (offset = 0; offset < 40; offset++)
        for (width = 1; width <= 64; width++)
            cr_expect_eq(bitmap_read_field(b, offset, width),
                         naive_read(b, offset, width));
    cr_expect_eq(bitmap_read_field(b, (uint64_t)1 << 40, 64), 0);
}

Test(bitmap, a_signed_field_takes_its_sign_from_its_first_bit)
{
    struct bytes b = B("\x80\x00\x00\x00\x00\x00\x00\x00");

    cr_expect_eq(bitmap_read_signed(b, 0, 1), -1);
    cr_expect_eq(bitmap_read_signed(b, 0, 8), -128);
    cr_expect_eq(bitmap_read_signed(b, 1, 8), 0);
    cr_expect_eq(bitmap_read_signed(b, 0, 64), INT64_MIN);
    cr_expect_eq(bitmap_read_signed(B("\x7f"), 0, 8), 127);
}
