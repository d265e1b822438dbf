/* SPDX-License-Identifier: MIT
 * keyspace/keyspace.h - the databases: look up, put, remove, expire, tell. */
#ifndef IGNIS_KEYSPACE_KEYSPACE_H
#define IGNIS_KEYSPACE_KEYSPACE_H
#include "base/hash.h"
#include "keyspace/entry.h"

struct keyspace;
struct db;
struct dict;

/* A key to look up, hashed once. */
struct key { struct bytes name; uint64_t hash; };
static inline struct key
key_of(struct bytes name)
{
    return (struct key){ name, hash_bytes(name.at, name.len) };
}

/* So many empty databases; freed with all they hold. */
struct keyspace *keyspace_new(int databases);
void keyspace_free(struct keyspace *ks);
int keyspace_databases(const struct keyspace *ks);
struct db *keyspace_db(struct keyspace *ks, int index);         /* asserts range */
int db_index(const struct db *db);
struct keyspace *db_keyspace(const struct db *db);
/* Keys, and those of them with a deadline; expired ones count until they are removed. */
size_t db_count(const struct db *db);
size_t db_count_expiring(const struct db *db);
size_t db_count_elements_expiring(const struct db *db);  /* keys with such fields */
msec db_average_ttl(const struct db *db);                       /* 0 when none */
/* Exchange the contents of two databases. */
void db_swap(struct db *a, struct db *b);

/* --- reading --- */
/* NULL when absent or expired (an expired one is removed and counted, unless the
 * keyspace is told to leave that to its primary).  Updates the access clock and
 * the hit/miss counters.  Valid until the next call that writes. */
struct entry *db_read(struct db *db, const struct key *key);
/* As db_read, leaving access clock and counters alone (TYPE, TTL, OBJECT). */
struct entry *db_peek(struct db *db, const struct key *key);
/* As db_read, counters but no access clock. */
struct entry *db_read_no_touch(struct db *db, const struct key *key);
void entry_touch(struct db *db, struct entry *e);
/* On: nothing but entry_touch updates access clocks (CLIENT NO-TOUCH). */
void keyspace_set_no_touch(struct keyspace *ks, bool on);
/* As it lies there, over or not: to look ahead, never to answer. */
const struct entry *db_glance(const struct db *db, const struct key *key);
void db_prefetch_bucket(const struct db *db, uint64_t hash);
void db_prefetch_entry(const struct db *db, uint64_t hash);

/* --- writing: one lookup, then as many changes as it takes --- */
struct slot {
    struct db *db;
    struct key key;
    struct entry *entry;        /* NULL: absent (or was expired and is gone now) */
    void **place;               /* where the dict keeps it, when present */
    msec next;                  /* earliest deadline of an element: see elements.c */
};
/* Look up for writing: access clock updated, hit/miss not counted.  The slot is
 * valid until another key of the database is written. */
void db_slot(struct db *db, const struct key *key, struct slot *out);
/* The same for a key whose value is only looked at, or replaced or removed as a whole: the
 * first that follows on the slot, if any, is slot_put, slot_set_deadline or slot_remove.
 * A transaction that may be taken back need not copy it then. */
void db_slot_whole(struct db *db, const struct key *key, struct slot *out);
/* Set value and deadline (ms, NO_DEADLINE, KEEP_DEADLINE), adding the key if
 * absent.  Adopts what `v` owns, copies bytes; frees the old value, large ones
 * in the background.  Says nothing to listeners: see db_changed. */
void slot_put(struct slot *s, struct value v, msec deadline);
void slot_set_deadline(struct slot *s, msec deadline);
/* Remove; the value is freed here (`lazy` false) or where it is cheaper. */
void slot_remove(struct slot *s, bool lazy);
/* In place, for an entry that holds STRING_INT. */
void slot_set_number(struct slot *s, int64_t n);
/* An operation on the collection in the slot left `v`: the object may have moved, the
 * encoding changed.  In place; the entry goes on owning the object.  After a change to
 * elements with deadlines nothing but this or slot_remove may follow. */
void slot_set_object(struct slot *s, struct value v);
/* Make the string value `len` bytes long (zero-filled growth), unshared and raw,
 * keeping the deadline; returns its bytes to write through.  The entry must be
 * absent or a string. NULL when the memory is not there (nothing changed). */
char *slot_string_edit(struct slot *s, size_t len);

/* Add an entry made with entry_new; the key must be absent. */
void db_adopt(struct db *db, struct entry *e, uint64_t hash);
/* Take an entry out of the database without freeing it; NULL when absent. */
struct entry *db_take(struct db *db, const struct key *key);
/* DEL's and UNLINK's work: true when the key was there. */
bool db_remove(struct db *db, const struct key *key, bool lazy);
/* Empty one database (-1: all); returns how many keys there were. */
size_t keyspace_flush(struct keyspace *ks, int index, bool lazy);
void db_reserve(struct db *db, size_t keys);

