/* SPDX-License-Identifier: MIT
 * commands/c_set.c - sets: add, remove, ask, move, walk.
 *
 * Invariants: a set that lost its last member is no key any more, and that is told
 *             after the removal itself.
 * Read next:  values/v_set.c, commands/c_set_pick.c, commands/c_set_algebra.c */
#include "commands/set_use.h"

#include "commands/element_scan.h"
#include "commands/families.h"
#include "config/config.h"

struct set_limits
set_limits_of(const struct call *c)
{
    const struct config *config = c->server->config;

    return (struct set_limits){
        .intset_entries = config->set_max_intset_entries,
        .pack_entries = config->set_max_listpack_entries,
        .pack_value = config->set_max_listpack_value,
    };
}

bool
set_read(struct call *c, int i, struct entry **e)
{
    return call_read(c, i, TYPE_SET, e);
}

void
set_settle(struct call *c, struct slot *s, struct value v)
{
    slot_set_object(s, v);
    if (set_count(v))
        return;
    slot_remove(s, c->server->config->lazyfree_lazy_server_del);
    db_event(c->db, s->key.name, EVENT_GENERIC, "del");
}

/* Tell about `n` members at once. */
static void
changed(struct call *c, struct bytes key, const char *event, size_t n)
{
    db_changed(c->db, key, EVENT_SET, event);
    keyspace_add_dirty(c->server->keyspace, (int64_t)n - 1);
}

static void
cmd_sadd(struct call *c)
{
    struct set_limits limits = set_limits_of(c);
    size_t added = 0, hint = (size_t)c->argc - 2;
    struct slot s;
    struct value v;

    if (!call_slot(c, 1, TYPE_SET, &s))
        return;
    if (s.entry) {
        v = entry_value(s.entry);
        if (UNLIKELY(hint > 1))
            set_expect(&v, hint, &limits);
    } else {
        v = set_new(c->argv[2], hint, &limits);
    }
    for (int i = 2; i < c->argc; i++)
        added += set_add(&v, c->argv[i], &limits);
    if (s.entry)
        slot_set_object(&s, v);
    else
        slot_put(&s, v, NO_DEADLINE);
    if (added)
        changed(c, s.key.name, "sadd", added);
    reply_int(c->out, (int64_t)added);
}

static void
cmd_srem(struct call *c)
{
    size_t removed = 0;
    struct slot s;
    struct value v;

    if (!call_slot(c, 1, TYPE_SET, &s))
        return;
    if (!s.entry) {
        reply_int(c->out, 0);
        return;
    }
    v = entry_value(s.entry);
    for (int i = 2; i < c->argc && set_count(v); i++)
        removed += set_remove(&v, c->argv[i]);
    if (removed) {
        slot_set_object(&s, v);     /* listeners may look */
        changed(c, s.key.name, "srem", removed);
        set_settle(c, &s, v);
    }
    reply_int(c->out, (int64_t)removed);
}

static void
cmd_smembers(struct call *c)
{
    const struct bytes *member;
    struct set_iter it;
    struct entry *e;

    if (!set_read(c, 1, &e))
        return;
    reply_set(c->out, e ? set_count(entry_value(e)) : 0);
    if (!e)
        return;
    set_iter_start(&it, entry_value(e));
    while ((member = set_iter_next(&it)))
        reply_bulk(c->out, *member);
}

static void
cmd_sismember(struct call *c)
{
    struct entry *e;

    if (set_read(c, 1, &e))
        reply_int(c->out, e && set_has(entry_value(e), c->argv[2]));
}

static void
cmd_smismember(struct call *c)
{
    struct entry *e;

    if (!set_read(c, 1, &e))
        return;
    reply_array(c->out, (size_t)c->argc - 2);
    for (int i = 2; i < c->argc; i++)
        reply_int(c->out, e && set_has(entry_value(e), c->argv[i]));
}

static void
cmd_scard(struct call *c)
{
    struct entry *e;

    if (set_read(c, 1, &e))
        reply_int(c->out, e ? (int64_t)set_count(entry_value(e)) : 0);
}

