/* SPDX-License-Identifier: MIT
 * structs/deadlines.c - who is due next, and nobody else.
 *
 * Why:        finding expired keys by sampling reads many that are not due and
 *             leaves others dead in memory for long.  An ordered index finds
 *             exactly those that are due; the price should stay near the 12
 *             bytes that a time and a pointer need.
 * How:        a B+tree whose nodes are drawn in pairs.h.
 *             Most deadlines are later than all before: a full leaf at the right
 *             edge is left full and a fresh one begun.  Elsewhere a full leaf
 *             hands half of its surplus to a neighbour, and splits only when both
 *             are full too.  Whatever changes the tree's shape starts the
 *             descent again: it is rare, and so nothing needs to be kept right
 *             along the path.  Full inner nodes are split on the way down, so a
 *             parent always has room.
 * Invariants: 1. pairs ascend through all leaves; all leaves are at one depth.
 *             2. key i of an inner node is <= all pairs below child i and > all
 *                below child i-1; key 0 means nothing.
 *             3. no node is empty, but for a tree without root; a root that is
 *                an inner node has two children or more.
 *             4. `first` is the leftmost leaf; `count` and `sum` are right.
 *             deadlines_check.c asserts them.
 * Cost:       12.7 bytes per item when added in order, about 16 at random.  first
 *             is O(1), taking the first off is a memmove within one leaf.
 * Left out:   merging across parents; a drained front leaf stays until empty.
 * Read next:  keyspace/keyspace.h */
#include "structs/deadlines.h"
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "structs/deadlines_inside.h"

#define DEPTH_MAX 16            /* 25^16 is more than there are pointers */

/* The way down: at each inner node, which child was taken. */
struct path {
    struct pairs_inner *node[DEPTH_MAX];
    unsigned at[DEPTH_MAX];
    struct pairs_leaf *leaf;
};

/* --- nodes --- */

static struct pairs_leaf *
leaf_new(struct deadlines *x)
{
    struct pairs_leaf *leaf = mem_alloc(sizeof *leaf);

    leaf->count = 0;
    x->leaves++;
    return leaf;
}

static struct pairs_inner *
inner_new(struct deadlines *x)
{
    struct pairs_inner *n = mem_alloc(sizeof *n);

    n->count = 0;
    memset(&n->keys[0], 0, sizeof n->keys[0]);
    x->inners++;
    return n;
}

static void
leaf_free(struct deadlines *x, struct pairs_leaf *leaf)
{
    x->leaves--;
    mem_free_sized(leaf, sizeof *leaf);
}

static void
inner_free(struct deadlines *x, struct pairs_inner *n)
{
    x->inners--;
    mem_free_sized(n, sizeof *n);
}

/* Ask for all lines a binary search may visit, so as to wait only once. */
static void
prefetch_pairs(const void *node)
{
    for (size_t i = 0; i < PAIRS_IN_LEAF * sizeof(struct pair); i += 64)
        __builtin_prefetch((const char *)node + i);
}

static void
descend(const struct deadlines *x, const struct pair *key, struct path *path)
{
    void *node = x->root;

    for (unsigned level = 0; level < x->height; level++) {
        path->node[level] = node;
        path->at[level] = pairs_child(node, key);
        node = path->node[level]->children[path->at[level]];
        prefetch_pairs(node);
    }
    path->leaf = node;
}

/* --- adding --- */

/* A new root above the old one. */
static void
grow_root(struct deadlines *x)
{
    struct pairs_inner *root = inner_new(x);

    assert(x->height + 1 < DEPTH_MAX);
    root->children[0] = x->root;
    root->count = 1;
    x->root = root;
    x->height++;
}

/* Split the full inner node at `level` of the path; its parent has room. */
static void
split_inner(struct deadlines *x, const struct path *path, unsigned level, bool is_edge)
{
    struct pairs_inner *n = path->node[level], *right, *parent;
    unsigned keep = is_edge ? n->count - 1 : n->count / 2, at = 0;

    if (level == 0) {
        grow_root(x);
        parent = x->root;
    } else {
        parent = path->node[level - 1];
        at = path->at[level - 1];
    }
    right = inner_new(x);
    right->count = n->count - keep;
    memcpy(right->keys, &n->keys[keep], right->count * sizeof n->keys[0]);
    memcpy(right->children, &n->children[keep], right->count * sizeof n->children[0]);
    n->count = keep;
    pairs_inner_insert(parent, at + 1, &right->keys[0], right);
}

