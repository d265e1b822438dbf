/* SPDX-License-Identifier: MIT
 * structs/dict_resize.h - the inside of a dict, for its own three files: what
 * is where, and how the table changes its size.  Everyone else reads dict.h. */
#ifndef IGNIS_STRUCTS_DICT_RESIZE_H
#define IGNIS_STRUCTS_DICT_RESIZE_H
#include "base/hash.h"
#include "structs/bucket.h"
#include "structs/dict.h"

/* An item's position is the top 48 bits of its hash: positions are in
 * [0, POSITION_END), and so are scan cursors. */
#define POSITION_END (1ull << 48)

struct dict_array {
    struct bucket *at;
    uint64_t buckets;
};

struct dict {
    /* front holds positions below `boundary`, back the others.  Not resizing:
     * boundary is POSITION_END and back is empty. */
    struct dict_array front, back;
    uint64_t boundary;
    const struct dict_ops *ops;
    size_t count;
    size_t grow_at;             /* count at which front is full */
    size_t shrink_at;           /* count below which front is too large */
    uint64_t moved;             /* buckets of back that are in front already */
    size_t drained;             /* bytes of back given back to the kernel */
    size_t charged;             /* bytes of mappings told to mem_account */
    size_t children;            /* child buckets */
    unsigned busy;              /* scans under way: nothing may move */
};

static inline uint64_t
dict_position(uint64_t hash)
{
    return hash >> 16;
}

/* (position * buckets) >> 48 in one multiplication. */
static inline uint64_t
dict_bucket_of(uint64_t position, uint64_t buckets)
{
    return (uint64_t)(((unsigned __int128)(position << 16) * buckets) >> 64);
}

/* The first position of bucket `at`, and so the end of bucket `at` - 1. */
static inline uint64_t
dict_start_of(uint64_t at, uint64_t buckets)
{
    return (uint64_t)((((unsigned __int128)at << 48) + buckets - 1) / buckets);
}

static inline bool
dict_is_resizing(const struct dict *d)
{
    return d->boundary != POSITION_END;
}

/* The one bucket where an item of this position is or would be. */
static inline struct bucket *
dict_home(const struct dict *d, uint64_t position)
{
    const struct dict_array *a = position < d->boundary ? &d->front : &d->back;

    return a->at + dict_bucket_of(position, a->buckets);
}

static inline uint64_t
dict_hash_of(const struct dict *d, const void *item)
{
    struct bytes key = d->ops->key_of(item);

    return hash_bytes(key.at, key.len);
}

/* No table: one shared empty bucket that is never written. */
void dict_use_nothing(struct dict *d);
/* Give all arrays and children back; items are not touched. */
void dict_drop_arrays(struct dict *d);
/* Called before each add and after each remove: a bounded step of resizing, or
 * the start of it, when there is something to do. */
void dict_before_add(struct dict *d);
void dict_after_remove(struct dict *d);
/* Bytes of arrays and children. */
size_t dict_array_memory(const struct dict *d);
/* Buckets that can hold items, counted over both arrays in hash order, and the
 * one with such a number. */
uint64_t dict_live_buckets(const struct dict *d);
struct bucket *dict_live_bucket(const struct dict *d, uint64_t at);

#endif
