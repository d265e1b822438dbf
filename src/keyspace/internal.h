/* SPDX-License-Identifier: MIT
 * keyspace/internal.h - private to keyspace/: what a database is made of. */
#ifndef IGNIS_KEYSPACE_INTERNAL_H
#define IGNIS_KEYSPACE_INTERNAL_H
#include "keyspace/evict.h"
#include "keyspace/keyspace.h"
#include "keyspace/layout.h"
#include "structs/deadlines.h"
#include "structs/dict.h"

#define LISTENERS_MAX 16

struct evict_pool;
struct journal;

struct db {
    struct dict *entries;
    struct deadlines *deadlines;        /* NULL until a key gets a deadline */
    struct deadlines *elements;         /* NULL until an element of one gets one */
    struct keyspace *ks;
    int index;
};

struct listener {
    key_event_fn *fn;
    void *arg;
    unsigned classes;
};

struct keyspace {
    bool lfu;                           /* what the access clock holds */
    bool hide_only;                     /* expired keys are somebody else's to remove */
    bool no_touch;                      /* reads leave the access clock alone */
    bool active_expire, lazy_expire;
    expire_clock_fn *expire_clock;      /* tests; NULL: the tick counter */
    unsigned wanted;                    /* all listeners' classes */
    int64_t dirty;
    struct journal *journal;            /* NULL: nothing is to be taken back */
    struct keyspace_stats stats;
    struct listener listeners[LISTENERS_MAX];
    int listener_count;
    int expire_next, evict_next, cron_next;     /* databases whose turn it is */
    struct evict_settings evict;
    struct evict_pool *pool;
    size_t evict_told;                          /* bytes of messages, in this turn */
    size_t evict_told_from;                     /* what replies held before the first */
    int databases;
    struct db dbs[];
};

extern const struct dict_ops entry_dict_ops;

/* --- events.c --- */
void events_send(struct db *db, struct bytes key, enum event_class what,
                 const char *name);

static inline void
event(struct db *db, struct bytes key, enum event_class what, const char *name)
{
    if (db->ks->wanted & what)
        events_send(db, key, what, name);
}

/* What time alone did: told even when the transaction that noticed is taken back,
 * unless it had touched the key: then that is put back. */
void events_send_timely(struct db *db, struct bytes key, enum event_class what,
                        const char *name);

/* --- journal.c --- */
/* Keep how the key is now (NULL: absent), unless that was kept before. */
void journal_touch(struct db *db, struct bytes key, const struct entry *now);
/* The entry was taken out: the journal keeps it, when the key was not touched before;
 * else false.  `lazy`: how it is freed in the end. */
bool journal_keep(struct db *db, struct entry *e, bool lazy);
/* The entry gets the value `v`: true when the journal has taken its old one instead of
 * a copy.  False: it has a copy, or needs none. */
bool journal_keep_value(struct db *db, const struct entry *e, struct value v);
/* Told when the journal ends; `timely`: whichever way it ends, for untouched keys. */
void journal_hold(struct db *db, struct bytes key, enum event_class what,
                  const char *event, bool timely);

static inline void
touch_for_journal(struct db *db, struct bytes key, const struct entry *now)
{
    if (__builtin_expect(db->ks->journal != NULL, 0))
        journal_touch(db, key, now);
}

/* --- db.c --- */
/* Free an entry that is in no table any more. */
void entry_dispose(struct entry *e, bool lazy);
/* Take a known entry out of table and index, and free it. */
void db_drop_entry(struct db *db, struct entry *e, bool lazy);
struct deadlines *db_deadlines(struct db *db);

/* --- expire.c --- */
/* Remove an entry whose time is over: counted, told to listeners. */
void db_expire_entry(struct db *db, struct entry *e);
/* The same for one that was just taken out. */
void db_expire_taken(struct db *db, struct entry *e);

/* The time that one portion of expiry may take. */
struct ration {
    expire_clock_fn *clock;
    uint64_t start, budget_ns;
};
bool ration_is_used_up(const struct ration *r);

/* Has it a deadline, and is it reached?  A key is gone from that millisecond on. */
static inline bool
is_due(const struct entry *e)
{
    msec when = layout_deadline(e);

    return UNLIKELY(when != NO_DEADLINE) && when <= clock_ms();
}

/* --- elements.c --- */
/* The earliest deadline of an element; only for entries that are layout_is_timed. */
msec elements_next_of(const struct entry *e);
/* The entry `from`, filed under `before`, is `to` now and filed under `after`. */
void elements_file(struct db *db, msec before, struct entry *from, msec after,
                   struct entry *to);
/* Remove elements that are due; true when the key had no others and is gone. */
bool elements_reap(struct db *db, struct entry *e);
/* Remove all that is due, or a bounded step at least; false when time ran out before
 * that was all. */
bool elements_expire_due(struct db *db, msec now, const struct ration *r);

static inline msec
elements_next(const struct entry *e)
{
    return UNLIKELY(layout_is_timed(e)) ? elements_next_of(e) : NO_DEADLINE;
}

static inline void
elements_forget(struct db *db, struct entry *e)
{
    if (UNLIKELY(layout_is_timed(e)))
        elements_file(db, elements_next_of(e), e, NO_DEADLINE, e);
}

/* --- evict.c --- */
void evict_pool_free(struct evict_pool *pool);

#endif
