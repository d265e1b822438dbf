/* SPDX-License-Identifier: MIT
 * keyspace/db.c - one database: look up, put, change, remove.
 *
 * Why:        every command is mostly this file; what a lookup costs, a command
 *             costs.
 * How:        one dict lookup per operation. A write keeps the place the lookup
 *             found (struct slot) and writes through it: if the entry still fits its
 *             block nothing else happens, if it moved the pointer in the table (and
 *             the pair in the deadline index) is exchanged.
 * Invariants: 1. The deadline index holds exactly the entries whose deadline is not
 *                NO_DEADLINE, each under that deadline.
 *             2. slot.place may be NULL for a present entry (it was just added): it
 *                is looked up when it is needed.
 * Cost:       a read is one bucket line and the entry; the access clock is written
 *             only when it differs, to leave the entry's cache line clean.
 * Read next:  keyspace/expire.c, keyspace/evict.c */
#include "keyspace/internal.h"

#include "keyspace/lazyfree.h"
#include "values/v_string.h"

static struct bytes
key_of_item(const void *item)
{
    return layout_key(item);
}

/* Runs in the background too (FLUSHALL ASYNC): see lazyfree.c about blobs. */
static void
free_item(void *item)
{
    struct entry *e = item;
    struct value v = entry_value(e);

    if (v.type == TYPE_STRING && v.encoding == STRING_BLOB && lazyfree_is_background()
        && __atomic_load_n(&v.blob->refs, __ATOMIC_ACQUIRE) > 1) {
        lazyfree_hand_back(v.blob);
        entry_free_block(e);
        return;
    }
    entry_free(e);
}

const struct dict_ops entry_dict_ops = { .key_of = key_of_item, .free_item = free_item };

struct deadlines *
db_deadlines(struct db *db)
{
    if (!db->deadlines)
        db->deadlines = deadlines_new();
    return db->deadlines;
}

void
entry_dispose(struct entry *e, bool lazy)
{
    if (!lazy) {
        entry_free(e);
        return;
    }
    lazyfree_value(entry_value(e));
    entry_free_block(e);
}

static uint64_t
hash_of(const struct entry *e)
{
    struct bytes name = layout_key(e);

    return hash_bytes(name.at, name.len);
}

static void
forget_deadline(struct db *db, struct entry *e)
{
    msec when = layout_deadline(e);

    if (when != NO_DEADLINE)
        deadlines_remove(db->deadlines, when, e);
    elements_forget(db, e);
}

void
db_drop_entry(struct db *db, struct entry *e, bool lazy)
{
    dict_remove_item(db->entries, e, hash_of(e));
    forget_deadline(db, e);
    entry_dispose(e, lazy);
}

/* --- reading --- */

static inline void
move_clock(struct keyspace *ks, struct entry *e)
{
    uint32_t before = layout_clock(e);
    uint32_t now = ks->lfu ? evict_touched_clock(ks, before) : evict_lru_now();

    if (now != before)
        layout_set_clock(e, now);
}

static inline void
touch(struct keyspace *ks, struct entry *e)
{
    if (LIKELY(!ks->no_touch))
        move_clock(ks, e);
}

void
entry_touch(struct db *db, struct entry *e)
{
    move_clock(db->ks, e);
}

void
keyspace_set_no_touch(struct keyspace *ks, bool on)
{
    ks->no_touch = on;
}

/* An entry that is over: gone, or at least not to be seen. */
static struct entry *
bury(struct db *db, struct entry *e)
{
    if (!db->ks->hide_only)
        db_expire_entry(db, e);
    return NULL;
}

struct entry *
db_peek(struct db *db, const struct key *key)
{
    struct entry *e = dict_find(db->entries, key->name, key->hash);

    if (!e || UNLIKELY(is_due(e)))
        return e ? bury(db, e) : NULL;
    if (UNLIKELY(layout_is_timed(e)) && !db->ks->hide_only && elements_reap(db, e))
        return NULL;
    return e;
}

static struct entry *
miss(struct db *db, const struct key *key)
{
    db->ks->stats.misses++;
    event(db, key->name, EVENT_KEY_MISS, "keymiss");
    return NULL;
}

