/* SPDX-License-Identifier: MIT
 * values/v_hash.h - hashes: a pack of fields and values, or a table; fields may die.
 *
 * A hash starts as a pack and becomes a table when it has too many fields or one too
 * long, never the other way.  The first field with a deadline makes either form timed.
 * Functions that take `struct value *` may move or convert the object and leave the new
 * handle there.
 *
 * A field whose deadline is reached is not found, not walked and not overwritten but
 * set anew; only hash_count still counts it until hash_type.expire has removed it.
 *
 *     struct value v = hash_new();
 *     hash_set(&v, B("name"), B("Ann"), HASH_FOREVER, &limits);
 *     hash_find(v, B("name"), &f);        f.value == "Ann" */
#ifndef IGNIS_VALUES_V_HASH_H
#define IGNIS_VALUES_V_HASH_H
#include "base/num.h"
#include "structs/dict.h"
#include "values/value.h"

enum hash_encoding {
    HASH_PACK, HASH_TABLE,
    HASH_TIMED_PACK = VALUE_TIMED, HASH_TIMED_TABLE
};

#define HASH_FOREVER (-1)       /* as a field's deadline */
#define HASH_KEEP (-2)          /* as an argument: the one it has */

/* When the pack has become too small: options hash-max-listpack-*. */
struct hash_limits { int64_t entries, value; };

/* A field in hand: views into the hash, or of the two buffers.  Valid until the hash
 * changes; not to be copied. */
struct hash_field {
    struct bytes name, value;
    msec deadline;              /* or HASH_FOREVER */
    char name_buf[NUM_I64_MAX_TEXT], value_buf[NUM_I64_MAX_TEXT];
};

extern const struct value_type hash_type;

struct value hash_new(void);
size_t hash_count(struct value v);
/* Ask memory for the bucket of a field, or (`deep`) for what is in it. */
void hash_prefetch(struct value v, struct bytes name, bool deep);
bool hash_find(struct value v, struct bytes name, struct hash_field *out);
/* True when the field is new.  `deadline`: absolute, HASH_FOREVER or HASH_KEEP.  Neither
 * view may lie in the hash. */
bool hash_set(struct value *v, struct bytes name, struct bytes value, msec deadline,
              const struct hash_limits *l);
bool hash_remove(struct value *v, struct bytes name);
/* Make room for deadlines in a pack, without need: what Redis does, and OBJECT ENCODING
 * shows, as soon as a command that may give one finds the hash. */
void hash_make_timed(struct value *v);
/* The field must be there. */
void hash_set_deadline(struct value *v, struct bytes name, msec deadline);

/* A fair pick; the hash is not empty.  False: the field picked is over. */
bool hash_random(struct value v, struct hash_field *out);
typedef void hash_each_fn(const struct hash_field *f, void *arg);
/* `n` different fields, fairly chosen from those that are not over; all of them when
 * there are not more. */
void hash_sample(struct value v, size_t n, hash_each_fn *each, void *arg);
/* See dict_scan; a pack hands all fields at once. */
uint64_t hash_scan(struct value v, uint64_t cursor, size_t count, hash_each_fn *each,
                   void *arg);

/* Walk all fields while nothing changes. */
struct hash_iter {
    struct value v;
    msec now;
    uint32_t at;
    struct dict_iter items;
    struct hash_field field;
};
void hash_iter_start(struct hash_iter *it, struct value v);
/* Valid until the next call; NULL at the end. */
const struct hash_field *hash_iter_next(struct hash_iter *it);

/* Asserts the form's invariants; O(n log n). */
void hash_check(struct value v);

#endif
