/* SPDX-License-Identifier: MIT
 * structs/deadlines.h - an ordered index of (deadline, item) that finds what is
 * due without looking at what is not: a B+tree of 12-byte pairs (48-bit time,
 * 48-bit pointer), packed leaves. */
#ifndef IGNIS_STRUCTS_DEADLINES_H
#define IGNIS_STRUCTS_DEADLINES_H
#include <stdbool.h>
#include <stddef.h>
#include "base/clock.h"

struct deadlines;

/* Times are clamped into 48 bits for ordering (years 1970 to 10889); callers
 * keep the exact one in the item and pass the same value to add and remove. */
struct deadlines *deadlines_new(void);
void deadlines_free(struct deadlines *x);               /* items are not touched */
size_t deadlines_count(const struct deadlines *x);
void deadlines_add(struct deadlines *x, msec when, void *item);      /* O(log n) */
/* False when the pair is not there. */
bool deadlines_remove(struct deadlines *x, msec when, void *item);   /* O(log n) */
/* The pair (when, from) becomes (when, to): an item was reallocated. */
void deadlines_move(struct deadlines *x, msec when, void *from, void *to);
/* The earliest pair, left in place; NULL when empty.  O(1). */
void *deadlines_first(const struct deadlines *x, msec *when);
/* Pick n items at random, roughly fair, each anew: one may come twice. Returns n, or
 * 0 when empty.  O(n log n). */
size_t deadlines_sample(const struct deadlines *x, void **out, size_t n);
/* Sum of all deadlines / count, for INFO's avg_ttl; 0 when empty. */
msec deadlines_average(const struct deadlines *x);
size_t deadlines_memory(const struct deadlines *x);
void deadlines_check(const struct deadlines *x);        /* asserts; O(n) */

#endif
