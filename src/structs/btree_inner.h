/* SPDX-License-Identifier: MIT
 * structs/btree_inner.h - private to the tree of a sorted set: its shape, and the nodes
 * above the leaves.
 *
 * Of each child a node knows its least member (and that one's score), and how many
 * members are below it: so a rank is a sum of what lies left of the way down.
 *
 *   2 KB:  | count | keys 0..62 | least 0..62 | sizes 0..62 | children 0..62 | */
#ifndef IGNIS_STRUCTS_BTREE_INNER_H
#define IGNIS_STRUCTS_BTREE_INNER_H
#include "structs/btree_leaf.h"

#define INNER_ITEMS 63
#define INNER_FEW 15            /* fewer children, below the root: ask a neighbour */
#define DEPTH_MAX 16            /* 15^15 leaves are more than there are addresses */

struct inner {
    uint64_t count;             /* children */
    uint64_t keys[INNER_ITEMS]; /* scored_key of least[i] */
    struct scored *least[INNER_ITEMS];
    uint64_t sizes[INNER_ITEMS];
    void *children[INNER_ITEMS];
};

struct btree {
    void *root;                 /* a leaf when height is 0; NULL when empty */
    struct leaf *first, *last;
    size_t count, leaves, inners;
    unsigned height;            /* inner nodes above each leaf */
};

/* The way down: at each inner node, which child was taken. */
struct path {
    struct inner *node[DEPTH_MAX];
    unsigned at[DEPTH_MAX];
    struct leaf *leaf;
};

/* The child whose range has (score, member). */
unsigned inner_child(const struct inner *n, double score, struct bytes member);
/* The last child that begins with a lesser score, or with `or_equal` with this one. */
unsigned inner_child_score(const struct inner *n, double score, bool or_equal);
/* The same by member alone, where all scores are equal. */
unsigned inner_child_member(const struct inner *n, struct bytes member, bool or_equal);
/* The child that holds the item number *rank, which becomes its number in there. */
unsigned inner_child_rank(const struct inner *n, size_t *rank);
/* Members below the children before `at`. */
size_t inner_sum(const struct inner *n, unsigned at);

/* Make room for a child; its fields are not set. */
void inner_open(struct inner *n, unsigned at);
void inner_delete(struct inner *n, unsigned at);
/* What a parent knows of its child `at`, anew. */
void inner_note_leaf(struct inner *n, unsigned at);
void inner_note_inner(struct inner *n, unsigned at);
/* As leaf_share, of children. */
void inner_share(struct inner *left, struct inner *right, unsigned keep);

#endif
