/* SPDX-License-Identifier: MIT
 * structs/btree_seek.h - places in a tree: ranks, bounds, cursors; part of btree.h. */
#ifndef IGNIS_STRUCTS_BTREE_SEEK_H
#define IGNIS_STRUCTS_BTREE_SEEK_H
#include "structs/scored.h"

struct btree;
struct leaf;

/* How many members come before this one, which must be there.  O(log n). */
size_t btree_rank(const struct btree *t, const struct scored *item);
/* How many have a lesser score, or with `or_equal` one that is not greater. */
size_t btree_count_score(const struct btree *t, double score, bool or_equal);
/* How many members are less (or not greater) by their bytes; sensible when all
 * scores are equal. */
size_t btree_count_member(const struct btree *t, struct bytes member, bool or_equal);

/* A place between members: good until the tree changes. */
struct btree_cursor { const struct leaf *leaf; unsigned at; };
/* Before the member of this rank; at the end when there are not that many. */
void btree_seek(const struct btree *t, size_t rank, struct btree_cursor *out);
/* The member after, or before, the cursor, which moves over it; NULL at the end. */
struct scored *btree_next(struct btree_cursor *c);
struct scored *btree_prev(struct btree_cursor *c);

#endif
