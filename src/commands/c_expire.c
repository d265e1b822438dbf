/* SPDX-License-Identifier: MIT
 * commands/c_expire.c - deadlines of keys: set, ask, take away.
 *
 * Invariants: deadlines are absolute milliseconds of the wall clock; a command
 *             that sets one in the past deletes the key, and says so as "del".
 * Read next:  structs/deadlines.c, which finds what is due. */
#include "config/config.h"
#include "command/call.h"
#include "command/table.h"
#include "commands/families.h"

enum condition { IF_NO_DEADLINE = 1, IF_DEADLINE = 2, IF_LATER = 4, IF_EARLIER = 8 };

static bool
parse_conditions(struct call *c, unsigned *out)
{
    unsigned when = 0;
    int i;

    for (i = 3; i < c->argc; i++) {
        if (call_is(c, i, "nx")) {
            when |= IF_NO_DEADLINE;
        } else if (call_is(c, i, "xx")) {
            when |= IF_DEADLINE;
        } else if (call_is(c, i, "gt")) {
            when |= IF_LATER;
        } else if (call_is(c, i, "lt")) {
            when |= IF_EARLIER;
        } else {
            reply_errorf(c->out, "ERR Unsupported option %.*s", B_ARG(c->argv[i]));
            return false;
        }
    }
    if ((when & IF_NO_DEADLINE) && when != IF_NO_DEADLINE) {
        reply_error(c->out, "ERR NX and XX, GT or LT options at the same time"
                            " are not compatible");
        return false;
    }
    if ((when & IF_LATER) && (when & IF_EARLIER)) {
        reply_error(c->out, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    *out = when;
    return true;
}

/* Argument 2 in `unit` ms after `base` as a deadline; the past is allowed. */
static bool
parse_deadline(struct call *c, msec base, int unit, msec *out)
{
    int64_t n;

    if (!call_int(c, 2, &n))
        return false;
    if (num_mul_i64(n, unit, &n) && num_add_i64(n, base, &n)) {
        *out = n;
        return true;
    }
    reply_errorf(c->out, "ERR invalid expire time in '%s' command", c->cmd->full_name);
    return false;
}

/* A key without a deadline lives for ever: nothing is later, all is earlier. */
static bool
conditions_hold(unsigned when, msec current, msec wanted)
{
    bool has = current != NO_DEADLINE;

    if ((when & IF_NO_DEADLINE) && has)
        return false;
    if ((when & IF_DEADLINE) && !has)
        return false;
    if ((when & IF_LATER) && (!has || wanted <= current))
        return false;
    if ((when & IF_EARLIER) && has && wanted >= current)
        return false;
    return true;
}

static void
expire_generic(struct call *c, msec base, int unit)
{
    struct key key = call_key(c, 1);
    struct slot slot;
    unsigned when;
    msec deadline;

    if (!parse_conditions(c, &when) || !parse_deadline(c, base, unit, &deadline))
        return;
    db_slot_whole(c->db, &key, &slot);
    if (!slot.entry || !conditions_hold(when, entry_deadline(slot.entry), deadline)) {
        reply_int(c->out, 0);
        return;
    }
    if (deadline <= clock_ms()) {
        slot_remove(&slot, c->server->config->lazyfree_lazy_expire);
        db_changed(c->db, key.name, EVENT_GENERIC, "del");
    } else {
        slot_set_deadline(&slot, deadline);
        db_changed(c->db, key.name, EVENT_GENERIC, "expire");
    }
    reply_int(c->out, 1);
}

static void
cmd_expire(struct call *c)
{
    expire_generic(c, clock_ms(), 1000);
}

static void
cmd_pexpire(struct call *c)
{
    expire_generic(c, clock_ms(), 1);
}

static void
cmd_expireat(struct call *c)
{
    expire_generic(c, 0, 1000);
}

static void
cmd_pexpireat(struct call *c)
{
    expire_generic(c, 0, 1);
}

/* TTL and its sisters: -2 no key, -1 no deadline, seconds are rounded. */
static void
ttl_generic(struct call *c, bool absolute, bool seconds)
{
    struct key key = call_key(c, 1);
    struct entry *e = db_read_no_touch(c->db, &key);
    msec t;

    if (!e) {
        reply_int(c->out, -2);
        return;
    }
    t = entry_deadline(e);
    if (t == NO_DEADLINE) {
        reply_int(c->out, -1);
        return;
    }
    if (!absolute)
        t = t > clock_ms() ? t - clock_ms() : 0;
    reply_int(c->out, seconds ? (int64_t)(((uint64_t)t + 500) / 1000) : t);
}

static void
cmd_ttl(struct call *c)
{
    ttl_generic(c, false, true);
}

static void
cmd_pttl(struct call *c)
{
    ttl_generic(c, false, false);
}

static void
cmd_expiretime(struct call *c)
{
    ttl_generic(c, true, true);
}

static void
cmd_pexpiretime(struct call *c)
{
    ttl_generic(c, true, false);
}

static void
cmd_persist(struct call *c)
{
    struct key key = call_key(c, 1);
    struct slot slot;
    bool had;

    db_slot(c->db, &key, &slot);
    had = slot.entry && entry_deadline(slot.entry) != NO_DEADLINE;
    if (had) {
        slot_set_deadline(&slot, NO_DEADLINE);
        db_changed(c->db, key.name, EVENT_GENERIC, "persist");
    }
    reply_int(c->out, had);
}

static const struct command expire_commands[] = {
    { .name = "expire", .run = cmd_expire, .arity = -3,
      .flags = WRITE | FAST,
      .syntax = "key:k seconds:i [condition=(NX|XX|GT|LT)]@7.0.0",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Let a key die after some seconds.",
      .history = HISTORY({ "7.0.0", "NX, XX, GT and LT make it conditional." }) },
    { .name = "pexpire", .run = cmd_pexpire, .arity = -3,
      .flags = WRITE | FAST,
      .syntax = "key:k milliseconds:i [condition=(NX|XX|GT|LT)]@7.0.0",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "2.6.0", .cost = "O(1)",
      .summary = "Let a key die after some milliseconds.",
      .history = HISTORY({ "7.0.0", "NX, XX, GT and LT make it conditional." }) },
    { .name = "expireat", .run = cmd_expireat, .arity = -3,
      .flags = WRITE | FAST,
      .syntax = "key:k unix-time-seconds:t [condition=(NX|XX|GT|LT)]@7.0.0",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "1.2.0", .cost = "O(1)",
      .summary = "Let a key die at a second of Unix time.",
      .history = HISTORY({ "7.0.0", "NX, XX, GT and LT make it conditional." }) },
    { .name = "pexpireat", .run = cmd_pexpireat, .arity = -3,
      .flags = WRITE | FAST,
      .syntax = "key:k unix-time-milliseconds:t [condition=(NX|XX|GT|LT)]@7.0.0",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "2.6.0", .cost = "O(1)",
      .summary = "Let a key die at a millisecond of Unix time.",
      .history = HISTORY({ "7.0.0", "NX, XX, GT and LT make it conditional." }) },
    { .name = "ttl", .run = cmd_ttl, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Tell how many seconds a key has left.",
      .history = HISTORY({ "2.8.0", "Answers -2 for a key that is absent." }),
      .tips = "nondeterministic_output" },
    { .name = "pttl", .run = cmd_pttl, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.6.0", .cost = "O(1)",
      .summary = "Tell how many milliseconds a key has left.",
      .history = HISTORY({ "2.8.0", "Answers -2 for a key that is absent." }),
      .tips = "nondeterministic_output" },
    { .name = "expiretime", .run = cmd_expiretime, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "7.0.0", .cost = "O(1)",
      .summary = "Tell at which second of Unix time a key dies." },
    { .name = "pexpiretime", .run = cmd_pexpiretime, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "7.0.0", .cost = "O(1)",
      .summary = "Tell at which millisecond of Unix time a key dies." },
    { .name = "persist", .run = cmd_persist, .arity = 2,
      .flags = WRITE | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "2.2.0", .cost = "O(1)",
      .summary = "Take the deadline off a key." },
};
const struct family expire_family = FAMILY("generic", ACL_KEYSPACE, expire_commands);
