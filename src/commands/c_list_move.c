/* SPDX-License-Identifier: MIT
 * commands/c_list_move.c - from one list to another, from the first list that has
 * something, and waiting until one has.
 *
 * Why:       queues: a job moves to a worker's own list in one step, and idle workers
 *            wait instead of asking.
 * How:       a blocking command is its other form with one more way to end: where that
 *            would answer nothing, it says call_block and is run again later.
 * Invariants: an element is pushed from the source's memory before it is removed
 *            there, unless both are one list: then it is copied.
 * Read next: command/blocking.h */
#include "base/alloc.h"
#include "command/blocking.h"
#include "command/client.h"
#include "commands/families.h"
#include "commands/list_edit.h"

/* --- LMOVE and its relatives --- */

/* One list: the element may not be read while the list changes. */
static void
rotate(struct call *c, struct slot *s, enum list_end from, enum list_end to)
{
    struct list_limits limits = list_limits_of(c);
    struct value v = entry_value(s->entry);
    struct listpack_item item = list_peek(v, from);
    char buf[NUM_I64_MAX_TEXT];
    struct bytes text = listpack_item_text(item, buf);
    char *copy = mem_alloc(text.len ? text.len : 1);

    memcpy(copy, text.at, text.len);
    list_delete(&v, limits, from == LIST_HEAD ? 0 : list_length(v) - 1, 1);
    text.at = copy;
    list_grow_for(&v, limits, &text, 1);
    list_push(&v, limits, to, text);
    mem_free(copy);
    slot_set_object(s, v);
    db_changed(c->db, s->key.name, EVENT_LIST, to == LIST_HEAD ? "lpush" : "rpush");
    db_event(c->db, s->key.name, EVENT_LIST, from == LIST_HEAD ? "lpop" : "rpop");
}

/* Move one element and answer it.  False when the source is absent: not answered. */
static bool
move(struct call *c, enum list_end from, enum list_end to)
{
    char buf[NUM_I64_MAX_TEXT];
    struct listpack_item item;
    struct slot s, dst;

    if (!list_slot(c, 1, &s))
        return true;
    if (!s.entry)
        return false;
    if (bytes_equal(c->argv[1], c->argv[2])) {
        list_reply(c->out, list_peek(entry_value(s.entry), from));
        rotate(c, &s, from, to);
        return true;
    }
    if (!list_slot(c, 2, &dst))
        return true;
    item = list_peek(entry_value(s.entry), from);
    list_put(c, &dst, to, listpack_item_text(item, buf));
    list_reply(c->out, item);
    list_slot(c, 1, &s);                /* the other key was written meanwhile */
    keyspace_add_dirty(db_keyspace(c->db), -1);
    list_take(c, &s, from, 1);
    return true;
}

static void
cmd_lmove(struct call *c)
{
    enum list_end from, to;

    if (list_end_word(c, 3, &from) && list_end_word(c, 4, &to) && !move(c, from, to))
        reply_null(c->out);
}

static void
cmd_rpoplpush(struct call *c)
{
    if (!move(c, LIST_TAIL, LIST_HEAD))
        reply_null(c->out);
}

/* Nothing to move.  Where nothing waits the answer is another one than after a wait,
 * as in Redis. */
static void
wait_for_source(struct call *c, msec deadline)
{
    if (!c->client->conn || client_is(c->client, CLIENT_IN_EXEC))
        reply_null(c->out);
    else
        call_block(c, 1, 1, 1, deadline, BLOCK_NULL_ARRAY);
}

static void
cmd_blmove(struct call *c)
{
    enum list_end from, to;
    msec deadline;

    if (list_end_word(c, 3, &from) && list_end_word(c, 4, &to)
        && call_timeout(c, 5, &deadline) && !move(c, from, to))
        wait_for_source(c, deadline);
}

static void
cmd_brpoplpush(struct call *c)
{
    msec deadline;

    if (call_timeout(c, 3, &deadline) && !move(c, LIST_TAIL, LIST_HEAD))
        wait_for_source(c, deadline);
}

/* --- the first list that has something --- */

/* The first of `n` keys from argument `first` on that is there.  False: it holds
 * another type, answered.  None: s->entry is NULL. */
static bool
first_list(struct call *c, int first, int n, struct slot *s)
{
    s->entry = NULL;
    for (int i = first; i < first + n; i++) {
        if (!list_slot(c, i, s))
            return false;
        if (s->entry)
            break;
    }
    return true;
}

static void
pop_or_block(struct call *c, enum list_end end)
{
    struct slot s;
    msec deadline;
    int keys = c->argc - 2;

    if (!call_timeout(c, c->argc - 1, &deadline) || !first_list(c, 1, keys, &s))
        return;
    if (!s.entry) {
        call_block(c, 1, keys, 1, deadline, BLOCK_NULL_ARRAY);
        return;
    }
    reply_array(c->out, 2);
    reply_bulk(c->out, s.key.name);
    list_reply(c->out, list_peek(entry_value(s.entry), end));
    list_take(c, &s, end, 1);
}

static void
cmd_blpop(struct call *c)
{
    pop_or_block(c, LIST_HEAD);
}

static void
cmd_brpop(struct call *c)
{
    pop_or_block(c, LIST_TAIL);
}

struct mpop { int first, keys; enum list_end end; int64_t count; };

