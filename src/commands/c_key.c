/* SPDX-License-Identifier: MIT
 * commands/c_key.c - keys as such, whatever they hold: remove, look, move, copy.
 *
 * How:        an entry carries its own key, so that a renamed or moved key is a
 *             new entry that adopts the value; nothing of the value is copied.
 * Invariants: a change that touches two keys counts once as dirty, while the
 *             listeners hear of both.
 * Read next:  commands/c_scan.c, commands/c_expire.c */
#include "config/config.h"
#include "command/call.h"
#include "commands/families.h"
#include <limits.h>

/* DEL and UNLINK: they differ only in who frees. */
static void
remove_keys(struct call *c, bool lazy)
{
    int64_t removed = 0;
    int i;

    for (i = 1; i < c->argc; i++) {
        struct key key = call_key(c, i);

        if (!db_remove(c->db, &key, lazy))
            continue;
        db_changed(c->db, key.name, EVENT_GENERIC, "del");
        removed++;
    }
    reply_int(c->out, removed);
}

static void
cmd_del(struct call *c)
{
    remove_keys(c, c->server->config->lazyfree_lazy_user_del);
}

static void
cmd_unlink(struct call *c)
{
    remove_keys(c, true);
}

static void
cmd_exists(struct call *c)
{
    int64_t found = 0;
    int i;

    for (i = 1; i < c->argc; i++) {
        struct key key = call_key(c, i);

        found += db_read_no_touch(c->db, &key) != NULL;
    }
    reply_int(c->out, found);
}

static void
cmd_touch(struct call *c)
{
    int64_t found = 0;
    int i;

    for (i = 1; i < c->argc; i++) {
        struct key key = call_key(c, i);
        struct entry *e = db_read_no_touch(c->db, &key);

        if (e)
            entry_touch(c->db, e);      /* also for a CLIENT NO-TOUCH session */
        found += e != NULL;
    }
    reply_int(c->out, found);
}

static void
cmd_type(struct call *c)
{
    struct key key = call_key(c, 1);
    struct entry *e = db_read_no_touch(c->db, &key);

    reply_status(c->out, e ? value_type_name(entry_type(e)) : "none");
}

static void
cmd_randomkey(struct call *c)
{
    struct entry *e = db_random(c->db);

    if (e)
        reply_bulk(c->out, entry_key(e));
    else
        reply_null(c->out);
}

/* --- moving a value to another key or database --- */

/* Take `from` out of its database and put its value, deadline and access clock
 * under `to`, which must be absent. */
static void
move_entry(struct db *from_db, const struct key *from,
           struct db *to_db, const struct key *to)
{
    struct entry *old = db_take(from_db, from);
    struct entry *fresh;

    fresh = entry_new(to->name, entry_value(old), entry_deadline(old));
    entry_set_clock(fresh, entry_clock(old));
    entry_free_block(old);
    db_adopt(to_db, fresh, to->hash);
}

/* Tell about a change of two keys that is one change. */
static void
changed_both(struct db *from_db, struct bytes from, const char *from_event,
             struct db *to_db, struct bytes to, const char *to_event)
{
    db_changed(from_db, from, EVENT_GENERIC, from_event);
    db_changed(to_db, to, EVENT_GENERIC, to_event);
    keyspace_add_dirty(db_keyspace(from_db), -1);
}

/* Is there a key in the way?  To find it there is a use of it, as in Redis. */
static bool
is_taken(struct db *db, const struct key *key)
{
    struct slot slot;

    db_slot_whole(db, key, &slot);
    return slot.entry != NULL;
}

/* True when the rename took place; false when the target was in the way or the
 * key keeps its name.  Errors are answered here: *failed. */
static bool
rename_key(struct call *c, bool replace, bool *failed)
{
    struct key from = call_key(c, 1), to = call_key(c, 2);
    struct slot slot;

    db_slot(c->db, &from, &slot);
    *failed = !slot.entry;
    if (*failed) {
        call_no_such_key(c);
        return false;
    }
    if (bytes_equal(from.name, to.name))
        return false;
    if (is_taken(c->db, &to)) {
        if (!replace)
            return false;
        db_remove(c->db, &to, c->server->config->lazyfree_lazy_server_del);
    }
    move_entry(c->db, &from, c->db, &to);
    changed_both(c->db, from.name, "rename_from", c->db, to.name, "rename_to");
    return true;
}

static void
cmd_rename(struct call *c)
{
    bool failed;

    rename_key(c, true, &failed);
    if (!failed)
        reply_ok(c->out);
}

static void
cmd_renamenx(struct call *c)
{
    bool failed;
    bool renamed = rename_key(c, false, &failed);

    if (!failed)
        reply_int(c->out, renamed);
}

/* Argument i as the index of a database; answers errors itself. */
static bool
database_argument(struct call *c, int i, struct db **db)
{
    struct keyspace *ks = c->server->keyspace;
    int64_t n;

    if (!call_int(c, i, &n))
        return false;
    if (n < INT_MIN || n > INT_MAX) {
        reply_errorf(c->out, "ERR value is out of range, value must between %d and %d",
                     INT_MIN, INT_MAX);
        return false;
    }
    if (n < 0 || n >= keyspace_databases(ks)) {
        reply_error(c->out, "ERR DB index is out of range");
        return false;
    }
    *db = keyspace_db(ks, (int)n);
    return true;
}

