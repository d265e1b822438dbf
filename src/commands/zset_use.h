/* SPDX-License-Identifier: MIT
 * commands/zset_use.h - helpers of the sorted set commands. */
#ifndef IGNIS_COMMANDS_ZSET_USE_H
#define IGNIS_COMMANDS_ZSET_USE_H
#include "command/call.h"
#include "values/v_zset.h"

/* The options zset-max-listpack-*. */
struct zset_limits zset_limits_of(const struct call *c);
/* The sorted set at argument i for reading: false when answered (WRONGTYPE); *e is
 * NULL when the key is absent. */
bool zset_read(struct call *c, int i, struct entry **e);
/* Tell that `n` members changed, one change each. */
void zset_changed(struct call *c, struct bytes key, const char *event, size_t n);
/* After removing `n` members from the set in the slot, which is `v` now: written back
 * and told; an empty set is no key any more, which is told too. */
void zset_settle(struct call *c, struct slot *s, struct value v, const char *event,
                 size_t n);
/* A result for the key at argument i: put and told, or, when `v` is NULL, the key
 * removed.  Answers how many members there are. */
void zset_store(struct call *c, int i, const struct value *v, const char *event);

/* Before `n` members with scores: one array, of pairs in RESP3 and flat in RESP2. */
void zset_reply_start(struct call *c, size_t n, bool scores);
/* One of them. */
void zset_reply_item(struct call *c, const struct zset_item *item, bool scores);

/* --- ranges; each answers the error itself and returns false --- */
/* "ERR min or max is not a float": bounds like 1, (1, -inf. */
bool zset_call_scores(struct call *c, int min, int max, struct zset_scores *out);
/* "ERR min or max not valid string range item": bounds like [a, (a, -, +. */
bool zset_call_members(struct call *c, int min, int max, struct zset_members *out);
/* Ranks as clients say them, -1 the last. */
struct zset_span zset_span_of_ranks(int64_t start, int64_t stop, size_t count);

#endif
