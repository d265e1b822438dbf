/* SPDX-License-Identifier: MIT
 * commands/c_zset_range.c - parts of a sorted set in order: ZRANGE and the commands it
 * replaced, counting, removing and storing them.
 *
 * How:        whether a command says ranks, scores or members, what it wants becomes a
 *             span of ranks, cut by LIMIT, whose length is known before anything is
 *             answered; the walk reads what is in it and nothing else.
 * Invariants: arguments are judged before the key is looked up.
 * Read next:  values/v_zset_range.c, structs/btree_seek.c */
#include "config/options.h"
#include "keyspace/lazyfree.h"
#include "commands/families.h"
#include "commands/zset_use.h"

enum range_by { BY_ANY, BY_RANK, BY_SCORE, BY_MEMBER };
enum range_order { ORDER_ANY, ORDER_FORWARD, ORDER_REVERSE };

struct range {
    enum range_by by;           /* BY_ANY: the client may say */
    enum range_order order;     /* likewise */
    bool store;                 /* ZRANGESTORE: keys at 1 and 2 */
    bool scores;                /* WITHSCORES */
    int64_t offset, limit;      /* limit -1: none */
    int64_t start, stop;        /* BY_RANK */
    struct zset_scores between;
    struct zset_members members;
};

static bool
range_options(struct call *c, struct range *r, int i)
{
    for (; i < c->argc; i++) {
        if (!r->store && call_is(c, i, "withscores")) {
            r->scores = true;
        } else if (call_is(c, i, "limit") && i + 2 < c->argc) {
            if (!call_int(c, i + 1, &r->offset) || !call_int(c, i + 2, &r->limit))
                return false;
            i += 2;
        } else if (r->order == ORDER_ANY && call_is(c, i, "rev")) {
            r->order = ORDER_REVERSE;
        } else if (r->by == BY_ANY && call_is(c, i, "bylex")) {
            r->by = BY_MEMBER;
        } else if (r->by == BY_ANY && call_is(c, i, "byscore")) {
            r->by = BY_SCORE;
        } else {
            call_syntax_error(c);
            return false;
        }
    }
    if (r->by == BY_ANY)
        r->by = BY_RANK;
    if (r->limit != -1 && r->by == BY_RANK) {
        reply_error(c->out, "ERR syntax error, LIMIT is only supported in combination"
                    " with either BYSCORE or BYLEX");
        return false;
    }
    if (r->scores && r->by == BY_MEMBER) {
        reply_error(c->out, "ERR syntax error, WITHSCORES not supported in combination"
                    " with BYLEX");
        return false;
    }
    return true;
}

/* The two bounds, arguments i and i + 1; those who go backward say the upper first. */
static bool
range_bounds(struct call *c, struct range *r, int i)
{
    int min = r->order == ORDER_REVERSE ? i + 1 : i;
    int max = r->order == ORDER_REVERSE ? i : i + 1;

    if (r->by == BY_RANK)
        return call_int(c, i, &r->start) && call_int(c, i + 1, &r->stop);
    if (r->by == BY_SCORE)
        return zset_call_scores(c, min, max, &r->between);
    return zset_call_members(c, min, max, &r->members);
}

/* The span, its ranks counted from the end the walk begins at, and cut by LIMIT. */
static struct zset_span
range_span(const struct range *r, struct value v)
{
    size_t count = zset_count(v), from;
    bool reverse = r->order == ORDER_REVERSE;
    uint64_t skip = (uint64_t)r->offset;
    struct zset_span s;

    if (r->by == BY_RANK)
        return zset_span_of_ranks(r->start, r->stop, count);
    if (r->offset < 0)
        return (struct zset_span){ 0, 0 };
    if (r->by == BY_MEMBER) {
        s = zset_span_of_members(v, &r->members, reverse, skip);
        skip = 0;
    } else {
        s = zset_span_of_scores(v, &r->between);
    }
    if (reverse) {
        from = count - s.to;
        s.to = count - s.from;
        s.from = from;
    }
    if (skip >= s.to - s.from)
        return (struct zset_span){ 0, 0 };
    s.from += (size_t)skip;
    if (r->limit >= 0 && (uint64_t)r->limit < s.to - s.from)
        s.to = s.from + (size_t)r->limit;
    return s;
}

