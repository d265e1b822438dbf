/* SPDX-License-Identifier: MIT
 * commands/hash_use.h - helpers of the hash commands. */
#ifndef IGNIS_COMMANDS_HASH_USE_H
#define IGNIS_COMMANDS_HASH_USE_H
#include "command/call.h"
#include "values/v_hash.h"

/* The options hash-max-*. */
struct hash_limits hash_limits_of(const struct call *c);
/* The hash at argument 1 for reading: false when answered (WRONGTYPE); *e is NULL when
 * the key is absent. */
bool hash_read(struct call *c, struct entry **e);
/* The same for writing; *v is the hash, or a new one when the key is absent: then
 * hash_store or hash_type.free must follow. */
bool hash_open(struct call *c, struct slot *s, struct value *v);
/* Put what became of it back. */
void hash_store(struct slot *s, struct value v);
/* Tell of `n` fields set, deleted ... as one change. */
void hash_changed(struct call *c, struct bytes key, const char *event, size_t n);
/* After removing: the key goes, and that is told, when the hash is empty. */
void hash_settle(struct call *c, struct slot *s);

/* Tell of `n` fields deleted because their deadline was past when it was given: they count
 * as expired.  What makes the change dirty is counted by the caller. */
void hash_past(struct call *c, struct slot *s, size_t n);

/* Arguments from `at` on must be FIELDS, their number, and as many names as that,
 * up to the end.  False: answered, a bad number with `bad_count`. */
bool hash_fields(struct call *c, int at, const char *bad_count);
#define HASH_BAD_COUNT "ERR Number of fields must be a positive integer"

/* A time, argument i, to an absolute deadline in ms; `base` is clock_ms() or 0.  The past
 * is allowed, a negative time is not. */
bool hash_deadline(struct call *c, int i, msec base, int unit, msec *out);

#endif
