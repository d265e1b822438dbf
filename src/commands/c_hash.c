/* SPDX-License-Identifier: MIT
 * commands/c_hash.c - hashes: set, get, delete, list, walk.
 *
 * Invariants: a hash that lost its last field is no key any more, and that is told
 *             after the deletion itself.
 * Read next:  values/v_hash.c, commands/c_hash_number.c, commands/c_hash_expire.c */
#include "commands/hash_use.h"

#include "commands/element_scan.h"
#include "commands/families.h"
#include "config/config.h"

struct hash_limits
hash_limits_of(const struct call *c)
{
    const struct config *config = c->server->config;

    return (struct hash_limits){
        .entries = config->hash_max_listpack_entries,
        .value = config->hash_max_listpack_value,
    };
}

bool
hash_read(struct call *c, struct entry **e)
{
    return call_read(c, 1, TYPE_HASH, e);
}

bool
hash_open(struct call *c, struct slot *s, struct value *v)
{
    struct key key = call_key(c, 1);

    db_slot(c->db, &key, s);
    if (!call_type_ok(c, s->entry, TYPE_HASH))
        return false;
    *v = s->entry ? entry_value(s->entry) : hash_new();
    return true;
}

void
hash_store(struct slot *s, struct value v)
{
    if (LIKELY(s->entry != NULL))
        slot_set_object(s, v);
    else
        slot_put(s, v, NO_DEADLINE);
}

void
hash_changed(struct call *c, struct bytes key, const char *event, size_t n)
{
    db_changed(c->db, key, EVENT_HASH, event);
    keyspace_add_dirty(c->server->keyspace, (int64_t)n - 1);
}

void
hash_settle(struct call *c, struct slot *s)
{
    if (hash_count(entry_value(s->entry)))
        return;
    slot_remove(s, c->server->config->lazyfree_lazy_server_del);
    db_event(c->db, s->key.name, EVENT_GENERIC, "del");
}

/* HSET and HMSET; how many fields are new, -1 when an error was answered. */
static int64_t
set_fields(struct call *c)
{
    struct hash_limits limits = hash_limits_of(c);
    int64_t added = 0;
    struct slot s;
    struct value v;

    if (c->argc % 2) {
        call_wrong_args(c);
        return -1;
    }
    if (!hash_open(c, &s, &v))
        return -1;
    for (int i = 2; i < c->argc; i += 2)
        added += hash_set(&v, c->argv[i], c->argv[i + 1], HASH_FOREVER, &limits);
    hash_store(&s, v);
    hash_changed(c, s.key.name, "hset", (size_t)(c->argc - 2) / 2);
    return added;
}

static void
cmd_hset(struct call *c)
{
    int64_t added = set_fields(c);

    if (added >= 0)
        reply_int(c->out, added);
}

static void
cmd_hmset(struct call *c)
{
    if (set_fields(c) >= 0)
        reply_ok(c->out);
}

static void
cmd_hsetnx(struct call *c)
{
    struct hash_limits limits = hash_limits_of(c);
    struct hash_field f;
    struct slot s;
    struct value v;

    if (!hash_open(c, &s, &v))
        return;
    if (hash_find(v, c->argv[2], &f)) {
        reply_int(c->out, 0);
        return;
    }
    hash_set(&v, c->argv[2], c->argv[3], HASH_FOREVER, &limits);
    hash_store(&s, v);
    hash_changed(c, s.key.name, "hset", 1);
    reply_int(c->out, 1);
}

static void
reply_field(struct call *c, const struct entry *e, struct bytes name)
{
    struct hash_field f;

    if (e && hash_find(entry_value(e), name, &f))
        reply_bulk(c->out, f.value);
    else
        reply_null(c->out);
}

static void
cmd_hget(struct call *c)
{
    struct entry *e;

    if (hash_read(c, &e))
        reply_field(c, e, c->argv[2]);
}

static void
cmd_hmget(struct call *c)
{
    struct entry *e;

    if (!hash_read(c, &e))
        return;
    reply_array(c->out, (size_t)c->argc - 2);
    for (int i = 2; i < c->argc; i++)
        reply_field(c, e, c->argv[i]);
}

static void
cmd_hdel(struct call *c)
{
    struct key key = call_key(c, 1);
    size_t removed = 0;
    struct slot s;
    struct value v;

    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_HASH))
        return;
    if (s.entry) {
        v = entry_value(s.entry);
        for (int i = 2; i < c->argc && hash_count(v); i++)
            removed += hash_remove(&v, c->argv[i]);
    }
    if (removed) {
        slot_set_object(&s, v);
        hash_changed(c, key.name, "hdel", removed);
        hash_settle(c, &s);
    }
    reply_int(c->out, (int64_t)removed);
}

static void
cmd_hexists(struct call *c)
{
    struct hash_field f;
    struct entry *e;

    if (hash_read(c, &e))
        reply_int(c->out, e && hash_find(entry_value(e), c->argv[2], &f));
}

static void
cmd_hlen(struct call *c)
{
    struct entry *e;

    if (hash_read(c, &e))
        reply_int(c->out, e ? (int64_t)hash_count(entry_value(e)) : 0);
}

static void
cmd_hstrlen(struct call *c)
{
    struct hash_field f;
    struct entry *e;

    if (!hash_read(c, &e))
        return;
    if (e && hash_find(entry_value(e), c->argv[2], &f))
        reply_int(c->out, (int64_t)f.value.len);
    else
        reply_int(c->out, 0);
}