static void
range_reply(struct call *c, const struct range *r, struct value v)
{
    struct zset_span s = range_span(r, v);
    struct zset_iter it;
    struct zset_item item;

    zset_reply_start(c, s.to - s.from, r->scores);
    if (s.from == s.to)
        return;
    zset_iter_start(&it, v, s.from, r->order == ORDER_REVERSE);
    for (; s.from < s.to && zset_iter_next(&it, &item); s.from++)
        zset_reply_item(c, &item, r->scores);
}

/* The span as a sorted set of its own; false when it is empty. */
static bool
range_copy(struct call *c, const struct range *r, struct value v, struct value *out)
{
    struct zset_span s = range_span(r, v);
    struct zset_limits limits = zset_limits_of(c);
    struct zset_iter it;
    struct zset_item item;
    struct zset_place p;

    if (s.from == s.to)
        return false;
    *out = zset_new(0, &limits);
    zset_iter_start(&it, v, s.from, r->order == ORDER_REVERSE);
    for (; s.from < s.to && zset_iter_next(&it, &item); s.from++) {
        zset_find(*out, item.member, &p);
        zset_add(out, &p, item.member, item.score, &limits);
    }
    return true;
}

static void
run_range(struct call *c, struct range r)
{
    int key = r.store ? 2 : 1;
    struct entry *e;
    struct value copy;
    bool found;

    r.limit = -1;
    if (!range_options(c, &r, key + 3) || !range_bounds(c, &r, key + 1)
        || !zset_read(c, key, &e))
        return;
    if (r.store) {
        found = e && range_copy(c, &r, entry_value(e), &copy);
        zset_store(c, 1, found ? &copy : NULL, "zrangestore");
    } else if (e) {
        range_reply(c, &r, entry_value(e));
    } else {
        reply_array(c->out, 0);
    }
}

static void
cmd_zrange(struct call *c)
{
    run_range(c, (struct range){ .by = BY_ANY });
}

static void
cmd_zrangestore(struct call *c)
{
    run_range(c, (struct range){ .by = BY_ANY, .store = true });
}

static void
cmd_zrevrange(struct call *c)
{
    run_range(c, (struct range){ .by = BY_RANK, .order = ORDER_REVERSE });
}

static void
cmd_zrangebyscore(struct call *c)
{
    run_range(c, (struct range){ .by = BY_SCORE, .order = ORDER_FORWARD });
}

static void
cmd_zrevrangebyscore(struct call *c)
{
    run_range(c, (struct range){ .by = BY_SCORE, .order = ORDER_REVERSE });
}

static void
cmd_zrangebylex(struct call *c)
{
    run_range(c, (struct range){ .by = BY_MEMBER, .order = ORDER_FORWARD });
}

static void
cmd_zrevrangebylex(struct call *c)
{
    run_range(c, (struct range){ .by = BY_MEMBER, .order = ORDER_REVERSE });
}

/* --- how many, and away with them --- */

static void
count_range(struct call *c, enum range_by by)
{
    struct range r = { .by = by, .limit = -1 };
    struct zset_span s = { 0, 0 };
    struct entry *e;

    if (!range_bounds(c, &r, 2) || !zset_read(c, 1, &e))
        return;
    if (e)
        s = range_span(&r, entry_value(e));
    reply_int(c->out, (int64_t)(s.to - s.from));
}

static void
cmd_zcount(struct call *c)
{
    count_range(c, BY_SCORE);
}

static void
cmd_zlexcount(struct call *c)
{
    count_range(c, BY_MEMBER);
}