/* Put a new leaf right of the full one, with the upper half of it, or with
 * nothing but `p` when that comes last.  True when `p` is in it. */
static bool
split_leaf(struct deadlines *x, struct pairs_inner *parent, unsigned at,
           const struct pair *p)
{
    struct pairs_leaf *left = parent->children[at], *right = leaf_new(x);
    bool is_last = pair_is_less(&left->at[left->count - 1], p);

    if (is_last) {
        pairs_leaf_insert(right, 0, p);
    } else {
        right->count = left->count / 2;
        left->count -= right->count;
        memcpy(right->at, &left->at[left->count], right->count * sizeof right->at[0]);
    }
    pairs_inner_insert(parent, at + 1, &right->at[0], right);
    return is_last;
}

/* The leaf at the end of the path is full.  True when `p` was added, false when
 * there is room now, in a tree of another shape. */
static bool
make_room(struct deadlines *x, struct path *path, const struct pair *p)
{
    bool is_edge = true;        /* on the right edge of the whole tree */
    struct pairs_inner *parent;
    unsigned at;

    for (unsigned level = 0; level < x->height; level++)
        is_edge = is_edge && path->at[level] + 1 == path->node[level]->count;
    for (unsigned level = 0; level < x->height; level++) {
        if (path->node[level]->count == PAIRS_IN_INNER) {
            split_inner(x, path, level, is_edge);
            return false;
        }
    }
    if (x->height == 0) {
        grow_root(x);
        return split_leaf(x, x->root, 0, p);
    }
    parent = path->node[x->height - 1];
    at = path->at[x->height - 1];
    if (is_edge && pair_is_less(&path->leaf->at[PAIRS_IN_LEAF - 1], p))
        return split_leaf(x, parent, at, p);
    if (at + 1 < parent->count && pairs_has_slack(parent, at + 1))
        pairs_balance(parent, at);
    else if (at > 0 && pairs_has_slack(parent, at - 1))
        pairs_balance(parent, at - 1);
    else
        return split_leaf(x, parent, at, p);
    return false;
}

void
deadlines_add(struct deadlines *x, msec when, void *item)
{
    struct pair p = pair_of(when, item);
    struct path path;
    unsigned at;

    if (x->root == NULL)
        x->root = x->first = leaf_new(x);
    x->count++;
    x->sum += pair_clamp(when);
    do {
        descend(x, &p, &path);
        if (path.leaf->count < PAIRS_IN_LEAF) {
            at = pairs_count_less(path.leaf->at, path.leaf->count, &p);
            pairs_leaf_insert(path.leaf, at, &p);
            return;
        }
    } while (!make_room(x, &path, &p));
}

/* --- removing --- */

static void
find_first(struct deadlines *x)
{
    void *node = x->root;

    for (unsigned level = 0; level < x->height; level++)
        node = ((struct pairs_inner *)node)->children[0];
    x->first = node;
}

/* Take the child at the path's `level` out; parents that become empty follow,
 * and a root with one child gives way to it. */
static void
drop_child(struct deadlines *x, const struct path *path, unsigned level)
{
    struct pairs_inner *n = path->node[level];
    struct pairs_inner *root;

    pairs_inner_delete(n, path->at[level]);
    if (n->count == 0) {
        assert(level > 0);              /* a root had two: invariant 3 */
        inner_free(x, n);
        drop_child(x, path, level - 1);
        return;
    }
    while (x->height > 0 && ((struct pairs_inner *)x->root)->count == 1) {
        root = x->root;
        x->root = root->children[0];
        x->height--;
        inner_free(x, root);
    }
    find_first(x);
}

/* Merge children `left` and `left` + 1 of the path's node at `level`, if both fit
 * into one with room to spare; frees the right one, which stays in the parent. */
static bool
merge(struct deadlines *x, struct path *path, unsigned level, unsigned left)
{
    struct pairs_inner *parent = path->node[level];
    void *right = parent->children[left + 1];

    if (level + 1 == x->height) {
        if (!pairs_merge_leaves(parent, left))
            return false;
        leaf_free(x, right);
        return true;
    }
    if (!pairs_merge_inners(parent, left))
        return false;
    inner_free(x, right);
    return true;
}

/* The node below `level` of the path became smaller: try to merge it with a
 * neighbour; then the same for its parent. */
