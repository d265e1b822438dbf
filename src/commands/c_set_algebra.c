/* SPDX-License-Identifier: MIT
 * commands/c_set_algebra.c - what sets have in common, together, or one alone.
 *
 * How:        an intersection walks the smallest set and asks the others. A difference
 *             walks the first and asks the others, or, when they are small beside it,
 *             copies the first and removes them from the copy. A union gathers. Members
 *             go to a sink: into the reply, into a new set, or they are counted.
 * Invariants: 1. The types of all keys are known good before anything is answered.
 *             2. The result is complete before the destination changes: it may be one
 *                of the sources.
 * Cost:       O(n * m) for n members and m sets at worst.
 * Read next:  values/v_set.c */
#include <stdlib.h>

#include "base/alloc.h"
#include "commands/families.h"
#include "commands/set_use.h"
#include "config/config.h"

#define TOO_MANY_KEYS "ERR Number of keys can't be greater than number of args"

struct sets {
    struct value *at;           /* those that exist */
    size_t count;
    bool first_is_absent, any_is_absent;
};

/* Where members go. */
struct sink {
    struct call *call;
    bool gathers;               /* into `set`; else they are answered */
    bool has_set;
    struct value set;
    struct set_limits limits;
    size_t count;               /* members so far */
    size_t limit;               /* stop there; 0: never */
};

/* The sets at arguments from `first` on; false: WRONGTYPE was answered. */
static bool
sets_read(struct call *c, int first, int count, struct sets *out)
{
    struct entry *e;

    *out = (struct sets){ .at = mem_alloc((size_t)count * sizeof *out->at) };
    for (int i = 0; i < count; i++) {
        if (!set_read(c, first + i, &e)) {
            mem_free(out->at);
            return false;
        }
        if (e) {
            out->at[out->count++] = entry_value(e);
        } else {
            out->any_is_absent = true;
            out->first_is_absent |= i == 0;
        }
    }
    return true;
}

static void
sink_gather(struct sink *to, struct bytes member)
{
    if (!to->has_set) {
        to->set = set_new(member, 1, &to->limits);
        to->has_set = true;
    }
    to->count += set_add(&to->set, member, &to->limits);
}

/* False: enough. */
static inline bool
sink_put(struct sink *to, struct bytes member)
{
    if (to->gathers) {
        sink_gather(to, member);
        return true;
    }
    if (!to->limit)
        reply_bulk(to->call->out, member);
    return ++to->count != to->limit;
}

/* --- the three operations --- */

static int
by_size(const void *a, const void *b)
{
    size_t x = set_count(*(const struct value *)a);
    size_t y = set_count(*(const struct value *)b);

    return (x > y) - (x < y);
}

static bool
all_have(const struct sets *s, struct bytes member)
{
    for (size_t i = 1; i < s->count; i++)
        if (s->at[i].object != s->at[0].object && !set_has(s->at[i], member))
            return false;
    return true;
}

static void
intersect(struct sets *s, struct sink *to)
{
    const struct bytes *member;
    struct set_iter it;

    if (s->any_is_absent)
        return;
    qsort(s->at, s->count, sizeof s->at[0], by_size);
    set_iter_start(&it, s->at[0]);
    while ((member = set_iter_next(&it)))
        if (all_have(s, *member) && !sink_put(to, *member))
            return;
}

static void
unite(struct sets *s, struct sink *to)
{
    const struct bytes *member;
    struct set_iter it;

    for (size_t i = 0; i < s->count; i++) {
        set_iter_start(&it, s->at[i]);
        while ((member = set_iter_next(&it)))
            sink_put(to, *member);
    }
}

static bool
none_has(const struct sets *s, struct bytes member)
{
    for (size_t i = 1; i < s->count; i++)
        if (set_has(s->at[i], member))
            return false;
    return true;
}

/* Is asking all others for each member of the first dearer than removing all of
 * theirs from a copy? */
static bool
prefers_copy(const struct sets *s)
{
    size_t asking = set_count(s->at[0]) / 2, removing = set_count(s->at[0]);

    if (__builtin_mul_overflow(asking, s->count, &asking))
        return true;
    for (size_t i = 1; i < s->count; i++)
        removing += set_count(s->at[i]);
    return asking > removing;
}

static void
subtract_from_copy(struct sets *s, struct sink *to)
{
    const struct value_type *type = value_type_of(TYPE_SET);
    struct value copy = type->copy(s->at[0]);
    const struct bytes *member;
    struct set_iter it;

    for (size_t i = 1; i < s->count && set_count(copy); i++) {
        set_iter_start(&it, s->at[i]);
        while ((member = set_iter_next(&it)))
            set_remove(&copy, *member);
    }
    set_iter_start(&it, copy);
    while ((member = set_iter_next(&it)))
        sink_put(to, *member);
    type->free(copy);
}

static void
subtract(struct sets *s, struct sink *to)
{
    const struct bytes *member;
    struct set_iter it;

    if (s->first_is_absent)
        return;
    for (size_t i = 1; i < s->count; i++)
        if (s->at[i].object == s->at[0].object)
            return;
    if (prefers_copy(s)) {
        subtract_from_copy(s, to);
        return;
    }
    set_iter_start(&it, s->at[0]);
    while ((member = set_iter_next(&it)))
        if (none_has(s, *member))
            sink_put(to, *member);
}

typedef void operation_fn(struct sets *s, struct sink *to);

/* --- commands --- */

static void
reply_members(struct call *c, struct value v)
{
    const struct bytes *member;
    struct set_iter it;

    set_iter_start(&it, v);
    while ((member = set_iter_next(&it)))
        reply_bulk(c->out, *member);
    value_type_of(TYPE_SET)->free(v);
}

