/* SPDX-License-Identifier: MIT
 * keyspace/evict.c - stay below maxmemory by removing what is worth least.
 *
 * Why:        the exact order of use costs memory in every key (see access.c), so
 *             the victim is the worst of a sample - and sampling few keys each time
 *             would forget how bad the second worst was.
 * How:        a pool of 16 candidates outlives the samples:
 *
 *               sample 5 of each database -> score -> [ .. 12 40 41 90 ]  evict 90
 *                                                       pool, ascending
 *
 *             A candidate is a copy of its key with its database; it is looked up
 *             again when its turn comes, and dropped when it was used, changed or
 *             removed since. volatile-ttl needs no sample: the index of deadlines
 *             knows the first.
 * Invariants: 1. The pool is sorted by score and names no key twice.
 *             2. Under a volatile policy only keys with a deadline are touched.
 * Cost:       per victim: one sample per database that is not empty, two lookups.
 * Left out:   evicting by size.
 * Read next:  keyspace/access.c */
#include "keyspace/evict.h"

#include <time.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "base/text.h"
#include "keyspace/internal.h"
#include "keyspace/lazyfree.h"
#include "wire/reply.h"

#define POOL_SIZE 16
#define SAMPLE_CHUNK 16         /* maxmemory-samples in steps of this */
#define KEYS_PER_LOOK 16        /* between two looks at the clock */
#define FILLS_PER_VICTIM 4      /* all sampled keys may be in the pool already */

struct candidate {
    uint64_t score;             /* the higher, the less it is worth */
    uint64_t hash;
    int db;
    struct text key;
};

struct evict_pool {
    int count;
    struct candidate at[POOL_SIZE];
};

void
evict_pool_free(struct evict_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < POOL_SIZE; i++)
        text_free(&pool->at[i].key);
    mem_free(pool);
}

static bool
is_volatile_policy(enum evict_policy policy)
{
    return policy == EVICT_VOLATILE_LRU || policy == EVICT_VOLATILE_LFU
        || policy == EVICT_VOLATILE_RANDOM || policy == EVICT_VOLATILE_TTL;
}

/* Clocks written under the other meaning read as some age or other until their
 * key is used again; scores gathered under it are worthless. */
void
evict_configure(struct keyspace *ks, const struct evict_settings *settings)
{
    if (ks->pool && settings->policy != ks->evict.policy)
        ks->pool->count = 0;
    ks->evict = *settings;
    ks->lfu = settings->policy == EVICT_VOLATILE_LFU
           || settings->policy == EVICT_ALLKEYS_LFU;
}

const struct evict_settings *
evict_settings(const struct keyspace *ks)
{
    return &ks->evict;
}

/* The messages that tell of evictions are gone when the turn ends, if not before.  Were
 * they made room for, each key could cost the next ones: ten clients that track a key of
 * 1 KB are told 10 KB. */
static size_t
untold(const struct keyspace *ks)
{
    size_t held = reply_memory_in_use(), more;

    more = held > ks->evict_told_from ? held - ks->evict_told_from : 0;
    return more < ks->evict_told ? more : ks->evict_told;
}

bool
evict_is_over(const struct keyspace *ks)
{
    size_t limit = ks->evict.limit, used;

    if (!limit || (used = mem_used()) <= limit)
        return false;
    return used - limit > untold(ks);
}

void
evict_turn_ends(struct keyspace *ks)
{
    ks->evict_told = 0;
}

/* --- the pool --- */

static uint64_t
score_of(const struct keyspace *ks, const struct entry *e)
{
    if (ks->lfu)
        return 255 - evict_frequency(ks, layout_clock(e));
    return (uint64_t)evict_idle_ms(ks, layout_clock(e));
}

static bool
pool_has(const struct evict_pool *pool, int db, uint64_t hash)
{
    for (int i = 0; i < pool->count; i++)
        if (pool->at[i].hash == hash && pool->at[i].db == db)
            return true;
    return false;
}

/* Make a place for `score`: the cheapest of a full pool goes.  -1: not wanted. */
static int
pool_place(struct evict_pool *pool, uint64_t score)
{
    struct candidate spare;
    int at = 0;

    while (at < pool->count && pool->at[at].score < score)
        at++;
    if (pool->count == POOL_SIZE) {
        if (at == 0)
            return -1;
        spare = pool->at[0];
        at--;
        memmove(pool->at, pool->at + 1, (size_t)at * sizeof spare);
    } else {
        spare = pool->at[pool->count];
        memmove(pool->at + at + 1, pool->at + at,
                (size_t)(pool->count - at) * sizeof spare);
        pool->count++;
    }
    pool->at[at] = spare;
    return at;
}

