/* SPDX-License-Identifier: MIT
 * structs/pack.h - a short sequence of byte strings and numbers in one allocation.
 *
 * An element is known by its place, the offset of its first byte; PACK_END is the
 * place behind the last one.  Places are valid until the pack changes.  A function
 * that changes the pack returns its address now.
 *
 *     struct pack *p = pack_append(pack_new(), B("field"));
 *     p = pack_append(p, B("42"));
 *     pack_get(p, pack_next(p, pack_first(p)), &item);     item.number == 42 */
#ifndef IGNIS_STRUCTS_PACK_H
#define IGNIS_STRUCTS_PACK_H
#include "base/num.h"

#define PACK_END UINT32_MAX
#define PACK_BYTES_MAX (1u << 30)   /* header and elements */

struct pack;

/* What lies at a place: bytes, or (at == NULL) a number, of which the canonical
 * text was put in. */
struct pack_item {
    const char *at;
    uint32_t len;
    uint32_t size;              /* bytes it takes in the pack */
    int64_t number;
};

/* Functions that change a pack return where it is now: the block may have moved. */
struct pack *pack_new(void);
void pack_free(struct pack *p);
struct pack *pack_copy(const struct pack *p);
size_t pack_count(const struct pack *p);
size_t pack_bytes(const struct pack *p);        /* in use, header included */
size_t pack_memory(const struct pack *p);       /* the block: its size class */
/* May `len` more bytes, as `n` elements, come in?  Ask before adding what a client
 * chose; the functions below assert it. */
bool pack_fits(const struct pack *p, size_t len, size_t n);

/* --- where --- */
uint32_t pack_first(const struct pack *p);
/* `at` is the place of an element. */
uint32_t pack_next(const struct pack *p, uint32_t at);
/* The place of element `index`; PACK_END when there are not that many.  O(index). */
uint32_t pack_seek(const struct pack *p, size_t index);
/* The first place from `at` on, looking at every `step`-th element, that holds `b`; or
 * PACK_END. */
uint32_t pack_find(const struct pack *p, uint32_t at, struct bytes b, unsigned step);

/* --- what --- */
/* The element at a place; a text is a view, good until the pack changes. */
void pack_get(const struct pack *p, uint32_t at, struct pack_item *out);
/* As bytes: a number is written into `buf`. */
static inline struct bytes
pack_item_view(const struct pack_item *item, char buf[NUM_I64_MAX_TEXT])
{
    if (item->at)
        return bytes_view(item->at, item->len);
    return bytes_view(buf, num_format_i64(buf, item->number));
}
/* Both in one. */
static inline struct bytes
pack_view(const struct pack *p, uint32_t at, char buf[NUM_I64_MAX_TEXT])
{
    struct pack_item item;

    pack_get(p, at, &item);
    return pack_item_view(&item, buf);
}
/* False when it is no number; *out is left alone then. */
bool pack_get_number(const struct pack *p, uint32_t at, int64_t *out);

/* --- changes; the bytes given must not lie in the pack itself --- */
struct pack *pack_append(struct pack *p, struct bytes b);
/* Before the element at `at`, or at the end. */
struct pack *pack_insert(struct pack *p, uint32_t at, struct bytes b);
/* Two neighbours at once: a member and its score, a field and its value. */
struct pack *pack_insert_two(struct pack *p, uint32_t at, struct bytes a, struct bytes b);
struct pack *pack_replace(struct pack *p, uint32_t at, struct bytes b);
/* Take out `n` elements from `at` on, or as many as there are; what followed them is
 * at `at` now (`at` may be the end). */
struct pack *pack_remove(struct pack *p, uint32_t at, size_t n);

/* Asserts the drawing in pack.c; O(n). */
void pack_check(const struct pack *p);

#endif
