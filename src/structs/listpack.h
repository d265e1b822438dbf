/* SPDX-License-Identifier: MIT
 * structs/listpack.h - a list of strings and integers in one piece of memory, in
 * Redis's listpack format, so that a snapshot can write it as it is.
 *
 *   +-------------+---------+---------+-----+---------+------+
 *   | total bytes | count   | element | ... | element | 0xff |
 *   | u32 LE      | u16 LE  |         |     |         |      |
 *   +-------------+---------+---------+-----+---------+------+
 *   element: header (with the number, when it is one), text, back length
 *
 * The pack lies in a block with room before and after it (see listpack.c), so that
 * both ends grow and shrink without moving what is between.
 *
 * A place is a pointer to an element; NULL is "none".  Every change makes all places
 * of the pack invalid, but for the one it returns. */
#ifndef IGNIS_STRUCTS_LISTPACK_H
#define IGNIS_STRUCTS_LISTPACK_H
#include <stdint.h>
#include "base/bytes.h"
#include "base/status.h"

#define LISTPACK_HEADER 6
#define LISTPACK_END 0xff
#define LISTPACK_EMPTY (LISTPACK_HEADER + 1)    /* bytes of a pack of nothing */
#define LISTPACK_COUNT_UNKNOWN 65535

struct listpack {
    uint32_t room;              /* bytes of data[] */
    uint32_t gap;               /* of them unused, before the pack */
    uint8_t data[];
};

/* One element in hand.  text.at NULL: it is `number`. */
struct listpack_item {
    struct bytes text;
    int64_t number;
};

/* These bytes as an element: a number when they are one's canonical text. */
struct listpack_item listpack_item_of(struct bytes b);
/* As bytes; a number is written into `buf` (21 bytes, NUM_I64_MAX_TEXT). */
struct bytes listpack_item_text(struct listpack_item item, char *buf);
bool listpack_item_equal(struct listpack_item a, struct listpack_item b);

/* Empty. */
struct listpack *listpack_new(void);
/* With room for so many bytes of elements. */
struct listpack *listpack_new_for(size_t bytes);
void listpack_free(struct listpack *lp);
/* A copy with no room to spare. */
struct listpack *listpack_copy(const struct listpack *lp);
/* A pack of `bytes` bytes, which the caller has yet to write to listpack_start. */
struct listpack *listpack_blank(size_t bytes);
/* Bytes the block takes. */
size_t listpack_memory(const struct listpack *lp);
/* Give unused room back. */
void listpack_fit(struct listpack **lp);

static inline const uint8_t *
listpack_start(const struct listpack *lp)
{
    return lp->data + lp->gap;
}

/* Bytes in the format drawn above. */
static inline uint32_t
listpack_bytes(const struct listpack *lp)
{
    uint32_t n;

    memcpy(&n, listpack_start(lp), sizeof n);
    return n;
}

static inline struct bytes
listpack_view(const struct listpack *lp)
{
    return bytes_view(listpack_start(lp), listpack_bytes(lp));
}

/* O(1) below 65535 elements. */
size_t listpack_count(const struct listpack *lp);
static inline bool
listpack_is_empty(const struct listpack *lp)
{
    return listpack_bytes(lp) == LISTPACK_EMPTY;
}

/* --- places --- */
const uint8_t *listpack_first(const struct listpack *lp);
const uint8_t *listpack_last(const struct listpack *lp);
const uint8_t *listpack_next(const uint8_t *at);
const uint8_t *listpack_prev(const struct listpack *lp, const uint8_t *at);
/* The i-th from the head (0 on), or from the tail (-1 on); NULL: there is none. */
const uint8_t *listpack_seek(const struct listpack *lp, int64_t i);
/* The element at a place, as a view into the pack; returns where the next one
 * starts, which is LISTPACK_END's place after the last. */
const uint8_t *listpack_read(const uint8_t *at, struct listpack_item *out);
static inline struct listpack_item
listpack_get(const uint8_t *at)
{
    struct listpack_item item;

    listpack_read(at, &item);
    return item;
}
/* The first place from `at` on whose element equals; NULL: none. */
const uint8_t *listpack_find(const uint8_t *at, struct listpack_item wanted);

/* --- changes; `item` must not be a view into the pack itself --- */
/* Insert before a place (NULL: at the end); returns the new element's place. */
const uint8_t *listpack_insert(struct listpack **lp, const uint8_t *before,
                               struct listpack_item item);
static inline void
listpack_append(struct listpack **lp, struct listpack_item item)
{
    listpack_insert(lp, NULL, item);
}
void listpack_prepend(struct listpack **lp, struct listpack_item item);
const uint8_t *listpack_replace(struct listpack **lp, const uint8_t *at,
                                struct listpack_item item);
/* Remove `n` elements from a place on, or as many as there are; returns the place of
 * the one that followed, NULL when that is the end. */
const uint8_t *listpack_delete(struct listpack **lp, const uint8_t *at, size_t n);
/* Take the elements from a place on out into a pack of their own. */
struct listpack *listpack_split(struct listpack **lp, const uint8_t *at);
/* Append all elements of `from`, which is freed. */
void listpack_join(struct listpack **lp, struct listpack *from);

/* Is this a listpack in every detail?  For bytes from outside; O(n). */
bool listpack_is_valid(struct bytes b, size_t *count);

#endif
