/* SPDX-License-Identifier: MIT
 * structs/dict.h - a hash table of pointers to items that know their own key.
 *
 * Buckets of one cache line hold 7 items, in hash order: bucket = (h48 * n) >> 48.
 * One lookup costs one bucket line and, on a tag hit, the item.  Growth is by
 * any factor, spread over operations; a cursor is a place in hash order.
 *
 * The table never frees items except through ops->free_item (dict_free,
 * dict_clear).  Duplicate keys are the caller's mistake. */
#ifndef IGNIS_STRUCTS_DICT_H
#define IGNIS_STRUCTS_DICT_H
#include <stdint.h>
#include "base/bytes.h"
#include "structs/dict_walk.h"      /* dict_scan, dict_random, dict_iter ... */

struct dict;

struct dict_ops {
    struct bytes (*key_of)(const void *item);   /* must be cheap */
    void (*free_item)(void *item);              /* may be NULL */
};

/* Empty: one small allocation, no table yet. */
struct dict *dict_new(const struct dict_ops *ops);
/* Frees all items and the table.  O(n). */
void dict_free(struct dict *d);
/* As dict_free and dict_new in one.  `step` (may be NULL) is called now and
 * then, for those who have to stay alive meanwhile. */
void dict_clear(struct dict *d, void (*step)(void *arg), void *arg);

size_t dict_count(const struct dict *d);
/* Reserve room for n items at once (loading a snapshot).  `n` is trusted: bound
 * it by what its source can hold, for all of it counts as used memory. */
void dict_reserve(struct dict *d, size_t n);

/* `hash` is hash_bytes of the key everywhere below. */
void *dict_find(const struct dict *d, struct bytes key, uint64_t hash);
/* The place of an item: write through it to replace the pointer by another
 * item with the same key.  NULL when absent.  Valid until the next change. */
void **dict_place(struct dict *d, struct bytes key, uint64_t hash);
/* Add an item whose key is known to be absent.  Amortised O(1), bounded work. */
void dict_add(struct dict *d, void *item, uint64_t hash);
/* Take the item out and return it; NULL when absent. */
void *dict_remove(struct dict *d, struct bytes key, uint64_t hash);
/* As dict_remove when the item itself is known: compares pointers, not keys. */
bool dict_remove_item(struct dict *d, const void *item, uint64_t hash);
/* As dict_place for an item that is known to be in the table. */
void **dict_place_of_item(struct dict *d, const void *item, uint64_t hash);

/* Batches: touch what a lookup will need, without waiting for it. */
void dict_prefetch_bucket(const struct dict *d, uint64_t hash);
void dict_prefetch_item(const struct dict *d, uint64_t hash);  /* after the bucket came */

/* While a fork child lives: no item is moved unless the table is about to
 * overflow badly. Process-wide. */
void dict_hold_resize(bool hold);
/* Do up to `moves` buckets of pending resize work (cron); false when none is left. */
bool dict_step(struct dict *d, size_t moves);
/* Bytes of the table itself, items not counted; and what an item's place in one takes,
 * for those who count a share of it. */
#define DICT_PLACE_MEMORY 16
size_t dict_memory(const struct dict *d);
/* For DEBUG HTSTATS and INFO: buckets, of them migrated, chained buckets. */
struct dict_facts { size_t count, buckets, old_buckets, migrated, chained; };
void dict_facts(const struct dict *d, struct dict_facts *out);
/* Count the buckets in use by how many items they hold: by_items[i] hold i; the last,
 * number n - 1, counts those with more, too.  Returns the most that one holds.
 * O(buckets). */
size_t dict_shape(const struct dict *d, size_t *by_items, size_t n);
/* Asserts the invariants of dict.c; O(n). */
void dict_check(const struct dict *d);

#endif
