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

size_t
btree_rank(const struct btree *t, const struct scored *item)
{
    struct bytes member = scored_bytes(item);
    const void *node = t->root;
    size_t rank = 0;

    for (unsigned level = 0; level < t->height; level++) {
        const struct inner *n = node;
        unsigned at = inner_child(n, item->score, member);

        rank += inner_sum(n, at);
        node = n->children[at];
    }
    return rank + leaf_find(node, item);
}

size_t
btree_count_score(const struct btree *t, double score, bool or_equal)
{
    const void *node = t->root;
    size_t rank = 0;

    if (!node)
        return 0;
    for (unsigned level = 0; level < t->height; level++) {
        const struct inner *n = node;
        unsigned at = inner_child_score(n, score, or_equal);

        rank += inner_sum(n, at);
        node = n->children[at];
    }
    return rank + leaf_count_score(node, score, or_equal);
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

size_t
btree_count_member(const struct btree *t, struct bytes member, bool or_equal)
{
    const void *node = t->root;
    size_t rank = 0;

    if (!node)
        return 0;
    for (unsigned level = 0; level < t->height; level++) {
        const struct inner *n = node;
        unsigned at = inner_child_member(n, member, or_equal);

        rank += inner_sum(n, at);
        node = n->children[at];
    }
    return rank + count_in_leaf(node, member, or_equal);
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

struct scored *
btree_first(const struct btree *t)
{
    return t->first ? leaf_item(t->first, 0) : NULL;
}

struct scored *
btree_last(const struct btree *t)
{
    return t->last ? leaf_item(t->last, t->last->count - 1u) : NULL;
}
