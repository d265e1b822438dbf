/* SPDX-License-Identifier: MIT
 * values/v_zset_pack.c - the small form of a sorted set: see v_zset_own.h.
 *
 * Why:        below a hundred members or so one block searched from the front costs a
 *             third of a tree and a table, and is as fast.
 * How:        members in order, each followed by its score. Whole scores are numbers of
 *             1 to 9 bytes; for others the 8 bytes of the double behind a letter, so
 *             that no score can look like a number it is not. -0 becomes 0, as in Redis's
 *             small form.
 * Read next:  values/v_zset.c */
#include "values/v_zset_own.h"

#include <assert.h>

#include "base/status.h"

#define SCORE_TAG 'd'

bool
zset_score_is_whole(double score, int64_t *out)
{
    if (!(score > -(double)(INT64_MAX / 2) && score < (double)(INT64_MAX / 2)))
        return false;
    *out = (int64_t)score;
    return score == (double)*out;
}

/* How a score is written. */
struct written {
    struct bytes text;
    char buf[NUM_I64_MAX_TEXT];
};

static void
write_score(struct written *w, double score)
{
    int64_t whole;

    if (zset_score_is_whole(score, &whole)) {
        w->text = bytes_view(w->buf, num_format_i64(w->buf, whole));
        return;
    }
    w->buf[0] = SCORE_TAG;
    memcpy(w->buf + 1, &score, sizeof score);
    w->text = bytes_view(w->buf, 1 + sizeof score);
}

static double
read_score(const struct pack_item *item)
{
    double score;

    if (!item->at)
        return (double)item->number;
    assert(item->len == 1 + sizeof score && item->at[0] == SCORE_TAG);
    memcpy(&score, item->at + 1, sizeof score);
    return score;
}

double
zset_pack_score(const struct pack *p, uint32_t at)
{
    struct pack_item item;

    pack_get(p, pack_next(p, at), &item);
    return read_score(&item);
}

uint32_t
zset_pack_next(const struct pack *p, uint32_t at)
{
    return pack_next(p, pack_next(p, at));
}

uint32_t
zset_pack_get(const struct pack *p, uint32_t at, struct zset_item *out)
{
    struct pack_item item;

    pack_get(p, at, &item);
    out->member = pack_item_view(&item, out->buf);
    at = pack_next(p, at);
    pack_get(p, at, &item);
    out->score = read_score(&item);
    return pack_next(p, at);
}

uint32_t
zset_pack_find(const struct pack *p, struct bytes member)
{
    return pack_find(p, pack_first(p), member, 2);
}

/* Where (score, member) belongs. */
static uint32_t
place_for(const struct pack *p, struct bytes member, double score)
{
    uint32_t at = pack_first(p);
    struct zset_item item;

    while (at != PACK_END) {
        uint32_t next = zset_pack_get(p, at, &item);

        if (item.score > score
            || (item.score == score && bytes_compare(item.member, member) > 0))
            break;
        at = next;
    }
    return at;
}

struct pack *
zset_pack_add(struct pack *p, struct bytes member, double score)
{
    struct written w;

    write_score(&w, score);
    return pack_insert_two(p, place_for(p, member, score), member, w.text);
}

struct pack *
zset_pack_append(struct pack *p, struct bytes member, double score)
{
    struct written w;

    write_score(&w, score);
    return pack_insert_two(p, PACK_END, member, w.text);
}

struct pack *
zset_pack_rescore(struct pack *p, uint32_t at, struct bytes member, double score)
{
    return zset_pack_add(pack_remove(p, at, 2), member, score);
}

size_t
zset_pack_rank(const struct pack *p, uint32_t at)
{
    uint32_t i = pack_first(p);
    size_t rank = 0;

    for (; i != at; i = zset_pack_next(p, i))
        rank++;
    return rank;
}

void
zset_pack_check(const struct pack *p)
{
    struct zset_item a, b;
    uint32_t at = pack_first(p);

    pack_check(p);
    assert(pack_count(p) % 2 == 0);
    if (at == PACK_END)
        return;
    at = zset_pack_get(p, at, &a);
    while (at != PACK_END) {
        at = zset_pack_get(p, at, &b);
        assert(a.score < b.score
               || (a.score == b.score && bytes_compare(a.member, b.member) < 0));
        a = b;
        if (b.member.at == b.buf)
            a.member.at = a.buf;
    }
}
