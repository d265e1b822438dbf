/* SPDX-License-Identifier: MIT
 * commands/c_zset.c - sorted sets, member by member: add, score, rank, remove.
 *
 * How:        ZADD and ZINCRBY are one: every pair is looked up once, its fate decided
 *             from flags, old and new score, and then carried out at the place found.
 * Invariants: 1. all scores are parsed before the first member is touched;
 *             2. no empty sorted set stays as a key.
 * Read next:  values/v_zset.c, commands/c_zset_range.c */
#include <math.h>

#include "base/alloc.h"
#include "commands/families.h"
#include "commands/zset_use.h"

enum zadd_flag {
    ZADD_NX = 1 << 0, ZADD_XX = 1 << 1, ZADD_GT = 1 << 2, ZADD_LT = 1 << 3,
    ZADD_CH = 1 << 4, ZADD_INCR = 1 << 5
};

#define SCORES_USUAL 16         /* more pairs than this need the heap */

struct zadd {
    unsigned flags;
    int first, pairs;           /* argument of the first score; how many there are */
    double *scores;
    double usual[SCORES_USUAL];
    size_t added, updated, processed;
    double result;              /* the last score, for INCR */
};

static bool
zadd_options(struct call *c, struct zadd *z)
{
    static const struct { const char *word; unsigned flag; } words[] = {
        { "nx", ZADD_NX }, { "xx", ZADD_XX }, { "gt", ZADD_GT }, { "lt", ZADD_LT },
        { "ch", ZADD_CH }, { "incr", ZADD_INCR },
    };
    int i;

    for (i = 2; i < c->argc; i++) {
        size_t w = 0, n = sizeof words / sizeof words[0];

        while (w < n && !call_is(c, i, words[w].word))
            w++;
        if (w == n)
            break;
        z->flags |= words[w].flag;
    }
    z->first = i;
    z->pairs = (c->argc - i) / 2;
    if (z->pairs == 0 || (c->argc - i) % 2) {
        call_syntax_error(c);
        return false;
    }
    return true;
}

static bool
zadd_options_agree(struct call *c, const struct zadd *z)
{
    unsigned f = z->flags;
    const char *error = NULL;

    if (f & ZADD_NX && f & ZADD_XX)
        error = "ERR XX and NX options at the same time are not compatible";
    else if ((f & ZADD_GT && f & ZADD_NX) || (f & ZADD_LT && f & ZADD_NX)
             || (f & ZADD_GT && f & ZADD_LT))
        error = "ERR GT, LT, and/or NX options at the same time are not compatible";
    else if (f & ZADD_INCR && z->pairs > 1)
        error = "ERR INCR option supports a single increment-element pair";
    if (error)
        reply_error(c->out, error);
    return !error;
}

static bool
zadd_scores(struct call *c, struct zadd *z)
{
    z->scores = z->usual;
    if (z->pairs > SCORES_USUAL)
        z->scores = mem_alloc((size_t)z->pairs * sizeof z->scores[0]);
    for (int i = 0; i < z->pairs; i++)
        if (!call_double(c, z->first + 2 * i, &z->scores[i]))
            return false;
    return true;
}

/* One pair.  False: the sum is not a number, which is answered. */
static bool
zadd_pair(struct call *c, struct zadd *z, struct value *v, double score,
          struct bytes member, const struct zset_limits *limits)
{
    struct zset_place p;

    zset_find(*v, member, &p);
    if (!p.found) {
        if (z->flags & ZADD_XX)
            return true;
        zset_add(v, &p, member, score, limits);
        z->added++;
    } else {
        if (z->flags & ZADD_NX)
            return true;
        if (z->flags & ZADD_INCR)
            score += p.score;
        if (isnan(score)) {
            reply_error(c->out, "ERR resulting score is not a number (NaN)");
            return false;
        }
        if ((z->flags & ZADD_LT && score >= p.score)
            || (z->flags & ZADD_GT && score <= p.score))
            return true;
        if (score != p.score) {
            zset_rescore(v, &p, member, score);
            z->updated++;
        }
    }
    z->processed++;
    z->result = score;
    return true;
}

