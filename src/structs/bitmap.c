/* SPDX-License-Identifier: MIT
 * structs/bitmap.c - a run of bytes seen as bits.
 *
 * Why:       a bitmap command may cross half a gigabyte while everybody waits, so
 *            the loops run at the speed of memory; the edges are where bugs live.
 * How:       each function cuts its range into a ragged head, whole words, and a
 *            ragged tail.  Bytes are read through memcpy, which compiles to a plain
 *            load and has no alignment to get wrong.
 *
 *                from          whole 8-byte words            to
 *                 |   +--------+--------+--------+--------+   |
 *              ...xxxx|        |        |        |        |xxx...
 *                 head                                    tail
 *
 * Cost:      counting with the popcnt instruction 8 bytes a cycle (chosen at run
 *            time: the build must also run where it is missing), otherwise 8 bytes
 *            in about 12 operations.
 * Left out:  AVX2 counting (Mula, Kurz, Lemire 2016) would be faster only while
 *            the data is in the second-level cache.
 * Read next: commands/c_bitmap.c, commands/c_bitfield.c */
#include "structs/bitmap.h"

#include <assert.h>

#define BLOCK 4096

static inline uint64_t
load_word(const unsigned char *at)
{
    uint64_t w;

    memcpy(&w, at, sizeof w);
    return w;
}

/* The bits of a word added pairwise, then by nibbles, then by bytes. */
static inline unsigned
word_count(uint64_t w)
{
    w -= w >> 1 & 0x5555555555555555u;
    w = (w & 0x3333333333333333u) + (w >> 2 & 0x3333333333333333u);
    w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)(w * 0x0101010101010101u >> 56);
}

static uint64_t
count_words_portable(const unsigned char *at, size_t words)
{
    uint64_t sum = 0;

    for (; words > 0; words--, at += 8)
        sum += word_count(load_word(at));
    return sum;
}

#if defined(__x86_64__)
/* Four sums, because one would make each addition wait for the last. */
__attribute__((target("popcnt"))) static uint64_t
count_words_popcnt(const unsigned char *at, size_t words)
{
    uint64_t a = 0, b = 0, c = 0, d = 0;

    for (; words >= 4; words -= 4, at += 32) {
        a += (uint64_t)__builtin_popcountll(load_word(at));
        b += (uint64_t)__builtin_popcountll(load_word(at + 8));
        c += (uint64_t)__builtin_popcountll(load_word(at + 16));
        d += (uint64_t)__builtin_popcountll(load_word(at + 24));
    }
    for (; words > 0; words--, at += 8)
        a += (uint64_t)__builtin_popcountll(load_word(at));
    return a + b + c + d;
}
#endif

static uint64_t
count_bytes(const unsigned char *at, size_t len)
{
    size_t words = len / 8;
    uint64_t sum, last = 0;

#if defined(__x86_64__)
    sum = __builtin_cpu_supports("popcnt") ? count_words_popcnt(at, words)
                                           : count_words_portable(at, words);
#else
    sum = count_words_portable(at, words);
#endif
    memcpy(&last, at + words * 8, len % 8);
    return sum + word_count(last);
}

/* Bits [from, to) of one byte, 0 <= from <= to <= 8, as a mask. */
static inline unsigned char
byte_mask(unsigned from, unsigned to)
{
    return (unsigned char)((0xffu >> from) & ~(0xffu >> to));
}

uint64_t
bitmap_count(const void *at, uint64_t from, uint64_t to)
{
    const unsigned char *p = at;
    size_t first = from / 8, last = to / 8;
    uint64_t sum = 0;

    if (from >= to)
        return 0;
    if (first == last)
        return word_count(p[first] & byte_mask(from % 8, to % 8));
    if (from % 8)
        sum += word_count(p[first++] & byte_mask(from % 8, 8));
    if (to % 8)
        sum += word_count(p[last] & byte_mask(0, to % 8));
    return sum + count_bytes(p + first, last - first);
}

/* The first byte in [i, end) that is not `skip`, or end. */
static size_t
skip_bytes(const unsigned char *p, size_t i, size_t end, unsigned char skip)
{
    uint64_t word = skip * 0x0101010101010101u;

    while (end - i >= 32
           && ((load_word(p + i) ^ word) | (load_word(p + i + 8) ^ word)
               | (load_word(p + i + 16) ^ word) | (load_word(p + i + 24) ^ word)) == 0)
        i += 32;
    while (i < end && p[i] == skip)
        i++;
    return i;
}

