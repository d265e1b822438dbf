/* SPDX-License-Identifier: MIT
 * tests/unit/test_blob.c - blobs hold, grow, shrink and are shared. */
#include <criterion/criterion.h>
#include <stdint.h>
#include "base/alloc.h"
#include "base/blob.h"
#include "base/rand.h"

Test(blob, holds_a_copy_and_gives_everything_back)
{
    size_t before = mem_used();
    struct blob *blob = blob_copy(B("some\0bytes"));

    cr_expect(bytes_equal(blob_view(blob), B("some\0bytes")));
    cr_expect_eq(blob->refs, 1);
    cr_expect_geq(blob->room, blob->len);
    cr_expect_eq(mem_used() - before, mem_size_of(blob));
    cr_expect_eq(blob_memory(blob), mem_size_of(blob));
    blob_release(blob);
    cr_expect_eq(mem_used(), before);
    blob_release(NULL);
}

Test(blob, dies_with_its_last_reference)
{
    size_t before = mem_used();
    struct blob *blob = blob_copy(B("shared")), *second = blob_share(blob);

    cr_expect_eq(second, blob);
    blob_release(blob);
    cr_expect(bytes_equal(blob_view(second), B("shared")));
    blob_release(second);
    cr_expect_eq(mem_used(), before);
}

Test(blob, keeps_its_bytes_through_growing)
{
    struct blob *blob = blob_copy(B("0123456789"));

    blob = blob_grow(blob, 100000, false);
    cr_expect_geq(blob->room, 100000);
    cr_expect(bytes_equal(blob_view(blob), B("0123456789")));
    cr_expect_eq(blob_grow(blob, 5, true), blob);
    blob_release(blob);
}

Test(blob, greedy_growth_moves_rarely_and_wastes_a_megabyte_at_most)
{
    struct blob *blob = blob_copy(B(""));
    size_t moves = 0;

    for (size_t len = 1; len < 8 << 20; len++) {
        size_t room = blob->room;

        blob = blob_grow(blob, len, true);
        blob->len = len;
        blob->at[len - 1] = (char)len;
        moves += blob->room != room;
    }
    cr_expect_lt(moves, 40);
    blob = blob_grow(blob, blob->room + 1, true);
    cr_expect_leq(blob->room, (size_t)12 << 20);
    for (size_t i = 0; i < blob->len; i++)
        cr_assert_eq(blob->at[i], (char)(i + 1));
    blob_release(blob);
}

Test(blob, refuses_a_size_beyond_all_memory)
{
    cr_expect_null(blob_try_new(0, SIZE_MAX));
    cr_expect_null(blob_try_new(SIZE_MAX - 8, 0));
    cr_expect_null(blob_try_new((size_t)PTRDIFF_MAX, 0));
}

Test(blob, new_ones_have_the_length_and_room_asked_for)
{
    rand_seed(8);
    for (int i = 0; i < 1000; i++) {
        size_t len = rand_below(10000), room = rand_below(10000);
        struct blob *blob = blob_try_new(len, room);

        cr_assert_not_null(blob);
        cr_assert_eq(blob->len, len);
        cr_assert_geq(blob->room, room > len ? room : len);
        memset(blob->at, 'x', blob->room);
        blob_release(blob);
    }
}

/* A length that a client chose must not end the process. */
Test(blob, growth_without_memory_changes_nothing)
{
    struct blob *blob = blob_copy(B("abc"));
    size_t room = blob->room;

    cr_expect_null(blob_grow(blob, SIZE_MAX / 4, false));
    cr_expect_null(blob_grow(blob, SIZE_MAX - 1, true));
    cr_expect_null(blob_grow(blob, (size_t)1 << 60, true));
    cr_expect_eq(blob->room, room);
    cr_expect(bytes_equal(blob_view(blob), B("abc")));
    blob_release(blob);
}