/* Fields that are over are left out: how many there are is known at the end. */
static void
list_fields(struct call *c, bool names, bool values)
{
    const struct hash_field *f;
    struct reply_later mark;
    struct hash_iter it;
    struct entry *e;
    size_t n = 0;

    if (!hash_read(c, &e))
        return;
    mark = reply_later(c->out);
    if (e) {
        hash_iter_start(&it, entry_value(e));
        for (; (f = hash_iter_next(&it)); n++) {
            if (names)
                reply_bulk(c->out, f->name);
            if (values)
                reply_bulk(c->out, f->value);
        }
    }
    reply_later_set(c->out, mark, names && values ? '%' : '*', n);
}

static void
cmd_hgetall(struct call *c)
{
    list_fields(c, true, true);
}

static void
cmd_hkeys(struct call *c)
{
    list_fields(c, true, false);
}

static void
cmd_hvals(struct call *c)
{
    list_fields(c, false, true);
}

static void
scan_field(const struct hash_field *f, void *arg)
{
    struct element_scan *s = arg;

    if (!element_scan_wants(s, f->name))
        return;
    reply_bulk(&s->out, f->name);
    s->written++;
    if (s->flag)                        /* NOVALUES */
        return;
    reply_bulk(&s->out, f->value);
    s->written++;
}

static void
cmd_hscan(struct call *c)
{
    struct element_scan s;
    struct entry *e = element_scan_start(c, TYPE_HASH, &s);

    if (!e || !element_scan_options(c, "novalues", &s))
        return;
    s.cursor = hash_scan(entry_value(e), s.cursor, s.count, scan_field, &s);
    element_scan_finish(c, &s);
}

static void
warm(struct value v, const struct bytes *argv, bool deep)
{
    if (v.type == TYPE_HASH)
        hash_prefetch(v, argv[2], deep);
}

static const struct command hash_commands[] = {
    { .name = "hset", .run = cmd_hset, .warm = warm, .arity = -4,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k field_value={field value}...",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "2.0.0", .cost = "O(1) for each field",
      .summary = "Set fields of a hash; a hash is made if there is none.",
      .history = HISTORY({ "4.0.0", "Takes several fields with their values." }) },
    { .name = "hmset", .run = cmd_hmset, .warm = warm, .arity = -4,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k field_value={field value}...",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "2.0.0", .cost = "O(1) for each field",
      .summary = "Set fields of a hash; a hash is made if there is none.",
      .deprecated_since = "4.0.0", .use_instead = "`HSET` with several fields" },
    { .name = "hsetnx", .run = cmd_hsetnx, .warm = warm, .arity = 4,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k field value",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "2.0.0", .cost = "O(1)",
      .summary = "Set a field of a hash only if it is not there." },
    { .name = "hget", .run = cmd_hget, .warm = warm, .arity = 3,
      .flags = READONLY | FAST,
      .syntax = "key:k field",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(1)",
      .summary = "Answer the value of a field of a hash." },
    { .name = "hmget", .run = cmd_hmget, .arity = -3,
      .flags = READONLY | FAST,
      .syntax = "key:k field...",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(1) for each field",
      .summary = "Answer the values of several fields of a hash." },
    { .name = "hgetall", .run = cmd_hgetall, .arity = 2,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(n) for n fields",
      .summary = "List all fields of a hash with their values.",
      .tips = "nondeterministic_output_order" },
    { .name = "hdel", .run = cmd_hdel, .warm = warm, .arity = -3,
      .flags = WRITE | FAST,
      .syntax = "key:k field...",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "2.0.0", .cost = "O(1) for each field",
      .summary = "Delete fields of a hash; an empty hash is removed.",
      .history = HISTORY({ "2.4.0", "Takes several fields." }) },
    { .name = "hexists", .run = cmd_hexists, .warm = warm, .arity = 3,
      .flags = READONLY | FAST,
      .syntax = "key:k field",
      .keys = { KEY(1, KEY_RO) },
      .since = "2.0.0", .cost = "O(1)",
      .summary = "Tell whether a hash has a field." },
    { .name = "hkeys", .run = cmd_hkeys, .arity = 2,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(n) for n fields",
      .summary = "List the names of all fields of a hash.",
      .tips = "nondeterministic_output_order" },
    { .name = "hvals", .run = cmd_hvals, .arity = 2,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(n) for n fields",
      .summary = "List the values of all fields of a hash.",
      .tips = "nondeterministic_output_order" },
    { .name = "hlen", .run = cmd_hlen, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO) },
      .since = "2.0.0", .cost = "O(1)",
      .summary = "Count the fields of a hash." },
    { .name = "hstrlen", .run = cmd_hstrlen, .arity = 3,
      .flags = READONLY | FAST,
      .syntax = "key:k field",
      .keys = { KEY(1, KEY_RO) },
      .since = "3.2.0", .cost = "O(1)",
      .summary = "Tell how long the value of a field is." },
    { .name = "hscan", .run = cmd_hscan, .arity = -3,
      .flags = READONLY,
      .syntax = "key:k cursor:i [MATCH pattern:p] [COUNT count:i] [NOVALUES]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.8.0", .cost = "O(1) a step, O(n) for a whole walk over n fields",
      .summary = "Walk over the fields of a hash step by step.",
      .tips = "nondeterministic_output" },
};
const struct family hash_family = FAMILY("hash", ACL_HASH, hash_commands);
