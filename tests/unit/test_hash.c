/* SPDX-License-Identifier: MIT
 * tests/unit/test_hash.c - hashes spread, depend on everything, and the SHA
 * family agrees with the standard's own examples. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/num.h"
#include "base/rand.h"

static void
start(void)
{
    hash_start(B("a fixed seed"));
}

TestSuite(hash, .init = start);

Test(hash, a_seed_decides_every_hash)
{
    uint64_t one = hash_bytes("key", 3);

    hash_start(B("another seed"));
    cr_expect_neq(hash_bytes("key", 3), one);
    hash_start(B("a fixed seed"));
    cr_expect_eq(hash_bytes("key", 3), one);
    hash_start(B(""));
    cr_expect_neq(hash_bytes("key", 3), one);
}

Test(hash, only_the_bytes_matter_not_their_place_or_neighbours)
{
    char here[500], there[501];

    memset(here, 'x', sizeof here);
    memset(there, 'y', sizeof there);
    for (size_t len = 0; len < sizeof here; len++) {
        cr_expect_eq(hash_bytes(here, len), hash_bytes(there + 1, len));
        here[len] = there[len + 1] = (char)(len * 7 + 1);
    }
}

/* Flip each bit of texts of every length up to 200: each must change about half
 * of the hash's bits (never fewer than 8 of 64: the odds are below 1e-10), and
 * over all flips every output bit must change about half of the time. */
Test(hash, every_bit_reaches_every_bit)
{
    unsigned char text[200];
    size_t flips = 0, changed[64] = { 0 };

    rand_seed(3);
    for (size_t len = 1; len <= sizeof text; len++) {
        uint64_t whole;

        for (size_t i = 0; i < len; i++)
            text[i] = (unsigned char)rand_u64();
        whole = hash_bytes(text, len);
        for (size_t bit = 0; bit < len * 8; bit++) {
            uint64_t diff;

            text[bit / 8] ^= (unsigned char)(1 << bit % 8);
            diff = whole ^ hash_bytes(text, len);
            text[bit / 8] ^= (unsigned char)(1 << bit % 8);
            cr_assert_geq(__builtin_popcountll(diff), 8, "length %zu bit %zu", len, bit);
            for (int out = 0; out < 64; out++)
                changed[out] += diff >> out & 1;
            flips++;
        }
    }
    for (int out = 0; out < 64; out++)
        cr_expect(changed[out] > flips * 49 / 100 && changed[out] < flips * 51 / 100,
                  "output bit %d flips %zu of %zu times", out, changed[out], flips);
}

static int
compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static size_t
count_collisions(uint64_t *hashes, size_t n)
{
    size_t collisions = 0;

    qsort(hashes, n, sizeof *hashes, compare_u64);
    for (size_t i = 1; i < n; i++)
        collisions += hashes[i] == hashes[i - 1];
    return collisions;
}

Test(hash, a_million_counted_keys_do_not_collide)
{
    static uint64_t hashes[1000000];
    static uint32_t buckets[1 << 12];
    size_t n = sizeof hashes / sizeof *hashes;

    for (size_t i = 0; i < n; i++) {
        char key[32];
        int len = snprintf(key, sizeof key, "key:%zu", i);

        hashes[i] = hash_bytes(key, (size_t)len);
        buckets[hashes[i] >> 52]++;
    }
    cr_expect_eq(count_collisions(hashes, n), 0);
    /* 244 a bucket on average, deviation 16: 100 to 400 is nine deviations. */
    for (size_t i = 0; i < sizeof buckets / sizeof *buckets; i++)
        cr_expect(buckets[i] > 100 && buckets[i] < 400, "bucket %zu: %u", i, buckets[i]);
}

Test(hash, runs_of_zeros_and_swapped_halves_differ)
{
    static const char zeros[300];
    static uint64_t hashes[300];
    const char a[] = "aaaaaaaabbbbbbbb", b[] = "bbbbbbbbaaaaaaaa";

    for (size_t i = 0; i < 300; i++)
        hashes[i] = hash_bytes(zeros, i);
    cr_expect_eq(count_collisions(hashes, 300), 0);
    cr_expect_neq(hash_bytes(a, 16), hash_bytes(b, 16));
}

static void
expect_sha(struct bytes in, const char *sha1, const char *sha256)
{
    unsigned char digest[32];
    char hex[65] = "";

    hash_sha1(in.at, in.len, digest);
    hash_hex(digest, 20, hex);
    cr_expect_str_eq(hex, sha1);
    hash_sha256(in.at, in.len, digest);
    hash_hex(digest, 32, hex);
    cr_expect_str_eq(hex, sha256);
}

/* The examples of FIPS 180-4, and one million times the letter a. */
Test(hash, sha_agrees_with_the_standard)
{
    static char letters[1000000];

    expect_sha(B("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d",
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_sha(B(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709",
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_sha(B("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
               "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(letters, 'a', sizeof letters);
    expect_sha(bytes_view(letters, sizeof letters),
               "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