int64_t
bitmap_find(const void *at, uint64_t from, uint64_t to, bool bit)
{
    const unsigned char *p = at;
    const unsigned char flip = bit ? 0 : 0xff;
    uint64_t place;
    size_t i, end;
    unsigned found;

    if (from >= to)
        return -1;
    i = from / 8;
    end = (to + 7) / 8;
    found = (p[i] ^ flip) & (0xffu >> from % 8);
    if (!found) {
        i = skip_bytes(p, i + 1, end, flip);
        if (i == end)
            return -1;
        found = p[i] ^ flip;
    }
    place = (uint64_t)i * 8 + (unsigned)__builtin_clz(found) - 24;
    return place < to ? (int64_t)place : -1;
}

/* 32 bytes at once, in whatever registers the machine has for that. */
typedef uint64_t lane __attribute__((vector_size(32), aligned(1), may_alias));

/* Combine `len` bytes of `in` into `out`; a block's inner loop. */
static void
merge(enum bitmap_op op, char *out, const char *in, size_t len)
{
    size_t i = 0;

#define EACH(OP) \
    do { \
        for (; i + sizeof(lane) <= len; i += sizeof(lane)) \
            *(lane *)(out + i) OP *(const lane *)(in + i); \
        for (; i < len; i++) \
            out[i] OP in[i]; \
    } while (0)
    if (op == BITMAP_AND)
        EACH(&=);
    else if (op == BITMAP_OR)
        EACH(|=);
    else
        EACH(^=);
#undef EACH
}

static void
invert(char *out, size_t len)
{
    size_t i = 0;

    for (; i + sizeof(lane) <= len; i += sizeof(lane))
        *(lane *)(out + i) = ~*(lane *)(out + i);
    for (; i < len; i++)
        out[i] = (char)~out[i];
}

/* How much of block [at, at + len) an input of `total` bytes covers. */
static size_t
covered(size_t total, size_t at, size_t len)
{
    if (total <= at)
        return 0;
    return total - at < len ? total - at : len;
}

void
bitmap_combine(enum bitmap_op op, char *out, size_t len, const struct bytes *in, size_t n)
{
    size_t at, size, part, k;

    assert(n >= 1);
    for (at = 0; at < len; at += size) {
        size = len - at < BLOCK ? len - at : BLOCK;
        part = covered(in[0].len, at, size);
        if (part > 0)
            memcpy(out + at, in[0].at + at, part);
        memset(out + at + part, 0, size - part);
        if (op == BITMAP_NOT) {
            invert(out + at, size);
            continue;
        }
        for (k = 1; k < n; k++) {
            part = covered(in[k].len, at, size);
            if (part > 0)
                merge(op, out + at, in[k].at + at, part);
            if (op == BITMAP_AND)
                memset(out + at + part, 0, size - part);
        }
    }
}

/* A field of up to 64 bits touches at most 9 bytes: they are read into a number
 * of 72 bits, of which the field is a part. */
uint64_t
bitmap_read_field(struct bytes b, uint64_t offset, unsigned width)
{
    unsigned head = offset % 8, total = (head + width + 7) / 8;
    uint64_t first = offset / 8, i;
    unsigned __int128 n = 0;

    assert(width >= 1 && width <= 64);
    for (i = first; i < first + total; i++)
        n = n << 8 | (i < b.len ? (unsigned char)b.at[i] : 0);
    n >>= total * 8 - head - width;
    return width == 64 ? (uint64_t)n : (uint64_t)n & (((uint64_t)1 << width) - 1);
}

int64_t
bitmap_read_signed(struct bytes b, uint64_t offset, unsigned width)
{
    uint64_t n = bitmap_read_field(b, offset, width);

    return (int64_t)(n << (64 - width)) >> (64 - width);
}

void
bitmap_write_field(char *at, uint64_t offset, unsigned width, uint64_t n)
{
    unsigned head = offset % 8, total = (head + width + 7) / 8;
    unsigned tail = total * 8 - head - width;
    unsigned __int128 keep, mask, bits = 0;
    unsigned char *p = (unsigned char *)at + offset / 8;
    unsigned i;

    assert(width >= 1 && width <= 64);
    mask = (((unsigned __int128)1 << width) - 1) << tail;
    for (i = 0; i < total; i++)
        bits = bits << 8 | p[i];
    keep = bits & ~mask;
    bits = keep | ((unsigned __int128)n << tail & mask);
    for (i = total; i > 0; i--, bits >>= 8)
        p[i - 1] = (unsigned char)bits;
}
