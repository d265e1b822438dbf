/* SPDX-License-Identifier: MIT
 * structs/dict_walk.h - the ways to meet many items of a dict; part of dict.h. */
#ifndef IGNIS_STRUCTS_DICT_WALK_H
#define IGNIS_STRUCTS_DICT_WALK_H
#include <stddef.h>
#include <stdint.h>

struct dict;

/* Call `each` for items from `cursor` on, about `count` of them (whole buckets
 * only); returns the next cursor, 0 at the end.  Cursors are < 2^48 and stay
 * valid through growth and shrinking: an item present all along is seen exactly
 * once.  `each` may remove the item it is given, nothing else. */
typedef void dict_each_fn(void *item, void *arg);
uint64_t dict_scan(struct dict *d, uint64_t cursor, size_t count, dict_each_fn *each,
                   void *arg);

/* A fair random item; NULL when empty.  O(1) expected. */
void *dict_random(struct dict *d);
/* Up to n distinct items from a random place on, quick and roughly fair: for
 * eviction samples.  Returns how many. */
size_t dict_sample(struct dict *d, void **out, size_t n);

/* Walk all items in hash order while nothing changes. */
struct dict_iter { struct dict *d; uint64_t bucket; void *chain; int slot; };
void dict_iter_start(struct dict_iter *it, struct dict *d);
void *dict_iter_next(struct dict_iter *it);     /* NULL at the end; prefetches ahead */

#endif
