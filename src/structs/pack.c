/* SPDX-License-Identifier: MIT
 * structs/pack.c - a short sequence of byte strings and numbers in one allocation.
 *
 * Why:        a hash of five short fields is not worth a table: its cost would be all
 *             pointers.  One block that is searched from the front is smaller and, up
 *             to a hundred elements or so, as fast.
 * How:        elements follow each other, each with a head that says what it is:
 *
 *   +-------+-------+------+-----+------+-----+
 *   | used  | count | head | ... | head | ... |
 *   | 4 B   | 4 B   |      |     |      |     |
 *   +-------+-------+------+-----+------+-----+
 *   0x00-0x7f   that many bytes follow
 *   0x80-0xbf   the number 0 to 63
 *   0xc1-0xc8   a number of 1 to 8 bytes follows, little endian, signed
 *   0xe2        2 bytes of length, then that many bytes
 *   0xe4        4 bytes of length, then that many bytes
 *
 *             Nothing says how long the element before is: nobody walks back.  The
 *             block is as large as its size class, so most changes are made in place.
 * Invariants: 1. The block was asked for with a size in the class of `used`.
 *             2. Each element has the shortest head that can say it, and a text that
 *                is a canonical number is a number: equal elements are equal bytes.
 * Cost:       1 byte beside each short string, 8 beside them all.
 * Left out:   walking backwards.
 * Read next:  values/v_hash_pack.c, values/v_set.c */
#include "structs/pack.h"

#include <assert.h>
#include <endian.h>

#include "base/alloc.h"
#include "base/status.h"

struct pack {
    uint32_t used;              /* bytes, this header included */
    uint32_t count;
    unsigned char at[];
};

enum {
    HEAD_LEN_MAX = 0x7f, HEAD_SMALL = 0x80, SMALL_MAX = 63,
    HEAD_NUMBER = 0xc0, HEAD_LEN16 = 0xe2, HEAD_LEN32 = 0xe4,
    NUMBER_TEXT_MAX = 20
};
#define HEADER ((uint32_t)sizeof(struct pack))

/* An element as it will lie there: its head (with the number, if it is one), then
 * `tail`. */
struct coded {
    unsigned char head[9];
    uint32_t head_len;
    struct bytes tail;
};

static unsigned
number_width(int64_t n)
{
    uint64_t magnitude = (uint64_t)(n < 0 ? ~n : n);
    unsigned bits = magnitude ? 65 - (unsigned)__builtin_clzll(magnitude) : 1;

    return (bits + 7) / 8;
}

static void
code_number(struct coded *c, int64_t n)
{
    uint64_t little = htole64((uint64_t)n);
    unsigned width;

    c->tail = B("");
    c->head_len = 1;
    if (n >= 0 && n <= SMALL_MAX) {
        c->head[0] = (unsigned char)(HEAD_SMALL + n);
        return;
    }
    width = number_width(n);
    c->head[0] = (unsigned char)(HEAD_NUMBER + width);
    memcpy(c->head + 1, &little, sizeof little);
    c->head_len = 1 + width;
}

static inline bool
looks_like_number(struct bytes b)
{
    return b.len && b.len <= NUMBER_TEXT_MAX && b.at[0] <= '9' && b.at[0] >= '-';
}

static inline void
code(struct coded *c, struct bytes b)
{
    int64_t n;

    if (looks_like_number(b) && num_parse_i64(b, &n)) {
        code_number(c, n);
        return;
    }
    c->tail = b;
    if (LIKELY(b.len <= HEAD_LEN_MAX)) {
        c->head[0] = (unsigned char)b.len;
        c->head_len = 1;
    } else if (b.len <= UINT16_MAX) {
        uint16_t len = htole16((uint16_t)b.len);

        c->head[0] = HEAD_LEN16;
        memcpy(c->head + 1, &len, sizeof len);
        c->head_len = 3;
    } else {
        uint32_t len = htole32((uint32_t)b.len);

        assert(b.len < PACK_BYTES_MAX);
        c->head[0] = HEAD_LEN32;
        memcpy(c->head + 1, &len, sizeof len);
        c->head_len = 5;
    }
}

static inline uint32_t
coded_size(const struct coded *c)
{
    return c->head_len + (uint32_t)c->tail.len;
}

static inline void
write_coded(unsigned char *to, const struct coded *c)
{
    memcpy(to, c->head, c->head_len);
    if (c->tail.len)
        memcpy(to + c->head_len, c->tail.at, c->tail.len);
}

static inline const unsigned char *
byte_at(const struct pack *p, uint32_t at)
{
    return (const unsigned char *)p + at;
}

/* Bytes of the element at `p`. */
static inline uint32_t
size_at(const unsigned char *p)
{
    uint32_t len32;
    uint16_t len16;

    if (LIKELY(*p <= HEAD_LEN_MAX))
        return 1u + *p;
    if (*p < HEAD_NUMBER)
        return 1;
    if (*p < HEAD_LEN16)
        return 1u + *p - HEAD_NUMBER;
    if (*p == HEAD_LEN16) {
        memcpy(&len16, p + 1, sizeof len16);
        return 3u + le16toh(len16);
    }
    memcpy(&len32, p + 1, sizeof len32);
    return 5u + le32toh(len32);
}

struct pack *
pack_new(void)
{
    struct pack *p = mem_alloc(sizeof *p);

    p->used = HEADER;
    p->count = 0;
    return p;
}

void
pack_free(struct pack *p)
{
    mem_free_sized(p, p->used);
}

struct pack *
pack_copy(const struct pack *p)
{
    struct pack *copy = mem_alloc(p->used);

    memcpy(copy, p, p->used);
    return copy;
}

size_t
pack_count(const struct pack *p)
{
    return p->count;
}

