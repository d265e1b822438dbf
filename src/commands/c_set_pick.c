/* SPDX-License-Identifier: MIT
 * commands/c_set_pick.c - members of a set by chance: SPOP, SRANDMEMBER.
 *
 * Cost:       a pick from a table is O(1) expected, whatever the size of the set.
 * Read next:  structs/dict_walk.c (fair picks), values/pick.c */
#include "commands/families.h"
#include "commands/many_picks.h"
#include "commands/set_use.h"
#include "config/config.h"

static void
reply_member(struct bytes member, void *arg)
{
    reply_bulk(arg, member);
}

/* Pick one, answer it, remove it. */
static void
pop_one(struct call *c, struct value *v)
{
    struct set_member member;

    set_random(*v, &member);
    reply_bulk(c->out, member.text);
    set_remove(v, member.text);
}

static void
tell_popped(struct call *c, struct bytes key, size_t n)
{
    db_changed(c->db, key, EVENT_SET, "spop");
    keyspace_add_dirty(c->server->keyspace, (int64_t)n - 1);
}

static void
pop_all(struct call *c, struct slot *s)
{
    struct value v = entry_value(s->entry);
    size_t count = set_count(v);

    reply_set(c->out, count);
    set_sample(v, count, reply_member, c->out);
    tell_popped(c, s->key.name, count);
    slot_remove(s, c->server->config->lazyfree_lazy_server_del);
    db_event(c->db, s->key.name, EVENT_GENERIC, "del");
}

static void
pop_many(struct call *c)
{
    struct key key = call_key(c, 1);
    struct slot s;
    struct value v;
    int64_t n;

    if (!num_parse_i64(c->argv[2], &n) || n < 0) {
        reply_error(c->out, "ERR value is out of range, must be positive");
        return;
    }
    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_SET))
        return;
    if (!s.entry || n == 0) {
        reply_set(c->out, 0);
        return;
    }
    v = entry_value(s.entry);
    if ((uint64_t)n >= set_count(v)) {
        db_read(c->db, &key);           /* a hit: Redis answers by way of SUNION */
        pop_all(c, &s);
        return;
    }
    reply_set(c->out, (size_t)n);
    for (int64_t i = 0; i < n; i++)
        pop_one(c, &v);
    slot_set_object(&s, v);
    tell_popped(c, key.name, (size_t)n);
}

static void
cmd_spop(struct call *c)
{
    struct key key;
    struct slot s;
    struct value v;

    if (c->argc == 3) {
        pop_many(c);
        return;
    }
    if (c->argc > 3) {
        call_syntax_error(c);
        return;
    }
    key = call_key(c, 1);
    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_SET))
        return;
    if (!s.entry) {
        reply_null(c->out);
        return;
    }
    v = entry_value(s.entry);
    pop_one(c, &v);
    slot_set_object(&s, v);
    tell_popped(c, key.name, 1);
    set_settle(c, &s, v);
}

/* The same member may come more than once. */
static void
pick_with_repeats(struct call *c, struct value v, uint64_t n)
{
    struct set_member member;

    reply_array(c->out, n);
    for (uint64_t i = 0; i < n && many_picks_go_on(c, i); i++) {
        set_random(v, &member);
        reply_bulk(c->out, member.text);
    }
}

static void
pick_many(struct call *c)
{
    struct entry *e;
    struct value v;
    size_t count;
    int64_t n;

    if (!many_picks_count(c, &n) || !set_read(c, 1, &e))
        return;
    if (!e || n == 0) {
        reply_array(c->out, 0);
        return;
    }
    v = entry_value(e);
    if (n < 0) {
        pick_with_repeats(c, v, (uint64_t)-n);
        return;
    }
    count = set_count(v);
    if ((uint64_t)n < count)
        count = (size_t)n;
    reply_array(c->out, count);
    set_sample(v, count, reply_member, c->out);
}

static void
cmd_srandmember(struct call *c)
{
    struct set_member member;
    struct entry *e;

    if (c->argc == 3) {
        pick_many(c);
        return;
    }
    if (c->argc > 3) {
        call_syntax_error(c);
        return;
    }
    if (!set_read(c, 1, &e))
        return;
    if (!e) {
        reply_null(c->out);
        return;
    }
    set_random(entry_value(e), &member);
    reply_bulk(c->out, member.text);
}

static const struct command set_pick_commands[] = {
    { .name = "spop", .run = cmd_spop, .arity = -2,
      .flags = WRITE | FAST,
      .syntax = "key:k [count:i]@3.2.0",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "1.0.0", .cost = "O(1), or O(n) for n members",
      .summary = "Take members out of a set by chance and answer them.",
      .history = HISTORY({ "3.2.0", "Takes a count." }),
      .tips = "nondeterministic_output" },
    { .name = "srandmember", .run = cmd_srandmember, .arity = -2,
      .flags = READONLY,
      .syntax = "key:k [count:i]@2.6.0",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(1), or O(n) for n members",
      .summary = "Answer members of a set chosen by chance.",
      .history = HISTORY({ "2.6.0", "Takes a count." }),
      .tips = "nondeterministic_output" },
};
const struct family set_pick_family = FAMILY("set", ACL_SET, set_pick_commands);
