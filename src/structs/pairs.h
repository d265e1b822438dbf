/* SPDX-License-Identifier: MIT
 * structs/pairs.h - the nodes of a deadlines tree: packed 12-byte pairs of a time
 * and a pointer, and what can be done to one node or two neighbours.
 *
 * A pair is a 96-bit number, time above pointer, so that equal times are ordered
 * too and every pair has exactly one place:
 *
 *   | pointer, bits 0-31 | pointer, 32-47 | time, 48 bits |
 *   | low                | mid and high                   |
 *
 *   inner:  count | key 0 .. key 50 | child 0 .. child 50     1024 bytes
 *   leaf:   count | pair 0 .. pair 41                          512 bytes */
#ifndef IGNIS_STRUCTS_PAIRS_H
#define IGNIS_STRUCTS_PAIRS_H
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"

#define PAIRS_IN_LEAF 42
#define PAIRS_IN_INNER 51
#define PAIRS_TIME_MAX ((1ll << 48) - 1)

struct pair { uint32_t low, mid, high; };       /* 4-byte aligned: 12 bytes */

struct pairs_leaf {
    uint32_t count;
    struct pair at[PAIRS_IN_LEAF];
};

/* Key i is <= all pairs below child i and > all below child i-1; key 0 means
 * nothing. */
struct pairs_inner {
    uint32_t count;             /* children */
    struct pair keys[PAIRS_IN_INNER];
    void *children[PAIRS_IN_INNER];
};

/* --- pairs --- */

static inline uint64_t
pair_clamp(msec when)
{
    return when < 0 ? 0 : when > PAIRS_TIME_MAX ? PAIRS_TIME_MAX : (uint64_t)when;
}

static inline uint64_t
pair_high64(const struct pair *p)
{
    return (uint64_t)p->high << 32 | p->mid;
}

static inline bool
pair_is_less(const struct pair *a, const struct pair *b)
{
    uint64_t x = pair_high64(a), y = pair_high64(b);

    return x < y || (x == y && a->low < b->low);
}

static inline bool
pair_is_equal(const struct pair *a, const struct pair *b)
{
    return pair_high64(a) == pair_high64(b) && a->low == b->low;
}

/* The time is clamped into 48 bits; the pointer must fit them. */
struct pair pair_of(msec when, const void *item);
uint64_t pair_time(const struct pair *p);
void *pair_item(const struct pair *p);

/* --- one node --- */

/* How many of the ascending `n` pairs are less than `key`. */
unsigned pairs_count_less(const struct pair *at, unsigned n, const struct pair *key);
/* The child whose range has `key`. */
unsigned pairs_child(const struct pairs_inner *n, const struct pair *key);
void pairs_leaf_insert(struct pairs_leaf *leaf, unsigned at, const struct pair *p);
void pairs_leaf_delete(struct pairs_leaf *leaf, unsigned at);
void pairs_inner_insert(struct pairs_inner *n, unsigned at, const struct pair *key,
                        void *child);
void pairs_inner_delete(struct pairs_inner *n, unsigned at);

/* --- neighbours: children `left` and `left` + 1 of `parent` --- */

/* A leaf that is not quite full: worth handing pairs to. */
bool pairs_has_slack(const struct pairs_inner *parent, unsigned at);
/* Even out two leaves and set the key between them. */
void pairs_balance(struct pairs_inner *parent, unsigned left);
/* Pour the right one into the left if both fit into three quarters of a node.
 * The parent goes on naming the right one: the caller takes it out and frees it. */
bool pairs_merge_leaves(struct pairs_inner *parent, unsigned left);
bool pairs_merge_inners(struct pairs_inner *parent, unsigned left);

#endif
