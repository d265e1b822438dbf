/* SPDX-License-Identifier: MIT
 * values/pick.c - some of many, each choice as likely as any other.
 *
 * How:        of few elements, or when most are wanted, one walk: each element is
 *             taken with probability wanted / left, which gives every subset the same
 *             chance (selection sampling, Fan, Muller and Rezucha 1962).  Of many,
 *             draw and draw again what came before, remembered in a table.
 * Read next:  commands/c_set_pick.c */
#include "values/pick.h"

#include "base/hash.h"
#include "base/rand.h"

bool
pick_this(size_t *wanted, size_t *left)
{
    bool chosen = rand_below((*left)--) < *wanted;

    *wanted -= chosen;
    return chosen;
}

void
pick_distinct(struct dict *d, size_t n, struct bytes (*key_of)(const void *item),
              void (*each)(void *item, void *arg), void *arg)
{
    const struct dict_ops borrowed = { .key_of = key_of };
    struct dict *seen = dict_new(&borrowed);

    while (n) {
        void *item = dict_random(d);
        struct bytes key = key_of(item);
        uint64_t hash = hash_bytes(key.at, key.len);

        if (dict_find(seen, key, hash))
            continue;
        dict_add(seen, item, hash);
        each(item, arg);
        n--;
    }
    dict_free(seen);
}
