/* SPDX-License-Identifier: MIT
 * values/list_chain.h - a long list: a chain of nodes of about 8 KB. */
#ifndef IGNIS_VALUES_LIST_CHAIN_H
#define IGNIS_VALUES_LIST_CHAIN_H
#include "values/list_limits.h"
#include "values/list_node.h"

struct list_chain {
    struct list_node *head, *tail;
    uint64_t count;             /* elements */
    uint32_t nodes;
    int depth;                  /* list-compress-depth when it was made */
};

/* Empty; a copy is deep. */
struct list_chain *list_chain_new(int depth);
void list_chain_free(struct list_chain *c);
struct list_chain *list_chain_copy(const struct list_chain *c);
/* A further node at the tail; adopts the pack, which is not empty. */
void list_chain_take(struct list_chain *c, struct listpack *pack);

/* Texts given must not be part of the chain.  An index is in range: below count,
 * for insertion at most count. */
void list_chain_push(struct list_chain *c, struct list_limits limits, bool tail,
                     struct bytes text);
void list_chain_insert(struct list_chain *c, struct list_limits limits, uint64_t index,
                       struct bytes text);
void list_chain_replace(struct list_chain *c, struct list_limits limits, uint64_t index,
                        struct bytes text);
/* Remove `n` elements from `index` on, at most what is there.  Nodes that go as a whole
 * are added to `gone`, unless that is NULL. */
void list_chain_delete(struct list_chain *c, struct list_limits limits, uint64_t index,
                       uint64_t n, struct list_chain *gone);
/* Remove at most `max` elements equal to `wanted`, the first or last ones; returns
 * how many. */
uint64_t list_chain_remove(struct list_chain *c, struct list_limits limits,
                           struct listpack_item wanted, uint64_t max, bool backward);
/* The same in one listpack. */
uint64_t list_pack_remove(struct listpack **pack, struct listpack_item wanted,
                          uint64_t max, bool backward);
/* The node that holds element `index`, which is the *within-th of it.  From the
 * nearer end: O(nodes). */
struct list_node *list_chain_seek(const struct list_chain *c, uint64_t index,
                                  uint64_t *within);
/* Abort unless the invariants hold (tests). */
void list_chain_check(const struct list_chain *c);

#endif
