/* SPDX-License-Identifier: MIT
 * structs/btree.c - an ordered set that can count.
 *
 * Why:        a sorted set is asked for ranks, for ranges by score, member or rank,
 *             and for its ends. A skip list answers all of that with 40 bytes or more
 *             a member and a cache miss a step.
 * How:        a B+tree of packed leaves. Leaves hold 8 bytes a member
 *             (btree_leaf.h), nodes above know the sizes of what is below
 *             (btree_inner.h):
 *
 *                     [ 3 children: sizes 120 | 95 | 108, least a | g | p ]
 *                        /             |             \
 *               [leaf 60|60]     [leaf 50|45]    [leaf 60|48]      <- linked
 *
 *             A full leaf hands a part to a neighbour; when that is full too, the two
 *             become three. At either edge a full leaf is left full, for members that
 *             come in order. A leaf with few members is filled from a neighbour or
 *             poured into it. Changes of shape on the way in start the descent again:
 *             they are rare, so nothing needs to be kept right along the path.
 * Invariants: 1. members ascend through all leaves, which are linked in order and at
 *                one depth.
 *             2. keys, least and sizes say what is below each child.
 *             3. no node is empty; an inner root has two children or more, other
 *                inner nodes INNER_FEW or more.
 *             4. first, last, count, leaves and inners are right.
 *             btree_check() asserts them.
 * Cost:       8.7 bytes a member added in order, about 10 at random.
 * Left out:   leaves are evened out within one parent only. Sources: Bayer and
 *             McCreight 1972; Knuth's B* trees for two-to-three splits.
 * Read next:  structs/btree_seek.c, values/v_zset.c */
#include "structs/btree.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "structs/btree_inner.h"

#define LEAF_FEW 38             /* fewer items: ask a neighbour */
#define LEAF_MERGED 54          /* two leaves may become one of at most this */
#define LEAF_UNEVEN 8           /* a difference that makes it worth evening out */
#define LEAF_SLACK 4            /* free places that make it worth sharing */
#define INNER_MERGED 48

struct btree *
btree_new(void)
{
    return mem_zalloc(sizeof(struct btree));
}

static void
free_inners(void *node, unsigned height)
{
    struct inner *n = node;

    if (height == 0)
        return;
    for (unsigned i = 0; i < n->count; i++)
        free_inners(n->children[i], height - 1);
    mem_free_sized(n, sizeof *n);
}

void
btree_free(struct btree *t)
{
    struct leaf *leaf = t->first, *next;

    if (t->root)
        free_inners(t->root, t->height);
    for (; leaf; leaf = next) {
        next = leaf->next;
        leaf_free(leaf);
    }
    mem_free(t);
}

size_t
btree_count(const struct btree *t)
{
    return t->count;
}

size_t
btree_memory(const struct btree *t)
{
    return mem_class(sizeof *t) + t->leaves * mem_class(sizeof(struct leaf))
         + t->inners * mem_class(sizeof(struct inner));
}

size_t
btree_nodes(const struct btree *t)
{
    return 1 + t->leaves + t->inners;
}

/* --- paths --- */

static void
descend(const struct btree *t, const struct scored *item, struct path *path)
{
    struct bytes member = scored_bytes(item);
    void *node = t->root;

    for (unsigned level = 0; level < t->height; level++) {
        path->node[level] = node;
        path->at[level] = inner_child(node, item->score, member);
        node = path->node[level]->children[path->at[level]];
    }
    path->leaf = node;
}

static unsigned
descend_to_rank(const struct btree *t, size_t rank, struct path *path)
{
    void *node = t->root;

    for (unsigned level = 0; level < t->height; level++) {
        path->node[level] = node;
        path->at[level] = inner_child_rank(node, &rank);
        node = path->node[level]->children[path->at[level]];
    }
    path->leaf = node;
    return (unsigned)rank;
}

/* The first item of the leaf is another now: tell those above it. */
static void
note_least(const struct btree *t, const struct path *path)
{
    struct scored *least = leaf_item(path->leaf, 0);

    for (unsigned level = t->height; level-- > 0; ) {
        path->node[level]->least[path->at[level]] = least;
        path->node[level]->keys[path->at[level]] = scored_key(least->score);
        if (path->at[level] > 0)
            return;
    }
}

static void
add_sizes(struct btree *t, const struct path *path, size_t n)
{
    for (unsigned level = 0; level < t->height; level++)
        path->node[level]->sizes[path->at[level]] += n;
    t->count += n;
}

/* --- making room --- */

static struct inner *
inner_new(struct btree *t)
{
    struct inner *n = mem_alloc(sizeof *n);

    n->count = 0;
    t->inners++;
    return n;
}

/* A new root above the old one. */
static void
grow_root(struct btree *t)
{
    struct inner *root = inner_new(t);

    assert(t->height + 1 < DEPTH_MAX);
    root->children[0] = t->root;
    root->count = 1;
    if (t->height == 0)
        inner_note_leaf(root, 0);
    else
        inner_note_inner(root, 0);
    t->root = root;
    t->height++;
}

/* Split the full inner node at `level` of the path; its parent has room.  At the
 * right edge most stay, for what is to come comes there. */
