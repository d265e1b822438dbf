/* SPDX-License-Identifier: MIT
 * structs/intset.h - a sorted array of integers in the width that the widest needs.
 *
 * The block is, byte for byte, what Redis calls an intset:
 *
 *   | bytes per number: 2, 4, 8 | how many | ascending numbers |
 *   | 32 bits, little endian    | 32 bits  | little endian     |
 *
 * A function that changes the set returns its address now. */
#ifndef IGNIS_STRUCTS_INTSET_H
#define IGNIS_STRUCTS_INTSET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intset;

/* Functions that change a set return where it is now: the block may have moved. */
struct intset *intset_new(void);
void intset_free(struct intset *s);
struct intset *intset_copy(const struct intset *s);
size_t intset_count(const struct intset *s);
size_t intset_bytes(const struct intset *s);    /* of the drawing above */
size_t intset_memory(const struct intset *s);
bool intset_has(const struct intset *s, int64_t n);     /* O(log n) */
/* Number `at` in ascending order; `at` is less than the count. */
int64_t intset_get(const struct intset *s, size_t at);
/* *added is false when it was there already.  O(n). */
struct intset *intset_add(struct intset *s, int64_t n, bool *added);
struct intset *intset_remove(struct intset *s, int64_t n, bool *removed);
void intset_check(const struct intset *s);      /* asserts; O(n) */

#endif
