/* SPDX-License-Identifier: MIT
 * keyspace/walk.c - go through a database, or pick from it. */
#include "keyspace/internal.h"

#define RANDOM_TRIES 100

struct walk {
    entry_each_fn *each;
    void *arg;
};

static void
hand(void *item, void *arg)
{
    struct walk *w = arg;

    w->each(item, w->arg);
}

uint64_t
db_scan(struct db *db, uint64_t cursor, size_t count, entry_each_fn *each, void *arg)
{
    struct walk w = { each, arg };

    return dict_scan(db->entries, cursor, count, hand, &w);
}

void
db_each(struct db *db, entry_each_fn *each, void *arg)
{
    struct dict_iter it;
    struct entry *e;

    dict_iter_start(&it, db->entries);
    while ((e = dict_iter_next(&it)))
        each(e, arg);
}

bool
entry_is_expired(const struct db *db, const struct entry *e)
{
    (void)db;
    return is_due(e);
}

static struct entry *
first_alive(struct db *db)
{
    struct dict_iter it;
    struct entry *e;

    dict_iter_start(&it, db->entries);
    while ((e = dict_iter_next(&it)))
        if (!is_due(e))
            return e;
    return NULL;
}

/* When a hundred picks were all over, hardly anything is alive: then the first
 * one that is will do, and finding none ends the search. */
struct entry *
db_random(struct db *db)
{
    for (int i = 0; i < RANDOM_TRIES; i++) {
        struct entry *e = dict_random(db->entries);

        if (!e || !is_due(e))
            return e;
        if (!db->ks->hide_only)
            db_expire_entry(db, e);
    }
    return first_alive(db);
}
