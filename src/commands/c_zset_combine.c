/* SPDX-License-Identifier: MIT
 * commands/c_zset_combine.c - several sorted sets (or sets) in one: ZUNION, ZINTER,
 * ZDIFF, what they store, and ZINTERCARD.
 *
 * How:        the inputs are taken smallest first. Results gather in a table of scored
 *             blocks, where scores add up; sorted once at the end they are answered, or
 *             the table becomes part of the stored set as it is.
 * Invariants: 1. sums are made in the order of the inputs by size: the last bits of a
 *                float depend on it.
 *             2. no score is NaN: where a sum or product would be, it is 0.
 * Cost:       union O(n + m log m), intersection O(smallest * inputs + m log m).
 * Read next:  values/v_zset.c */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "command/table.h"
#include "commands/families.h"
#include "commands/zset_source.h"
#include "commands/zset_use.h"
#include "structs/scored.h"

enum combine_op { OP_UNION, OP_INTER, OP_DIFF };
enum aggregate { AGGREGATE_SUM, AGGREGATE_MIN, AGGREGATE_MAX };

/* Where the arguments are: [destination] numkeys key ... options. */
struct combine {
    enum combine_op op;
    bool store, count_only;
    int first;                  /* argument of the first key */
    size_t count;               /* of inputs */
    struct zset_source *from;
    enum aggregate aggregate;
    bool scores;
    int64_t limit;              /* ZINTERCARD; 0: none */
    struct dict *members;       /* the result */
    struct scored **items;
    size_t found, room;
};

/* --- arguments --- */

static bool
combine_keys(struct call *c, struct combine *x)
{
    int at = x->store ? 2 : 1;
    int64_t keys;

    if (!call_int(c, at, &keys))
        return false;
    if (keys < 1) {
        reply_errorf(c->out, "ERR at least 1 input key is needed for '%s' command",
                     c->cmd->full_name);
        return false;
    }
    if (keys > c->argc - at - 1) {
        call_syntax_error(c);
        return false;
    }
    x->first = at + 1;
    x->count = (size_t)keys;
    x->from = mem_zalloc(x->count * sizeof x->from[0]);
    for (size_t i = 0; i < x->count; i++) {
        struct key key = call_key(c, x->first + (int)i);
        struct entry *e = db_read(c->db, &key);

        if (e && entry_type(e) != TYPE_ZSET && entry_type(e) != TYPE_SET) {
            call_wrong_type(c);
            return false;
        }
        x->from[i].exists = e != NULL;
        x->from[i].weight = 1;
        x->from[i].order = i;
        if (e)
            x->from[i].v = entry_value(e);
    }
    return true;
}

static bool
combine_weights(struct call *c, struct combine *x, int i)
{
    for (size_t k = 0; k < x->count; k++) {
        if (!num_parse_double(c->argv[i + (int)k], &x->from[k].weight)) {
            reply_error(c->out, "ERR weight value is not a float");
            return false;
        }
    }
    return true;
}

static bool
combine_aggregate(struct call *c, struct combine *x, int i)
{
    if (call_is(c, i, "sum"))
        x->aggregate = AGGREGATE_SUM;
    else if (call_is(c, i, "min"))
        x->aggregate = AGGREGATE_MIN;
    else if (call_is(c, i, "max"))
        x->aggregate = AGGREGATE_MAX;
    else {
        call_syntax_error(c);
        return false;
    }
    return true;
}

static bool
combine_limit(struct call *c, struct combine *x, int i)
{
    if (num_parse_i64(c->argv[i], &x->limit) && x->limit >= 0)
        return true;
    reply_error(c->out, "ERR LIMIT can't be negative");
    return false;
}

static bool
combine_options(struct call *c, struct combine *x)
{
    bool adds = x->op != OP_DIFF && !x->count_only;
    int i = x->first + (int)x->count;

    while (i < c->argc) {
        int after = c->argc - i - 1;        /* arguments after this word */

        if (adds && (size_t)after >= x->count && call_is(c, i, "weights")) {
            if (!combine_weights(c, x, i + 1))
                return false;
            i += 1 + (int)x->count;
        } else if (adds && after >= 1 && call_is(c, i, "aggregate")) {
            if (!combine_aggregate(c, x, i + 1))
                return false;
            i += 2;
        } else if (!x->store && !x->count_only && call_is(c, i, "withscores")) {
            x->scores = true;
            i++;
        } else if (x->count_only && after >= 1 && call_is(c, i, "limit")) {
            if (!combine_limit(c, x, i + 1))
                return false;
            i += 2;
        } else {
            call_syntax_error(c);
            return false;
        }
    }
    return true;
}

