/* SPDX-License-Identifier: MIT
 * structs/btree_seek.c - places in a tree: ranks, bounds, cursors.
 *
 * How:        every bound, whether by score, by member or by rank, becomes a count of
 *             what lies before it; so ranges are pairs of ranks, and their sizes are
 *             known before the first member is read. A cursor is a leaf and an index:
 *             leaves are linked.
 * Cost:       O(log n) for a place, O(1) for a step.
 * Read next:  values/v_zset.c */
#include "structs/btree_seek.h"

#include "structs/btree_inner.h"

/* Where a way down goes, one of: before a member, a score, a member by its bytes. */
struct bound { double score; struct bytes member; bool or_equal; };

typedef unsigned child_fn(const struct inner *n, const struct bound *b);

/* The leaf that the choice of children leads to; `rank` becomes what lies before it.
 * Inlined for each choice, so that no node costs a call through a pointer. */
__attribute__((always_inline))
static inline const struct leaf *
descend(const struct btree *t, child_fn *child, const struct bound *b, size_t *rank)
{
    const void *node = t->root;

    *rank = 0;
    for (unsigned level = 0; level < t->height; level++) {
        const struct inner *n = node;
        unsigned at = child(n, b);

        *rank += inner_sum(n, at);
        node = n->children[at];
    }
    return node;
}

static inline unsigned
child_of_item(const struct inner *n, const struct bound *b)
{
    return inner_child(n, b->score, b->member);
}

size_t
btree_rank(const struct btree *t, const struct scored *item)
{
    struct bound b = { .score = item->score, .member = scored_bytes(item) };
    size_t rank;
    const struct leaf *leaf = descend(t, child_of_item, &b, &rank);

    return rank + leaf_find(leaf, item);
}

static inline unsigned
child_of_score(const struct inner *n, const struct bound *b)
{
    return inner_child_score(n, b->score, b->or_equal);
}

size_t
btree_count_score(const struct btree *t, double score, bool or_equal)
{
    struct bound b = { .score = score, .or_equal = or_equal };
    size_t rank;
    const struct leaf *leaf = descend(t, child_of_score, &b, &rank);

    return leaf ? rank + leaf_count_score(leaf, score, or_equal) : 0;
}

static unsigned
count_in_leaf(const struct leaf *leaf, struct bytes member, bool or_equal)
{
    unsigned low = 0, high = leaf->count;

    while (low < high) {
        unsigned mid = (low + high) / 2;

        if (bytes_compare(scored_bytes(leaf_item(leaf, mid)), member) < or_equal)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static inline unsigned
child_of_member(const struct inner *n, const struct bound *b)
{
    return inner_child_member(n, b->member, b->or_equal);
}

size_t
btree_count_member(const struct btree *t, struct bytes member, bool or_equal)
{
    struct bound b = { .member = member, .or_equal = or_equal };
    size_t rank;
    const struct leaf *leaf = descend(t, child_of_member, &b, &rank);

    return leaf ? rank + count_in_leaf(leaf, member, or_equal) : 0;
}

/* --- cursors --- */

void
btree_seek(const struct btree *t, size_t rank, struct btree_cursor *out)
{
    const void *node = t->root;

    if (rank >= t->count) {
        *out = (struct btree_cursor){ t->last, t->last ? t->last->count : 0 };
        return;
    }
    for (unsigned level = 0; level < t->height; level++) {
        const struct inner *n = node;

        node = n->children[inner_child_rank(n, &rank)];
    }
    *out = (struct btree_cursor){ node, (unsigned)rank };
}

/* The blocks that come next are all over memory: ask for them early. */
static void
prefetch_items(const struct leaf *leaf)
{
    for (unsigned i = 0; i < leaf->count; i++)
        __builtin_prefetch(leaf_item(leaf, i));
}

struct scored *
btree_next(struct btree_cursor *c)
{
    if (!c->leaf)
        return NULL;
    if (c->at == c->leaf->count) {
        if (!c->leaf->next)
            return NULL;
        c->leaf = c->leaf->next;
        c->at = 0;
        prefetch_items(c->leaf);
    }
    return leaf_item(c->leaf, c->at++);
}

struct scored *
btree_prev(struct btree_cursor *c)
{
    if (!c->leaf)
        return NULL;
    if (c->at == 0) {
        if (!c->leaf->prev)
            return NULL;
        c->leaf = c->leaf->prev;
        c->at = c->leaf->count;
        prefetch_items(c->leaf);
    }
    return leaf_item(c->leaf, --c->at);
}
