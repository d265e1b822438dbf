/* SPDX-License-Identifier: MIT
 * commands/c_hash_expire.c - deadlines of fields: set, ask, take away.
 *
 * How:        each command names its fields in the same way, FIELDS n name...; each
 *             field is dealt with alone and answered with a number of its own.
 * Invariants: a deadline in the past deletes the field, and is told as "hdel".
 * Read next:  keyspace/elements.c, which finds what is due; commands/c_hash_life.c */
#include "command/table.h"
#include "commands/families.h"
#include "commands/hash_use.h"

#define TIME_MAX ((INT64_C(1) << 46) - 1)       /* ms: what fields' deadlines may be */

enum condition { IF_NO_DEADLINE = 1, IF_DEADLINE, IF_LATER, IF_EARLIER };
enum { NO_FIELD = -2, NO_LIFE = -1, NOT_MET = 0, IS_SET = 1, IS_DELETED = 2 };

bool
hash_fields(struct call *c, int at, const char *bad_count)
{
    int64_t n;

    if (at + 1 >= c->argc || !call_is(c, at, "fields")) {
        reply_error(c->out, "ERR Mandatory argument FIELDS is missing or not at the"
                            " right position");
        return false;
    }
    if (!num_parse_i64(c->argv[at + 1], &n) || n < 1) {
        reply_error(c->out, bad_count);
        return false;
    }
    if (n != c->argc - at - 2) {
        reply_error(c->out, "ERR The `numfields` parameter must match the number of"
                            " arguments");
        return false;
    }
    return true;
}

bool
hash_deadline(struct call *c, int i, msec base, int unit, msec *out)
{
    int64_t n;

    if (!call_int(c, i, &n))
        return false;
    if (n < 0) {
        reply_error(c->out, "ERR invalid expire time, must be >= 0");
        return false;
    }
    if (n > TIME_MAX / unit || n * unit > TIME_MAX - base) {
        reply_errorf(c->out, "ERR invalid expire time in '%s' command",
                     c->cmd->full_name);
        return false;
    }
    *out = n * unit + base;
    return true;
}

void
hash_past(struct call *c, struct slot *s, size_t n)
{
    keyspace_stats(c->server->keyspace)->expired_elements += n;
    db_event(c->db, s->key.name, EVENT_HASH, "hdel");
    hash_settle(c, s);
}

/* The same number for each field: there is no hash. */
static void
reply_each(struct call *c, int first, int64_t n)
{
    reply_array(c->out, (size_t)(c->argc - first));
    for (int i = first; i < c->argc; i++)
        reply_int(c->out, n);
}

/* --- setting --- */

static enum condition
read_condition(const struct call *c)
{
    static const char *const words[] = { "nx", "xx", "gt", "lt" };

    for (int i = 0; i < 4; i++)
        if (call_is(c, 3, words[i]))
            return (enum condition)(IF_NO_DEADLINE + i);
    return 0;
}

/* A field without a deadline lives for ever: nothing is later, all is earlier. */
static bool
condition_holds(enum condition when, msec current, msec wanted)
{
    bool has = current != HASH_FOREVER;

    switch (when) {
    case IF_NO_DEADLINE:
        return !has;
    case IF_DEADLINE:
        return has;
    case IF_LATER:
        return has && wanted > current;
    case IF_EARLIER:
        return !has || wanted < current;
    default:
        return true;
    }
}

static int64_t
limit_field(struct value *v, struct bytes name, enum condition when, msec deadline)
{
    struct hash_field f;

    if (!hash_find(*v, name, &f))
        return NO_FIELD;
    if (!condition_holds(when, f.deadline, deadline))
        return NOT_MET;
    if (deadline <= clock_ms()) {
        hash_remove(v, name);
        return IS_DELETED;
    }
    hash_set_deadline(v, name, deadline);
    return IS_SET;
}

/* Tell what was done and let an empty hash go. */
static void
tell(struct call *c, struct slot *s, size_t limited, size_t deleted)
{
    if (limited)
        hash_changed(c, s->key.name, "hexpire", limited);
    if (!deleted)
        return;
    keyspace_add_dirty(c->server->keyspace, (int64_t)deleted);
    hash_past(c, s, deleted);
}

static void
expire_fields(struct call *c, msec base, int unit)
{
    size_t limited = 0, deleted = 0;
    struct key key = call_key(c, 1);
    enum condition when;
    struct slot s;
    struct value v;
    msec deadline;
    int first;

    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_HASH)
        || !hash_deadline(c, 2, base, unit, &deadline))
        return;
    when = read_condition(c);
    if (!hash_fields(c, when ? 4 : 3,
                     "ERR Parameter `numFields` should be greater than 0"))
        return;
    first = when ? 6 : 5;
    if (!s.entry) {
        reply_each(c, first, NO_FIELD);
        return;
    }
    v = entry_value(s.entry);
    hash_make_timed(&v);
    reply_array(c->out, (size_t)(c->argc - first));
    for (int i = first; i < c->argc; i++) {
        int64_t done = limit_field(&v, c->argv[i], when, deadline);

        limited += done == IS_SET;
        deleted += done == IS_DELETED;
        reply_int(c->out, done);
    }
    slot_set_object(&s, v);
    tell(c, &s, limited, deleted);
}

static void
cmd_hexpire(struct call *c)
{
    expire_fields(c, clock_ms(), 1000);
}

static void
cmd_hpexpire(struct call *c)
{
    expire_fields(c, clock_ms(), 1);
}

static void
cmd_hexpireat(struct call *c)
{
    expire_fields(c, 0, 1000);
}