/* Put the member into the set at the other key. */
static void
move_into(struct call *c, const struct key *key, struct bytes member)
{
    struct set_limits limits = set_limits_of(c);
    struct slot s;
    struct value v;
    bool added;

    db_slot(c->db, key, &s);
    v = s.entry ? entry_value(s.entry) : set_new(member, 1, &limits);
    added = set_add(&v, member, &limits);
    if (s.entry)
        slot_set_object(&s, v);
    else
        slot_put(&s, v, NO_DEADLINE);
    if (added)
        db_changed(c->db, key->name, EVENT_SET, "sadd");
}

static void
cmd_smove(struct call *c)
{
    struct key from = call_key(c, 1), to = call_key(c, 2);
    struct slot s, target;
    struct value v;

    db_slot_whole(c->db, &to, &target);
    db_slot(c->db, &from, &s);
    if (!s.entry) {
        reply_int(c->out, 0);
        return;
    }
    if (!call_type_ok(c, s.entry, TYPE_SET) || !call_type_ok(c, target.entry, TYPE_SET))
        return;
    v = entry_value(s.entry);
    if (bytes_equal(from.name, to.name)) {
        reply_int(c->out, set_has(v, c->argv[3]));
        return;
    }
    if (!set_remove(&v, c->argv[3])) {
        reply_int(c->out, 0);
        return;
    }
    slot_set_object(&s, v);
    db_changed(c->db, from.name, EVENT_SET, "srem");
    set_settle(c, &s, v);
    move_into(c, &to, c->argv[3]);
    reply_int(c->out, 1);
}

static void
scan_member(struct bytes member, void *arg)
{
    struct element_scan *s = arg;

    if (!element_scan_wants(s, member))
        return;
    reply_bulk(&s->out, member);
    s->written++;
}

static void
cmd_sscan(struct call *c)
{
    struct element_scan s;
    struct entry *e = element_scan_start(c, TYPE_SET, &s);

    if (!e || !element_scan_options(c, NULL, &s))
        return;
    s.cursor = set_scan(entry_value(e), s.cursor, s.count, scan_member, &s);
    element_scan_finish(c, &s);
}

static void
warm(struct value v, const struct bytes *argv, bool deep)
{
    if (v.type == TYPE_SET)
        set_prefetch(v, argv[2], deep);
}

static const struct command set_commands[] = {
    { .name = "sadd", .run = cmd_sadd, .warm = warm, .arity = -3,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k member...",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "1.0.0", .cost = "O(1) for each member",
      .summary = "Put members into a set; a set is made if there is none.",
      .history = HISTORY({ "2.4.0", "Takes several members." }) },
    { .name = "srem", .run = cmd_srem, .warm = warm, .arity = -3,
      .flags = WRITE | FAST,
      .syntax = "key:k member...",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "1.0.0", .cost = "O(1) for each member",
      .summary = "Take members out of a set; an empty set is removed.",
      .history = HISTORY({ "2.4.0", "Takes several members." }) },
    { .name = "smembers", .run = cmd_smembers, .arity = 2,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for n members",
      .summary = "List all members of a set.",
      .tips = "nondeterministic_output_order" },
    { .name = "sismember", .run = cmd_sismember, .warm = warm, .arity = 3,
      .flags = READONLY | FAST,
      .syntax = "key:k member",
      .keys = { KEY(1, KEY_RO) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Tell whether something is a member of a set." },
    { .name = "smismember", .run = cmd_smismember, .arity = -3,
      .flags = READONLY | FAST,
      .syntax = "key:k member...",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = "O(1) for each member",
      .summary = "Tell of several things whether each is a member of a set." },
    { .name = "scard", .run = cmd_scard, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Count the members of a set." },
    { .name = "smove", .run = cmd_smove, .arity = 4,
      .flags = WRITE | FAST,
      .syntax = "source:k destination:k member",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE),
                KEY(2, KEY_RW | A_INSERT) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Move a member from one set to another." },
    { .name = "sscan", .run = cmd_sscan, .arity = -3,
      .flags = READONLY,
      .syntax = "key:k cursor:i [MATCH pattern:p] [COUNT count:i]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.8.0", .cost = "O(1) a step, O(n) for a whole walk over n members",
      .summary = "Walk over the members of a set step by step.",
      .tips = "nondeterministic_output" },
};
const struct family set_family = FAMILY("set", ACL_SET, set_commands);