static void
shrink(struct deadlines *x, struct path *path, unsigned level)
{
    struct pairs_inner *parent = path->node[level];
    unsigned at = path->at[level];

    if (at + 1 < parent->count && merge(x, path, level, at))
        path->at[level] = at + 1;
    else if (at == 0 || !merge(x, path, level, at - 1))
        return;
    if (level == 0 || parent->count - 1 > PAIRS_IN_INNER / 2) {
        drop_child(x, path, level);
        return;
    }
    pairs_inner_delete(parent, path->at[level]);
    shrink(x, path, level - 1);
}

static void
remove_at(struct deadlines *x, struct path *path, unsigned at)
{
    struct pairs_leaf *leaf = path->leaf;

    pairs_leaf_delete(leaf, at);
    if (leaf->count == 0) {
        leaf_free(x, leaf);
        if (x->height > 0)
            drop_child(x, path, x->height - 1);
        else
            x->root = x->first = NULL;
    } else if (x->height > 0 && leaf->count <= PAIRS_IN_LEAF / 2) {
        shrink(x, path, x->height - 1);
    }
}

bool
deadlines_remove(struct deadlines *x, msec when, void *item)
{
    struct pair p = pair_of(when, item);
    struct path path;
    unsigned at;

    if (x->root == NULL)
        return false;
    if (x->first->count > 1 && pair_is_equal(&x->first->at[0], &p)) {
        pairs_leaf_delete(x->first, 0);       /* the way of expiry: no descent */
    } else {
        descend(x, &p, &path);
        at = pairs_count_less(path.leaf->at, path.leaf->count, &p);
        if (at == path.leaf->count || !pair_is_equal(&path.leaf->at[at], &p))
            return false;
        remove_at(x, &path, at);
    }
    x->count--;
    x->sum -= pair_clamp(when);
    return true;
}

void
deadlines_move(struct deadlines *x, msec when, void *from, void *to)
{
    struct pair p = pair_of(when, from), q = pair_of(when, to);
    struct path path;
    struct pairs_leaf *leaf;
    unsigned at;

    assert(x->root != NULL);
    descend(x, &p, &path);
    leaf = path.leaf;
    at = pairs_count_less(leaf->at, leaf->count, &p);
    assert(at < leaf->count && pair_is_equal(&leaf->at[at], &p));
    if (at > 0 && at + 1 < leaf->count && pair_is_less(&leaf->at[at - 1], &q) &&
        pair_is_less(&q, &leaf->at[at + 1])) {
        leaf->at[at] = q;
        return;
    }
    deadlines_remove(x, when, from);
    deadlines_add(x, when, to);
}

/* --- the rest --- */

struct deadlines *
deadlines_new(void)
{
    return mem_zalloc(sizeof(struct deadlines));
}

static void
free_below(struct deadlines *x, void *node, unsigned height)
{
    struct pairs_inner *n = node;

    if (height == 0) {
        leaf_free(x, node);
        return;
    }
    for (unsigned i = 0; i < n->count; i++)
        free_below(x, n->children[i], height - 1);
    inner_free(x, n);
}

void
deadlines_free(struct deadlines *x)
{
    if (x == NULL)
        return;
    if (x->root != NULL)
        free_below(x, x->root, x->height);
    assert(x->leaves == 0 && x->inners == 0);
    mem_free_sized(x, sizeof *x);
}

size_t
deadlines_count(const struct deadlines *x)
{
    return x->count;
}

void *
deadlines_first(const struct deadlines *x, msec *when)
{
    if (x->first == NULL)
        return NULL;
    *when = (msec)pair_time(&x->first->at[0]);
    return pair_item(&x->first->at[0]);
}

msec
deadlines_average(const struct deadlines *x)
{
    return x->count > 0 ? (msec)(x->sum / x->count) : 0;
}

size_t
deadlines_memory(const struct deadlines *x)
{
    return mem_class(sizeof *x) + x->leaves * mem_class(sizeof(struct pairs_leaf)) +
           x->inners * mem_class(sizeof(struct pairs_inner));
}

/* --- picking --- */

/* A random child at every step: nodes differ in fill by a factor of two at most,
 * edges excepted, and so do the chances. */
static void *
pick(const struct deadlines *x)
{
    const void *node = x->root;
    const struct pairs_leaf *leaf;

    for (unsigned level = 0; level < x->height; level++) {
        const struct pairs_inner *n = node;

        node = n->children[rand_below(n->count)];
    }
    leaf = node;
    return pair_item(&leaf->at[rand_below(leaf->count)]);
}

size_t
deadlines_sample(const struct deadlines *x, void **out, size_t n)
{
    if (x->root == NULL)
        return 0;
    for (size_t i = 0; i < n; i++)
        out[i] = pick(x);
    return n;
}
