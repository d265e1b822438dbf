/* SPDX-License-Identifier: MIT
 * commands/c_string_many.c - MGET, MSET, MSETNX: many keys in one command.
 *
 * Why:       with a million keys nearly every lookup waits for memory, twice: for
 *            the bucket and for the entry.  Waiting for many at once costs little
 *            more than waiting for one.
 * How:       keys are taken in windows: hash all and ask for their buckets, ask for
 *            the entries behind them, then do the work.  A window is small enough
 *            that its lines are still in the first-level cache when they are used.
 * Left out:  prefetching the bytes of blobs: large values are read sequentially,
 *            which the processor foresees by itself.
 * Read next: structs/dict.h, keyspace/keyspace.h */
#include "commands/families.h"
#include "commands/string_edit.h"

#define WINDOW 16

/* Hash the keys at argument `at`, at + step ... and send for their entries;
 * returns how many keys the window got. */
static int
look_ahead(struct call *c, int at, int step, struct key keys[WINDOW])
{
    int i, n = 0;

    for (; n < WINDOW && at < c->argc; n++, at += step) {
        keys[n] = call_key(c, at);
        db_prefetch_bucket(c->db, keys[n].hash);
    }
    for (i = 0; i < n; i++)
        db_prefetch_entry(c->db, keys[i].hash);
    return n;
}

/* MGET has no WRONGTYPE: such a key is as good as absent. */
static inline void
reply_string_or_null(struct call *c, const struct entry *e)
{
    struct value v = e ? entry_value(e) : (struct value){ .type = TYPES };

    if (v.type != TYPE_STRING)
        reply_null(c->out);
    else if (v.encoding == STRING_EMBEDDED)
        reply_bulk(c->out, v.bytes);
    else
        call_reply_value(c, v);
}

static void
cmd_mget(struct call *c)
{
    struct key keys[WINDOW];
    int at, i, n;

    reply_array(c->out, (size_t)c->argc - 1);
    for (at = 1; at < c->argc; at += n) {
        n = look_ahead(c, at, 1, keys);
        for (i = 0; i < n; i++)
            reply_string_or_null(c, db_read(c->db, &keys[i]));
    }
}

static bool
pairs_ok(struct call *c)
{
    if (c->argc % 2 == 1)
        return true;
    call_wrong_args(c);
    return false;
}

static void
set_pairs(struct call *c)
{
    struct key keys[WINDOW];
    struct slot s;
    int at, i, n;

    for (at = 1; at < c->argc; at += 2 * n) {
        n = look_ahead(c, at, 2, keys);
        for (i = 0; i < n; i++) {
            db_slot_whole(c->db, &keys[i], &s);
            slot_put(&s, call_value(c, at + 2 * i + 1), NO_DEADLINE);
            db_changed(c->db, keys[i].name, EVENT_STRING, "set");
        }
    }
}

static void
cmd_mset(struct call *c)
{
    if (!pairs_ok(c))
        return;
    set_pairs(c);
    reply_ok(c->out);
}

static bool
any_exists(struct call *c)
{
    struct key keys[WINDOW];
    struct slot s;
    int at, i, n;

    for (at = 1; at < c->argc; at += 2 * n) {
        n = look_ahead(c, at, 2, keys);
        for (i = 0; i < n; i++) {
            db_slot_whole(c->db, &keys[i], &s);
            if (s.entry)
                return true;
        }
    }
    return false;
}

static void
cmd_msetnx(struct call *c)
{
    bool set;

    if (!pairs_ok(c))
        return;
    set = !any_exists(c);
    if (set)
        set_pairs(c);
    reply_int(c->out, set);
}

static const struct command string_many_commands[] = {
    { .name = "mget", .run = cmd_mget, .arity = -2, .flags = READONLY | FAST,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for n keys",
      .summary = "Answer the strings of all these keys in one go.",
      .tips = "request_policy:multi_shard" },
    { .name = "mset", .run = cmd_mset, .arity = -3, .flags = WRITE | DENY_OOM,
      .syntax = "key_value={key:k value}...",
      .keys = { KEYS(1, -1, 2, KEY_OW | A_UPDATE) },
      .since = "1.0.1", .cost = "O(n) for n keys",
      .summary = "Set each key to the value that follows it.",
      .tips = "request_policy:multi_shard response_policy:all_succeeded" },
    { .name = "msetnx", .run = cmd_msetnx, .arity = -3, .flags = WRITE | DENY_OOM,
      .syntax = "key_value={key:k value}...",
      .keys = { KEYS(1, -1, 2, KEY_OW | A_INSERT) },
      .since = "1.0.1", .cost = "O(n) for n keys",
      .summary = "Set each key to the value that follows it, unless one is there.",
      .tips = "request_policy:multi_shard response_policy:agg_min" },
};
const struct family string_many_family =
    FAMILY("string", ACL_STRING, string_many_commands);
