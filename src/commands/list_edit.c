/* SPDX-License-Identifier: MIT
 * commands/list_edit.c - what the commands on lists share.
 *
 * Invariants: 1. no key holds an empty list when a handler returns;
 *             2. the object is stored after every change: it may have moved.
 * Read next:  commands/c_list.c */
#include "commands/list_edit.h"

bool
list_slot(struct call *c, int i, struct slot *s)
{
    return call_slot(c, i, TYPE_LIST, s);
}

bool
list_read(struct call *c, int i, struct entry **e)
{
    return call_read(c, i, TYPE_LIST, e);
}

void
list_reply_end(struct reply *out, struct value v, enum list_end end, uint64_t n)
{
    struct list_cursor cursor;
    struct listpack_item item;

    list_walk(&cursor, v, end == LIST_HEAD ? 0 : list_length(v) - 1, end == LIST_TAIL);
    for (; n > 0 && list_step(&cursor, &item); n--)
        list_reply(out, item);
    list_walk_end(&cursor);
}

void
list_put(struct call *c, struct slot *s, enum list_end end, struct bytes text)
{
    struct list_limits limits = list_limits_of(c);
    struct value v;

    if (s->entry) {
        v = entry_value(s->entry);
        list_grow_for(&v, limits, &text, 1);
    } else {
        v = list_new_for(limits, &text, 1);
    }
    list_push(&v, limits, end, text);
    if (s->entry)
        slot_set_object(s, v);
    else
        slot_put(s, v, NO_DEADLINE);
    db_changed(c->db, s->key.name, EVENT_LIST, end == LIST_HEAD ? "lpush" : "rpush");
}

void
list_removed(struct call *c, struct slot *s, struct value v, const char *event,
             uint64_t n)
{
    bool empty = list_length(v) == 0;

    if (!empty)
        list_shrink(&v, list_limits_of(c));
    slot_set_object(s, v);
    if (n > 1)
        keyspace_add_dirty(db_keyspace(c->db), (int64_t)n - 1);
    db_changed(c->db, s->key.name, EVENT_LIST, event);
    if (empty) {
        slot_remove(s, false);
        db_event(c->db, s->key.name, EVENT_GENERIC, "del");
    }
}

void
list_take(struct call *c, struct slot *s, enum list_end end, uint64_t n)
{
    struct value v = entry_value(s->entry);
    uint64_t from = end == LIST_HEAD ? 0 : list_length(v) - n;

    list_delete(&v, list_limits_of(c), from, n);
    list_removed(c, s, v, end == LIST_HEAD ? "lpop" : "rpop", n);
}

uint64_t
list_range(int64_t *start, int64_t stop, uint64_t len)
{
    int64_t n = (int64_t)len;

    if (*start < 0)
        *start = *start + n < 0 ? 0 : *start + n;
    if (stop < 0)
        stop += n;
    if (stop >= n)
        stop = n - 1;
    return *start > stop || *start >= n ? 0 : (uint64_t)(stop - *start) + 1;
}

bool
list_end_word(struct call *c, int i, enum list_end *end)
{
    if (call_is(c, i, "LEFT")) {
        *end = LIST_HEAD;
    } else if (call_is(c, i, "RIGHT")) {
        *end = LIST_TAIL;
    } else {
        call_syntax_error(c);
        return false;
    }
    return true;
}
