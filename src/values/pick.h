/* SPDX-License-Identifier: MIT
 * values/pick.h - some of many, each choice as likely as any other. */
#ifndef IGNIS_VALUES_PICK_H
#define IGNIS_VALUES_PICK_H
#include <stdbool.h>
#include <stddef.h>
#include "structs/dict.h"

/* Going through `left` elements of which `wanted` are still to be chosen: is this one
 * of them?  Counts both down. */
bool pick_this(size_t *wanted, size_t *left);

/* Is choosing n of the count by drawing cheaper than going through all? */
static inline bool
pick_by_drawing(size_t n, size_t count)
{
    return n < count / 3;
}

/* Draw n different items; n is well below the number there are.  O(n). */
void pick_distinct(struct dict *d, size_t n,
                   struct bytes (*key_of)(const void *item),
                   void (*each)(void *item, void *arg), void *arg);

#endif