static void
split_inner(struct btree *t, const struct path *path, unsigned level, bool right_edge)
{
    struct inner *n = path->node[level], *parent, *right;
    unsigned at = 0;

    if (level == 0)
        grow_root(t);
    parent = level ? path->node[level - 1] : t->root;
    at = level ? path->at[level - 1] : 0;
    right = inner_new(t);
    inner_share(n, right, right_edge ? INNER_ITEMS - INNER_FEW - 1 : INNER_ITEMS / 2);
    inner_open(parent, at + 1);
    parent->children[at + 1] = right;
    inner_note_inner(parent, at);
    inner_note_inner(parent, at + 1);
}

static struct leaf *
link_leaf_after(struct btree *t, struct leaf *left)
{
    struct leaf *leaf = leaf_new();

    leaf->prev = left;
    leaf->next = left->next;
    *(left->next ? &left->next->prev : &t->last) = leaf;
    left->next = leaf;
    t->leaves++;
    return leaf;
}

static void
unlink_leaf(struct btree *t, struct leaf *leaf)
{
    *(leaf->prev ? &leaf->prev->next : &t->first) = leaf->next;
    *(leaf->next ? &leaf->next->prev : &t->last) = leaf->prev;
    t->leaves--;
    leaf_free(leaf);
}

/* Put a new leaf after child `at`, which keeps `keep` items; with `three` the leaf
 * after it gives a third too. */
static void
split_leaf(struct btree *t, struct inner *parent, unsigned at, unsigned keep, bool three)
{
    struct leaf *left = parent->children[at];
    struct leaf *fresh = link_leaf_after(t, left);

    leaf_share(left, fresh, keep);
    inner_open(parent, at + 1);
    parent->children[at + 1] = fresh;
    if (three) {
        leaf_share(fresh, fresh->next, keep);
        inner_note_leaf(parent, at + 2);
    }
    inner_note_leaf(parent, at);
    inner_note_leaf(parent, at + 1);
}

static bool
has_slack(const struct inner *parent, unsigned at)
{
    return ((const struct leaf *)parent->children[at])->count <= LEAF_ITEMS - LEAF_SLACK;
}

/* Even out children `left` and `left` + 1. */
static void
balance_leaves(struct inner *parent, unsigned left)
{
    struct leaf *a = parent->children[left], *b = parent->children[left + 1];

    leaf_share(a, b, (a->count + b->count + 1u) / 2);
    inner_note_leaf(parent, left);
    inner_note_leaf(parent, left + 1);
}

/* The leaf at the end of the path is full: change the tree's shape so that there is
 * more room. */
static void
make_room(struct btree *t, const struct path *path, const struct scored *item)
{
    const struct leaf *leaf = path->leaf;
    struct inner *parent;
    unsigned at;

    for (unsigned level = 0; level < t->height; level++) {
        if (path->node[level]->count == INNER_ITEMS) {
            split_inner(t, path, level, !leaf->next);
            return;
        }
    }
    if (t->height == 0)
        grow_root(t);
    parent = t->height == 1 ? t->root : path->node[t->height - 1];
    at = parent->count == 1 ? 0 : path->at[t->height - 1];
    if (!leaf->next && leaf_lower(leaf, item->score, scored_bytes(item)) == LEAF_ITEMS)
        split_leaf(t, parent, at, LEAF_ITEMS - 1, false);
    else if (!leaf->prev && leaf_lower(leaf, item->score, scored_bytes(item)) == 0)
        split_leaf(t, parent, at, 1, false);
    else if (at + 1 < parent->count && has_slack(parent, at + 1))
        balance_leaves(parent, at);
    else if (at > 0 && has_slack(parent, at - 1))
        balance_leaves(parent, at - 1);
    else if (at + 1 < parent->count)
        split_leaf(t, parent, at, LEAF_ITEMS * 2 / 3, true);
    else if (at > 0)
        split_leaf(t, parent, at - 1, LEAF_ITEMS * 2 / 3, true);
    else
        split_leaf(t, parent, at, LEAF_ITEMS / 2, false);
}

static void
plant(struct btree *t)
{
    t->root = t->first = t->last = leaf_new();
    t->leaves = 1;
}

void
btree_insert(struct btree *t, struct scored *item)
{
    struct path path;
    unsigned at;

    if (!t->root)
        plant(t);
    descend(t, item, &path);
    while (path.leaf->count == LEAF_ITEMS) {
        make_room(t, &path, item);
        descend(t, item, &path);
    }
    at = leaf_lower(path.leaf, item->score, scored_bytes(item));
    leaf_insert(path.leaf, at, item);
    add_sizes(t, &path, 1);
    if (at == 0)
        note_least(t, &path);
}

/* --- taking out --- */

/* Child `at` of `parent` has few items: fill it from a neighbour, or make them one. */
static void
refill_leaf(struct btree *t, struct inner *parent, unsigned at)
{
    unsigned left = at > 0 ? at - 1 : 0;
    struct leaf *a = parent->children[left], *b = parent->children[left + 1];

    if (a->count + b->count > LEAF_MERGED) {
        if (abs(a->count - b->count) >= LEAF_UNEVEN)
            balance_leaves(parent, left);
        return;
    }
    leaf_share(a, b, a->count + b->count);
    unlink_leaf(t, b);
    inner_delete(parent, left + 1);
    inner_note_leaf(parent, left);
}