static void
zadd_reply(struct call *c, const struct zadd *z)
{
    if (!(z->flags & ZADD_INCR))
        reply_int(c->out, (int64_t)(z->added + (z->flags & ZADD_CH ? z->updated : 0)));
    else if (z->processed)
        reply_double(c->out, z->result);
    else
        reply_null(c->out);
}

static void
zadd_to_key(struct call *c, struct zadd *z)
{
    struct zset_limits limits = zset_limits_of(c);
    struct key key = call_key(c, 1);
    bool ok = true;
    struct slot s;
    struct value v;

    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_ZSET))
        return;
    if (!s.entry && z->flags & ZADD_XX) {
        zadd_reply(c, z);
        return;
    }
    v = s.entry ? entry_value(s.entry) : zset_new(c->argv[z->first + 1].len, &limits);
    for (int i = 0; ok && i < z->pairs; i++)
        ok = zadd_pair(c, z, &v, z->scores[i], c->argv[z->first + 2 * i + 1], &limits);
    if (s.entry)
        slot_set_object(&s, v);
    else
        slot_put(&s, v, NO_DEADLINE);   /* a new set got a member: nothing held it back */
    if (z->added || z->updated)
        zset_changed(c, key.name, z->flags & ZADD_INCR ? "zincr" : "zadd",
                     z->added + z->updated);
    if (ok)
        zadd_reply(c, z);
}

static void
zadd_free(struct zadd *z)
{
    if (z->scores && z->scores != z->usual)
        mem_free(z->scores);
}

static void
cmd_zadd(struct call *c)
{
    struct zadd z;

    z.flags = 0;
    z.scores = NULL;
    z.added = z.updated = z.processed = 0;
    if (zadd_options(c, &z) && zadd_options_agree(c, &z) && zadd_scores(c, &z))
        zadd_to_key(c, &z);
    zadd_free(&z);
}

static void
cmd_zincrby(struct call *c)
{
    struct zadd z = { .flags = ZADD_INCR };

    /* as ZADD with INCR: a word of its options is no increment but a wrong syntax */
    if (zadd_options(c, &z) && zadd_scores(c, &z))
        zadd_to_key(c, &z);
}

static void
cmd_zrem(struct call *c)
{
    struct key key = call_key(c, 1);
    struct zset_place p;
    size_t removed = 0;
    struct slot s;
    struct value v;

    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_ZSET))
        return;
    if (!s.entry) {
        reply_int(c->out, 0);
        return;
    }
    v = entry_value(s.entry);
    for (int i = 2; i < c->argc && zset_count(v); i++) {
        zset_find(v, c->argv[i], &p);
        if (!p.found)
            continue;
        zset_remove(&v, &p);
        removed++;
    }
    if (removed)
        zset_settle(c, &s, v, "zrem", removed);
    reply_int(c->out, (int64_t)removed);
}

static void
cmd_zcard(struct call *c)
{
    struct entry *e;

    if (zset_read(c, 1, &e))
        reply_int(c->out, e ? (int64_t)zset_count(entry_value(e)) : 0);
}

static void
reply_score(struct call *c, const struct entry *e, struct bytes member)
{
    struct zset_place p = { .found = false };

    if (e)
        zset_find(entry_value(e), member, &p);
    if (p.found)
        reply_double(c->out, p.score);
    else
        reply_null(c->out);
}

static void
cmd_zscore(struct call *c)
{
    struct entry *e;

    if (zset_read(c, 1, &e))
        reply_score(c, e, c->argv[2]);
}

static void
cmd_zmscore(struct call *c)
{
    struct entry *e;

    if (!zset_read(c, 1, &e))
        return;
    reply_array(c->out, (size_t)c->argc - 2);
    for (int i = 2; i < c->argc; i++)
        reply_score(c, e, c->argv[i]);
}

