/* SPDX-License-Identifier: MIT
 * structs/listpack_code.c - the elements of a listpack: write, read, check.
 *
 * How:       the drawing is in listpack_code.h. Numbers are stored as numbers in the
 *            shortest form; bytes from outside may do it otherwise.
 * Read next: structs/listpack.c */
#include "structs/listpack_code.h"

#include <assert.h>

#include "base/num.h"

struct listpack_item
listpack_item_of(struct bytes b)
{
    struct listpack_item item = { .text = b };

    if (b.len == 0)
        item.text.at = "";
    else if (b.len <= 20 && b.at[0] <= '9' && num_parse_i64(b, &item.number))
        item.text.at = NULL;
    return item;
}

struct bytes
listpack_item_text(struct listpack_item item, char *buf)
{
    return item.text.at ? item.text : bytes_view(buf, num_format_i64(buf, item.number));
}

bool
listpack_item_equal(struct listpack_item a, struct listpack_item b)
{
    char buf[NUM_I64_MAX_TEXT];

    if (LIKELY(!a.text.at == !b.text.at))
        return a.text.at ? bytes_equal(a.text, b.text) : a.number == b.number;
    /* a pack from elsewhere may hold a number as text */
    return a.text.at ? bytes_equal(a.text, listpack_item_text(b, buf))
                     : bytes_equal(listpack_item_text(a, buf), b.text);
}

static unsigned
put_integer(uint8_t *out, uint8_t kind, int64_t n, unsigned width)
{
    out[0] = kind;
    memcpy(out + 1, &n, width);         /* little-endian, as every machine we run on */
    return 1 + width;
}

unsigned
listpack_put_head(uint8_t out[LISTPACK_HEAD_MAX], struct listpack_item item)
{
    int64_t n = item.number;
    size_t len = item.text.len;

    if (item.text.at) {
        if (len < 64) {
            out[0] = (uint8_t)(0x80 | len);
            return 1;
        }
        if (len < 4096) {
            out[0] = (uint8_t)(0xe0 | len >> 8);
            out[1] = (uint8_t)len;
            return 2;
        }
        assert(len < UINT32_MAX);
        return put_integer(out, 0xf0, (int64_t)len, 4);
    }
    if (n >= 0 && n <= 127) {
        out[0] = (uint8_t)n;
        return 1;
    }
    if (n >= -4096 && n <= 4095) {
        out[0] = (uint8_t)(0xc0 | (n >> 8 & 0x1f));
        out[1] = (uint8_t)n;
        return 2;
    }
    if (n >= INT16_MIN && n <= INT16_MAX)
        return put_integer(out, 0xf1, n, 2);
    if (n >= -(1 << 23) && n < 1 << 23)
        return put_integer(out, 0xf2, n, 3);
    if (n >= INT32_MIN && n <= INT32_MAX)
        return put_integer(out, 0xf3, n, 4);
    return put_integer(out, 0xf4, n, 8);
}

void
listpack_put_back(uint8_t *out, uint64_t len)
{
    unsigned width = listpack_back_width(len);

    for (unsigned i = width; i-- > 0; len >>= 7)
        out[i] = (uint8_t)((len & 127) | (i > 0 ? 128 : 0));
}

static int64_t
get_integer(const uint8_t *at, unsigned width)
{
    uint64_t n = 0;
    unsigned spare = 64 - 8 * width;

    memcpy(&n, at, width);
    return (int64_t)(n << spare) >> spare;
}

const uint8_t *
listpack_read(const uint8_t *at, struct listpack_item *out)
{
    uint8_t b = *at;
    uint64_t len = listpack_body_len(at);

    if (LIKELY(b >= 0x80 && b < 0xc0)) {
        out->text = bytes_view(at + 1, b & 0x3f);
        return at + len + 1;
    }
    out->text = bytes_view(NULL, 0);
    if (b < 0x80)
        out->number = b;
    else if (b < 0xe0)
        out->number = (int64_t)((uint64_t)((b & 0x1fu) << 8 | at[1]) << 51) >> 51;
    else if (b < 0xf0)
        out->text = bytes_view(at + 2, len - 2);
    else if (b == 0xf0)
        out->text = bytes_view(at + 5, len - 5);
    else
        out->number = get_integer(at + 1, (unsigned)len - 1);
    return at + len + listpack_back_width(len);
}

/* --- bytes from outside --- */

/* The element at `at`, of which `left` bytes are there, back length included; 0: it
 * is malformed or does not fit. */
static uint64_t
checked_len(const uint8_t *at, uint64_t left)
{
    uint8_t b = *at, back[5];
    uint64_t need = b < 0xc0 ? 1 : b < 0xf0 ? 2 : b == 0xf0 ? 5 : 1, len, width;

    if (b > 0xf4 || need > left)
        return 0;
    len = listpack_body_len(at);
    width = listpack_back_width(len);
    if (len + width > left)
        return 0;
    listpack_put_back(back, len);
    return memcmp(back, at + len, width) == 0 ? len + width : 0;
}

bool
listpack_is_valid(struct bytes b, size_t *count)
{
    const uint8_t *p = (const uint8_t *)b.at, *end = p + b.len - 1;
    uint32_t bytes;
    uint16_t stored;
    uint64_t len;
    size_t n = 0;

    if (b.len < LISTPACK_EMPTY || b.len >= UINT32_MAX / 2 || *end != LISTPACK_END)
        return false;
    memcpy(&bytes, p, sizeof bytes);
    memcpy(&stored, p + 4, sizeof stored);
    if (bytes != b.len)
        return false;
    for (p += LISTPACK_HEADER; p < end; p += len, n++) {
        len = checked_len(p, (uint64_t)(end - p));
        if (len == 0)
            return false;
    }
    *count = n;
    return stored == LISTPACK_COUNT_UNKNOWN || stored == n;
}
