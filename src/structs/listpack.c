/* SPDX-License-Identifier: MIT
 * structs/listpack.c - a list of strings and integers in one piece of memory.
 *
 * Why:        a short list costs two bytes an element here, and a pointer or three in
 *             anything that is linked.
 * How:        the format is Redis's, byte for byte (listpack_code.h).
 *             The block around it is ours: what a removal frees at either side stays as
 *             room there, a change moves the shorter side, a full block is replaced by
 *             one of the next size class with its room where it is needed.
 *
 *               | gap |       pack       | room left |
 *
 * Invariants: 1. gap + bytes <= room; the block is of the size class of its room.
 *             2. what was put in by us is in the shortest form.
 * Cost:       both ends O(1); elsewhere a move of the shorter side.
 * Read next:  structs/listpack_code.c, values/list_chain.c */
#include "structs/listpack_code.h"

#include <assert.h>

#include "base/alloc.h"

/* Rather slide the pack inside its block than grow when this part of it is free. */
#define SLIDE_PART 8
/* Blocks with less than this part in use are replaced by smaller ones. */
#define USED_PART 4
#define SMALL_ROOM 64

/* --- the block --- */

static struct listpack *
block_new(uint64_t bytes)
{
    struct listpack *lp;
    size_t size = mem_class(sizeof *lp + bytes);

    assert(bytes < UINT32_MAX / 2);
    lp = mem_alloc(size);
    lp->room = (uint32_t)(size - sizeof *lp);
    lp->gap = 0;
    return lp;
}

static inline uint8_t *
start_of(struct listpack *lp)
{
    return lp->data + lp->gap;
}

static inline void
set_bytes(struct listpack *lp, uint32_t n)
{
    memcpy(start_of(lp), &n, sizeof n);
}

static inline unsigned
stored_count(const struct listpack *lp)
{
    uint16_t n;

    memcpy(&n, listpack_start(lp) + 4, sizeof n);
    return n;
}

static inline void
set_count(struct listpack *lp, size_t count)
{
    uint16_t n = LISTPACK_COUNT_UNKNOWN;

    if (count < n)
        n = (uint16_t)count;
    memcpy(start_of(lp) + 4, &n, sizeof n);
}

static inline void
add_count(struct listpack *lp, int64_t n)
{
    if (LIKELY(stored_count(lp) != LISTPACK_COUNT_UNKNOWN))
        set_count(lp, (size_t)(stored_count(lp) + n));
}

struct listpack *
listpack_new(void)
{
    return listpack_new_for(0);
}

struct listpack *
listpack_new_for(size_t bytes)
{
    struct listpack *lp = block_new(LISTPACK_EMPTY + bytes);

    set_bytes(lp, LISTPACK_EMPTY);
    set_count(lp, 0);
    start_of(lp)[LISTPACK_HEADER] = LISTPACK_END;
    return lp;
}

void
listpack_free(struct listpack *lp)
{
    if (lp)
        mem_free_sized(lp, sizeof *lp + lp->room);
}

struct listpack *
listpack_blank(size_t bytes)
{
    return block_new(bytes);
}

struct listpack *
listpack_copy(const struct listpack *lp)
{
    struct bytes b = listpack_view(lp);
    struct listpack *copy = block_new(b.len);

    memcpy(copy->data, b.at, b.len);
    return copy;
}

size_t
listpack_memory(const struct listpack *lp)
{
    return sizeof *lp + lp->room;
}

void
listpack_fit(struct listpack **plp)
{
    struct listpack *lp = *plp;
    uint32_t bytes = listpack_bytes(lp);

    if (mem_class(sizeof *lp + bytes) == sizeof *lp + lp->room)
        return;
    *plp = listpack_copy(lp);
    listpack_free(lp);
}

/* Into a larger block, `in` bytes for `out` at `at`; the room left goes to the side
 * that is growing. */