static void
answer(struct call *c, operation_fn *run)
{
    struct sink to = { .call = c, .limits = set_limits_of(c), .gathers = run == unite };
    struct reply_later mark;
    struct sets s;

    if (!sets_read(c, 1, c->argc - 1, &s))
        return;
    if (to.gathers) {
        run(&s, &to);
        reply_set(c->out, to.count);
        if (to.has_set)
            reply_members(c, to.set);
    } else {
        mark = reply_later(c->out);
        run(&s, &to);
        reply_later_set(c->out, mark, '~', to.count);
    }
    mem_free(s.at);
}

static void
store(struct call *c, operation_fn *run, const char *event)
{
    struct sink to = { .call = c, .limits = set_limits_of(c), .gathers = true };
    struct key key = call_key(c, 1);
    struct slot slot;
    struct sets s;

    if (!sets_read(c, 2, c->argc - 2, &s))
        return;
    run(&s, &to);
    mem_free(s.at);
    db_slot_whole(c->db, &key, &slot);
    if (to.has_set) {
        slot_put(&slot, to.set, NO_DEADLINE);
        db_changed(c->db, key.name, EVENT_SET, event);
    } else if (slot.entry) {
        slot_remove(&slot, c->server->config->lazyfree_lazy_server_del);
        db_changed(c->db, key.name, EVENT_GENERIC, "del");
    }
    reply_int(c->out, (int64_t)to.count);
}

static void
cmd_sinter(struct call *c)
{
    answer(c, intersect);
}

static void
cmd_sunion(struct call *c)
{
    answer(c, unite);
}

static void
cmd_sdiff(struct call *c)
{
    answer(c, subtract);
}

static void
cmd_sinterstore(struct call *c)
{
    store(c, intersect, "sinterstore");
}

static void
cmd_sunionstore(struct call *c)
{
    store(c, unite, "sunionstore");
}

static void
cmd_sdiffstore(struct call *c)
{
    store(c, subtract, "sdiffstore");
}

/* LIMIT after the keys. */
static bool
card_limit(struct call *c, int from, int64_t *limit)
{
    *limit = 0;
    for (int i = from; i < c->argc; i += 2) {
        if (!call_is(c, i, "limit") || i + 1 == c->argc) {
            call_syntax_error(c);
            return false;
        }
        if (!num_parse_i64(c->argv[i + 1], limit) || *limit < 0) {
            reply_error(c->out, "ERR LIMIT can't be negative");
            return false;
        }
    }
    return true;
}

static void
cmd_sintercard(struct call *c)
{
    struct sink to = { .call = c };
    int64_t keys, limit;
    struct sets s;

    if (!num_parse_i64(c->argv[1], &keys) || keys < 1 || keys > INT32_MAX) {
        if (num_parse_i64(c->argv[1], &keys) && keys > INT32_MAX)
            reply_error(c->out, TOO_MANY_KEYS);
        else
            reply_error(c->out, "ERR numkeys should be greater than 0");
        return;
    }
    if (keys > c->argc - 2) {
        reply_error(c->out, TOO_MANY_KEYS);
        return;
    }
    if (!card_limit(c, 2 + (int)keys, &limit) || !sets_read(c, 2, (int)keys, &s))
        return;
    to.limit = limit ? (size_t)limit : SIZE_MAX;
    intersect(&s, &to);
    mem_free(s.at);
    reply_int(c->out, (int64_t)to.count);
}

static const struct command set_algebra_commands[] = {
    { .name = "sinter", .run = cmd_sinter, .arity = -2,
      .flags = READONLY,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n * m) for m sets, the smallest of n members",
      .summary = "List the members that all the sets have.",
      .tips = "nondeterministic_output_order" },
    { .name = "sinterstore", .run = cmd_sinterstore, .arity = -3,
      .flags = WRITE | DENY_OOM,
      .syntax = "destination:k key:k...",
      .keys = { KEY(1, KEY_RW | A_UPDATE),
                KEYS(2, -1, 1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n * m) for m sets, the smallest of n members",
      .summary = "Make a key hold the members that all the sets have." },
    { .name = "sintercard", .run = cmd_sintercard, .arity = -3,
      .flags = READONLY,
      .syntax = "numkeys:i key:k... [LIMIT limit:i]",
      .keys = { KEYS_COUNTED(1, KEY_RO | A_ACCESS) },
      .since = "7.0.0", .cost = "O(n * m) for m sets, the smallest of n members",
      .summary = "Count the members that all the sets have, up to a limit." },
    { .name = "sunion", .run = cmd_sunion, .arity = -2,
      .flags = READONLY,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for n members in all the sets",
      .summary = "List the members that any of the sets has.",
      .tips = "nondeterministic_output_order" },
    { .name = "sunionstore", .run = cmd_sunionstore, .arity = -3,
      .flags = WRITE | DENY_OOM,
      .syntax = "destination:k key:k...",
      .keys = { KEY(1, KEY_OW | A_UPDATE),
                KEYS(2, -1, 1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for n members in all the sets",
      .summary = "Make a key hold the members that any of the sets has." },
    { .name = "sdiff", .run = cmd_sdiff, .arity = -2,
      .flags = READONLY,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for n members in all the sets",
      .summary = "List the members that only the first of the sets has.",
      .tips = "nondeterministic_output_order" },
    { .name = "sdiffstore", .run = cmd_sdiffstore, .arity = -3,
      .flags = WRITE | DENY_OOM,
      .syntax = "destination:k key:k...",
      .keys = { KEY(1, KEY_OW | A_UPDATE),
                KEYS(2, -1, 1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for n members in all the sets",
      .summary = "Make a key hold the members that only the first of the sets has." },
};
const struct family set_algebra_family = FAMILY("set", ACL_SET, set_algebra_commands);