static void
same_object_error(struct call *c)
{
    reply_error(c->out, "ERR source and destination objects are the same");
}

static void
cmd_move(struct call *c)
{
    struct key key = call_key(c, 1);
    struct db *to;
    struct slot slot;

    if (!database_argument(c, 2, &to))
        return;
    if (to == c->db) {
        same_object_error(c);
        return;
    }
    db_slot(c->db, &key, &slot);
    if (!slot.entry || is_taken(to, &key)) {
        reply_int(c->out, 0);
        return;
    }
    move_entry(c->db, &key, to, &key);
    changed_both(c->db, key.name, "move_from", to, key.name, "move_to");
    reply_int(c->out, 1);
}

static bool
copy_options(struct call *c, struct db **to, bool *replace)
{
    int i;

    *to = c->db;
    *replace = false;
    for (i = 3; i < c->argc; i++) {
        if (call_is(c, i, "replace")) {
            *replace = true;
        } else if (call_is(c, i, "db") && i + 1 < c->argc) {
            if (!database_argument(c, ++i, to))
                return false;
        } else {
            call_syntax_error(c);
            return false;
        }
    }
    return true;
}

static void
cmd_copy(struct call *c)
{
    struct key from = call_key(c, 1), to = call_key(c, 2);
    struct entry *e, *fresh;
    struct value v;
    struct db *to_db;
    bool replace;
    msec deadline;

    if (!copy_options(c, &to_db, &replace))
        return;
    if (to_db == c->db && bytes_equal(from.name, to.name)) {
        same_object_error(c);
        return;
    }
    e = db_read(c->db, &from);
    if (!e || (is_taken(to_db, &to) && !replace)) {
        reply_int(c->out, 0);
        return;
    }
    /* The target goes first: removing may move entries, a copy would leak. */
    db_remove(to_db, &to, c->server->config->lazyfree_lazy_server_del);
    e = db_peek(c->db, &from);
    v = value_type_of(entry_type(e))->copy(entry_value(e));
    deadline = entry_deadline(e);
    fresh = entry_new(to.name, v, deadline);
    db_adopt(to_db, fresh, to.hash);
    db_changed(to_db, to.name, EVENT_GENERIC, "copy_to");
    reply_int(c->out, 1);
}

static const struct command key_commands[] = {
    { .name = "del", .run = cmd_del, .arity = -2,
      .flags = WRITE,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RM | A_DELETE) },
      .since = "1.0.0",
      .cost = "O(n) for n keys, plus the elements of large values that are freed at once",
      .summary = "Remove keys and what they hold.",
      .tips = "request_policy:multi_shard response_policy:agg_sum" },
    { .name = "unlink", .run = cmd_unlink, .arity = -2,
      .flags = WRITE | FAST,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RM | A_DELETE) },
      .since = "4.0.0",
      .cost = "O(n) for n keys; memory of large values is freed by another thread",
      .summary = "Remove keys now, give their memory back in the background.",
      .tips = "request_policy:multi_shard response_policy:agg_sum" },
    { .name = "exists", .run = cmd_exists, .arity = -2,
      .flags = READONLY | FAST,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RO) },
      .since = "1.0.0", .cost = "O(n) for n keys",
      .summary = "Count how many of the named keys are there.",
      .history = HISTORY({ "3.0.3", "Several keys may be named." }),
      .tips = "request_policy:multi_shard response_policy:agg_sum" },
    { .name = "touch", .run = cmd_touch, .arity = -2,
      .flags = READONLY | FAST,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RO) },
      .since = "3.2.1", .cost = "O(n) for n keys",
      .summary = "Mark keys as just used; counts those that are there.",
      .tips = "request_policy:multi_shard response_policy:agg_sum" },
    { .name = "type", .run = cmd_type, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Tell which type of value a key holds." },
    { .name = "randomkey", .run = cmd_randomkey, .arity = 1,
      .flags = READONLY,
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Name any one key of the database.",
      .tips = "request_policy:all_shards nondeterministic_output" },
    { .name = "rename", .run = cmd_rename, .arity = 3,
      .flags = WRITE,
      .syntax = "key:k newkey:k",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE),
                KEY(2, KEY_OW | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Give a key another name, replacing a key that has it." },
    { .name = "renamenx", .run = cmd_renamenx, .arity = 3,
      .flags = WRITE | FAST,
      .syntax = "key:k newkey:k",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE),
                KEY(2, KEY_OW | A_INSERT) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Give a key another name unless that name is taken.",
      .history = HISTORY({ "3.2.0", "Equal names are no error any more." }) },
    { .name = "move", .run = cmd_move, .arity = 3,
      .flags = WRITE | FAST,
      .syntax = "key:k db:i",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Carry a key over to another database." },
    { .name = "copy", .run = cmd_copy, .arity = -3,
      .flags = WRITE | DENY_OOM,
      .syntax = "source:k destination:k [DB destination-db:i] [REPLACE]",
      .keys = { KEY(1, KEY_RO | A_ACCESS),
                KEY(2, KEY_OW | A_UPDATE) },
      .since = "6.2.0", .cost = "O(n) for n elements of the value; O(1) for strings",
      .summary = "Put a copy of a value under another key." },
};
const struct family key_family = FAMILY("generic", ACL_KEYSPACE, key_commands);
