/* SPDX-License-Identifier: MIT
 * structs/listpack_code.h - private to listpack*.c: how one element is written.
 *
 *   0xxxxxxx                      0 to 127
 *   10xxxxxx  text                its length in 6 bits
 *   110xxxxx  1 byte              -4096 to 4095
 *   1110xxxx  1 byte  text        length in 12 bits
 *   0xf0      4 bytes text        length
 *   0xf1 f2 f3 f4                 2, 3, 4, 8 bytes of integer
 *   0xff                          end
 *
 * and after each element its length once more, in groups of 7 bits that are read from
 * the right, for walking backwards. */
#ifndef IGNIS_STRUCTS_LISTPACK_CODE_H
#define IGNIS_STRUCTS_LISTPACK_CODE_H
#include "structs/listpack.h"

#define LISTPACK_HEAD_MAX 9

/* All of a number, or what comes before a text; returns its bytes. */
unsigned listpack_put_head(uint8_t out[LISTPACK_HEAD_MAX], struct listpack_item item);
void listpack_put_back(uint8_t *out, uint64_t len);

/* The odd bounds are part of the format. */
static inline unsigned
listpack_back_width(uint64_t len)
{
    if (LIKELY(len <= 127))
        return 1;
    return len < 16383 ? 2 : len < 2097151 ? 3 : len < 268435455 ? 4 : 5;
}

/* Header and text of the element at `at`, without its back length. */
static inline uint64_t
listpack_body_len(const uint8_t *at)
{
    uint8_t b = *at;
    uint32_t len;

    if (b < 0x80)
        return 1;
    if (b < 0xc0)
        return 1 + (b & 0x3f);
    if (b < 0xe0)
        return 2;
    if (b < 0xf0)
        return 2 + ((b & 0x0fu) << 8 | at[1]);
    if (b == 0xf0) {
        memcpy(&len, at + 1, sizeof len);
        return 5 + (uint64_t)len;
    }
    return b == 0xf4 ? 9 : b - 0xf1 + 3u;
}

static inline const uint8_t *
listpack_skip(const uint8_t *at)
{
    uint64_t len = listpack_body_len(at);

    return at + len + listpack_back_width(len);
}

#endif
