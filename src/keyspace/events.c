/* SPDX-License-Identifier: MIT
 * keyspace/events.c - who is told when a key changes.
 *
 * How:        a short array of listeners with the classes each wants; the union of
 *             all classes is kept, so that an event nobody wants costs one test.
 * Left out:   removing listeners: who needs nothing for now asks for no class.
 * Read next:  command/notify.c, command/blocking.c */
#include "keyspace/internal.h"

#include <assert.h>

#define NOT_CHANGES (EVENT_KEY_MISS | EVENT_NEW)

void
keyspace_listen_for(struct keyspace *ks, unsigned classes, key_event_fn *fn, void *arg)
{
    int i = 0;

    while (i < ks->listener_count
           && (ks->listeners[i].fn != fn || ks->listeners[i].arg != arg))
        i++;
    assert(fn && i < LISTENERS_MAX);
    if (i == ks->listener_count)
        ks->listener_count++;
    ks->listeners[i] = (struct listener){ fn, arg, classes };
    ks->wanted = 0;
    for (i = 0; i < ks->listener_count; i++)
        ks->wanted |= ks->listeners[i].classes;
}

void
keyspace_listen(struct keyspace *ks, key_event_fn *fn, void *arg)
{
    keyspace_listen_for(ks, ~(unsigned)NOT_CHANGES, fn, arg);
}

static void
send_or_hold(struct db *db, struct bytes key, enum event_class what, const char *name,
             bool timely)
{
    struct keyspace *ks = db->ks;

    if (ks->journal) {
        journal_hold(db, key, what, name, timely);
        return;
    }
    for (int i = 0; i < ks->listener_count; i++)
        if (ks->listeners[i].classes & what)
            ks->listeners[i].fn(ks->listeners[i].arg, db, key, what, name);
}

void
events_send(struct db *db, struct bytes key, enum event_class what, const char *name)
{
    send_or_hold(db, key, what, name, false);
}

void
events_send_timely(struct db *db, struct bytes key, enum event_class what,
                   const char *name)
{
    send_or_hold(db, key, what, name, true);
}

void
db_changed(struct db *db, struct bytes key, enum event_class what, const char *name)
{
    db->ks->dirty++;
    event(db, key, what, name);
}

void
db_event(struct db *db, struct bytes key, enum event_class what, const char *name)
{
    event(db, key, what, name);
}

bool
event_is_of_database(const char *event)
{
    return strcmp(event, "flushall") == 0 || strcmp(event, "flushdb") == 0
        || strcmp(event, "swapdb") == 0;
}

void
keyspace_add_dirty(struct keyspace *ks, int64_t n)
{
    ks->dirty += n;
}

int64_t
keyspace_dirty(const struct keyspace *ks)
{
    return ks->dirty;
}
