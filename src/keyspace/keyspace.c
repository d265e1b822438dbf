/* SPDX-License-Identifier: MIT
 * keyspace/keyspace.c - all databases together: make, empty, swap, count.
 *
 * How:        a database is a dict of entries and, once a key has a deadline, an
 *             index of deadlines; an empty one is a few words. Emptying hands the
 *             old tables away and starts with new ones, so that it takes no longer
 *             for a large database when the background thread does the freeing.
 * Read next:  keyspace/db.c */
#include "keyspace/internal.h"

#include <assert.h>

#include "base/alloc.h"
#include "keyspace/lazyfree.h"

#define CRON_BUCKETS 256        /* resize work per database and tick */

struct keyspace *
keyspace_new(int databases)
{
    struct keyspace *ks;

    assert(databases > 0);
    ks = mem_zalloc(sizeof *ks + (size_t)databases * sizeof ks->dbs[0]);
    ks->databases = databases;
    ks->active_expire = true;
    ks->evict = (struct evict_settings){
        .policy = EVICT_NONE, .samples = 5, .tenacity = 10,
        .lfu_log_factor = 10, .lfu_decay_minutes = 1,
    };
    for (int i = 0; i < databases; i++)
        ks->dbs[i] = (struct db){
            .entries = dict_new(&entry_dict_ops), .ks = ks, .index = i
        };
    return ks;
}

void
keyspace_free(struct keyspace *ks)
{
    if (!ks)
        return;
    for (int i = 0; i < ks->databases; i++) {
        dict_free(ks->dbs[i].entries);
        if (ks->dbs[i].deadlines)
            deadlines_free(ks->dbs[i].deadlines);
        if (ks->dbs[i].elements)
            deadlines_free(ks->dbs[i].elements);
    }
    evict_pool_free(ks->pool);
    mem_free(ks);
}

int
keyspace_databases(const struct keyspace *ks)
{
    return ks->databases;
}

struct db *
keyspace_db(struct keyspace *ks, int index)
{
    assert(index >= 0 && index < ks->databases);
    return &ks->dbs[index];
}

int
db_index(const struct db *db)
{
    return db->index;
}

struct keyspace *
db_keyspace(const struct db *db)
{
    return db->ks;
}

size_t
db_count(const struct db *db)
{
    return dict_count(db->entries);
}

size_t
db_count_expiring(const struct db *db)
{
    return db->deadlines ? deadlines_count(db->deadlines) : 0;
}

size_t
db_count_elements_expiring(const struct db *db)
{
    return db->elements ? deadlines_count(db->elements) : 0;
}

msec
db_average_ttl(const struct db *db)
{
    msec ttl;

    if (!db_count_expiring(db))
        return 0;
    ttl = deadlines_average(db->deadlines) - clock_ms();
    return ttl > 0 ? ttl : 0;
}

void
db_swap(struct db *a, struct db *b)
{
    struct dict *entries = a->entries;
    struct deadlines *deadlines = a->deadlines, *elements = a->elements;

    a->elements = b->elements;
    b->elements = elements;
    a->entries = b->entries;
    a->deadlines = b->deadlines;
    b->entries = entries;
    b->deadlines = deadlines;
}

static void
free_deadlines(void *x)
{
    deadlines_free(x);
}

static size_t
flush_db(struct db *db, bool lazy)
{
    struct dict *entries = db->entries;
    struct deadlines *deadlines = db->deadlines;
    size_t count = dict_count(entries);

    db->deadlines = NULL;
    if (db->elements && lazy)
        lazyfree_call(free_deadlines, db->elements, 0);
    else if (db->elements)
        deadlines_free(db->elements);
    db->elements = NULL;
    db->entries = dict_new(&entry_dict_ops);
    if (lazy) {
        lazyfree_tables(entries, deadlines);
        return count;
    }
    dict_free(entries);
    if (deadlines)
        deadlines_free(deadlines);
    return count;
}

size_t
keyspace_flush(struct keyspace *ks, int index, bool lazy)
{
    size_t count = 0;

    assert(index >= -1 && index < ks->databases);
    if (index >= 0)
        return flush_db(&ks->dbs[index], lazy);
    for (int i = 0; i < ks->databases; i++)
        count += flush_db(&ks->dbs[i], lazy);
    return count;
}

void
db_reserve(struct db *db, size_t keys)
{
    dict_reserve(db->entries, keys);
}

struct dict *
db_dict(struct db *db)
{
    return db->entries;
}

struct keyspace_stats *
keyspace_stats(struct keyspace *ks)
{
    ks->stats.lazyfreed = lazyfree_done();
    ks->stats.lazyfree_pending = lazyfree_pending();
    return &ks->stats;
}

size_t
db_overhead(const struct db *db)
{
    return dict_memory(db->entries)
         + (db->deadlines ? deadlines_memory(db->deadlines) : 0)
         + (db->elements ? deadlines_memory(db->elements) : 0);
}

static size_t
share(size_t memory, size_t count)
{
    return count ? memory / count : 0;
}

size_t
db_entry_memory(const struct db *db, const struct entry *e, size_t samples)
{
    struct value v = entry_value(e);
    size_t bytes = entry_memory(e) + value_type_of(v.type)->memory(v, samples);

    bytes += share(dict_memory(db->entries), dict_count(db->entries));
    if (entry_deadline(e) != NO_DEADLINE)
        bytes += share(deadlines_memory(db->deadlines), deadlines_count(db->deadlines));
    return bytes;
}

/* Most databases have nothing to do: the first with work gets this tick's. */
void
keyspace_cron(struct keyspace *ks, bool resize)
{
    lazyfree_collect();
    for (int n = 0; resize && n < ks->databases; n++) {
        struct db *db = &ks->dbs[ks->cron_next];

        ks->cron_next = (ks->cron_next + 1) % ks->databases;
        if (dict_step(db->entries, CRON_BUCKETS))
            return;
    }
}