size_t
pack_bytes(const struct pack *p)
{
    return p->used;
}

size_t
pack_memory(const struct pack *p)
{
    return mem_class(p->used);
}

bool
pack_fits(const struct pack *p, size_t len, size_t n)
{
    return len < PACK_BYTES_MAX && n < PACK_BYTES_MAX / 16
        && p->used + len + n * 9 <= PACK_BYTES_MAX;
}

uint32_t
pack_first(const struct pack *p)
{
    return p->count ? HEADER : PACK_END;
}

uint32_t
pack_next(const struct pack *p, uint32_t at)
{
    at += size_at(byte_at(p, at));
    return at < p->used ? at : PACK_END;
}

uint32_t
pack_seek(const struct pack *p, size_t index)
{
    uint32_t at = HEADER;

    if (index >= p->count)
        return PACK_END;
    while (index--)
        at += size_at(byte_at(p, at));
    return at;
}

/* Equal elements are equal bytes, so the head alone settles nearly every case. */
uint32_t
pack_find(const struct pack *p, uint32_t at, struct bytes b, unsigned step)
{
    const unsigned char *end = byte_at(p, p->used), *q;
    struct coded c;

    if (at == PACK_END || b.len >= PACK_BYTES_MAX)
        return PACK_END;
    code(&c, b);
    for (q = byte_at(p, at); q < end;) {
        if (*q == c.head[0] && memcmp(q + 1, c.head + 1, c.head_len - 1) == 0
            && memcmp(q + c.head_len, c.tail.at, c.tail.len) == 0)
            return (uint32_t)(q - byte_at(p, 0));
        for (unsigned i = 0; i < step && q < end; i++)
            q += size_at(q);
    }
    return PACK_END;
}

/* Sign-extended from `width` bytes. */
static int64_t
read_number(const unsigned char *p, unsigned width)
{
    uint64_t raw = 0;
    unsigned unused = 64 - 8 * width;

    memcpy(&raw, p, width);
    return (int64_t)(le64toh(raw) << unused) >> unused;
}

void
pack_get(const struct pack *p, uint32_t at, struct pack_item *out)
{
    const unsigned char *q = byte_at(p, at);

    out->size = size_at(q);
    out->number = 0;
    if (LIKELY(*q <= HEAD_LEN_MAX)) {
        out->at = (const char *)q + 1;
        out->len = *q;
    } else if (*q >= HEAD_LEN16) {
        unsigned head = *q == HEAD_LEN16 ? 3 : 5;

        out->at = (const char *)q + head;
        out->len = out->size - head;
    } else {
        out->at = NULL;
        out->len = 0;
        out->number = *q < HEAD_NUMBER ? *q - HEAD_SMALL
                                       : read_number(q + 1, *q - HEAD_NUMBER);
    }
}

bool
pack_get_number(const struct pack *p, uint32_t at, int64_t *out)
{
    struct pack_item item;

    pack_get(p, at, &item);
    if (!item.at)
        *out = item.number;
    return !item.at;
}

/* Replace `old` bytes at `at` by a hole of `size`: a new block only when the size
 * class changes. */
static struct pack *
make_hole(struct pack *p, uint32_t at, uint32_t old, uint32_t size)
{
    uint32_t before = p->used, after = before - old + size, tail = before - at - old;

    assert(after <= PACK_BYTES_MAX);
    if (size < old && tail)
        memmove((char *)p + at + size, (char *)p + at + old, tail);
    if (mem_class(after) != mem_class(before))
        p = mem_realloc_sized(p, before, after);
    if (size > old && tail)
        memmove((char *)p + at + size, (char *)p + at + old, tail);
    p->used = after;
    return p;
}

struct pack *
pack_insert(struct pack *p, uint32_t at, struct bytes b)
{
    struct coded c;

    code(&c, b);
    if (at == PACK_END)
        at = p->used;
    p = make_hole(p, at, 0, coded_size(&c));
    write_coded((unsigned char *)p + at, &c);
    p->count++;
    return p;
}

struct pack *
pack_append(struct pack *p, struct bytes b)
{
    return pack_insert(p, PACK_END, b);
}

struct pack *
pack_insert_two(struct pack *p, uint32_t at, struct bytes a, struct bytes b)
{
    struct coded ca, cb;

    code(&ca, a);
    code(&cb, b);
    if (at == PACK_END)
        at = p->used;
    p = make_hole(p, at, 0, coded_size(&ca) + coded_size(&cb));
    write_coded((unsigned char *)p + at, &ca);
    write_coded((unsigned char *)p + at + coded_size(&ca), &cb);
    p->count += 2;
    return p;
}

struct pack *
pack_replace(struct pack *p, uint32_t at, struct bytes b)
{
    struct coded c;

    code(&c, b);
    p = make_hole(p, at, size_at(byte_at(p, at)), coded_size(&c));
    write_coded((unsigned char *)p + at, &c);
    return p;
}

struct pack *
pack_remove(struct pack *p, uint32_t at, size_t n)
{
    uint32_t end = at, taken = 0;

    if (at == PACK_END)
        return p;
    while (taken < n && end < p->used) {
        end += size_at(byte_at(p, end));
        taken++;
    }
    p = make_hole(p, at, end - at, 0);
    p->count -= taken;
    return p;
}

void
pack_check(const struct pack *p)
{
    uint32_t at = HEADER, n = 0;

    while (at < p->used) {
        char buf[NUM_I64_MAX_TEXT];
        struct pack_item item;
        struct coded c;

        pack_get(p, at, &item);
        code(&c, pack_item_view(&item, buf));
        assert(coded_size(&c) == item.size);
        assert(memcmp(c.head, byte_at(p, at), c.head_len) == 0);
        at += item.size;
        n++;
    }
    assert(at == p->used && n == p->count);
}
