/* SPDX-License-Identifier: MIT
 * command/tracking_table.c - which clients have read a key and must hear of its change.
 *
 * How:        a dict from key, of whatever database, to a sorted array of client ids:
 *
 *               "user:7"  ->  | 3 | 19 | 40 |
 *
 *             Ids, not clients: those who leave are not looked for, and an id is never
 *             used twice.  A long array has to ask who is still here before it grows:
 *             a key may be read for years and never change.
 * Invariants: 1. a key in the table has a reader at least, and each reader once.
 *             2. `items` is the sum of their counts.
 * Cost:       8 bytes a reader, about 40 a key beside its name.
 * Read next:  command/tracking.c */
#include "command/tracking_table.h"

#include "base/alloc.h"
#include "keyspace/keyspace.h"
#include "keyspace/lazyfree.h"
#include "structs/dict.h"

#define READERS_MANY 64

struct tracking_table {
    struct dict *keys;
    size_t items;
    reader_is_here_fn *is_here;
    void *arg;
};

static struct bytes
name_of(const void *item)
{
    const struct readers *r = item;

    return bytes_view(r->name, r->len);
}

void
readers_free(struct readers *r)
{
    mem_free(r->ids);
    mem_free(r);
}

static void
free_item(void *item)
{
    readers_free(item);
}

static const struct dict_ops table_ops = { .key_of = name_of, .free_item = free_item };

static struct readers *
readers_of(struct tracking_table *t, struct bytes name)
{
    struct key key = key_of(name);
    struct readers *r = dict_find(t->keys, key.name, key.hash);

    if (r)
        return r;
    r = mem_zalloc(sizeof *r + name.len);
    r->len = name.len;
    memcpy(r->name, name.at, name.len);
    dict_add(t->keys, r, key.hash);
    return r;
}

/* How many ids are less. */
static uint32_t
place_of(const struct readers *r, uint64_t id)
{
    uint32_t low = 0, high = r->count, mid;

    while (low < high) {
        mid = low + (high - low) / 2;
        if (r->ids[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void
forget_gone(struct tracking_table *t, struct readers *r)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < r->count; i++)
        if (t->is_here(t->arg, r->ids[i]))
            r->ids[kept++] = r->ids[i];
    t->items -= r->count - kept;
    r->count = kept;
}

/* Room for one more. */
static void
make_room(struct tracking_table *t, struct readers *r)
{
    if (r->count < r->room)
        return;
    if (t->is_here && r->count >= READERS_MANY) {
        forget_gone(t, r);
        if (r->count <= r->room / 2)
            return;
    }
    r->room = r->room ? 2 * r->room : 1;
    r->ids = mem_realloc(r->ids, r->room * sizeof *r->ids);
}

void
tracking_table_add(struct tracking_table *t, struct bytes name, uint64_t id)
{
    struct readers *r = readers_of(t, name);
    uint32_t at = place_of(r, id);

    if (at < r->count && r->ids[at] == id)
        return;
    make_room(t, r);
    at = place_of(r, id);               /* some may have gone */
    memmove(r->ids + at + 1, r->ids + at, (r->count - at) * sizeof *r->ids);
    r->ids[at] = id;
    r->count++;
    t->items++;
}

static struct readers *
take_out(struct tracking_table *t, struct readers *r, uint64_t hash)
{
    dict_remove_item(t->keys, r, hash);
    t->items -= r->count;
    return r;
}

struct readers *
tracking_table_take(struct tracking_table *t, struct bytes name)
{
    struct readers *r;
    struct key key;

    if (dict_count(t->keys) == 0)
        return NULL;
    key = key_of(name);
    r = dict_find(t->keys, key.name, key.hash);
    return r ? take_out(t, r, key.hash) : NULL;
}

struct readers *
tracking_table_take_any(struct tracking_table *t)
{
    struct readers *r = dict_random(t->keys);

    return take_out(t, r, key_of(name_of(r)).hash);
}

static void
free_keys(void *keys)
{
    dict_free(keys);
}

void
tracking_table_clear(struct tracking_table *t)
{
    size_t keys = dict_count(t->keys);

    t->items = 0;
    if (keys <= LAZYFREE_EFFORT) {
        dict_clear(t->keys, NULL, NULL);
        return;
    }
    lazyfree_call(free_keys, t->keys, keys);
    t->keys = dict_new(&table_ops);
}

size_t
tracking_table_keys(const struct tracking_table *t)
{
    return dict_count(t->keys);
}

size_t
tracking_table_items(const struct tracking_table *t)
{
    return t->items;
}

struct tracking_table *
tracking_table_new(reader_is_here_fn *is_here, void *arg)
{
    struct tracking_table *t = mem_alloc(sizeof *t);

    *t = (struct tracking_table){ .keys = dict_new(&table_ops), .is_here = is_here,
                                  .arg = arg };
    return t;
}

void
tracking_table_free(struct tracking_table *t)
{
    dict_free(t->keys);
    mem_free(t);
}