static void
grow(struct listpack **plp, uint32_t at, uint32_t out, uint32_t in)
{
    struct listpack *old = *plp, *lp;
    uint32_t bytes = listpack_bytes(old), after = bytes - at - out;
    uint64_t total = (uint64_t)bytes - out + in;

    lp = block_new(total);
    lp->gap = at < after ? lp->room - (uint32_t)total : 0;
    memcpy(start_of(lp), start_of(old), at);
    memcpy(start_of(lp) + at + in, start_of(old) + at + out, after);
    listpack_free(old);
    *plp = lp;
}

/* Move the pack inside its block, all room to one side. */
static void
slide(struct listpack *lp, bool room_before)
{
    uint32_t bytes = listpack_bytes(lp), gap = room_before ? lp->room - bytes : 0;

    memmove(lp->data + gap, start_of(lp), bytes);
    lp->gap = gap;
}

/* Have `in` bytes where `out` bytes are, `at` bytes from the start; the new ones are
 * not set.  Returns where they are. */
static uint8_t *
reshape(struct listpack **plp, uint32_t at, uint32_t out, uint32_t in)
{
    struct listpack *lp = *plp;
    uint32_t bytes = listpack_bytes(lp), after = bytes - at - out;
    uint32_t more = in > out ? in - out : 0, less = out > in ? out - in : 0;
    uint32_t back = lp->room - lp->gap - bytes;
    uint8_t *start;
    bool front = at < after;

    if (more > (front ? lp->gap : back)) {
        if (more <= (front ? back : lp->gap)) {
            front = !front;
        } else if ((uint64_t)lp->gap + back >= (uint64_t)more + bytes / SLIDE_PART) {
            slide(lp, front);
        } else {
            grow(plp, at, out, in);
            set_bytes(*plp, bytes + more);
            return start_of(*plp) + at;
        }
    }
    start = start_of(lp);
    if (front) {
        lp->gap = lp->gap + less - more;
        if (LIKELY(at == LISTPACK_HEADER))      /* of known size: no call */
            memmove(start_of(lp), start, LISTPACK_HEADER);
        else
            memmove(start_of(lp), start, at);
    } else if (LIKELY(after == 1)) {
        start[at + in] = LISTPACK_END;
    } else if (more != less) {
        memmove(start + at + in, start + at + out, after);
    }
    set_bytes(lp, bytes + more - less);
    return start_of(lp) + at;
}

static void
shrink(struct listpack **plp)
{
    struct listpack *lp = *plp;

    if (UNLIKELY(lp->room > SMALL_ROOM && listpack_bytes(lp) < lp->room / USED_PART))
        listpack_fit(plp);
}

/* --- places --- */

static inline const uint8_t *
end_of(const struct listpack *lp)
{
    return listpack_start(lp) + listpack_bytes(lp) - 1;
}

static inline const uint8_t *
place(const uint8_t *at)
{
    return *at == LISTPACK_END ? NULL : at;
}

static inline const uint8_t *
before(const uint8_t *at)
{
    const uint8_t *p = at;
    uint64_t len = 0;
    unsigned shift = 0;

    do {
        p--;
        len |= (uint64_t)(*p & 127) << shift;
        shift += 7;
    } while (*p & 128);
    return p - len;
}

size_t
listpack_count(const struct listpack *lp)
{
    const uint8_t *p = listpack_start(lp) + LISTPACK_HEADER;
    size_t n = stored_count(lp);

    if (LIKELY(n != LISTPACK_COUNT_UNKNOWN))
        return n;
    for (n = 0; *p != LISTPACK_END; p = listpack_skip(p))
        n++;
    return n;
}

const uint8_t *
listpack_first(const struct listpack *lp)
{
    return place(listpack_start(lp) + LISTPACK_HEADER);
}

const uint8_t *
listpack_last(const struct listpack *lp)
{
    return listpack_is_empty(lp) ? NULL : before(end_of(lp));
}

const uint8_t *
listpack_next(const uint8_t *at)
{
    return place(listpack_skip(at));
}

const uint8_t *
listpack_prev(const struct listpack *lp, const uint8_t *at)
{
    return at == listpack_start(lp) + LISTPACK_HEADER ? NULL : before(at);
}