struct entry *
db_read_no_touch(struct db *db, const struct key *key)
{
    struct entry *e = db_peek(db, key);

    if (!e)
        return miss(db, key);
    db->ks->stats.hits++;
    return e;
}

struct entry *
db_read(struct db *db, const struct key *key)
{
    struct entry *e = db_peek(db, key);

    if (!e)
        return miss(db, key);
    db->ks->stats.hits++;
    touch(db->ks, e);
    return e;
}

const struct entry *
db_glance(const struct db *db, const struct key *key)
{
    return dict_find(db->entries, key->name, key->hash);
}

void
db_prefetch_bucket(const struct db *db, uint64_t hash)
{
    dict_prefetch_bucket(db->entries, hash);
}

void
db_prefetch_entry(const struct db *db, uint64_t hash)
{
    dict_prefetch_item(db->entries, hash);
}

/* --- writing --- */

/* The caller has just stored the fields of its key one by one; fetching two of them
 * with one wide load, as the vectoriser likes to, would wait for those stores. */
static inline uint64_t
alone(uint64_t field)
{
    __asm__("" : "+r"(field));
    return field;
}

/* A keyspace that only hides shows expired keys here: whoever decides about their
 * end may still write to them. */
static inline void
find_slot(struct db *db, const struct key *key, struct slot *out)
{
    struct key k = { { key->name.at, alone(key->name.len) }, alone(key->hash) };
    void **place = dict_place(db->entries, k.name, k.hash);
    struct entry *e = place ? *place : NULL;

    if (e && is_due(e) && !db->ks->hide_only) {
        db_expire_entry(db, e);
        e = NULL;
        place = NULL;
    }
    if (e && UNLIKELY(layout_is_timed(e)) && !db->ks->hide_only && elements_reap(db, e)) {
        e = NULL;
        place = NULL;
    }
    *out = (struct slot){ .db = db, .key = k, .entry = e, .place = place,
                          .next = e ? elements_next(e) : NO_DEADLINE };
}

void
db_slot(struct db *db, const struct key *key, struct slot *out)
{
    find_slot(db, key, out);
    touch_for_journal(db, out->key.name, out->entry);
    if (out->entry)
        touch(db->ks, out->entry);
}

/* A journal gets the access clock as it was: then it moves after the keeping. */
void
db_slot_whole(struct db *db, const struct key *key, struct slot *out)
{
    find_slot(db, key, out);
    if (out->entry && LIKELY(!db->ks->journal))
        touch(db->ks, out->entry);
}

/* The entry of the slot is `e` now, with the deadline `after` instead of `before`. */
static void
settle(struct slot *s, struct entry *e, msec before, msec after)
{
    struct db *db = s->db;

    if (e != s->entry) {
        if (!s->place)
            s->place = dict_place_of_item(db->entries, s->entry, s->key.hash);
        *s->place = e;
    }
    if (before != after) {
        if (before != NO_DEADLINE)
            deadlines_remove(db->deadlines, before, s->entry);
        if (after != NO_DEADLINE)
            deadlines_add(db_deadlines(db), after, e);
    } else if (e != s->entry && after != NO_DEADLINE) {
        deadlines_move(db->deadlines, after, s->entry, e);
    }
    if (UNLIKELY(s->next != NO_DEADLINE))
        elements_file(db, s->next, s->entry, s->next, e);
    s->entry = e;
}

static void
add_entry(struct db *db, struct entry *e, uint64_t hash)
{
    msec when = layout_deadline(e);

    dict_add(db->entries, e, hash);
    if (when != NO_DEADLINE)
        deadlines_add(db_deadlines(db), when, e);
    elements_file(db, NO_DEADLINE, e, elements_next(e), e);
    event(db, layout_key(e), EVENT_NEW, "new");
}

static void
put_new(struct slot *s, struct value v, msec deadline)
{
    touch_for_journal(s->db, s->key.name, NULL);
    if (deadline == KEEP_DEADLINE)
        deadline = NO_DEADLINE;
    s->entry = entry_new(s->key.name, v, deadline);
    s->place = NULL;
    layout_set_clock(s->entry, evict_first_clock(s->db->ks));
    add_entry(s->db, s->entry, s->key.hash);
    s->next = elements_next(s->entry);
}

