/* SPDX-License-Identifier: MIT
 * commands/c_list_edit.c - inside a list: find, replace, insert, remove, trim.
 *
 * How:       an element is found by walking from the nearer end; changes name it by
 *            its index.
 * Read next: values/v_list.c, commands/c_list_move.c */
#include "keyspace/lazyfree.h"
#include "commands/families.h"
#include "commands/list_edit.h"

static void
cmd_lset(struct call *c)
{
    struct list_limits limits = list_limits_of(c);
    struct value v;
    struct slot s;
    int64_t i, len;

    if (!list_slot(c, 1, &s))
        return;
    if (!s.entry) {
        call_no_such_key(c);
        return;
    }
    if (!call_int(c, 2, &i))
        return;
    v = entry_value(s.entry);
    list_grow_for(&v, limits, c->argv + 3, 1);          /* as Redis, also in vain */
    slot_set_object(&s, v);
    len = (int64_t)list_length(v);
    if (i < 0)
        i += len;
    if (i < 0 || i >= len) {
        reply_error(c->out, "ERR index out of range");
        return;
    }
    list_replace(&v, limits, (uint64_t)i, c->argv[3]);
    list_shrink(&v, limits);
    slot_set_object(&s, v);
    reply_ok(c->out);
    db_changed(c->db, s.key.name, EVENT_LIST, "lset");
}

/* The index of the first element equal to `text`, or the length. */
static uint64_t
index_of(struct value v, struct bytes text)
{
    struct listpack_item wanted = listpack_item_of(text), item;
    struct list_cursor cursor;
    uint64_t i = 0;

    list_walk(&cursor, v, 0, false);
    while (list_step(&cursor, &item) && !listpack_item_equal(item, wanted))
        i++;
    list_walk_end(&cursor);
    return i;
}

static void
cmd_linsert(struct call *c)
{
    struct list_limits limits = list_limits_of(c);
    bool after = call_is(c, 2, "AFTER");
    struct value v;
    struct slot s;
    uint64_t i;

    if (!after && !call_is(c, 2, "BEFORE")) {
        call_syntax_error(c);
        return;
    }
    if (!list_slot(c, 1, &s))
        return;
    if (!s.entry) {
        reply_int(c->out, 0);
        return;
    }
    v = entry_value(s.entry);
    list_grow_for(&v, limits, c->argv + 4, 1);          /* see LSET */
    slot_set_object(&s, v);
    i = index_of(v, c->argv[3]);
    if (i == list_length(v)) {
        reply_int(c->out, -1);
        return;
    }
    list_insert(&v, limits, i + after, c->argv[4]);
    slot_set_object(&s, v);
    reply_int(c->out, (int64_t)list_length(v));
    db_changed(c->db, s.key.name, EVENT_LIST, "linsert");
}

static void
cmd_lrem(struct call *c)
{
    int64_t count;
    uint64_t max, gone;
    struct value v;
    struct slot s;

    if (!call_int(c, 2, &count) || !list_slot(c, 1, &s))
        return;
    if (!s.entry) {
        reply_int(c->out, 0);
        return;
    }
    v = entry_value(s.entry);
    max = count == 0 ? UINT64_MAX : count < 0 ? -(uint64_t)count : (uint64_t)count;
    gone = list_remove(&v, list_limits_of(c), c->argv[3], max, count < 0);
    reply_int(c->out, (int64_t)gone);
    if (gone)
        list_removed(c, &s, v, "lrem", gone);
}

/* Millions of elements are freed in the background. */
static void
trim_all(struct call *c, struct slot *s, uint64_t len)
{
    keyspace_add_dirty(db_keyspace(c->db), (int64_t)len - 1);
    db_changed(c->db, s->key.name, EVENT_LIST, "ltrim");
    slot_remove(s, true);
    db_event(c->db, s->key.name, EVENT_GENERIC, "del");
}

/* So many elements may be many nodes: what is cut off whole may go to the background. */
#define MANY 1024

static void
cut(struct value *v, struct list_limits limits, uint64_t index, uint64_t n)
{
    struct value gone;

    if (n < MANY)
        list_delete(v, limits, index, n);
    else if (list_cut(v, limits, index, n, &gone))
        lazyfree_value(gone);
}

static void
cmd_ltrim(struct call *c)
{
    struct list_limits limits = list_limits_of(c);
    int64_t start, stop;
    uint64_t len, kept;
    struct value v;
    struct slot s;

    if (!call_int(c, 2, &start) || !call_int(c, 3, &stop) || !list_slot(c, 1, &s))
        return;
    reply_ok(c->out);
    if (!s.entry)
        return;
    v = entry_value(s.entry);
    len = list_length(v);
    kept = list_range(&start, stop, len);
    if (kept == 0) {
        trim_all(c, &s, len);
        return;
    }
    cut(&v, limits, (uint64_t)start + kept, len - (uint64_t)start - kept);
    cut(&v, limits, 0, (uint64_t)start);
    /* Even a trim of nothing tells WATCHers; it is not counted, though. */
    if (kept == len)
        keyspace_add_dirty(db_keyspace(c->db), -1);
    list_removed(c, &s, v, "ltrim", len - kept);
}

