/* SPDX-License-Identifier: MIT
 * commands/c_list.c - both ends of a list, and looking at it.
 *
 * Why:       pushes and pops at the ends are what lists are for, so they take one
 *            lookup and, mostly, a write into room that is there.
 * How:       the value is changed in place through its slot; elements to be answered
 *            go from the list straight into the reply, before they are removed.
 * Read next: commands/c_list_edit.c, commands/c_list_move.c */
#include "commands/families.h"
#include "commands/list_edit.h"

static void
push(struct call *c, enum list_end end, bool must_exist)
{
    struct list_limits limits = list_limits_of(c);
    struct value v;
    struct slot s;

    if (!list_slot(c, 1, &s))
        return;
    if (must_exist && !s.entry) {
        reply_int(c->out, 0);
        return;
    }
    if (LIKELY(s.entry != NULL)) {
        v = entry_value(s.entry);
        list_grow_for(&v, limits, c->argv + 2, (size_t)c->argc - 2);
    } else {
        v = list_new_for(limits, c->argv + 2, (size_t)c->argc - 2);
    }
    for (int i = 2; i < c->argc; i++)
        list_push(&v, limits, end, c->argv[i]);
    if (LIKELY(s.entry != NULL))
        slot_set_object(&s, v);
    else
        slot_put(&s, v, NO_DEADLINE);
    if (UNLIKELY(c->argc > 3))
        keyspace_add_dirty(db_keyspace(c->db), c->argc - 3);
    reply_int(c->out, (int64_t)list_length(v));
    db_changed(c->db, s.key.name, EVENT_LIST, end == LIST_HEAD ? "lpush" : "rpush");
}

static void
cmd_lpush(struct call *c)
{
    push(c, LIST_HEAD, false);
}

static void
cmd_rpush(struct call *c)
{
    push(c, LIST_TAIL, false);
}

static void
cmd_lpushx(struct call *c)
{
    push(c, LIST_HEAD, true);
}

static void
cmd_rpushx(struct call *c)
{
    push(c, LIST_TAIL, true);
}

/* LPOP key count: at most so many, as an array. */
static void
pop_many(struct call *c, enum list_end end)
{
    struct slot s;
    int64_t count;
    uint64_t n;

    if (!num_parse_i64(c->argv[2], &count) || count < 0) {
        reply_error(c->out, "ERR value is out of range, must be positive");
        return;
    }
    if (!list_slot(c, 1, &s))
        return;
    if (!s.entry) {
        reply_null_array(c->out);
        return;
    }
    n = list_length(entry_value(s.entry));
    n = (uint64_t)count < n ? (uint64_t)count : n;
    reply_array(c->out, n);
    if (n == 0)
        return;
    list_reply_end(c->out, entry_value(s.entry), end, n);
    list_take(c, &s, end, n);
}

static void
pop(struct call *c, enum list_end end)
{
    struct slot s;

    if (UNLIKELY(c->argc > 2)) {
        if (c->argc > 3)
            call_wrong_args(c);
        else
            pop_many(c, end);
        return;
    }
    if (!list_slot(c, 1, &s))
        return;
    if (!s.entry) {
        reply_null(c->out);
        return;
    }
    list_reply(c->out, list_peek(entry_value(s.entry), end));
    list_take(c, &s, end, 1);
}

static void
cmd_lpop(struct call *c)
{
    pop(c, LIST_HEAD);
}

static void
cmd_rpop(struct call *c)
{
    pop(c, LIST_TAIL);
}

static void
cmd_llen(struct call *c)
{
    struct entry *e;

    if (list_read(c, 1, &e))
        reply_int(c->out, e ? (int64_t)list_length(entry_value(e)) : 0);
}

static void
cmd_lindex(struct call *c)
{
    struct list_cursor cursor;
    struct listpack_item item;
    struct entry *e;
    int64_t i, len;

    if (!list_read(c, 1, &e))
        return;
    if (!e) {
        reply_null(c->out);
        return;
    }
    if (!call_int(c, 2, &i))
        return;
    len = (int64_t)list_length(entry_value(e));
    if (i < 0)
        i += len;
    if (i < 0 || i >= len) {
        reply_null(c->out);
        return;
    }
    list_walk(&cursor, entry_value(e), (uint64_t)i, false);
    list_step(&cursor, &item);
    list_reply(c->out, item);
    list_walk_end(&cursor);
}

static void
cmd_lrange(struct call *c)
{
    struct list_cursor cursor;
    struct listpack_item item;
    struct entry *e;
    int64_t start, stop;
    uint64_t n;

    if (!call_int(c, 2, &start) || !call_int(c, 3, &stop) || !list_read(c, 1, &e))
        return;
    n = e ? list_range(&start, stop, list_length(entry_value(e))) : 0;
    reply_array(c->out, n);
    if (n == 0)
        return;
    list_walk(&cursor, entry_value(e), (uint64_t)start, false);
    for (; n > 0 && list_step(&cursor, &item); n--)
        list_reply(c->out, item);
    list_walk_end(&cursor);
}

static const struct command list_commands[] = {
    { .name = "lindex", .run = cmd_lindex, .arity = 3, .flags = READONLY,
      .syntax = "key:k index:i",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for n nodes between the element and the nearer end",
      .summary = "Answer the element at an index; negative ones count from the tail." },
    { .name = "llen", .run = cmd_llen, .arity = 2, .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Answer how many elements a list has." },
    { .name = "lpop", .run = cmd_lpop, .arity = -2, .flags = WRITE | FAST,
      .syntax = "key:k [count:i]@6.2.0",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "1.0.0", .cost = "O(n) for n elements taken",
      .summary = "Take elements from the head of a list.",
      .history = HISTORY({ "6.2.0", "`count` came." }) },
    { .name = "lpush", .run = cmd_lpush, .arity = -3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k element...",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "1.0.0", .cost = "O(1) for each element",
      .summary = "Put elements before the head of a list, one after the other.",
      .history = HISTORY({ "2.4.0", "More than one `element` may be given." }) },
    { .name = "lpushx", .run = cmd_lpushx, .arity = -3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k element...",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "2.2.0", .cost = "O(1) for each element",
      .summary = "Put elements before the head of a list, if there is one.",
      .history = HISTORY({ "4.0.0", "More than one `element` may be given." }) },
    { .name = "lrange", .run = cmd_lrange, .arity = 4, .flags = READONLY,
      .syntax = "key:k start:i stop:i",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.0",
      .cost = "O(s+n) for s nodes before the range from the nearer end, n elements in it",
      .summary = "Answer the elements between two indexes, both included." },
    { .name = "rpop", .run = cmd_rpop, .arity = -2, .flags = WRITE | FAST,
      .syntax = "key:k [count:i]@6.2.0",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "1.0.0", .cost = "O(n) for n elements taken",
      .summary = "Take elements from the tail of a list.",
      .history = HISTORY({ "6.2.0", "`count` came." }) },
    { .name = "rpush", .run = cmd_rpush, .arity = -3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k element...",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "1.0.0", .cost = "O(1) for each element",
      .summary = "Put elements behind the tail of a list, one after the other.",
      .history = HISTORY({ "2.4.0", "More than one `element` may be given." }) },
    { .name = "rpushx", .run = cmd_rpushx, .arity = -3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k element...",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "2.2.0", .cost = "O(1) for each element",
      .summary = "Put elements behind the tail of a list, if there is one.",
      .history = HISTORY({ "4.0.0", "More than one `element` may be given." }) },
};
const struct family list_family = FAMILY("list", ACL_LIST, list_commands);
