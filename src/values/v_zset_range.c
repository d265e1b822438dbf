/* SPDX-License-Identifier: MIT
 * values/v_zset_range.c - parts of a sorted set in order: see v_zset_range.h.
 *
 * How:        in a tree, bounds are counted and places found by descent. A pack is
 *             walked: forward as it lies; backward by learning the places of up to
 *             ZSET_WINDOW members at a time from the front, for a pack cannot be
 *             walked back.
 * Read next:  commands/c_zset_range.c */
#include "values/v_zset_range.h"

#include "values/v_zset_own.h"

/* --- spans --- */

/* Is the score below what the range begins with? */
static bool
is_before_scores(const struct zset_scores *r, double score)
{
    return score < r->min || (r->min_open && score == r->min);
}

static bool
is_after_scores(const struct zset_scores *r, double score)
{
    return score > r->max || (r->max_open && score == r->max);
}

static struct zset_span
pack_span_of_scores(const struct pack *p, const struct zset_scores *r)
{
    struct zset_span s = { 0, 0 };
    uint32_t at = pack_first(p);

    for (; at != PACK_END; at = zset_pack_next(p, at)) {
        double score = zset_pack_score(p, at);

        if (is_after_scores(r, score))
            break;
        s.from += is_before_scores(r, score);
        s.to++;
    }
    return s;
}

struct zset_span
zset_span_of_scores(struct value v, const struct zset_scores *r)
{
    struct zset_span s = { 0, 0 };

    if (r->min > r->max || (r->min == r->max && (r->min_open || r->max_open)))
        return s;
    if (v.encoding == ZSET_PACK)
        return pack_span_of_scores(v.object, r);
    s.from = btree_count_score(((struct zset *)v.object)->tree, r->min, r->min_open);
    s.to = btree_count_score(((struct zset *)v.object)->tree, r->max, !r->max_open);
    return s;
}

static int
compare_bounds(const struct lex_bound *a, const struct lex_bound *b)
{
    bool a_end = a->kind == LEX_FIRST || a->kind == LEX_LAST;
    bool b_end = b->kind == LEX_FIRST || b->kind == LEX_LAST;

    if (a_end || b_end)
        return (int)a->kind - (int)b->kind;
    return bytes_compare(a->member, b->member);
}

bool
zset_members_is_empty(const struct zset_members *r)
{
    int order = compare_bounds(&r->min, &r->max);

    return order > 0 || (order == 0 && !(r->min.kind == LEX_CLOSED
                                         && r->max.kind == LEX_CLOSED));
}

/* Is the member before everything from the bound on? */
static bool
is_before_bound(const struct lex_bound *min, struct bytes member)
{
    if (min->kind == LEX_FIRST || min->kind == LEX_LAST)
        return min->kind == LEX_LAST;
    return bytes_compare(member, min->member) < (min->kind == LEX_OPEN);
}

static bool
is_after_bound(const struct lex_bound *max, struct bytes member)
{
    if (max->kind == LEX_FIRST || max->kind == LEX_LAST)
        return max->kind == LEX_FIRST;
    return bytes_compare(member, max->member) > -(max->kind == LEX_OPEN);
}

/* Where the scores differ, members do not follow each other by bytes, and what is answered
 * for a pack is what comes of walking as Redis does: from the first one (seen from where
 * the walk begins) that does not lie outside the near bound, as long as none lies outside
 * the far one.  Nothing, when the last of all is outside the near bound, or the first of
 * all outside the far one; `skip` members at the beginning are not looked at. */
static struct zset_span
pack_span_forward(const struct pack *p, const struct zset_members *r, uint64_t skip)
{
    uint32_t at = pack_first(p);
    struct zset_span s = { 0, 0 };
    struct zset_item item;
    bool begun = false, before = false, after;

    for (size_t rank = 0; at != PACK_END; rank++) {
        at = zset_pack_get(p, at, &item);
        before = is_before_bound(&r->min, item.member);
        after = is_after_bound(&r->max, item.member);
        if (after && (rank == 0 || (!begun && !before)))
            return (struct zset_span){ 0, 0 };
        if (!begun && !before) {
            begun = true;
            s.from = s.to = skip < SIZE_MAX - rank ? rank + (size_t)skip : SIZE_MAX;
        }
        if (begun && rank == s.to && !after)
            s.to++;
    }
    return before ? (struct zset_span){ 0, 0 } : s;
}

/* One more than the rank of the last that is not after the upper bound; 0 when that one is
 * before the lower bound, or the ends of all rule everything out. */