/* --- LPOS --- */

struct search {
    int64_t rank;               /* not 0; negative: from the tail */
    int64_t count;              /* -1: not given; 0: all */
    int64_t longest;            /* elements to compare; 0: all */
};

static bool
read_search(struct call *c, struct search *out)
{
    int i;

    *out = (struct search){ .rank = 1, .count = -1 };
    for (i = 3; i < c->argc; i += 2) {
        if (i + 1 < c->argc && call_is(c, i, "RANK")) {
            if (!call_int(c, i + 1, &out->rank))
                return false;
            if (out->rank == INT64_MIN) {
                reply_error(c->out, "ERR value is out of range, value must between "
                            "-9223372036854775807 and 9223372036854775807");
                return false;
            }
            if (out->rank == 0) {
                reply_error(c->out, "ERR RANK can't be zero: use 1 to start from the "
                            "first match, 2 from the second ... or use negative to "
                            "start from the end of the list");
                return false;
            }
        } else if (i + 1 < c->argc && call_is(c, i, "COUNT")) {
            if (!num_parse_i64(c->argv[i + 1], &out->count) || out->count < 0) {
                reply_error(c->out, "ERR COUNT can't be negative");
                return false;
            }
        } else if (i + 1 < c->argc && call_is(c, i, "MAXLEN")) {
            if (!num_parse_i64(c->argv[i + 1], &out->longest) || out->longest < 0) {
                reply_error(c->out, "ERR MAXLEN can't be negative");
                return false;
            }
        } else {
            call_syntax_error(c);
            return false;
        }
    }
    return true;
}

/* Answer the indexes of the matches; returns how many there were. */
static uint64_t
search(struct call *c, struct value v, const struct search *wanted)
{
    struct listpack_item text = listpack_item_of(c->argv[2]), item;
    uint64_t len = list_length(v), seen, found = 0;
    bool backward = wanted->rank < 0;
    uint64_t rank = (uint64_t)(backward ? -wanted->rank : wanted->rank);
    uint64_t most = wanted->count == -1 ? 1 : (uint64_t)wanted->count;
    uint64_t longest = wanted->longest ? (uint64_t)wanted->longest : len;
    struct list_cursor cursor;

    list_walk(&cursor, v, backward ? len - 1 : 0, backward);
    for (seen = 0; seen < longest && list_step(&cursor, &item); seen++) {
        if (!listpack_item_equal(item, text) || --rank > 0)
            continue;
        rank = 1;
        reply_int(c->out, (int64_t)(backward ? len - 1 - seen : seen));
        if (++found == most)
            break;
    }
    list_walk_end(&cursor);
    return found;
}

static void
cmd_lpos(struct call *c)
{
    struct search wanted;
    struct reply_later mark;
    struct entry *e;

    if (!read_search(c, &wanted) || !list_read(c, 1, &e))
        return;
    if (wanted.count == -1) {
        if (!e || search(c, entry_value(e), &wanted) == 0)
            reply_null(c->out);
        return;
    }
    if (!e) {
        reply_array(c->out, 0);
        return;
    }
    mark = reply_later(c->out);
    reply_later_set(c->out, mark, '*', search(c, entry_value(e), &wanted));
}

static const struct command list_edit_commands[] = {
    { .name = "linsert", .run = cmd_linsert, .arity = 5, .flags = WRITE | DENY_OOM,
      .syntax = "key:k where=(BEFORE|AFTER) pivot element",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "2.2.0", .cost = "O(n) for n elements before the pivot",
      .summary = "Insert an element beside the first one that equals the pivot." },
    { .name = "lpos", .run = cmd_lpos, .arity = -3, .flags = READONLY,
      .syntax = "key:k element [RANK rank:i] [COUNT num-matches:i] [MAXLEN len:i]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "6.0.6", .cost = "O(n) for n elements looked at",
      .summary = "Answer at which indexes a list has an element." },
    { .name = "lrem", .run = cmd_lrem, .arity = 4, .flags = WRITE,
      .syntax = "key:k count:i element",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "1.0.0", .cost = "O(n) for n elements looked at",
      .summary = "Remove elements equal to this one, counted from either end." },
    { .name = "lset", .run = cmd_lset, .arity = 4, .flags = WRITE | DENY_OOM,
      .syntax = "key:k index:i element",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "1.0.0", .cost = "O(n) for n nodes between the element and the nearer end",
      .summary = "Replace the element at an index." },
    { .name = "ltrim", .run = cmd_ltrim, .arity = 4, .flags = WRITE,
      .syntax = "key:k start:i stop:i",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "1.0.0", .cost = "O(n) for n nodes removed",
      .summary = "Remove all elements but those between two indexes." },
};
const struct family list_edit_family = FAMILY("list", ACL_LIST, list_edit_commands);
