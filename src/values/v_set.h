/* SPDX-License-Identifier: MIT
 * values/v_set.h - sets: a sorted array of numbers, a pack of short strings, or a table.
 *
 * A set starts in the smallest form that holds it and only ever grows into a larger
 * one.  Functions that take `struct value *` may move or convert the object and leave
 * the new handle there.
 *
 *     struct value v = set_new(B("7"), 1, &limits);
 *     set_add(&v, B("seven"), &limits);       now a pack of "7" and "seven" */
#ifndef IGNIS_VALUES_V_SET_H
#define IGNIS_VALUES_V_SET_H
#include "base/num.h"
#include "structs/dict.h"
#include "values/value.h"

enum set_encoding { SET_INTSET, SET_PACK, SET_TABLE };

/* When a form has become too small: options set-max-*. */
struct set_limits { int64_t intset_entries, pack_entries, pack_value; };

/* A member in hand; a number's text is in `buf`. */
struct set_member { struct bytes text; char buf[NUM_I64_MAX_TEXT]; };

extern const struct value_type set_type;

/* Empty, in the form that suits `hint` members of which `first` is one. */
struct value set_new(struct bytes first, size_t hint, const struct set_limits *l);
/* `hint` members are about to be added: convert once, now, if so many do not fit. */
void set_expect(struct value *v, size_t hint, const struct set_limits *l);
/* False when it was there. */
bool set_add(struct value *v, struct bytes member, const struct set_limits *l);
bool set_remove(struct value *v, struct bytes member);  /* `member` may lie in the set */
bool set_has(struct value v, struct bytes member);
size_t set_count(struct value v);
/* Ask memory for the bucket of a member, or (`deep`) for what is in it. */
void set_prefetch(struct value v, struct bytes member, bool deep);

/* A fair pick; the set is not empty.  The member may point into the set. */
void set_random(struct value v, struct set_member *out);
typedef void set_each_fn(struct bytes member, void *arg);
/* `n` different members, fairly chosen; all of them when there are not more. */
void set_sample(struct value v, size_t n, set_each_fn *each, void *arg);
/* See dict_scan; the small forms hand all members at once. */
uint64_t set_scan(struct value v, uint64_t cursor, size_t count, set_each_fn *each,
                  void *arg);

/* Walk all members while nothing changes. */
struct set_iter {
    struct value v;
    size_t at;
    struct dict_iter items;
    struct set_member member;
};
void set_iter_start(struct set_iter *it, struct value v);
/* Valid until the next call; NULL at the end. */
const struct bytes *set_iter_next(struct set_iter *it);

/* Asserts the form's invariants; O(n). */
void set_check(struct value v);

#endif