static void
refill_inner(struct btree *t, struct inner *parent, unsigned at)
{
    unsigned left = at > 0 ? at - 1 : 0;
    struct inner *a = parent->children[left], *b = parent->children[left + 1];
    unsigned total = (unsigned)(a->count + b->count);

    inner_share(a, b, total > INNER_MERGED ? total / 2 : total);
    if (b->count == 0) {
        mem_free_sized(b, sizeof *b);
        t->inners--;
        inner_delete(parent, left + 1);
    } else {
        inner_note_inner(parent, left + 1);
    }
    inner_note_inner(parent, left);
}

/* Children were taken out along the path: put it in order from the bottom up. */
static void
mend(struct btree *t, const struct path *path)
{
    for (unsigned level = t->height; level-- > 1; ) {
        struct inner *parent = path->node[level - 1];
        unsigned at = path->at[level - 1];

        parent->least[at] = path->node[level]->least[0];
        parent->keys[at] = path->node[level]->keys[0];
        if (path->node[level]->count < INNER_FEW)
            refill_inner(t, parent, at);
    }
    while (t->height > 0 && ((struct inner *)t->root)->count == 1) {
        struct inner *root = t->root;

        t->root = root->children[0];
        t->height--;
        t->inners--;
        mem_free_sized(root, sizeof *root);
    }
}

/* Take `n` items out of the leaf at the end of the path. */
static void
take_out(struct btree *t, const struct path *path, unsigned at, unsigned n)
{
    struct leaf *leaf = path->leaf;
    struct inner *parent = t->height ? path->node[t->height - 1] : NULL;

    leaf_delete(leaf, at, n);
    add_sizes(t, path, -(size_t)n);
    if (LIKELY(leaf->count >= LEAF_FEW || (leaf->count && !parent))) {
        if (at == 0)
            note_least(t, path);
        return;
    }
    if (leaf->count == 0) {
        unlink_leaf(t, leaf);
        if (!parent) {
            t->root = NULL;
            return;
        }
        inner_delete(parent, path->at[t->height - 1]);
    } else {
        if (at == 0)
            note_least(t, path);
        refill_leaf(t, parent, path->at[t->height - 1]);
    }
    mend(t, path);
}

void
btree_remove(struct btree *t, struct scored *item)
{
    struct path path;

    descend(t, item, &path);
    take_out(t, &path, leaf_find(path.leaf, item), 1);
}

void
btree_remove_range(struct btree *t, size_t from, size_t n, btree_gone_fn *gone, void *arg)
{
    struct scored *items[LEAF_ITEMS];
    struct path path;

    assert(from <= t->count && n <= t->count - from);
    while (n > 0) {
        unsigned at = descend_to_rank(t, from, &path), count = path.leaf->count - at;

        if (count > n)
            count = (unsigned)n;
        for (unsigned i = 0; i < count; i++)
            items[i] = leaf_item(path.leaf, at + i);
        take_out(t, &path, at, count);
        for (unsigned i = 0; i < count; i++)
            gone(items[i], arg);
        n -= count;
    }
}

/* --- another score --- */

/* Would the item at `at` keep its place with this score? */
static bool
stays(const struct leaf *leaf, unsigned at, double score)
{
    struct bytes member = scored_bytes(leaf_item(leaf, at));
    const struct leaf *prev = leaf, *next = leaf;
    unsigned before = at - 1, after = at + 1;

    if (at == 0) {
        prev = leaf->prev;
        before = prev ? prev->count - 1u : 0;
    }
    if (after == leaf->count) {
        next = leaf->next;
        after = 0;
    }
    return (!prev || leaf_compare(prev, before, score, member) > 0)
        && (!next || leaf_compare(next, after, score, member) < 0);
}

/* Would it stay between the first and the last item of its leaf, being neither? */
static bool
stays_inside(const struct leaf *leaf, unsigned at, double score)
{
    struct bytes member = scored_bytes(leaf_item(leaf, at));
    unsigned last = leaf->count - 1u;

    return at > 0 && at < last && leaf_compare(leaf, 0, score, member) > 0
        && leaf_compare(leaf, last, score, member) < 0;
}

void
btree_rescore(struct btree *t, struct scored *item, double score)
{
    struct path path;
    unsigned at;

    descend(t, item, &path);
    at = leaf_find(path.leaf, item);
    if (stays(path.leaf, at, score)) {
        leaf_rescore(path.leaf, at, score);
        if (at == 0)
            note_least(t, &path);
        return;
    }
    if (stays_inside(path.leaf, at, score)) {
        leaf_delete(path.leaf, at, 1);
        item->score = score;
        at = leaf_lower(path.leaf, score, scored_bytes(item));
        leaf_insert(path.leaf, at, item);
        return;
    }
    take_out(t, &path, at, 1);
    item->score = score;
    btree_insert(t, item);
}
