/* SPDX-License-Identifier: MIT
 * values/v_zset_range.h - parts of a sorted set in order; part of v_zset.h.
 *
 * Whatever says what is wanted, scores, members or ranks, becomes a span of ranks; a
 * walk then starts at either end of it. */
#ifndef IGNIS_VALUES_V_ZSET_RANGE_H
#define IGNIS_VALUES_V_ZSET_RANGE_H
#include "base/num.h"
#include "structs/btree_seek.h"
#include "values/value.h"

/* A member in hand; a number's text is in `buf`. */
struct zset_item {
    struct bytes member;
    double score;
    char buf[NUM_I64_MAX_TEXT];
};

struct zset_scores { double min, max; bool min_open, max_open; };
/* From `min` to `max`, by bytes; the ends of everything are LEX_FIRST and LEX_LAST. */
enum lex_kind { LEX_FIRST, LEX_OPEN, LEX_CLOSED, LEX_LAST };
struct lex_bound { enum lex_kind kind; struct bytes member; };
struct zset_members { struct lex_bound min, max; };

/* The members of ranks `from` to `to` - 1. */
struct zset_span { size_t from, to; };
struct zset_span zset_span_of_scores(struct value v, const struct zset_scores *r);
/* Without the first `skip` of them, counted from where a walk begins that is to go
 * forward or in reverse.  When scores differ, there is no such range: the small form then
 * answers what Redis's small form does, the tree some span of ranks. */
struct zset_span zset_span_of_members(struct value v, const struct zset_members *r,
                                      bool reverse, uint64_t skip);
/* Nothing can be between the two. */
bool zset_members_is_empty(const struct zset_members *r);

#define ZSET_WINDOW 64
/* A walk while nothing changes. */
struct zset_iter {
    struct value v;
    bool reverse;
    struct btree_cursor cursor;
    uint32_t at;                /* in a pack, forward: the place that comes next */
    size_t rank;                /* backward: how many are left ... */
    size_t window_from;         /* ... of which those from here on are known: */
    uint32_t window[ZSET_WINDOW];
};
/* At rank `rank`; with `reverse` counted from the last, where the walk goes to the
 * first. */
void zset_iter_start(struct zset_iter *it, struct value v, size_t rank, bool reverse);
/* False at the end.  The member may point into the set. */
bool zset_iter_next(struct zset_iter *it, struct zset_item *out);

#endif