static void
reply_rank(struct call *c, bool reverse)
{
    bool with_score = c->argc == 4;
    struct zset_place p = { .found = false };
    struct entry *e;
    size_t rank;

    if (c->argc > 4) {
        call_wrong_args(c);
        return;
    }
    if (with_score && !call_is(c, 3, "withscore")) {
        call_syntax_error(c);
        return;
    }
    if (!zset_read(c, 1, &e))
        return;
    if (e)
        zset_find(entry_value(e), c->argv[2], &p);
    if (!p.found) {
        if (with_score)
            reply_null_array(c->out);
        else
            reply_null(c->out);
        return;
    }
    rank = zset_rank(entry_value(e), &p);
    if (reverse)
        rank = zset_count(entry_value(e)) - 1 - rank;
    if (with_score)
        reply_array(c->out, 2);
    reply_int(c->out, (int64_t)rank);
    if (with_score)
        reply_double(c->out, p.score);
}

static void
cmd_zrank(struct call *c)
{
    reply_rank(c, false);
}

static void
cmd_zrevrank(struct call *c)
{
    reply_rank(c, true);
}

static const struct command zset_commands[] = {
    { .name = "zadd", .run = cmd_zadd, .arity = -4,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k [condition=(NX|XX)]@3.0.2 [comparison=(GT|LT)]@6.2.0 "
                "[change=CH]@3.0.2 [increment=INCR]@3.0.2 score_member={score:d "
                "member}...",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "1.2.0", .cost = "O(log n) a member",
      .summary = "Add members with scores, or give those that are there new scores.",
      .history = HISTORY({ "2.4.0", "Takes several members." },
                         { "3.0.2", "`XX`, `NX`, `CH` and `INCR` came." },
                         { "6.2.0", "`GT` and `LT` came." }) },
    { .name = "zcard", .run = cmd_zcard, .arity = 2,
      .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO) },
      .since = "1.2.0", .cost = "O(1)",
      .summary = "Answer how many members a sorted set has." },
    { .name = "zincrby", .run = cmd_zincrby, .arity = 4,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k increment:i member",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "1.2.0", .cost = "O(log n)",
      .summary = "Add to a member's score; a new member starts from 0." },
    { .name = "zmscore", .run = cmd_zmscore, .arity = -3,
      .flags = READONLY | FAST,
      .syntax = "key:k member...",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = "O(n) for n members asked for",
      .summary = "Answer the scores of several members." },
    { .name = "zrank", .run = cmd_zrank, .arity = -3,
      .flags = READONLY | FAST,
      .syntax = "key:k member [WITHSCORE]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(log n)",
      .summary = "Answer how many members come before this one, lowest score first.",
      .history = HISTORY({ "7.2.0", "`WITHSCORE` came." }) },
    { .name = "zrem", .run = cmd_zrem, .arity = -3,
      .flags = WRITE | FAST,
      .syntax = "key:k member...",
      .keys = { KEY(1, KEY_RW | A_DELETE) },
      .since = "1.2.0", .cost = "O(log n) a member",
      .summary = "Take members out of a sorted set.",
      .history = HISTORY({ "2.4.0", "Takes several members." }) },
    { .name = "zrevrank", .run = cmd_zrevrank, .arity = -3,
      .flags = READONLY | FAST,
      .syntax = "key:k member [WITHSCORE]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.0.0", .cost = "O(log n)",
      .summary = "Answer how many members come before this one, highest score first.",
      .history = HISTORY({ "7.2.0", "`WITHSCORE` came." }) },
    { .name = "zscore", .run = cmd_zscore, .arity = 3,
      .flags = READONLY | FAST,
      .syntax = "key:k member",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.2.0", .cost = "O(1)",
      .summary = "Answer a member's score." },
};
const struct family zset_family = FAMILY("sorted-set", ACL_SORTEDSET, zset_commands);