/* --- scores --- */

static double
weighted(double score, double weight)
{
    double product = score * weight;

    return isnan(product) ? 0 : product;
}

static double
aggregated(enum aggregate how, double a, double b)
{
    double sum;

    if (how == AGGREGATE_MIN)
        return b < a ? b : a;
    if (how == AGGREGATE_MAX)
        return b > a ? b : a;
    sum = a + b;
    return isnan(sum) ? 0 : sum;
}

/* --- results --- */

static uint64_t
hash_of(struct bytes b)
{
    return hash_bytes(b.at, b.len);
}

static void
keep(struct combine *x, struct bytes member, uint64_t hash, double score)
{
    struct scored *item = scored_new(score, member);

    if (x->found == x->room) {
        x->room = x->room ? x->room * 2 : 32;
        x->items = mem_realloc(x->items, x->room * sizeof x->items[0]);
    }
    dict_add(x->members, item, hash);
    x->items[x->found++] = item;
}

static void
unite(struct combine *x)
{
    struct zset_source_iter it;
    struct zset_item item;

    for (size_t i = 0; i < x->count; i++) {
        zset_source_iter_start(&it, &x->from[i]);
        while (zset_source_iter_next(&it, &item)) {
            uint64_t hash = hash_of(item.member);
            struct scored *there = dict_find(x->members, item.member, hash);
            double score = weighted(item.score, x->from[i].weight);

            if (there)
                there->score = aggregated(x->aggregate, there->score, score);
            else
                keep(x, item.member, hash, score);
        }
    }
}

/* Is the member in all inputs but the first?  Then *score becomes that of all. */
static bool
in_all(const struct combine *x, struct bytes member, double *score)
{
    double other;

    for (size_t i = 1; i < x->count; i++) {
        if (!zset_source_find(&x->from[i], member, &other))
            return false;
        *score = aggregated(x->aggregate, *score, other * x->from[i].weight);
    }
    return true;
}

static void
intersect(struct combine *x)
{
    struct zset_source_iter it;
    struct zset_item item;

    zset_source_iter_start(&it, &x->from[0]);
    while (zset_source_iter_next(&it, &item)) {
        double score = weighted(item.score, x->from[0].weight);

        if (!in_all(x, item.member, &score))
            continue;
        if (!x->count_only)
            keep(x, item.member, hash_of(item.member), score);
        else if (++x->found == (uint64_t)x->limit)
            return;
    }
}

static bool
in_any(const struct combine *x, struct bytes member)
{
    double score;

    for (size_t i = 1; i < x->count; i++)
        if (zset_source_find(&x->from[i], member, &score))
            return true;
    return false;
}

static void
subtract(struct combine *x)
{
    struct zset_source_iter it;
    struct zset_item item;

    zset_source_iter_start(&it, &x->from[0]);
    while (zset_source_iter_next(&it, &item))
        if (!in_any(x, item.member))
            keep(x, item.member, hash_of(item.member), item.score);
}

