/* SPDX-License-Identifier: MIT
 * command/awaited.c - keys that somebody waits for, and the queues before them.
 *
 * How:        each database has a dict of awaited keys; each awaited key has the lists
 *             of its waits, oldest first, a list for each type of value that some wait
 *             for.  A wait for three keys hangs in three lists.
 *
 *               key "jobs"  lists: wait of client 7 -> wait of client 9
 *                           zsets: wait of client 8
 *               key "mail"  lists: wait of client 7
 *
 *             Keys that changed are chained in the order of their changes.
 * Invariants: 1. a key is in the dict exactly while a wait hangs in its lists, or it is
 *                ready or being served.
 *             2. a ready key is chained once, however often it changed.
 * Cost:       a change: one lookup, and none while nobody waits in that database.
 * Read next:  command/blocking.c */
#include "command/awaited.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "keyspace/keyspace.h"
#include "structs/dict.h"

static struct bytes
name_of(const void *item)
{
    const struct awaited *a = item;

    return bytes_view(a->name, a->len);
}

static const struct dict_ops awaited_ops = { .key_of = name_of };

static struct awaited *
find_or_add(struct awaited_keys *k, int db, struct bytes name)
{
    struct key key = key_of(name);
    struct awaited *a;

    if (!k->by_db[db])
        k->by_db[db] = dict_new(&awaited_ops);
    a = dict_find(k->by_db[db], key.name, key.hash);
    if (a)
        return a;
    a = mem_zalloc(sizeof *a + name.len);
    a->db = db;
    a->len = name.len;
    memcpy(a->name, name.at, name.len);
    dict_add(k->by_db[db], a, key.hash);
    k->count++;
    return a;
}

static void
drop_if_idle(struct awaited_keys *k, struct awaited *a)
{
    if (a->count || a->is_served || a->is_ready)
        return;
    dict_remove_item(k->by_db[a->db], a, hash_bytes(a->name, a->len));
    k->count--;
    mem_free(a);
}

struct awaited_queue *
awaited_queue(struct awaited *a, enum type type)
{
    switch (type) {
    case TYPE_LIST: return &a->queues[0];
    case TYPE_ZSET: return &a->queues[1];
    case TYPE_STREAM: return &a->queues[2];
    default: return NULL;
    }
}

void
awaited_enqueue(struct awaited_keys *k, int db, struct bytes name, enum type type,
                struct wait *w, struct place *p)
{
    struct awaited *a = find_or_add(k, db, name);
    struct awaited_queue *q = awaited_queue(a, type);

    *p = (struct place){ 0 };
    if (q->last && q->last->wait == w)
        return;
    *p = (struct place){ .wait = w, .key = a, .prev = q->last };
    *(q->last ? &q->last->next : &q->first) = p;
    q->last = p;
    a->count++;
}

void
awaited_dequeue(struct awaited_keys *k, enum type type, struct place *p)
{
    struct awaited *a = p->key;
    struct awaited_queue *q;

    if (!a)
        return;
    q = awaited_queue(a, type);
    *(p->prev ? &p->prev->next : &q->first) = p->next;
    *(p->next ? &p->next->prev : &q->last) = p->prev;
    a->count--;
    drop_if_idle(k, a);
}

/* --- changes --- */

static void
note_ready(struct awaited_keys *k, struct awaited *a)
{
    if (a->is_ready)
        return;
    a->is_ready = true;
    a->next_ready = NULL;
    *k->ready_end = a;
    k->ready_end = &a->next_ready;
}

static void
note_item(void *item, void *arg)
{
    note_ready(arg, item);
}

void
awaited_note(struct awaited_keys *k, int db, struct bytes name)
{
    struct dict *keys = k->by_db[db];
    struct awaited *a;
    struct key key;

    if (!keys || dict_count(keys) == 0)
        return;
    key = key_of(name);
    a = dict_find(keys, key.name, key.hash);
    if (a)
        note_ready(k, a);
}

void
awaited_note_all(struct awaited_keys *k, int db)
{
    struct dict *keys = k->by_db[db];
    uint64_t cursor = 0;

    if (!keys || dict_count(keys) == 0)
        return;
    do
        cursor = dict_scan(keys, cursor, 100, note_item, k);
    while (cursor);
}

struct awaited *
awaited_take_ready(struct awaited_keys *k)
{
    struct awaited *a = k->ready;

    if (!a)
        return NULL;
    k->ready = a->next_ready;
    if (!k->ready)
        k->ready_end = &k->ready;
    a->is_ready = false;
    a->is_served = true;
    return a;
}

void
awaited_served(struct awaited_keys *k, struct awaited *a)
{
    a->is_served = false;
    drop_if_idle(k, a);
}

/* --- all of them --- */

void
awaited_start(struct awaited_keys *k, int databases)
{
    *k = (struct awaited_keys){ .databases = databases };
    k->by_db = mem_zalloc((size_t)databases * sizeof *k->by_db);
    k->ready_end = &k->ready;
}

void
awaited_end(struct awaited_keys *k)
{
    for (int i = 0; i < k->databases; i++)
        dict_free(k->by_db[i]);
    mem_free(k->by_db);
}
