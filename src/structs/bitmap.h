/* SPDX-License-Identifier: MIT
 * structs/bitmap.h - a run of bytes seen as bits: count, find, combine, and
 * integers of any width at any bit.
 *
 * Bit 0 is the most significant bit of byte 0.  Ranges are half open and in
 * bits unless a name says otherwise; nothing here allocates or keeps state.
 *
 *     bitmap_count("\xf0\x01", 0, 16)  == 5
 *     bitmap_find("\xf0\x01", 4, 16, 1) == 15 */
#ifndef IGNIS_STRUCTS_BITMAP_H
#define IGNIS_STRUCTS_BITMAP_H
#include <stdint.h>
#include "base/bytes.h"

/* Bits that are 1 in [from, to).  The caller keeps to <= 8 * bytes there. */
uint64_t bitmap_count(const void *at, uint64_t from, uint64_t to);

/* The first bit in [from, to) that equals `bit`; -1 when there is none. */
int64_t bitmap_find(const void *at, uint64_t from, uint64_t to, bool bit);

static inline bool
bitmap_get(struct bytes b, uint64_t offset)
{
    return offset / 8 < b.len
           && ((unsigned char)b.at[offset / 8] >> (7 - offset % 8) & 1);
}

static inline void
bitmap_set(char *at, uint64_t offset, bool bit)
{
    unsigned char mask = (unsigned char)(0x80 >> offset % 8);
    unsigned char byte = (unsigned char)at[offset / 8];

    at[offset / 8] = (char)(bit ? byte | mask : byte & ~mask);
}

enum bitmap_op { BITMAP_AND, BITMAP_OR, BITMAP_XOR, BITMAP_NOT };

/* Combine n >= 1 inputs byte by byte into `out` of `len` bytes; an input that is
 * shorter counts as followed by zeros.  BITMAP_NOT looks at in[0] alone.  `out`
 * overlaps no input.  O(n * len), in blocks that stay in the first cache. */
void bitmap_combine(enum bitmap_op op, char *out, size_t len, const struct bytes *in,
                    size_t n);

/* The `width` (1 to 64) bits from `offset` on as an unsigned number, the first
 * bit its highest; bits beyond the end are 0. */
uint64_t bitmap_read_field(struct bytes b, uint64_t offset, unsigned width);
/* The same as a two's complement number. */
int64_t bitmap_read_signed(struct bytes b, uint64_t offset, unsigned width);
/* Write the low `width` bits of `n` there; all of them must lie inside. */
void bitmap_write_field(char *at, uint64_t offset, unsigned width, uint64_t n);

#endif
