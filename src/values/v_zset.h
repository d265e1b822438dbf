/* SPDX-License-Identifier: MIT
 * values/v_zset.h - sorted sets: members with scores, few in a pack, many in a tree and
 * a table.
 *
 *     struct value v = zset_new(B("a").len, &limits);
 *     struct zset_place p;
 *     zset_find(v, B("a"), &p);
 *     if (!p.found)
 *         zset_add(&v, &p, B("a"), 1.5, &limits);
 *
 * Functions that take `struct value *` may move or convert the object and leave the
 * new handle there. Ranks count from 0 at the lowest score; members with the same
 * score are ordered by their bytes. */
#ifndef IGNIS_VALUES_V_ZSET_H
#define IGNIS_VALUES_V_ZSET_H
#include "structs/dict.h"
#include "values/v_zset_range.h"
#include "values/value.h"

enum zset_encoding { ZSET_PACK, ZSET_TREE };

/* When the pack has become too small: options zset-max-listpack-*. */
struct zset_limits { int64_t entries, value; };

extern const struct value_type zset_type;

/* Empty, in the form that suits a first member of `len` bytes. */
struct value zset_new(size_t len, const struct zset_limits *l);
/* The sorted set of the `n` blocks at `items`, which are all that `members` (made with
 * zset_table_new) holds; adopts table and blocks, sorts the array.  n > 0. */
struct value zset_take(struct dict *members, struct scored **items, size_t n,
                       const struct zset_limits *l);
/* A table of scored blocks that frees them. */
struct dict *zset_table_new(void);
/* In the order of sorted sets. */
void zset_sort(struct scored **items, size_t n);
size_t zset_count(struct value v);

/* --- one member --- */

/* Where a member is, or that it is not there: what a change then needs.  Good until
 * the next change. */
struct zset_place {
    bool found;
    double score;
    uint32_t at;                /* in the pack */
    uint64_t hash;              /* of the member, in the table */
    struct scored *item;
};
void zset_find(struct value v, struct bytes member, struct zset_place *out);
/* Add what zset_find did not find. */
void zset_add(struct value *v, const struct zset_place *p, struct bytes member,
              double score, const struct zset_limits *l);
/* Give what it found another score. */
void zset_rescore(struct value *v, const struct zset_place *p, struct bytes member,
                  double score);
/* Take it out; `member` may lie in the set. */
void zset_remove(struct value *v, const struct zset_place *p);
/* Of a member that was found. */
size_t zset_rank(struct value v, const struct zset_place *p);

/* --- many --- */

/* Is the score a number that a pack keeps as an integer? */
bool zset_score_is_whole(double score, int64_t *out);
/* Take out `n` members from rank `from` on. */
void zset_remove_ranks(struct value *v, size_t from, size_t n);
/* A fair pick; the set is not empty. */
void zset_random(struct value v, struct zset_item *out);
typedef void zset_each_fn(const struct zset_item *item, void *arg);
/* `n` different members, fairly chosen; all of them when there are not more. */
void zset_sample(struct value v, size_t n, zset_each_fn *each, void *arg);
/* See dict_scan; a pack hands all members at once. */
uint64_t zset_scan(struct value v, uint64_t cursor, size_t count, zset_each_fn *each,
                   void *arg);

/* Asserts the form's invariants; O(n). */
void zset_check(struct value v);

#endif