static size_t
pack_begin_backward(const struct pack *p, const struct zset_members *r)
{
    uint32_t at = pack_first(p);
    size_t rank = 0, begin = 0;
    struct zset_item item;
    bool before = false, begin_before = false;

    for (; at != PACK_END; rank++) {
        at = zset_pack_get(p, at, &item);
        before = is_before_bound(&r->min, item.member);
        if (!is_after_bound(&r->max, item.member)) {
            begin = rank + 1;
            begin_before = before;
        } else if (rank == 0) {
            return 0;
        }
    }
    return before || begin_before ? 0 : begin;
}

static struct zset_span
pack_span_backward(const struct pack *p, const struct zset_members *r, uint64_t skip)
{
    size_t begin = pack_begin_backward(p, r);
    struct zset_span s = { 0, skip < begin ? begin - (size_t)skip : 0 };
    uint32_t at = pack_first(p);
    struct zset_item item;

    for (size_t rank = 0; rank < s.to; rank++) {
        at = zset_pack_get(p, at, &item);
        if (is_before_bound(&r->min, item.member))
            s.from = rank + 1;
    }
    return s;
}

/* How many members are before the bound; as an upper bound, those that are not after. */
static size_t
count_to_bound(const struct btree *t, const struct lex_bound *b, bool is_upper)
{
    if (b->kind == LEX_FIRST)
        return 0;
    if (b->kind == LEX_LAST)
        return btree_count(t);
    return btree_count_member(t, b->member, (b->kind == LEX_OPEN) != is_upper);
}

/* In a tree the bounds are two places, found by descent as if all scores were equal. */
static struct zset_span
tree_span_of_members(const struct btree *t, const struct zset_members *r, bool reverse,
                     uint64_t skip)
{
    struct zset_span s = { count_to_bound(t, &r->min, false),
                           count_to_bound(t, &r->max, true) };

    if (s.to <= s.from || skip >= s.to - s.from)
        return (struct zset_span){ 0, 0 };
    if (reverse)
        s.to -= (size_t)skip;
    else
        s.from += (size_t)skip;
    return s;
}

struct zset_span
zset_span_of_members(struct value v, const struct zset_members *r, bool reverse,
                     uint64_t skip)
{
    if (zset_members_is_empty(r))
        return (struct zset_span){ 0, 0 };
    if (v.encoding == ZSET_TREE)
        return tree_span_of_members(((struct zset *)v.object)->tree, r, reverse, skip);
    return reverse ? pack_span_backward(v.object, r, skip)
                   : pack_span_forward(v.object, r, skip);
}

/* --- walks --- */

void
zset_iter_start(struct zset_iter *it, struct value v, size_t rank, bool reverse)
{
    size_t count = zset_count(v);

    it->v = v;
    it->reverse = reverse;
    rank = rank < count ? rank : count;
    if (reverse)
        rank = count - rank;
    it->rank = it->window_from = rank;
    if (v.encoding == ZSET_TREE)
        btree_seek(((struct zset *)v.object)->tree, rank, &it->cursor);
    else if (!reverse)
        it->at = pack_seek(v.object, 2 * rank);
}

static void
take_item(const struct scored *s, struct zset_item *out)
{
    out->member = scored_bytes(s);
    out->score = s->score;
}

static void
learn_window(struct zset_iter *it)
{
    size_t n = it->rank < ZSET_WINDOW ? it->rank : ZSET_WINDOW;
    uint32_t at;

    it->window_from = it->rank - n;
    at = pack_seek(it->v.object, 2 * it->window_from);
    for (size_t i = 0; i < n; i++) {
        it->window[i] = at;
        at = zset_pack_next(it->v.object, at);
    }
}

static bool
pack_prev(struct zset_iter *it, struct zset_item *out)
{
    if (it->rank == 0)
        return false;
    if (it->rank == it->window_from)
        learn_window(it);
    it->rank--;
    zset_pack_get(it->v.object, it->window[it->rank - it->window_from], out);
    return true;
}

bool
zset_iter_next(struct zset_iter *it, struct zset_item *out)
{
    const struct scored *s;

    if (it->v.encoding == ZSET_TREE) {
        s = it->reverse ? btree_prev(&it->cursor) : btree_next(&it->cursor);
        if (s)
            take_item(s, out);
        return s != NULL;
    }
    if (it->reverse)
        return pack_prev(it, out);
    if (it->at == PACK_END)
        return false;
    it->at = zset_pack_get(it->v.object, it->at, out);
    return true;
}
