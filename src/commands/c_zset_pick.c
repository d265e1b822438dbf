/* SPDX-License-Identifier: MIT
 * commands/c_zset_pick.c - members of a sorted set by chance, ZRANDMEMBER, and step by
 * step, ZSCAN.
 *
 * Cost:      a pick is O(log n): a rank by chance, found in the tree.
 * Read next: values/pick.c, commands/element_scan.c */
#include "commands/element_scan.h"
#include "commands/families.h"
#include "commands/many_picks.h"
#include "commands/zset_use.h"

struct picks { struct call *call; bool scores; };

static void
reply_pick(const struct zset_item *item, void *arg)
{
    const struct picks *p = arg;

    zset_reply_item(p->call, item, p->scores);
}

/* The same member may come more than once. */
static void
pick_with_repeats(struct call *c, struct value v, uint64_t n, bool scores)
{
    struct zset_item item;

    zset_reply_start(c, n, scores);
    for (uint64_t i = 0; i < n && many_picks_go_on(c, i); i++) {
        zset_random(v, &item);
        zset_reply_item(c, &item, scores);
    }
}

static void
pick_many(struct call *c)
{
    struct picks picks = { .call = c };
    struct entry *e;
    struct value v;
    size_t count;
    int64_t n;

    if (!many_picks_args(c, "withscores", &n, &picks.scores) || !zset_read(c, 1, &e))
        return;
    if (!e || n == 0) {
        reply_array(c->out, 0);
        return;
    }
    v = entry_value(e);
    if (n < 0) {
        pick_with_repeats(c, v, (uint64_t)-n, picks.scores);
        return;
    }
    count = zset_count(v);
    if ((uint64_t)n < count)
        count = (size_t)n;
    zset_reply_start(c, count, picks.scores);
    zset_sample(v, count, reply_pick, &picks);
}

static void
cmd_zrandmember(struct call *c)
{
    struct zset_item item;
    struct entry *e;

    if (c->argc > 2) {
        pick_many(c);
        return;
    }
    if (!zset_read(c, 1, &e))
        return;
    if (!e) {
        reply_null(c->out);
        return;
    }
    zset_random(entry_value(e), &item);
    reply_bulk(c->out, item.member);
}

/* --- step by step --- */

static void
scan_item(const struct zset_item *item, void *arg)
{
    struct element_scan *s = arg;
    char text[NUM_DOUBLE_MAX_TEXT];
    int64_t whole;

    if (!element_scan_wants(s, item->member))
        return;
    reply_bulk(&s->out, item->member);
    s->written += 2;
    if (s->flag && zset_score_is_whole(item->score, &whole)) {
        reply_bulk_int(&s->out, whole);
        return;
    }
    reply_bulk(&s->out, bytes_view(text, num_format_double(text, item->score)));
}

static void
cmd_zscan(struct call *c)
{
    struct element_scan s;
    struct entry *e = element_scan_start(c, TYPE_ZSET, &s);

    if (!e || !element_scan_options(c, NULL, &s))
        return;
    s.flag = entry_value(e).encoding == ZSET_PACK;  /* which shows how it keeps scores */
    s.cursor = zset_scan(entry_value(e), s.cursor, s.count, scan_item, &s);
    element_scan_finish(c, &s);
}

static const struct command zset_pick_commands[] = {
    { .name = "zrandmember", .run = cmd_zrandmember, .arity = -2,
      .flags = READONLY,
      .syntax = "key:k [options={count:i [WITHSCORES]}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = "O(1) a member",
      .summary = "Answer members of a sorted set chosen by chance.",
      .tips = "nondeterministic_output" },
    { .name = "zscan", .run = cmd_zscan, .arity = -3,
      .flags = READONLY,
      .syntax = "key:k cursor:i [MATCH pattern:p] [COUNT count:i]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.8.0", .cost = "O(1) a step, O(n) for a whole walk over n members",
      .summary = "Walk over the members and scores of a sorted set step by step.",
      .tips = "nondeterministic_output" },
};
const struct family zset_pick_family =
    FAMILY("sorted-set", ACL_SORTEDSET, zset_pick_commands);