/* --- walking --- */
typedef void entry_each_fn(struct entry *e, void *arg);
/* See dict_scan: stateless cursors below 2^48.  Expired entries are handed too;
 * `each` must not change the database. */
uint64_t db_scan(struct db *db, uint64_t cursor, size_t count, entry_each_fn *each,
                 void *arg);
/* All of them, nothing may change meanwhile. */
void db_each(struct db *db, entry_each_fn *each, void *arg);
/* A fair random key that is not expired; NULL when there is none.  Bounded. */
struct entry *db_random(struct db *db);
bool entry_is_expired(const struct db *db, const struct entry *e);
struct dict *db_dict(struct db *db);            /* HTSTATS, benchmarks */

/* --- expiry --- */
/* Remove keys that are due, for at most `budget` us; true when some are left. */
bool keyspace_expire_due(struct keyspace *ks, usec budget);
/* Tests: what measures that budget, in ns from any point; NULL: the real time. */
typedef uint64_t expire_clock_fn(void);
void keyspace_set_expire_clock(struct keyspace *ks, expire_clock_fn *clock);
/* Off: the cycle does nothing, lookups still remove (DEBUG SET-ACTIVE-EXPIRE 0). */
void keyspace_set_active_expire(struct keyspace *ks, bool on);
/* On: expired keys are hidden from reads but stay (replicas, paused clients); db_slot
 * shows them, for whoever decides about their end may still write to them. */
void keyspace_set_hide_expired_only(struct keyspace *ks, bool on);
/* lazyfree-lazy-expire. */
void keyspace_set_lazy_expire(struct keyspace *ks, bool on);

/* --- who is told --- */
/* Classes are the bits of notify-keyspace-events (K=1 E=2 are not classes). */
enum event_class {
    EVENT_GENERIC = 1 << 2, EVENT_STRING = 1 << 3, EVENT_LIST = 1 << 4,
    EVENT_SET = 1 << 5, EVENT_HASH = 1 << 6, EVENT_ZSET = 1 << 7,
    EVENT_EXPIRED = 1 << 8, EVENT_EVICTED = 1 << 9, EVENT_STREAM = 1 << 10,
    EVENT_KEY_MISS = 1 << 11, EVENT_LOADED = 1 << 12, EVENT_MODULE = 1 << 13,
    EVENT_NEW = 1 << 14
};
typedef void key_event_fn(void *arg, struct db *db, struct bytes key,
                          enum event_class what, const char *event);
/* Listeners are called in the order added.  They must not write keys.  EVENT_KEY_MISS
 * (sent by the reads) and EVENT_NEW (sent when a key is added) are not changes: they
 * reach only those who ask for them by keyspace_listen_for. */
void keyspace_listen(struct keyspace *ks, key_event_fn *fn, void *arg);
/* Listen to these classes only; called again for the same fn and arg, it changes them. */
void keyspace_listen_for(struct keyspace *ks, unsigned classes, key_event_fn *fn,
                         void *arg);
/* A key was modified: adds 1 to the dirty counter, tells listeners. */
void db_changed(struct db *db, struct bytes key, enum event_class what,
                const char *event);
/* A further event of the same change ("expire" after "set"): no dirty. */
void db_event(struct db *db, struct bytes key, enum event_class what,
              const char *event);
/* Whole databases changed (FLUSHALL, SWAPDB): key is empty, event "flushdb",
 * "flushall" or "swapdb". */
bool event_is_of_database(const char *event);
void keyspace_add_dirty(struct keyspace *ks, int64_t n);
int64_t keyspace_dirty(const struct keyspace *ks);

/* --- counters for INFO; CONFIG RESETSTAT zeroes them through the pointer --- */
struct keyspace_stats {
    uint64_t hits, misses, expired, evicted, expired_time_cap, expire_cycle_us;
    uint64_t expired_elements;                  /* fields of hashes */
    double expired_stale_perc;
    uint64_t lazyfreed, lazyfree_pending;       /* read: background thread's */
    uint64_t evict_exceeded_us;                 /* above maxmemory, times that ended */
    uint64_t evict_over_since;                  /* ticks; 0: below it */
};
struct keyspace_stats *keyspace_stats(struct keyspace *ks);
/* Tables, indexes: overhead for MEMORY STATS, all databases or one. */
size_t db_overhead(const struct db *db);
/* Entry block + value outside it + share of the tables: MEMORY USAGE. */
size_t db_entry_memory(const struct db *db, const struct entry *e, size_t samples);
/* DEBUG DIGEST over everything (order-free), 20 bytes. */
void keyspace_digest(struct keyspace *ks, unsigned char out[20]);
void entry_digest(const struct entry *e, unsigned char out[20]);
/* Bounded upkeep per cron tick: with `resize`, steps of tables that change their size
 * (else only the commands that use them do steps). */
void keyspace_cron(struct keyspace *ks, bool resize);

#endif
