/* SPDX-License-Identifier: MIT
 * tests/unit/things.h - numbered things to put into a dict. */
#ifndef IGNIS_TESTS_UNIT_THINGS_H
#define IGNIS_TESTS_UNIT_THINGS_H
#include <criterion/criterion.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "structs/dict.h"

/* The key is the 8 bytes of the number; the rest is for the tests' bookkeeping. */
struct thing { uint64_t key; unsigned seen; bool gone; };

static inline struct bytes
thing_key(const void *item)
{
    const struct thing *t = item;

    return bytes_view(&t->key, sizeof t->key);
}

static const struct dict_ops plain_ops = { .key_of = thing_key };

static inline uint64_t
hash_of(uint64_t key)
{
    return hash_bytes(&key, sizeof key);
}

static inline void *
find_key(struct dict *d, uint64_t key)
{
    return dict_find(d, bytes_view(&key, sizeof key), hash_of(key));
}

static inline void
things_start(void)
{
    hash_start(B("a fixed seed for tests"));
    rand_seed(20260101);
}

static inline void
things_finish(void)
{
    dict_hold_resize(false);
}

static inline struct thing *
many_things(size_t n)
{
    struct thing *things = mem_zalloc(n * sizeof *things);

    for (size_t i = 0; i < n; i++)
        things[i].key = i;
    return things;
}

static inline void
add_range(struct dict *d, struct thing *things, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        dict_add(d, &things[i], hash_of(i));
}

static inline void
remove_range(struct dict *d, struct thing *things, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        cr_assert(dict_remove_item(d, &things[i], hash_of(i)));
}

#endif
