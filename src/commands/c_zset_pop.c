/* SPDX-License-Identifier: MIT
 * commands/c_zset_pop.c - taking from either end: ZPOPMIN, ZPOPMAX, ZMPOP and those
 * that wait.
 *
 * How:        what is taken is answered first and then removed as one span of ranks.
 *             A command that waits is run again from the start when a key may have
 *             something: it then takes, or waits on.
 * Read next:  command/blocking.h, structs/btree.c */
#include "command/blocking.h"
#include "commands/families.h"
#include "commands/zset_use.h"

/* How a pop is answered. */
enum pop_form {
    POP_FLAT,                   /* member, score, member, score ... */
    POP_PAIRS,                  /* [member, score] ... */
    POP_KEY_FLAT,               /* key, member, score */
    POP_KEY_PAIRS               /* key, [[member, score] ...] */
};

static void
reply_popped(struct call *c, const struct zset_item *item, enum pop_form form)
{
    if (form == POP_PAIRS || form == POP_KEY_PAIRS)
        reply_array(c->out, 2);
    reply_bulk(c->out, item->member);
    reply_double(c->out, item->score);
}

static void
reply_popping(struct call *c, struct bytes key, size_t n, enum pop_form form)
{
    switch (form) {
    case POP_FLAT:
        reply_array(c->out, 2 * n);
        break;
    case POP_PAIRS:
        reply_array(c->out, n);
        break;
    case POP_KEY_FLAT:
        reply_array(c->out, 1 + 2 * n);
        reply_bulk(c->out, key);
        break;
    case POP_KEY_PAIRS:
        reply_array(c->out, 2);
        reply_bulk(c->out, key);
        reply_array(c->out, n);
    }
}

/* Take up to `n` from the sorted set in the slot. */
static void
pop(struct call *c, struct slot *s, uint64_t n, bool max, enum pop_form form)
{
    struct value v = entry_value(s->entry);
    size_t count = zset_count(v);
    struct zset_iter it;
    struct zset_item item;

    if (n > count)
        n = count;
    reply_popping(c, s->key.name, n, form);
    zset_iter_start(&it, v, 0, max);
    for (uint64_t i = 0; i < n && zset_iter_next(&it, &item); i++)
        reply_popped(c, &item, form);
    zset_remove_ranks(&v, max ? count - n : 0, n);
    zset_settle(c, s, v, max ? "zpopmax" : "zpopmin", n);
}

static void
pop_from_key(struct call *c, bool max)
{
    bool many = c->argc == 3;
    int64_t n = 1;
    struct key key;
    struct slot s;

    if (c->argc > 3) {
        call_syntax_error(c);
        return;
    }
    if (many && (!num_parse_i64(c->argv[2], &n) || n < 0)) {
        reply_error(c->out, "ERR value is out of range, must be positive");
        return;
    }
    key = call_key(c, 1);
    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_ZSET))
        return;
    if (!s.entry || n == 0)
        reply_array(c->out, 0);
    else
        pop(c, &s, (uint64_t)n, max, many && c->out->proto != 2 ? POP_PAIRS : POP_FLAT);
}

static void
cmd_zpopmin(struct call *c)
{
    pop_from_key(c, false);
}

static void
cmd_zpopmax(struct call *c)
{
    pop_from_key(c, true);
}

/* Take from the first of the keys that is there; false when there is none and nothing
 * is answered. */
static bool
pop_from_first(struct call *c, int first, int count, uint64_t n, bool max,
               enum pop_form form)
{
    for (int i = first; i < first + count; i++) {
        struct key key = call_key(c, i);
        struct slot s;

        db_slot(c->db, &key, &s);
        if (!s.entry)
            continue;
        if (call_type_ok(c, s.entry, TYPE_ZSET))
            pop(c, &s, n, max, form);
        return true;
    }
    return false;
}

static void
pop_or_wait(struct call *c, bool max)
{
    int keys = c->argc - 2;
    msec deadline;

    if (!call_timeout(c, c->argc - 1, &deadline))
        return;
    if (!pop_from_first(c, 1, keys, 1, max, POP_KEY_FLAT))
        call_block(c, 1, keys, 1, deadline, BLOCK_NULL_ARRAY);
}

static void
cmd_bzpopmin(struct call *c)
{
    pop_or_wait(c, false);
}

static void
cmd_bzpopmax(struct call *c)
{
    pop_or_wait(c, true);
}

/* --- ZMPOP and BZMPOP: numkeys key ... MIN|MAX [COUNT n] --- */

