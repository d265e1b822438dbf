/* SPDX-License-Identifier: MIT
 * keyspace/journal.c - how things were, for transactions that may be taken back.
 *
 * Why:        undoing commands one by one would need an inverse of each; keeping the
 *             keys as they were needs one hook where keys are looked up for writing.
 * How:        db.c calls journal_touch() before an entry can change.  The journal is a
 *             dict of records by database and key; a record holds a copy of the
 *             entry, or nothing when the key was absent.
 * Invariants: 1. at most one record per key.
 *             2. while a journal is open no event reaches a listener.
 * Cost:       nothing but one test per write while no journal is open.
 * Read next:  command/transaction.c */
#include "keyspace/journal.h"

#include "base/alloc.h"
#include "base/text.h"
#include "keyspace/internal.h"

struct record {
    struct record *next;                /* the order of first touches, newest first */
    struct db *db;
    struct entry *before;               /* NULL: the key was absent */
    uint32_t len;
    char name[];                        /* database number, then the key */
};

struct held_event {
    struct held_event *next;
    struct db *db;
    enum event_class what;
    const char *event;
    bool timely;
    uint32_t len;
    char key[];
};

struct journal {
    struct dict *records;
    struct record *newest;
    struct held_event *events, **events_end;
    int64_t dirty;
};

static struct bytes
name_of(const void *item)
{
    const struct record *r = item;

    return bytes_view(r->name, r->len);
}

static const struct dict_ops record_ops = { .key_of = name_of };

void
journal_begin(struct keyspace *ks)
{
    struct journal *j = mem_zalloc(sizeof *j);

    j->records = dict_new(&record_ops);
    j->events_end = &j->events;
    j->dirty = ks->dirty;
    ks->journal = j;
}

static struct entry *
copy_entry(const struct entry *e)
{
    struct value v = entry_value(e);
    struct entry *copy = entry_new(layout_key(e), value_type_of(v.type)->copy(v),
                                   layout_deadline(e));

    layout_set_clock(copy, layout_clock(e));
    return copy;
}

/* A record for a key that has none; NULL when it has one. */
static struct record *
new_record(struct db *db, struct bytes key)
{
    struct journal *j = db->ks->journal;
    struct record *r = mem_alloc(sizeof *r + sizeof db->index + key.len);
    uint64_t hash;

    *r = (struct record){ .db = db, .len = (uint32_t)(sizeof db->index + key.len) };
    memcpy(r->name, &db->index, sizeof db->index);
    memcpy(r->name + sizeof db->index, key.at, key.len);
    hash = hash_bytes(r->name, r->len);
    if (dict_find(j->records, name_of(r), hash)) {
        mem_free(r);
        return NULL;
    }
    r->next = j->newest;
    j->newest = r;
    dict_add(j->records, r, hash);
    return r;
}

void
journal_touch(struct db *db, struct bytes key, const struct entry *now)
{
    struct record *r = new_record(db, key);

    if (r && now)
        r->before = copy_entry(now);
}

static bool
has_record(struct db *db, struct bytes key)
{
    struct text name = { 0 };
    struct key wanted;
    bool found;

    text_add(&name, bytes_view((const char *)&db->index, sizeof db->index));
    text_add(&name, key);
    wanted = key_of(text_view(&name));
    found = dict_find(db->ks->journal->records, wanted.name, wanted.hash) != NULL;
    text_free(&name);
    return found;
}

void
journal_hold(struct db *db, struct bytes key, enum event_class what, const char *event,
             bool timely)
{
    struct journal *j = db->ks->journal;
    struct held_event *h = mem_alloc(sizeof *h + key.len);

    *h = (struct held_event){ .db = db, .what = what, .event = event,
                              .timely = timely && !has_record(db, key),
                              .len = (uint32_t)key.len };
    memcpy(h->key, key.at, key.len);
    *j->events_end = h;
    j->events_end = &h->next;
}

/* The journal is closed before anything is sent or put back. */
static struct journal *
close_journal(struct keyspace *ks)
{
    struct journal *j = ks->journal;

    ks->journal = NULL;
    dict_free(j->records);              /* the table; the records are in the list too */
    return j;
}

/* That the time of a key or a field was over is nobody's doing: what was removed is not
 * put back, and is told of in any case.  But a key that the transaction has touched is
 * put back as it was: it dies, and that is told, when somebody looks again. */
static void
free_events(struct journal *j, bool send)
{
    struct held_event *h;

    while ((h = j->events) != NULL) {
        j->events = h->next;
        if (send || h->timely)
            event(h->db, bytes_view(h->key, h->len), h->what, h->event);
        mem_free(h);
    }
}

void
journal_commit(struct keyspace *ks)
{
    struct journal *j = close_journal(ks);
    struct record *r;

    while ((r = j->newest) != NULL) {
        j->newest = r->next;
        if (r->before)
            entry_dispose(r->before, true);
        mem_free(r);
    }
    free_events(j, true);
    mem_free(j);
}

static void
put_back(struct record *r)
{
    struct key key = key_of(bytes_view(r->name + sizeof r->db->index,
                                       r->len - sizeof r->db->index));
    struct entry *e = dict_find(r->db->entries, key.name, key.hash);

    if (e)
        db_drop_entry(r->db, e, true);
    if (!r->before)
        return;
    dict_add(r->db->entries, r->before, key.hash);
    if (layout_deadline(r->before) != NO_DEADLINE)
        deadlines_add(db_deadlines(r->db), layout_deadline(r->before), r->before);
    elements_file(r->db, NO_DEADLINE, r->before, elements_next(r->before), r->before);
}

void
journal_rollback(struct keyspace *ks)
{
    struct journal *j = close_journal(ks);
    struct record *r;

    while ((r = j->newest) != NULL) {
        j->newest = r->next;
        put_back(r);
        mem_free(r);
    }
    free_events(j, false);
    ks->dirty = j->dirty;
    mem_free(j);
}
