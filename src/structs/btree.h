/* SPDX-License-Identifier: MIT
 * structs/btree.h - an ordered set of scored members that can count: a B+tree whose
 * nodes know how many members are below each child.
 *
 *     struct btree *t = btree_new();
 *     btree_insert(t, scored_new(3, B("c")));
 *     btree_insert(t, scored_new(1, B("a")));
 *     btree_rank(t, c)                    == 1
 *     btree_count_score(t, 3, false)      == 1       members below 3
 *
 * Ranks count from 0 at the least member.  The tree owns no member. */
#ifndef IGNIS_STRUCTS_BTREE_H
#define IGNIS_STRUCTS_BTREE_H
#include "structs/btree_seek.h"

struct btree;

/* Empty; freeing frees no member. */
struct btree *btree_new(void);
void btree_free(struct btree *t);
size_t btree_count(const struct btree *t);
/* Bytes of the tree itself. */
size_t btree_memory(const struct btree *t);
/* Allocations that freeing takes. */
size_t btree_nodes(const struct btree *t);

/* Add a member that is not there.  O(log n). */
void btree_insert(struct btree *t, struct scored *item);
/* Take out a member that is there.  O(log n). */
void btree_remove(struct btree *t, struct scored *item);
/* Give a member that is there another score.  O(log n); a comparison with its
 * neighbours when its place stays. */
void btree_rescore(struct btree *t, struct scored *item, double score);

typedef void btree_gone_fn(struct scored *item, void *arg);
/* Take out the `n` members from rank `from` on; all must be there.  `gone` gets each
 * when the tree knows it no more.  O(n + n/30 log n). */
void btree_remove_range(struct btree *t, size_t from, size_t n, btree_gone_fn *gone,
                        void *arg);

/* Asserts the invariants of btree.c; O(n).  See btree_check.c. */
void btree_check(const struct btree *t);

#endif
