/* SPDX-License-Identifier: MIT
 * values/v_zset_own.h - private to sorted sets: what their objects are.
 *
 *   pack   | member | score | member | score | ...        in order
 *   tree   struct zset -> table of blocks by member, and the same blocks in a tree
 *
 * A score in a pack is a number when it is a whole one, else 'd' and its 8 bytes. */
#ifndef IGNIS_VALUES_V_ZSET_OWN_H
#define IGNIS_VALUES_V_ZSET_OWN_H
#include "structs/btree.h"
#include "structs/dict.h"
#include "structs/pack.h"
#include "values/v_zset.h"

struct zset {
    struct dict *members;
    struct btree *tree;
};

/* --- v_zset_pack.c; `at` is the place of a member --- */
double zset_pack_score(const struct pack *p, uint32_t at);
/* The place of the member after it. */
uint32_t zset_pack_next(const struct pack *p, uint32_t at);
/* Member and score at `at`; returns the place after them. */
uint32_t zset_pack_get(const struct pack *p, uint32_t at, struct zset_item *out);
/* PACK_END when it is not there. */
uint32_t zset_pack_find(const struct pack *p, struct bytes member);
struct pack *zset_pack_add(struct pack *p, struct bytes member, double score);
/* At the end: it is greater than all there. */
struct pack *zset_pack_append(struct pack *p, struct bytes member, double score);
struct pack *zset_pack_rescore(struct pack *p, uint32_t at, struct bytes member,
                               double score);
/* How many members come before the place. */
size_t zset_pack_rank(const struct pack *p, uint32_t at);
void zset_pack_check(const struct pack *p);

#endif