/* From here on it is worth while to copy what stays, when that is a small part, and to
 * leave the rest to the background. */
#define MANY 4096
#define SMALL_PART 16

/* The members outside of the span, as a tree of their own. */
static struct value
copy_outside(struct value v, struct zset_span span)
{
    struct zset_limits none = { .entries = 0 };
    struct value copy = zset_new(0, &none);
    struct zset_iter it;
    struct zset_item item;
    struct zset_place p;
    size_t rank = 0;

    zset_iter_start(&it, v, 0, false);
    for (; rank < zset_count(v) && zset_iter_next(&it, &item); rank++) {
        if (rank == span.from) {
            zset_iter_start(&it, v, rank = span.to, false);
            if (!zset_iter_next(&it, &item))
                break;
        }
        zset_find(copy, item.member, &p);
        zset_add(&copy, &p, item.member, item.score, &none);
    }
    return copy;
}

static void
remove_span(struct call *c, struct slot *s, struct value v, struct zset_span span,
            const char *event)
{
    size_t n = span.to - span.from, kept = zset_count(v) - n;
    struct value rest;

    if (kept == 0) {
        zset_changed(c, s->key.name, event, n);
        slot_remove(s, c->server->config->lazyfree_lazy_server_del);
        db_event(c->db, s->key.name, EVENT_GENERIC, "del");
    } else if (v.encoding == ZSET_TREE && n >= MANY && kept <= n / SMALL_PART) {
        rest = copy_outside(v, span);
        lazyfree_value(v);
        zset_settle(c, s, rest, event, n);
    } else {
        zset_remove_ranks(&v, span.from, n);
        zset_settle(c, s, v, event, n);
    }
}

static void
remove_range(struct call *c, enum range_by by, const char *event)
{
    struct range r = { .by = by, .limit = -1 };
    struct zset_span span = { 0, 0 };
    struct key key;
    struct slot s;
    struct value v;

    if (!range_bounds(c, &r, 2))
        return;
    key = call_key(c, 1);
    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_ZSET))
        return;
    if (s.entry) {
        v = entry_value(s.entry);
        span = range_span(&r, v);
    }
    if (span.to > span.from)
        remove_span(c, &s, v, span, event);
    reply_int(c->out, (int64_t)(span.to - span.from));
}

static void
cmd_zremrangebyrank(struct call *c)
{
    remove_range(c, BY_RANK, "zremrangebyrank");
}

static void
cmd_zremrangebyscore(struct call *c)
{
    remove_range(c, BY_SCORE, "zremrangebyscore");
}

static void
cmd_zremrangebylex(struct call *c)
{
    remove_range(c, BY_MEMBER, "zremrangebylex");
}

#define RANGE_COST "O(log n + m) for m members answered"
#define REMOVE_COST "O(log n + m) for m members removed"