static void
pool_offer(struct db *db, const struct entry *e)
{
    struct evict_pool *pool = db->ks->pool;
    uint64_t score = score_of(db->ks, e);
    struct key key;
    int at;

    if (pool->count == POOL_SIZE && score <= pool->at[0].score)
        return;
    key = key_of(layout_key(e));
    if (pool_has(pool, db->index, key.hash))
        return;
    at = pool_place(pool, score);
    if (at < 0)
        return;
    pool->at[at].score = score;
    pool->at[at].hash = key.hash;
    pool->at[at].db = db->index;
    text_clear(&pool->at[at].key);
    text_add(&pool->at[at].key, key.name);
}

/* --- samples --- */

static size_t
sample(struct db *db, bool volatile_only, void **out, size_t n)
{
    if (!volatile_only)
        return dict_sample(db->entries, out, n);
    return db->deadlines ? deadlines_sample(db->deadlines, out, n) : 0;
}

static void
pool_fill_from(struct db *db, bool volatile_only)
{
    int samples = db->ks->evict.samples;
    size_t wanted = samples > 0 ? (size_t)samples : 1;
    void *found[SAMPLE_CHUNK];

    if (wanted > dict_count(db->entries))
        wanted = dict_count(db->entries);
    while (wanted) {
        size_t n = wanted < SAMPLE_CHUNK ? wanted : SAMPLE_CHUNK;
        size_t got = sample(db, volatile_only, found, n);

        for (size_t k = 0; k < got; k++)
            pool_offer(db, found[k]);
        wanted -= n;
    }
}

/* Another database begins each time: among equals the first that come get the
 * places. */
static void
pool_fill(struct keyspace *ks, bool volatile_only)
{
    for (int n = 0; n < ks->databases; n++)
        pool_fill_from(&ks->dbs[(ks->evict_next + n) % ks->databases], volatile_only);
    ks->evict_next = (ks->evict_next + 1) % ks->databases;
}

/* --- victims: each finder sets *where, or returns NULL --- */

/* The worst candidate that is still there and was not used meanwhile. */
static struct entry *
pool_take(struct keyspace *ks, bool volatile_only, struct db **where)
{
    struct evict_pool *pool = ks->pool;

    while (pool->count) {
        struct candidate *c = &pool->at[--pool->count];
        struct db *db = &ks->dbs[c->db];
        struct entry *e = dict_find(db->entries, text_view(&c->key), c->hash);

        if (e && score_of(ks, e) >= c->score
            && !(volatile_only && layout_deadline(e) == NO_DEADLINE)) {
            *where = db;
            return e;
        }
    }
    return NULL;
}

/* Any key, databases in turn. */
static struct entry *
find_random(struct keyspace *ks, bool volatile_only, struct db **where)
{
    for (int n = 0; n < ks->databases; n++) {
        struct db *db = &ks->dbs[ks->evict_next];
        void *found;

        ks->evict_next = (ks->evict_next + 1) % ks->databases;
        if (volatile_only) {
            if (!sample(db, true, &found, 1))
                continue;
        } else if (!(found = dict_random(db->entries))) {
            continue;
        }
        *where = db;
        return found;
    }
    return NULL;
}

static struct entry *
find_worst(struct keyspace *ks, bool volatile_only, struct db **where)
{
    struct entry *e = NULL;

    if (!ks->pool)
        ks->pool = mem_zalloc(sizeof *ks->pool);
    for (int i = 0; i < FILLS_PER_VICTIM && !e; i++) {
        pool_fill(ks, volatile_only);
        e = pool_take(ks, volatile_only, where);
    }
    return e ? e : find_random(ks, volatile_only, where);
}

/* The earliest deadline of all databases. */
static struct entry *
find_earliest(struct keyspace *ks, struct db **where)
{
    struct entry *best = NULL;
    msec earliest = 0;

    for (int i = 0; i < ks->databases; i++) {
        struct db *db = &ks->dbs[i];
        struct entry *e;
        msec when;

        if (!db->deadlines || !(e = deadlines_first(db->deadlines, &when)))
            continue;
        if (best && when >= earliest)
            continue;
        best = e;
        earliest = when;
        *where = db;
    }
    return best;
}

