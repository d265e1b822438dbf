/* SPDX-License-Identifier: MIT
 * values/list_limits.h - how much one node of a list may hold. */
#ifndef IGNIS_VALUES_LIST_LIMITS_H
#define IGNIS_VALUES_LIST_LIMITS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* list-max-listpack-size and list-compress-depth as they are configured, and what
 * tests demand beyond them. */
struct list_limits {
    int size;                   /* > 0: elements; -1 to -5: 4 to 64 KB */
    int depth;                  /* open nodes at each end; 0: none is compressed */
    uint64_t alone;             /* in a chain, texts of this length and more do not share
                                 * a node; 0: only those that would fill it do not */
};

/* What nodes limited by elements may have in bytes all the same. */
#define LIST_SAFE_BYTES 8192
/* What an element takes beside its text, at most. */
#define LIST_ELEMENT_EXTRA 8

/* Bytes a node may have. */
static inline uint64_t
list_limits_bytes(struct list_limits l)
{
    if (l.size >= 0)
        return LIST_SAFE_BYTES;
    return l.size < -5 ? 65536 : UINT64_C(2048) << -l.size;
}

/* Elements a node may have. */
static inline uint64_t
list_limits_count(struct list_limits l)
{
    if (l.size < 0)
        return UINT32_MAX;
    return l.size == 0 ? 1 : (uint64_t)l.size;
}

static inline bool
list_limits_hold(struct list_limits l, uint64_t bytes, uint64_t count)
{
    return bytes <= list_limits_bytes(l) && count <= list_limits_count(l);
}

/* May a text of this length be in a node with others?  Whether there is room is another
 * question. */
static inline bool
list_limits_share(struct list_limits l, size_t len)
{
    return l.alone == 0 || len < l.alone;
}

/* Must a text of this length have a node of its own? */
static inline bool
list_limits_is_large(struct list_limits l, size_t len)
{
    return len > list_limits_bytes(l) || !list_limits_share(l, len);
}

#endif
