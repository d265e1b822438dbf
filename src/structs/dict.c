/* SPDX-License-Identifier: MIT
 * structs/dict.c - the hash table under every key, hash and set.
 *
 * Why:        a server spends its time waiting for memory.  A table of linked
 *             nodes waits two or three times per lookup and spends 24 bytes and
 *             more per item before the first byte of the item.
 * How:        the top 48 bits of the hash are the item's position.  Buckets
 *             divide the positions evenly and in order, so any number of
 *             buckets will do and no division is needed:
 *
 *               hash  |        position, 48 bits        | unused | tag, 8 bits |
 *                       bucket = (position * buckets) >> 48
 *
 *             A bucket (bucket.h) is one cache line: seven pointers and a tag of
 *             each.  A lookup reads that line and, but for one in 40 where a tag
 *             lies, no other item than its own.  Resizing (dict_resize.c) splits the
 *             positions at one boundary: a lookup always probes exactly one array.
 *             Because order never changes, a scan cursor is simply a position.
 * Invariants: 1. an item is in the chain of dict_home(its position), under its tag.
 *             2. `count` is the number of items in all live buckets, `children` that
 *                of child buckets.
 *             3. those of bucket.c and dict_resize.c.
 *             dict_check() asserts them.
 * Cost:       a hit waits for the bucket and the item, a miss for the bucket.  One
 *             million 48-byte items, measured: hit 130 ns, miss 75, hit in batches
 *             of 32 that prefetch 60.  13.5 bytes per item on average.
 * Left out:   more bits of the hash in the item's slot, which would spare hashing
 *             again while growing: pointers would need masking at every use.
 * Read next:  structs/dict_resize.c, structs/dict_walk.c */
#include "structs/dict.h"
#include <assert.h>
#include "base/alloc.h"
#include "base/status.h"
#include "structs/dict_resize.h"

/* A function that does nothing but prefetch looks useless to link-time optimisation,
 * which drops the calls: this makes it look busy. */
#define KEEP_PREFETCH() __asm__ volatile("")

#define ITEM_REACH 47           /* from an item to what is prefetched besides */

struct dict *
dict_new(const struct dict_ops *ops)
{
    struct dict *d = mem_zalloc(sizeof *d);

    d->ops = ops;
    dict_use_nothing(d);
    return d;
}

void
dict_free(struct dict *d)
{
    if (d == NULL)
        return;
    dict_clear(d, NULL, NULL);
    mem_free_sized(d, sizeof *d);
}

void
dict_clear(struct dict *d, void (*step)(void *arg), void *arg)
{
    struct dict_iter it;
    size_t freed = 0;
    void *item;

    assert(d->busy == 0);
    if (d->ops->free_item != NULL) {
        dict_iter_start(&it, d);
        while ((item = dict_iter_next(&it)) != NULL) {
            d->ops->free_item(item);
            if (step != NULL && ++freed % 1024 == 0)
                step(arg);
        }
    }
    dict_drop_arrays(d);
}

size_t
dict_count(const struct dict *d)
{
    return d->count;
}

/* The slot that holds the item, and in *holder the bucket of it. */
static inline void **
find(const struct dict *d, struct bytes key, uint64_t hash, struct bucket **holder)
{
    struct bucket *b = dict_home(d, dict_position(hash));
    uint8_t tag = bucket_tag(hash);
    struct bytes found;
    uint64_t hits;
    void **slot;

    do {
        for (hits = bucket_match(b, tag); hits != 0; hits &= hits - 1) {
            slot = &b->slots[bucket_first(hits)];
            found = d->ops->key_of(*slot);
            if (LIKELY(bytes_equal(found, key))) {
                *holder = b;
                return slot;
            }
        }
        b = bucket_child(b);
    } while (UNLIKELY(b != NULL));
    return NULL;
}

/* As find, but by the item's address. */
static void **
find_item(const struct dict *d, const void *item, uint64_t hash, struct bucket **holder)
{
    struct bucket *b = dict_home(d, dict_position(hash));
    uint8_t tag = bucket_tag(hash);
    uint64_t hits;

    for (; b != NULL; b = bucket_child(b)) {
        for (hits = bucket_match(b, tag); hits != 0; hits &= hits - 1) {
            if (b->slots[bucket_first(hits)] == item) {
                *holder = b;
                return &b->slots[bucket_first(hits)];
            }
        }
    }
    return NULL;
}

void *
dict_find(const struct dict *d, struct bytes key, uint64_t hash)
{
    struct bucket *holder;
    void **slot = find(d, key, hash, &holder);

    return slot != NULL ? *slot : NULL;
}

void **
dict_place(struct dict *d, struct bytes key, uint64_t hash)
{
    struct bucket *holder;

    return find(d, key, hash, &holder);
}

void **
dict_place_of_item(struct dict *d, const void *item, uint64_t hash)
{
    struct bucket *holder;

    return find_item(d, item, hash, &holder);
}

void
dict_add(struct dict *d, void *item, uint64_t hash)
{
    assert(item != NULL && d->busy == 0);
    dict_before_add(d);
    d->children += bucket_push(dict_home(d, dict_position(hash)), bucket_tag(hash), item);
    d->count++;
}

static void
remove_slot(struct dict *d, uint64_t hash, struct bucket *holder, void **slot)
{
    struct bucket *head = dict_home(d, dict_position(hash));

    d->children -= bucket_take(head, holder, (int)(slot - holder->slots));
    d->count--;
    dict_after_remove(d);
}

void *
dict_remove(struct dict *d, struct bytes key, uint64_t hash)
{
    struct bucket *holder;
    void **slot = find(d, key, hash, &holder);
    void *item;

    if (slot == NULL)
        return NULL;
    item = *slot;
    remove_slot(d, hash, holder, slot);
    return item;
}

bool
dict_remove_item(struct dict *d, const void *item, uint64_t hash)
{
    struct bucket *holder;
    void **slot = find_item(d, item, hash, &holder);

    if (slot != NULL)
        remove_slot(d, hash, holder, slot);
    return slot != NULL;
}

void
dict_prefetch_bucket(const struct dict *d, uint64_t hash)
{
    KEEP_PREFETCH();
    __builtin_prefetch(dict_home(d, dict_position(hash)));
}

/* Both lines of the item: half of all blocks of 48 bytes lie in two, and waiting for the
 * second costs as much as waiting for the first.
 *
 * When the head has no such tag, read its child at once: the processor can wait
 * for the children of several keys at a time as long as nothing branches on what
 * they hold.  So, without a hit there, prefetch whatever is in slot 6. */
void
dict_prefetch_item(const struct dict *d, uint64_t hash)
{
    const struct bucket *b = dict_home(d, dict_position(hash));
    uint8_t tag = bucket_tag(hash);
    uint64_t hits = bucket_match(b, tag);

    KEEP_PREFETCH();
    if (hits == 0 && (b = bucket_child(b)) != NULL)
        hits = bucket_match(b, tag) | 1ull << 55;
    if (hits != 0) {
        uintptr_t item = (uintptr_t)b->slots[bucket_first(hits)];      /* perhaps 0 */

        __builtin_prefetch((const void *)item);
        __builtin_prefetch((const void *)(item + ITEM_REACH));
    }
}

size_t
dict_memory(const struct dict *d)
{
    return mem_class(sizeof *d) + dict_array_memory(d);
}

void
dict_facts(const struct dict *d, struct dict_facts *out)
{
    out->count = d->count;
    out->buckets = d->grow_at > 0 ? d->front.buckets : 0;
    out->old_buckets = d->back.buckets;
    out->migrated = d->moved;
    out->chained = d->children;
}
