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

#define REAP_MAX 1000

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
    event(db, key, EVENT_HASH, "hexpired");
}

/* The last element is gone, and so is the key.  A copy of its name tells of it. */
static void
remove_empty(struct db *db, struct entry *e)
{
    struct bytes name = layout_key(e);
    char *copy = bytes_copy_text(name);

    name.at = copy;
    db_drop_entry(db, e, true);
    event(db, name, EVENT_GENERIC, "del");
    mem_free(copy);
}

bool
elements_reap(struct db *db, struct entry *e)
{
    struct value v = entry_value(e);
    const struct value_type *type = value_type_of(v.type);
    msec before = type->next_deadline(v);

    if (before == NO_DEADLINE || before > clock_ms())
        return false;
    type->expire(&v, clock_ms(), REAP_MAX);
    entry_set_pointer(e, v.object);
    layout_set_encoding(e, v.encoding);
    elements_file(db, before, e, type->next_deadline(v), e);
    tell(db, layout_key(e));
    if (type->length(v))
        return false;
    remove_empty(db, e);
    return true;
}

/* Returns false when time ran out before all that was due was removed. */
bool
elements_expire_due(struct db *db, msec now, uint64_t start, uint64_t budget_ns)
{
    struct entry *e;
    msec when;

    while (db->elements && (e = deadlines_first(db->elements, &when)) && when <= now) {
        elements_reap(db, e);
        if (clock_ticks_to_ns(clock_ticks() - start) >= budget_ns)
            return false;
    }
    return true;
}
