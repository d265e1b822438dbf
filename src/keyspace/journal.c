/* SPDX-License-Identifier: MIT
 * keyspace/journal.c - how things were, for transactions that may be taken back.
 *
 * Why:        undoing commands one by one would need an inverse of each; keeping the
 *             keys as they were needs one hook where keys are looked up for writing.
 * How:        db.c calls journal_touch() before an entry can change.  The journal is a
 *             dict of records by database and key; a record holds a copy of the
 *             entry, or nothing when the key was absent.  An entry or a value that goes
 *             as a whole is kept itself (db_slot_whole, db_remove).
 * Invariants: 1. at most one record per key.
 *             2. while a journal is open no event reaches a listener.
 *             3. what the journal needs is freed before anything else runs: copies, and
 *                what a rolled back transaction made, not in the background.  Nothing is
 *                evicted within EXEC, and keys evicted for it before it began stay away:
 *                so maxmemory never makes room for what is kept here.
 * Cost:       nothing but one test per write while no journal is open.  Else a copy of
 *             each collection that is changed in place, renamed, moved or given a
 *             deadline: tens of ns a member, and once more its memory until EXEC ends.
 * Read next:  command/transaction.c */
#include "keyspace/journal.h"

#include "base/alloc.h"
#include "base/text.h"
#include "keyspace/internal.h"
#include "values/v_string.h"

struct record {
    struct record *next;                /* the order of first touches, newest first */
    struct db *db;
    struct entry *before;               /* NULL: the key was absent */
    bool lazy;                          /* freed in the background */
    size_t len;
    char name[];                        /* database number, then the key */
};

/* An event of a key, or (fn) what somebody else holds back. */
struct held_event {
    struct held_event *next;
    journal_end_fn *fn;
    void *held;
    struct db *db;
    enum event_class what;
    const char *event;
    bool timely;
    size_t len;
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

/* The entry as it is, with this value. */
static struct entry *
entry_like(const struct entry *e, struct value v)
{
    struct entry *other = entry_new(layout_key(e), v, layout_deadline(e));

    layout_set_clock(other, layout_clock(e));
    return other;
}

/* Texts are shared: who edits one makes it its own. */
static struct entry *
copy_entry(const struct entry *e)
{
    struct value v = entry_value(e);

    if (v.type == TYPE_STRING && v.encoding == STRING_BLOB)
        v.blob = blob_share(v.blob);
    else
        v = value_type_of(v.type)->copy(v);
    return entry_like(e, v);
}

/* A record for a key that has none; NULL when it has one. */
static struct record *
new_record(struct db *db, struct bytes key)
{
    struct journal *j = db->ks->journal;
    struct record *r = mem_alloc(sizeof *r + sizeof db->index + key.len);
    uint64_t hash;

    *r = (struct record){ .db = db, .len = sizeof db->index + key.len };
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

bool
journal_keep(struct db *db, struct entry *e, bool lazy)
{
    struct record *r = new_record(db, layout_key(e));

    if (!r)
        return false;
    r->before = e;
    r->lazy = lazy;
    return true;
}

bool
journal_keep_value(struct db *db, const struct entry *e, struct value v)
{
    struct value old = entry_value(e);
    struct record *r = new_record(db, layout_key(e));

    if (!r)
        return false;
    if (old.type == TYPE_STRING || (v.type != TYPE_STRING && v.object == old.object)) {
        r->before = copy_entry(e);
        return false;
    }
    r->before = entry_like(e, old);
    r->lazy = true;
    return true;
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

static void
add_held(struct journal *j, struct held_event *h)
{
    *j->events_end = h;
    j->events_end = &h->next;
}

void
journal_hold(struct db *db, struct bytes key, enum event_class what, const char *event,
             bool timely)
{
    struct journal *j = db->ks->journal;
    struct held_event *h = mem_alloc(sizeof *h + key.len);

    *h = (struct held_event){ .db = db, .what = what, .event = event,
                              .timely = timely && !has_record(db, key),
                              .len = key.len };
    memcpy(h->key, key.at, key.len);
    add_held(j, h);
}

bool
journal_is_open(const struct keyspace *ks)
{
    return ks->journal != NULL;
}

void
journal_at_end(struct keyspace *ks, journal_end_fn *fn, void *held)
{
    struct held_event *h = mem_alloc(sizeof *h);

    *h = (struct held_event){ .fn = fn, .held = held };
    add_held(ks->journal, h);
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
        if (h->fn)
            h->fn(h->held, send);
        else if (send || h->timely)
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
            entry_dispose(r->before, r->lazy);
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
        db_drop_entry(r->db, e, false);
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
