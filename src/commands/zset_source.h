/* SPDX-License-Identifier: MIT
 * commands/zset_source.h - the inputs of ZUNION, ZINTER and ZDIFF: sorted sets, and sets
 * whose members all score 1. */
#ifndef IGNIS_COMMANDS_ZSET_SOURCE_H
#define IGNIS_COMMANDS_ZSET_SOURCE_H
#include "values/v_set.h"
#include "values/v_zset.h"

struct zset_source {
    bool exists;
    struct value v;             /* a set or a sorted set */
    double weight;
    size_t order;               /* which input it is */
};

/* How many members it has; 0 for an absent key. */
size_t zset_source_count(const struct zset_source *s);
/* False when the member is not there. */
bool zset_source_find(const struct zset_source *s, struct bytes member, double *score);

/* A walk while nothing changes. */
struct zset_source_iter {
    bool exists, is_set;
    struct set_iter set;
    struct zset_iter zset;
};
void zset_source_iter_start(struct zset_source_iter *it, const struct zset_source *s);
/* False at the end.  The member is good until the next call. */
bool zset_source_iter_next(struct zset_source_iter *it, struct zset_item *out);

#endif