/* Smallest first; equally large ones as they were given. */
static int
compare_sources(const void *a, const void *b)
{
    const struct zset_source *x = a, *y = b;
    size_t m = zset_source_count(x), n = zset_source_count(y);

    if (m != n)
        return m < n ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void
combine_run(struct combine *x)
{
    x->members = zset_table_new();
    if (x->op != OP_DIFF)
        qsort(x->from, x->count, sizeof x->from[0], compare_sources);
    if (x->op == OP_UNION)
        unite(x);
    else if (x->op == OP_INTER)
        intersect(x);
    else
        subtract(x);
}

static void
combine_reply(struct call *c, struct combine *x)
{
    zset_sort(x->items, x->found);
    zset_reply_start(c, x->found, x->scores);
    for (size_t i = 0; i < x->found; i++) {
        struct zset_item item = {
            .member = scored_bytes(x->items[i]), .score = x->items[i]->score
        };

        zset_reply_item(c, &item, x->scores);
    }
}

static void
combine_store(struct call *c, struct combine *x, const char *event)
{
    struct zset_limits limits = zset_limits_of(c);
    struct value v;

    if (x->found == 0) {
        zset_store(c, 1, NULL, event);
        return;
    }
    v = zset_take(x->members, x->items, x->found, &limits);
    x->members = NULL;
    zset_store(c, 1, &v, event);
}

/* `event` is the command's own name. */
static void
combine(struct call *c, struct combine x, const char *event)
{
    if (combine_keys(c, &x) && combine_options(c, &x)) {
        combine_run(&x);
        if (x.count_only)
            reply_int(c->out, (int64_t)x.found);
        else if (x.store)
            combine_store(c, &x, event);
        else
            combine_reply(c, &x);
    }
    if (x.members)
        dict_free(x.members);
    mem_free(x.items);
    mem_free(x.from);
}

static void
cmd_zunion(struct call *c)
{
    combine(c, (struct combine){ .op = OP_UNION }, "zunion");
}

static void
cmd_zunionstore(struct call *c)
{
    combine(c, (struct combine){ .op = OP_UNION, .store = true }, "zunionstore");
}

static void
cmd_zinter(struct call *c)
{
    combine(c, (struct combine){ .op = OP_INTER }, "zinter");
}

static void
cmd_zinterstore(struct call *c)
{
    combine(c, (struct combine){ .op = OP_INTER, .store = true }, "zinterstore");
}

static void
cmd_zintercard(struct call *c)
{
    combine(c, (struct combine){ .op = OP_INTER, .count_only = true }, "zintercard");
}

static void
cmd_zdiff(struct call *c)
{
    combine(c, (struct combine){ .op = OP_DIFF }, "zdiff");
}

static void
cmd_zdiffstore(struct call *c)
{
    combine(c, (struct combine){ .op = OP_DIFF, .store = true }, "zdiffstore");
}

#define INTER_COST "O(n k + m log m) for n members in the smallest of k, m in the result"
#define UNION_COST "O(n + m log m) for n members in all, m in the result"
#define DIFF_COST "O(n k + m log m) for n members in the first of k, m in the result"

static const struct command zset_combine_commands[] = {
    { .name = "zdiff", .run = cmd_zdiff, .arity = -3,
      .flags = READONLY,
      .syntax = "numkeys:i key:k... [WITHSCORES]",
      .keys = { KEYS_COUNTED(1, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = DIFF_COST,
      .summary = "Answer the members of the first sorted set that no other has." },
    { .name = "zdiffstore", .run = cmd_zdiffstore, .arity = -4,
      .flags = WRITE | DENY_OOM,
      .syntax = "destination:k numkeys:i key:k...",
      .keys = { KEY(1, KEY_OW | A_UPDATE),
                KEYS_COUNTED(2, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = DIFF_COST,
      .summary = "Store the members of the first sorted set that no other has." },
    { .name = "zinter", .run = cmd_zinter, .arity = -3,
      .flags = READONLY,
      .syntax = "numkeys:i key:k... [WEIGHTS weight:i...] [AGGREGATE "
                "aggregate=(SUM|MIN|MAX)] [WITHSCORES]",
      .keys = { KEYS_COUNTED(1, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = INTER_COST,
      .summary = "Answer the members that all of several sorted sets have." },
    { .name = "zintercard", .run = cmd_zintercard, .arity = -3,
      .flags = READONLY,
      .syntax = "numkeys:i key:k... [LIMIT limit:i]",
      .keys = { KEYS_COUNTED(1, KEY_RO | A_ACCESS) },
      .since = "7.0.0", .cost = "O(n k) for n members in the smallest of k",
      .summary = "Answer how many members all of several sorted sets have." },
    { .name = "zinterstore", .run = cmd_zinterstore, .arity = -4,
      .flags = WRITE | DENY_OOM,
      .syntax = "destination:k numkeys:i key:k... [WEIGHTS weight:i...] [AGGREGATE "
                "aggregate=(SUM|MIN|MAX)]",
      .keys = { KEY(1, KEY_OW | A_UPDATE),
                KEYS_COUNTED(2, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = INTER_COST,
      .summary = "Store the members that all of several sorted sets have." },
    { .name = "zunion", .run = cmd_zunion, .arity = -3,
      .flags = READONLY,
      .syntax = "numkeys:i key:k... [WEIGHTS weight:i...] [AGGREGATE "
                "aggregate=(SUM|MIN|MAX)] [WITHSCORES]",
      .keys = { KEYS_COUNTED(1, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = UNION_COST,
      .summary = "Answer the members that any of several sorted sets has." },
    { .name = "zunionstore", .run = cmd_zunionstore, .arity = -4,
      .flags = WRITE | DENY_OOM,
      .syntax = "destination:k numkeys:i key:k... [WEIGHTS weight:i...] [AGGREGATE "
                "aggregate=(SUM|MIN|MAX)]",
      .keys = { KEY(1, KEY_OW | A_UPDATE),
                KEYS_COUNTED(2, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = UNION_COST,
      .summary = "Store the members that any of several sorted sets has." },
};
const struct family zset_combine_family =
    FAMILY("sorted-set", ACL_SORTEDSET, zset_combine_commands);