const uint8_t *
listpack_seek(const struct listpack *lp, int64_t i)
{
    const uint8_t *p;
    int64_t count = (int64_t)listpack_count(lp);

    if (i < 0)
        i += count;
    if (i < 0 || i >= count)
        return NULL;
    if (i <= count / 2) {
        for (p = listpack_start(lp) + LISTPACK_HEADER; i > 0; i--)
            p = listpack_skip(p);
        return p;
    }
    for (p = end_of(lp); i < count; i++)
        p = before(p);
    return p;
}

const uint8_t *
listpack_find(const uint8_t *at, struct listpack_item wanted)
{
    struct listpack_item item;
    const uint8_t *next;

    for (; at && *at != LISTPACK_END; at = next) {
        next = listpack_read(at, &item);
        if (listpack_item_equal(item, wanted))
            return at;
    }
    return NULL;
}

/* --- changes --- */

static inline uint32_t
offset(const struct listpack *lp, const uint8_t *at)
{
    return (uint32_t)(at - listpack_start(lp));
}

/* Write the element over the `out` bytes at `at`. */
static const uint8_t *
put(struct listpack **lp, uint32_t at, uint32_t out, struct listpack_item item)
{
    uint8_t header[LISTPACK_HEAD_MAX], *p;
    unsigned head = listpack_put_head(header, item);
    uint64_t len = head + (item.text.at ? item.text.len : 0);

    assert(len < UINT32_MAX / 4);
    p = reshape(lp, at, out, (uint32_t)len + listpack_back_width(len));
    memcpy(p, header, head);
    if (item.text.at)
        memcpy(p + head, item.text.at, item.text.len);
    if (LIKELY(len <= 127))
        p[len] = (uint8_t)len;
    else
        listpack_put_back(p + len, len);
    return p;
}

const uint8_t *
listpack_insert(struct listpack **lp, const uint8_t *before_it, struct listpack_item item)
{
    const uint8_t *p = put(lp, before_it ? offset(*lp, before_it)
                                         : listpack_bytes(*lp) - 1, 0, item);

    add_count(*lp, 1);
    return p;
}

void
listpack_prepend(struct listpack **lp, struct listpack_item item)
{
    put(lp, LISTPACK_HEADER, 0, item);
    add_count(*lp, 1);
}

const uint8_t *
listpack_replace(struct listpack **lp, const uint8_t *at, struct listpack_item item)
{
    return put(lp, offset(*lp, at), (uint32_t)(listpack_skip(at) - at), item);
}

const uint8_t *
listpack_delete(struct listpack **lp, const uint8_t *at, size_t n)
{
    const uint8_t *p = at;
    uint32_t from = offset(*lp, at);
    size_t gone;

    for (gone = 0; gone < n && *p != LISTPACK_END; gone++)
        p = listpack_skip(p);
    reshape(lp, from, (uint32_t)(p - at), 0);
    add_count(*lp, -(int64_t)gone);
    shrink(lp);
    return place(listpack_start(*lp) + from);
}

struct listpack *
listpack_split(struct listpack **plp, const uint8_t *at)
{
    struct listpack *lp = *plp, *rest;
    uint32_t from = offset(lp, at), len = listpack_bytes(lp) - 1 - from;
    size_t all = listpack_count(lp), moved = 0;
    const uint8_t *p;

    for (p = at; *p != LISTPACK_END; p = listpack_skip(p))
        moved++;
    rest = block_new(LISTPACK_EMPTY + (uint64_t)len);
    memcpy(rest->data + LISTPACK_HEADER, at, len + 1);
    set_bytes(rest, LISTPACK_EMPTY + len);
    set_count(rest, moved);
    start_of(lp)[from] = LISTPACK_END;
    set_bytes(lp, from + 1);
    set_count(lp, all - moved);
    listpack_fit(plp);
    return rest;
}

void
listpack_join(struct listpack **plp, struct listpack *from)
{
    uint32_t len = listpack_bytes(from) - LISTPACK_EMPTY;
    size_t count = listpack_count(*plp) + listpack_count(from);
    uint8_t *p = reshape(plp, listpack_bytes(*plp) - 1, 0, len);

    memcpy(p, listpack_start(from) + LISTPACK_HEADER, len);
    set_count(*plp, count);
    listpack_free(from);
}