struct mpop {
    int first, keys;
    bool max;
    int64_t count;
};

static bool
mpop_count(struct call *c, int i, int64_t *out)
{
    if (num_parse_i64(c->argv[i], out) && *out > 0)
        return true;
    reply_error(c->out, "ERR count should be greater than 0");
    return false;
}

/* From argument `at`, the number of keys. */
static bool
mpop_arguments(struct call *c, int at, struct mpop *m)
{
    bool counted = false;
    int64_t keys;
    int i;

    if (!num_parse_i64(c->argv[at], &keys) || keys < 1) {
        reply_error(c->out, "ERR numkeys should be greater than 0");
        return false;
    }
    m->first = at + 1;
    m->count = 1;
    if (keys >= c->argc - m->first) {
        call_syntax_error(c);
        return false;
    }
    m->keys = (int)keys;
    i = m->first + m->keys;
    m->max = call_is(c, i, "max");
    if (!m->max && !call_is(c, i, "min")) {
        call_syntax_error(c);
        return false;
    }
    for (i++; i < c->argc; i += 2) {
        if (counted || !call_is(c, i, "count") || i + 1 == c->argc) {
            call_syntax_error(c);
            return false;
        }
        if (!mpop_count(c, i + 1, &m->count))
            return false;
        counted = true;
    }
    return true;
}

static void
cmd_zmpop(struct call *c)
{
    struct mpop m;

    if (mpop_arguments(c, 1, &m)
        && !pop_from_first(c, m.first, m.keys, (uint64_t)m.count, m.max, POP_KEY_PAIRS))
        reply_null_array(c->out);
}

static void
cmd_bzmpop(struct call *c)
{
    struct mpop m;
    msec deadline;

    if (mpop_arguments(c, 2, &m) && call_timeout(c, 1, &deadline)
        && !pop_from_first(c, m.first, m.keys, (uint64_t)m.count, m.max, POP_KEY_PAIRS))
        call_block(c, m.first, m.keys, 1, deadline, BLOCK_NULL_ARRAY);
}

static const struct command zset_pop_commands[] = {
    { .name = "bzmpop", .run = cmd_bzmpop, .arity = -5,
      .flags = WRITE | BLOCKING,
      .syntax = "timeout:d numkeys:i key:k... where=(MIN|MAX) [COUNT count:i]",
      .keys = { KEYS_COUNTED(2, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "7.0.0", .cost = "O(k + m log n) for k keys and m members taken",
      .summary = "Take members from an end of the first sorted set that has some, or "
                 "wait for one." },
    { .name = "bzpopmax", .run = cmd_bzpopmax, .arity = -3,
      .flags = WRITE | NOSCRIPT | BLOCKING | FAST,
      .syntax = "key:k... timeout:d",
      .keys = { KEYS(1, -2, 1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "5.0.0", .cost = "O(log n)",
      .summary = "Take the member with the highest score, or wait for one.",
      .history = HISTORY({ "6.0.0", "The timeout may have a fraction." }) },
    { .name = "bzpopmin", .run = cmd_bzpopmin, .arity = -3,
      .flags = WRITE | NOSCRIPT | BLOCKING | FAST,
      .syntax = "key:k... timeout:d",
      .keys = { KEYS(1, -2, 1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "5.0.0", .cost = "O(log n)",
      .summary = "Take the member with the lowest score, or wait for one.",
      .history = HISTORY({ "6.0.0", "The timeout may have a fraction." }) },
    { .name = "zmpop", .run = cmd_zmpop, .arity = -4,
      .flags = WRITE,
      .syntax = "numkeys:i key:k... where=(MIN|MAX) [COUNT count:i]",
      .keys = { KEYS_COUNTED(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "7.0.0", .cost = "O(k + m log n) for k keys and m members taken",
      .summary = "Take members from an end of the first sorted set that has some." },
    { .name = "zpopmax", .run = cmd_zpopmax, .arity = -2,
      .flags = WRITE | FAST,
      .syntax = "key:k [count:i]",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "5.0.0", .cost = "O(m log n) for m members taken",
      .summary = "Take the members with the highest scores out and answer them." },
    { .name = "zpopmin", .run = cmd_zpopmin, .arity = -2,
      .flags = WRITE | FAST,
      .syntax = "key:k [count:i]",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "5.0.0", .cost = "O(m log n) for m members taken",
      .summary = "Take the members with the lowest scores out and answer them." },
};
const struct family zset_pop_family =
    FAMILY("sorted-set", ACL_SORTEDSET, zset_pop_commands);