static void
cmd_hpexpireat(struct call *c)
{
    expire_fields(c, 0, 1);
}

/* --- asking --- */

static void
ask_fields(struct call *c, msec base, int unit)
{
    struct hash_field f;
    struct entry *e;
    struct value v;

    if (!hash_read(c, &e) || !hash_fields(c, 2, HASH_BAD_COUNT))
        return;
    if (!e) {
        reply_each(c, 4, NO_FIELD);
        return;
    }
    v = entry_value(e);
    reply_array(c->out, (size_t)c->argc - 4);
    for (int i = 4; i < c->argc; i++) {
        if (!hash_find(v, c->argv[i], &f))
            reply_int(c->out, NO_FIELD);
        else if (f.deadline == HASH_FOREVER)
            reply_int(c->out, NO_LIFE);
        else
            reply_int(c->out, (f.deadline - base + unit - 1) / unit);
    }
}

static void
cmd_httl(struct call *c)
{
    ask_fields(c, clock_ms(), 1000);
}

static void
cmd_hpttl(struct call *c)
{
    ask_fields(c, clock_ms(), 1);
}

static void
cmd_hexpiretime(struct call *c)
{
    ask_fields(c, 0, 1000);
}

static void
cmd_hpexpiretime(struct call *c)
{
    ask_fields(c, 0, 1);
}

/* --- taking away --- */

static int64_t
free_field(struct value *v, struct bytes name)
{
    struct hash_field f;

    if (!hash_find(*v, name, &f))
        return NO_FIELD;
    if (f.deadline == HASH_FOREVER)
        return NO_LIFE;
    hash_set_deadline(v, name, HASH_FOREVER);
    return IS_SET;
}

static void
cmd_hpersist(struct call *c)
{
    struct key key = call_key(c, 1);
    bool freed = false;
    struct slot s;
    struct value v;

    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_HASH) || !hash_fields(c, 2, HASH_BAD_COUNT))
        return;
    if (!s.entry) {
        reply_each(c, 4, NO_FIELD);
        return;
    }
    v = entry_value(s.entry);
    reply_array(c->out, (size_t)c->argc - 4);
    for (int i = 4; i < c->argc; i++) {
        int64_t done = free_field(&v, c->argv[i]);

        freed |= done == IS_SET;
        reply_int(c->out, done);
    }
    slot_set_object(&s, v);
    if (freed)
        hash_changed(c, key.name, "hpersist", 1);
}

#define CONDITION "[condition=(NX|XX|GT|LT)] "
#define FIELDS "FIELDS fields={numfields:i field...}"

static const struct command hash_expire_commands[] = {
    { .name = "hexpire", .run = cmd_hexpire, .arity = -6,
      .flags = WRITE | FAST,
      .syntax = "key:k seconds:i " CONDITION FIELDS,
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "7.4.0", .cost = "O(log n) for each field, n of them with a deadline",
      .summary = "Let fields of a hash die after some seconds." },
    { .name = "hpexpire", .run = cmd_hpexpire, .arity = -6,
      .flags = WRITE | FAST,
      .syntax = "key:k milliseconds:i " CONDITION FIELDS,
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "7.4.0", .cost = "O(log n) for each field, n of them with a deadline",
      .summary = "Let fields of a hash die after some milliseconds." },
    { .name = "hexpireat", .run = cmd_hexpireat, .arity = -6,
      .flags = WRITE | FAST,
      .syntax = "key:k unix-time-seconds:t " CONDITION FIELDS,
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "7.4.0", .cost = "O(log n) for each field, n of them with a deadline",
      .summary = "Let fields of a hash die at a second of Unix time." },
    { .name = "hpexpireat", .run = cmd_hpexpireat, .arity = -6,
      .flags = WRITE | FAST,
      .syntax = "key:k unix-time-milliseconds:t " CONDITION FIELDS,
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "7.4.0", .cost = "O(log n) for each field, n of them with a deadline",
      .summary = "Let fields of a hash die at a millisecond of Unix time." },
    { .name = "httl", .run = cmd_httl, .arity = -5,
      .flags = READONLY | FAST,
      .syntax = "key:k " FIELDS,
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "7.4.0", .cost = "O(1) for each field",
      .summary = "Tell how many seconds fields of a hash have left.",
      .tips = "nondeterministic_output" },
    { .name = "hpttl", .run = cmd_hpttl, .arity = -5,
      .flags = READONLY | FAST,
      .syntax = "key:k " FIELDS,
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "7.4.0", .cost = "O(1) for each field",
      .summary = "Tell how many milliseconds fields of a hash have left.",
      .tips = "nondeterministic_output" },
    { .name = "hexpiretime", .run = cmd_hexpiretime, .arity = -5,
      .flags = READONLY | FAST,
      .syntax = "key:k " FIELDS,
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "7.4.0", .cost = "O(1) for each field",
      .summary = "Tell at which second of Unix time fields of a hash die." },
    { .name = "hpexpiretime", .run = cmd_hpexpiretime, .arity = -5,
      .flags = READONLY | FAST,
      .syntax = "key:k " FIELDS,
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "7.4.0", .cost = "O(1) for each field",
      .summary = "Tell at which millisecond of Unix time fields of a hash die." },
    { .name = "hpersist", .run = cmd_hpersist, .arity = -5,
      .flags = WRITE | FAST,
      .syntax = "key:k " FIELDS,
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "7.4.0", .cost = "O(log n) for each field, n of them with a deadline",
      .summary = "Take the deadlines off fields of a hash." },
};
const struct family hash_expire_family = FAMILY("hash", ACL_HASH, hash_expire_commands);
