/* SPDX-License-Identifier: MIT
 * structs/intset.c - a sorted array of integers in the width that the widest needs.
 *
 * Why:        ids are numbers; as text in a table each would cost ten times as much.
 * How:        binary search; a number that needs more width widens the whole array
 *             once (from the back, in place).  It never narrows again.
 * Invariants: 1. Ascending, no number twice.
 *             2. The block was asked for with a size in the class of its bytes.
 * Cost:       2, 4 or 8 bytes a number; adding and removing move half of them.
 * Read next:  values/v_set.c */
#include "structs/intset.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/alloc.h"

struct intset {
    uint32_t width;             /* both in little endian */
    uint32_t count;
    unsigned char at[];
};

static inline unsigned
width_of(const struct intset *s)
{
    return le32toh(s->width);
}

size_t
intset_count(const struct intset *s)
{
    return le32toh(s->count);
}

static inline size_t
bytes_for(size_t count, unsigned width)
{
    return sizeof(struct intset) + count * width;
}

size_t
intset_bytes(const struct intset *s)
{
    return bytes_for(intset_count(s), width_of(s));
}

size_t
intset_memory(const struct intset *s)
{
    return mem_class(intset_bytes(s));
}

static unsigned
width_for(int64_t n)
{
    if (n >= INT16_MIN && n <= INT16_MAX)
        return 2;
    return n >= INT32_MIN && n <= INT32_MAX ? 4 : 8;
}

static inline int64_t
read_at(const struct intset *s, size_t at, unsigned width)
{
    const unsigned char *p = s->at + at * width;
    uint64_t n64;
    uint32_t n32;
    uint16_t n16;

    if (width == 2) {
        memcpy(&n16, p, sizeof n16);
        return (int16_t)le16toh(n16);
    }
    if (width == 4) {
        memcpy(&n32, p, sizeof n32);
        return (int32_t)le32toh(n32);
    }
    memcpy(&n64, p, sizeof n64);
    return (int64_t)le64toh(n64);
}

/* The low bytes come first, so one form serves every width. */
static inline void
write_at(struct intset *s, size_t at, unsigned width, int64_t n)
{
    uint64_t little = htole64((uint64_t)n);

    memcpy(s->at + at * width, &little, width);
}

struct intset *
intset_new(void)
{
    struct intset *s = mem_alloc(sizeof *s);

    s->width = htole32(2);
    s->count = 0;
    return s;
}

void
intset_free(struct intset *s)
{
    mem_free_sized(s, intset_bytes(s));
}

struct intset *
intset_copy(const struct intset *s)
{
    size_t bytes = intset_bytes(s);
    struct intset *copy = mem_alloc(bytes);

    memcpy(copy, s, bytes);
    return copy;
}

int64_t
intset_get(const struct intset *s, size_t at)
{
    assert(at < intset_count(s));
    return read_at(s, at, width_of(s));
}

/* The place of `n`, or where it would have to go. */
static bool
search(const struct intset *s, int64_t n, size_t *at)
{
    unsigned width = width_of(s);
    size_t low = 0, high = intset_count(s);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t here = read_at(s, middle, width);

        if (here == n) {
            *at = middle;
            return true;
        }
        if (here < n)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

bool
intset_has(const struct intset *s, int64_t n)
{
    size_t at;

    return width_for(n) <= width_of(s) && search(s, n, &at);
}

static struct intset *
resize(struct intset *s, size_t before, size_t after)
{
    return mem_class(before) == mem_class(after) ? s
                                                 : mem_realloc_sized(s, before, after);
}

/* Room for one more of the new width; what was there is rewritten from the back, so
 * that nothing is overwritten before it was read. */
static struct intset *
widen(struct intset *s, unsigned width)
{
    unsigned old = width_of(s);
    size_t count = intset_count(s);

    s = resize(s, intset_bytes(s), bytes_for(count, width));
    for (size_t i = count; i-- > 0;)
        write_at(s, i, width, read_at(s, i, old));
    s->width = htole32(width);
    return s;
}

struct intset *
intset_add(struct intset *s, int64_t n, bool *added)
{
    unsigned width = width_for(n);
    size_t count = intset_count(s), at;

    *added = false;
    if (width > width_of(s))
        s = widen(s, width);
    else
        width = width_of(s);
    if (search(s, n, &at))
        return s;
    assert(count < UINT32_MAX);
    s = resize(s, bytes_for(count, width), bytes_for(count + 1, width));
    memmove(s->at + (at + 1) * width, s->at + at * width, (count - at) * width);
    write_at(s, at, width, n);
    s->count = htole32((uint32_t)count + 1);
    *added = true;
    return s;
}

static struct intset *
remove_at(struct intset *s, size_t at)
{
    unsigned width = width_of(s);
    size_t count = intset_count(s);

    assert(at < count);
    memmove(s->at + at * width, s->at + (at + 1) * width, (count - at - 1) * width);
    s->count = htole32((uint32_t)count - 1);
    return resize(s, bytes_for(count, width), bytes_for(count - 1, width));
}

struct intset *
intset_remove(struct intset *s, int64_t n, bool *removed)
{
    size_t at;

    *removed = width_for(n) <= width_of(s) && search(s, n, &at);
    return *removed ? remove_at(s, at) : s;
}

void
intset_check(const struct intset *s)
{
    unsigned width = width_of(s);

    assert(width == 2 || width == 4 || width == 8);
    for (size_t i = 1; i < intset_count(s); i++)
        assert(read_at(s, i - 1, width) < read_at(s, i, width));
}