static const struct command zset_range_commands[] = {
    { .name = "zcount", .run = cmd_zcount, .arity = 4,
      .flags = READONLY | FAST,
      .syntax = "key:k min:d max:d",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(log n)",
      .summary = "Answer how many members have a score in a range." },
    { .name = "zlexcount", .run = cmd_zlexcount, .arity = 4,
      .flags = READONLY | FAST,
      .syntax = "key:k min max",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.8.9", .cost = "O(log n)",
      .summary = "Answer how many members are in a range of bytes, scores being equal." },
    { .name = "zrange", .run = cmd_zrange, .arity = -4,
      .flags = READONLY,
      .syntax = "key:k start stop [sortby=(BYSCORE|BYLEX)]@6.2.0 [REV]@6.2.0 [LIMIT "
                "offset_count={offset:i count:i}]@6.2.0 [WITHSCORES]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.2.0", .cost = RANGE_COST,
      .summary = "Answer members in order: a range of ranks, of scores or of bytes.",
      .history = HISTORY({ "6.2.0", "`REV`, `BYSCORE`, `BYLEX` and `LIMIT` came." }) },
    { .name = "zrangebylex", .run = cmd_zrangebylex, .arity = -4,
      .flags = READONLY,
      .syntax = "key:k min max [LIMIT offset_count={offset:i count:i}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.8.9", .cost = RANGE_COST,
      .summary = "Answer the members in a range of bytes, scores being equal.",
      .deprecated_since = "6.2.0", .use_instead = "`ZRANGE` with `BYLEX`" },
    { .name = "zrangebyscore", .run = cmd_zrangebyscore, .arity = -4,
      .flags = READONLY,
      .syntax = "key:k min:d max:d [WITHSCORES]@2.0.0 [LIMIT offset_count={offset:i "
                "count:i}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.5", .cost = RANGE_COST,
      .summary = "Answer the members with a score in a range.",
      .history = HISTORY({ "2.0.0", "`WITHSCORES` came." }),
      .deprecated_since = "6.2.0", .use_instead = "`ZRANGE` with `BYSCORE`" },
    { .name = "zrangestore", .run = cmd_zrangestore, .arity = -5,
      .flags = WRITE | DENY_OOM,
      .syntax = "dst:k src:k min max [sortby=(BYSCORE|BYLEX)] [REV] [LIMIT "
                "offset_count={offset:i count:i}]",
      .keys = { KEY(1, KEY_OW | A_UPDATE),
                KEY(2, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = "O(log n + m log m) for m members stored",
      .summary = "Store what ZRANGE would answer under another key." },
    { .name = "zremrangebylex", .run = cmd_zremrangebylex, .arity = 4,
      .flags = WRITE,
      .syntax = "key:k min max",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "2.8.9", .cost = REMOVE_COST,
      .summary = "Remove the members in a range of bytes, scores being equal." },
    { .name = "zremrangebyrank", .run = cmd_zremrangebyrank, .arity = 4,
      .flags = WRITE,
      .syntax = "key:k start:i stop:i",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "2.0.0", .cost = REMOVE_COST,
      .summary = "Remove the members in a range of ranks." },
    { .name = "zremrangebyscore", .run = cmd_zremrangebyscore, .arity = 4,
      .flags = WRITE,
      .syntax = "key:k min:d max:d",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "1.2.0", .cost = REMOVE_COST,
      .summary = "Remove the members with a score in a range." },
    { .name = "zrevrange", .run = cmd_zrevrange, .arity = -4,
      .flags = READONLY,
      .syntax = "key:k start:i stop:i [WITHSCORES]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.2.0", .cost = RANGE_COST,
      .summary = "Answer the members in a range of ranks, the highest score first.",
      .deprecated_since = "6.2.0", .use_instead = "`ZRANGE` with `REV`" },
    { .name = "zrevrangebylex", .run = cmd_zrevrangebylex, .arity = -4,
      .flags = READONLY,
      .syntax = "key:k max min [LIMIT offset_count={offset:i count:i}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.8.9", .cost = RANGE_COST,
      .summary = "Answer the members in a range of bytes from the last to the first.",
      .deprecated_since = "6.2.0", .use_instead = "`ZRANGE` with `REV` and `BYLEX`" },
    { .name = "zrevrangebyscore", .run = cmd_zrevrangebyscore, .arity = -4,
      .flags = READONLY,
      .syntax = "key:k max:d min:d [WITHSCORES] [LIMIT offset_count={offset:i count:i}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.2.0", .cost = RANGE_COST,
      .summary = "Answer the members with a score in a range, the highest first.",
      .history = HISTORY({ "2.1.6", "A bound may be exclusive." }),
      .deprecated_since = "6.2.0", .use_instead = "`ZRANGE` with `REV` and `BYSCORE`" },
};
const struct family zset_range_family =
    FAMILY("sorted-set", ACL_SORTEDSET, zset_range_commands);
