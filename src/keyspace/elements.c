/* SPDX-License-Identifier: MIT
 * keyspace/elements.c - elements that die before their key: fields of hashes.
 *
 * Why:        a field must be gone at its deadline, whether anyone asks for it or not,
 *             and nothing may look at fields that are not due.
 * How:        each value orders its own deadlines; a database orders its entries by
 *             the earliest of theirs (db->elements). The cycle takes the first entry
 *             while it is due and lets the value remove what is over. A lookup does
 *             the same for the entry it found, up to REAP_MAX elements, so that it
 *             does not stall; readers of the value pass over what is left.
 * Invariants: 1. An entry is in db->elements under value_type->next_deadline() of its
 *                value, and only when that is not NO_DEADLINE.
 *             2. Between db_slot and slot_set_object or slot_remove, slot.next is what
 *                it is filed under: the value may have changed meanwhile.
 * Cost:       keys whose encoding has no VALUE_TIMED: one test of their head.
 * Left out:   hide_only keyspaces remove nothing: readers pass over it.
 * Read next:  values/v_hash.h */
#include "keyspace/internal.h"

#include <assert.h>

#include "base/alloc.h"

#define REAP_MAX 1000           /* of one lookup */
#define STEP 64                 /* of the cycle, between two looks at the clock */

msec
elements_next_of(const struct entry *e)
{
    struct value v = entry_value(e);

    return value_type_of(v.type)->next_deadline(v);
}

void
elements_file(struct db *db, msec before, struct entry *from, msec after,
              struct entry *to)
{
    if (before == after && from == to)
        return;
    if (before != NO_DEADLINE)
        deadlines_remove(db->elements, before, from);
    if (after == NO_DEADLINE)
        return;
    if (!db->elements)
        db->elements = deadlines_new();
    deadlines_add(db->elements, after, to);
}

static void
tell(struct db *db, struct bytes key)
{
    events_send_timely(db, key, EVENT_HASH, "hexpired");
}

/* The last element is gone, and so is the key.  A copy of its name tells of it. */
static void
remove_empty(struct db *db, struct entry *e)
{
    struct bytes name = layout_key(e);
    char *copy = bytes_copy_text(name);

    name.at = copy;
    db_drop_entry(db, e, true);
    events_send_timely(db, name, EVENT_GENERIC, "del");
    mem_free(copy);
}

/* Remove what is due, `step` at a time, until time is over (without `r`: once); listeners
 * hear of it once.  True when the key is gone. */
static bool
reap(struct db *db, struct entry *e, size_t step, const struct ration *r)
{
    struct value v = entry_value(e);
    const struct value_type *type = value_type_of(v.type);
    msec before = type->next_deadline(v), next;

    do {
        db->ks->stats.expired_elements += type->expire(&v, clock_ms(), step);
        next = type->next_deadline(v);
    } while (r && next != NO_DEADLINE && next <= clock_ms() && !ration_is_used_up(r));
    entry_set_pointer(e, v.object);
    layout_set_encoding(e, v.encoding);
    elements_file(db, before, e, next, e);
    tell(db, layout_key(e));
    if (type->length(v))
        return false;
    remove_empty(db, e);
    return true;
}

bool
elements_reap(struct db *db, struct entry *e)
{
    msec next = elements_next_of(e);

    return next != NO_DEADLINE && next <= clock_ms() && reap(db, e, REAP_MAX, NULL);
}

static struct entry *
first_due(struct db *db, msec now)
{
    struct entry *e;
    msec when;

    if (!db->elements)
        return NULL;
    e = deadlines_first(db->elements, &when);
    return e && elements_next_of(e) <= now ? e : NULL;
}

bool
elements_expire_due(struct db *db, msec now, const struct ration *r)
{
    struct entry *e;

    while ((e = first_due(db, now))) {
        reap(db, e, STEP, r);
        if (ration_is_used_up(r))
            return !first_due(db, now);
    }
    return true;
}