static bool
owns_outside(struct value v)
{
    return v.type != TYPE_STRING || v.encoding == STRING_BLOB;
}

/* The value may have got another earliest deadline. */
static void
refile_elements(struct slot *s)
{
    msec next = elements_next(s->entry);

    elements_file(s->db, s->next, s->entry, next, s->entry);
    s->next = next;
}

/* The journal may take the value that is about to be replaced, instead of a copy. */
static bool
keep_old_value(struct slot *s, struct value v)
{
    bool kept = journal_keep_value(s->db, s->entry, v);

    touch(s->db->ks, s->entry);
    return kept;
}

void
slot_put(struct slot *s, struct value v, msec deadline)
{
    struct value old;
    struct entry *e;
    msec before;
    bool kept = false;

    if (!s->entry) {
        put_new(s, v, deadline);
        return;
    }
    if (UNLIKELY(s->db->ks->journal))
        kept = keep_old_value(s, v);
    if (layout_rewrite(s->entry, v, deadline))
        return;
    old = entry_value(s->entry);
    before = layout_deadline(s->entry);
    if (UNLIKELY(s->next != NO_DEADLINE)) {
        elements_file(s->db, s->next, s->entry, NO_DEADLINE, s->entry);
        s->next = NO_DEADLINE;
    }
    e = entry_replace(s->entry, v, deadline);
    settle(s, e, before, layout_deadline(e));
    if (UNLIKELY(layout_is_timed(e)))
        refile_elements(s);
    if (owns_outside(old) && !kept && !(owns_outside(v) && v.object == old.object))
        lazyfree_value(old);
}

void
slot_set_deadline(struct slot *s, msec deadline)
{
    msec before = layout_deadline(s->entry);
    struct entry *e;

    if (deadline == KEEP_DEADLINE)
        return;
    touch_for_journal(s->db, s->key.name, s->entry);
    e = entry_set_deadline(s->entry, deadline);
    settle(s, e, before, layout_deadline(e));
}

/* An entry that was just taken out. */
static void
dispose_or_keep(struct db *db, struct entry *e, bool lazy)
{
    if (LIKELY(!db->ks->journal) || !journal_keep(db, e, lazy))
        entry_dispose(e, lazy);
}

void
slot_remove(struct slot *s, bool lazy)
{
    msec when = layout_deadline(s->entry);

    dict_remove_item(s->db->entries, s->entry, s->key.hash);
    if (when != NO_DEADLINE)
        deadlines_remove(s->db->deadlines, when, s->entry);
    elements_file(s->db, s->next, s->entry, NO_DEADLINE, s->entry);
    dispose_or_keep(s->db, s->entry, lazy);
    s->next = NO_DEADLINE;
    s->entry = NULL;
    s->place = NULL;
}

void
slot_set_number(struct slot *s, int64_t n)
{
    entry_set_number(s->entry, n);
}

void
slot_set_object(struct slot *s, struct value v)
{
    entry_set_pointer(s->entry, v.object);
    if (layout_encoding(s->entry) != v.encoding)
        layout_set_encoding(s->entry, v.encoding);
    if (UNLIKELY(layout_is_timed(s->entry) || s->next != NO_DEADLINE))
        refile_elements(s);
}

void
db_adopt(struct db *db, struct entry *e, uint64_t hash)
{
    touch_for_journal(db, layout_key(e), NULL);
    if (layout_clock(e) == 0)
        layout_set_clock(e, evict_first_clock(db->ks));
    add_entry(db, e, hash);
}

static struct entry *
take(struct db *db, const struct key *key)
{
    struct entry *e = dict_remove(db->entries, key->name, key->hash);

    if (!e)
        return NULL;
    forget_deadline(db, e);
    if (is_due(e) && !db->ks->hide_only) {
        db_expire_taken(db, e);
        return NULL;
    }
    return e;
}

struct entry *
db_take(struct db *db, const struct key *key)
{
    struct entry *e = take(db, key);

    if (e)
        touch_for_journal(db, key->name, e);
    return e;
}

bool
db_remove(struct db *db, const struct key *key, bool lazy)
{
    struct entry *e = take(db, key);

    if (!e)
        return false;
    dispose_or_keep(db, e, lazy);
    return true;
}