/* numkeys key... LEFT|RIGHT [COUNT count], from argument `i` on. */
static bool
read_mpop(struct call *c, int i, struct mpop *out)
{
    int64_t keys;

    if (!num_parse_i64(c->argv[i], &keys) || keys < 1) {
        reply_error(c->out, "ERR numkeys should be greater than 0");
        return false;
    }
    *out = (struct mpop){ .first = i + 1, .count = 1 };
    if (keys >= c->argc - out->first) {
        call_syntax_error(c);
        return false;
    }
    out->keys = (int)keys;
    i = out->first + out->keys;
    if (!list_end_word(c, i, &out->end))
        return false;
    if (++i == c->argc)
        return true;
    if (!call_is(c, i, "COUNT") || i + 1 == c->argc) {
        call_syntax_error(c);
        return false;
    }
    if (!num_parse_i64(c->argv[i + 1], &out->count) || out->count < 1) {
        reply_error(c->out, "ERR count should be greater than 0");
        return false;
    }
    if (i + 2 != c->argc) {
        call_syntax_error(c);
        return false;
    }
    return true;
}

/* False when no key has anything: not answered. */
static bool
mpop(struct call *c, const struct mpop *m)
{
    struct slot s;
    uint64_t n;

    if (!first_list(c, m->first, m->keys, &s))
        return true;
    if (!s.entry)
        return false;
    n = list_length(entry_value(s.entry));
    n = (uint64_t)m->count < n ? (uint64_t)m->count : n;
    reply_array(c->out, 2);
    reply_bulk(c->out, s.key.name);
    reply_array(c->out, n);
    list_reply_end(c->out, entry_value(s.entry), m->end, n);
    list_take(c, &s, m->end, n);
    return true;
}

static void
cmd_lmpop(struct call *c)
{
    struct mpop m;

    if (read_mpop(c, 1, &m) && !mpop(c, &m))
        reply_null_array(c->out);
}

static void
cmd_blmpop(struct call *c)
{
    struct mpop m;
    msec deadline;

    if (read_mpop(c, 2, &m) && call_timeout(c, 1, &deadline) && !mpop(c, &m))
        call_block(c, m.first, m.keys, 1, deadline, BLOCK_NULL_ARRAY);
}

static const struct command list_move_commands[] = {
    { .name = "blmove", .run = cmd_blmove, .arity = 6,
      .flags = WRITE | DENY_OOM | NOSCRIPT | BLOCKING,
      .syntax = "source:k destination:k wherefrom=(LEFT|RIGHT) whereto=(LEFT|RIGHT) "
                "timeout:d",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE), KEY(2, KEY_RW | A_INSERT) },
      .since = "6.2.0", .cost = "O(1)",
      .summary = "Move an element to another list, waiting until there is one." },
    { .name = "blmpop", .run = cmd_blmpop, .arity = -5, .flags = WRITE | BLOCKING,
      .syntax = "timeout:d numkeys:i key:k... where=(LEFT|RIGHT) [COUNT count:i]",
      .keys = { KEYS_COUNTED(2, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "7.0.0", .cost = "O(n+m) for n keys and m elements taken",
      .summary = "Take elements from the first list that has some, waiting for one." },
    { .name = "blpop", .run = cmd_blpop, .arity = -3,
      .flags = WRITE | NOSCRIPT | BLOCKING,
      .syntax = "key:k... timeout:d",
      .keys = { KEYS(1, -2, 1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "2.0.0", .cost = "O(n) for n keys",
      .summary = "Take the head of the first list that has one, waiting for it.",
      .history = HISTORY({ "6.0.0", "`timeout` may have a fraction." }) },
    { .name = "brpop", .run = cmd_brpop, .arity = -3,
      .flags = WRITE | NOSCRIPT | BLOCKING,
      .syntax = "key:k... timeout:d",
      .keys = { KEYS(1, -2, 1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "2.0.0", .cost = "O(n) for n keys",
      .summary = "Take the tail of the first list that has one, waiting for it.",
      .history = HISTORY({ "6.0.0", "`timeout` may have a fraction." }) },
    { .name = "brpoplpush", .run = cmd_brpoplpush, .arity = 4,
      .flags = WRITE | DENY_OOM | NOSCRIPT | BLOCKING,
      .syntax = "source:k destination:k timeout:d",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE), KEY(2, KEY_RW | A_INSERT) },
      .since = "2.2.0", .cost = "O(1)",
      .summary = "Move a tail to the head of another list, waiting until there is one.",
      .history = HISTORY({ "6.0.0", "`timeout` may have a fraction." }),
      .deprecated_since = "6.2.0", .use_instead = "`BLMOVE` with `RIGHT` and `LEFT`" },
    { .name = "lmove", .run = cmd_lmove, .arity = 5, .flags = WRITE | DENY_OOM,
      .syntax = "source:k destination:k wherefrom=(LEFT|RIGHT) whereto=(LEFT|RIGHT)",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE), KEY(2, KEY_RW | A_INSERT) },
      .since = "6.2.0", .cost = "O(1)",
      .summary = "Move an element from one end of a list to an end of another." },
    { .name = "lmpop", .run = cmd_lmpop, .arity = -4, .flags = WRITE,
      .syntax = "numkeys:i key:k... where=(LEFT|RIGHT) [COUNT count:i]",
      .keys = { KEYS_COUNTED(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "7.0.0", .cost = "O(n+m) for n keys and m elements taken",
      .summary = "Take elements from the first list that has some." },
    { .name = "rpoplpush", .run = cmd_rpoplpush, .arity = 3, .flags = WRITE | DENY_OOM,
      .syntax = "source:k destination:k",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE), KEY(2, KEY_RW | A_INSERT) },
      .since = "1.2.0", .cost = "O(1)",
      .summary = "Move the tail of a list to the head of another.",
      .deprecated_since = "6.2.0", .use_instead = "`LMOVE` with `RIGHT` and `LEFT`" },
};
const struct family list_move_family = FAMILY("list", ACL_LIST, list_move_commands);