static struct entry *
find_victim(struct keyspace *ks, struct db **where)
{
    bool volatile_only = is_volatile_policy(ks->evict.policy);

    switch (ks->evict.policy) {
    case EVICT_NONE:
        return NULL;
    case EVICT_VOLATILE_TTL:
        return find_earliest(ks, where);
    case EVICT_VOLATILE_RANDOM:
    case EVICT_ALLKEYS_RANDOM:
        return find_random(ks, volatile_only, where);
    default:
        return find_worst(ks, volatile_only, where);
    }
}

/* event(), and what it left in the output of clients. */
static void
tell(struct db *db, struct bytes name)
{
    size_t before = mem_used(), after;

    if (db->ks->evict_told == 0)
        db->ks->evict_told_from = reply_memory_in_use();
    event(db, name, EVENT_EVICTED, "evicted");
    after = mem_used();
    if (after > before)
        db->ks->evict_told += after - before;
}

static void
evict(struct db *db, struct entry *e)
{
    struct bytes name = layout_key(e);
    msec when = layout_deadline(e);

    dict_remove_item(db->entries, e, hash_bytes(name.at, name.len));
    if (when != NO_DEADLINE)
        deadlines_remove(db->deadlines, when, e);
    elements_forget(db, e);
    db->ks->stats.evicted++;
    tell(db, name);
    entry_dispose(e, db->ks->evict.lazy);
}

/* --- the work --- */

/* maxmemory-eviction-tenacity as nanoseconds: 50 us a step up to 10, then 15% more
 * each, and without end at 100. */
static uint64_t
time_allowed(int tenacity)
{
    double us;

    if (tenacity >= 100)
        return UINT64_MAX;
    if (tenacity <= 10)
        return 50000 * (uint64_t)(tenacity > 0 ? tenacity : 0);
    us = 500;
    for (int i = 10; i < tenacity; i++)
        us *= 1.15;
    return (uint64_t)(us * 1000);
}

static bool
is_late(uint64_t start, uint64_t allowed)
{
    return clock_ticks_to_ns(clock_ticks() - start) >= allowed;
}

/* Nothing is left to evict, but the background thread still has some to free:
 * wait for it, a little at a time. */
static bool
wait_for_lazyfree(uint64_t start, uint64_t allowed)
{
    struct timespec nap = { .tv_nsec = 50 * 1000 };

    if (!lazyfree_pending() || is_late(start, allowed))
        return false;
    nanosleep(&nap, NULL);
    return true;
}

static enum status
make_room(struct keyspace *ks)
{
    uint64_t start = clock_ticks(), allowed = time_allowed(ks->evict.tenacity);
    struct entry *e;
    struct db *db;

    for (unsigned n = 1; evict_is_over(ks); n++) {
        e = find_victim(ks, &db);
        if (e)
            evict(db, e);
        else if (!wait_for_lazyfree(start, allowed))
            return evict_is_over(ks) ? FAILED : OK;
        if (n % KEYS_PER_LOOK == 0 && is_late(start, allowed))
            return evict_is_over(ks) ? FAILED_LIMIT : OK;
    }
    return OK;
}

/* How long the limit has been exceeded until now, for INFO. */
usec
evict_exceeded_us(const struct keyspace *ks)
{
    if (!ks->stats.evict_over_since)
        return 0;
    return (usec)(clock_ticks_to_ns(clock_ticks() - ks->stats.evict_over_since) / 1000);
}

static void
note_over(struct keyspace *ks, bool over)
{
    if (over && !ks->stats.evict_over_since) {
        ks->stats.evict_over_since = clock_ticks();
    } else if (!over && ks->stats.evict_over_since) {
        ks->stats.evict_exceeded_us += (uint64_t)evict_exceeded_us(ks);
        ks->stats.evict_over_since = 0;
    }
}

static enum status __attribute__((noinline, cold))
make_it_fit(struct keyspace *ks)
{
    enum status st;

    reply_pool_free();          /* memory at rest goes before any key */
    note_over(ks, evict_is_over(ks));
    st = make_room(ks);
    note_over(ks, st != OK);
    return st;
}

/* Asked before every command: what is rare is kept out of it. */
enum status
evict_to_fit(struct keyspace *ks)
{
    if (UNLIKELY(ks->hide_only))
        return OK;              /* what to remove is decided elsewhere, or later */
    if (UNLIKELY(evict_is_over(ks)))
        return make_it_fit(ks);
    if (UNLIKELY(ks->stats.evict_over_since))
        note_over(ks, false);
    return OK;
}
