/* SPDX-License-Identifier: MIT
 * structs/btree_leaf.h - a leaf of a sorted set's tree: up to 60 members in order,
 * 8 bytes each.
 *
 *   512 bytes:  prev | next | base | count, shift | word 0 ... word 59
 *
 *   word:  | delta, 16 bits | pointer to the block, 48 bits |
 *
 * delta is the member's score, roughly: scored_key(score) >> shift, less base.  A
 * search compares deltas, which are here, and asks the blocks, each a cache miss
 * away, only where deltas are equal. */
#ifndef IGNIS_STRUCTS_BTREE_LEAF_H
#define IGNIS_STRUCTS_BTREE_LEAF_H
#include "structs/scored.h"

#define LEAF_ITEMS 60

struct leaf {
    struct leaf *prev, *next;   /* in order, through the whole tree */
    uint64_t base;
    uint16_t count;
    uint8_t shift;
    uint64_t words[LEAF_ITEMS];
};

static inline struct scored *
leaf_item(const struct leaf *leaf, unsigned i)
{
    return (struct scored *)(uintptr_t)(leaf->words[i] & 0xffffffffffff);
}

/* Empty and linked to nobody. */
struct leaf *leaf_new(void);
void leaf_free(struct leaf *leaf);

/* Where (score, member) is or belongs: how many items are less. */
unsigned leaf_lower(const struct leaf *leaf, double score, struct bytes member);
/* How many items have a score less than this, or with `or_equal` not greater. */
unsigned leaf_count_score(const struct leaf *leaf, double score, bool or_equal);
/* <0, 0, >0: where (score, member) belongs relative to item `i`; reads the block only
 * when deltas do not say. */
int leaf_compare(const struct leaf *leaf, unsigned i, double score, struct bytes member);
/* The index of a block that is here. */
unsigned leaf_find(const struct leaf *leaf, const struct scored *item);
/* The leaf must not be full; item `at` and those after it make room. */
void leaf_insert(struct leaf *leaf, unsigned at, struct scored *item);
/* Take out `n` items. */
void leaf_delete(struct leaf *leaf, unsigned at, unsigned n);
/* Item `at` gets this score; its place in the order stays. */
void leaf_rescore(struct leaf *leaf, unsigned at, double score);
/* Let `left` have `keep` of the items of both and its neighbour `right` the rest. */
void leaf_share(struct leaf *left, struct leaf *right, unsigned keep);
/* Asserts that words agree with blocks and ascend. */
void leaf_check(const struct leaf *leaf);

#endif
