/* SPDX-License-Identifier: MIT
 * structs/pairs.c - nodes of packed pairs.
 *
 * Why:        a deadline per key should cost little more than the 12 bytes that
 *             a time and a pointer need.
 * How:        the drawing in pairs.h.  Arrays without holes; everything here is
 *             a binary search or a memmove within one node or two.
 * Read next:  structs/deadlines.c */
#include "structs/pairs.h"
#include <assert.h>
#include <string.h>

_Static_assert(sizeof(struct pairs_leaf) <= 512, "a leaf fills its size class");
_Static_assert(sizeof(struct pairs_inner) <= 1024, "an inner node fills its size class");

struct pair
pair_of(msec when, const void *item)
{
    uint64_t p = (uint64_t)(uintptr_t)item, high = pair_clamp(when) << 16 | p >> 32;

    assert(p >> 48 == 0);
    return (struct pair){ (uint32_t)p, (uint32_t)high, (uint32_t)(high >> 32) };
}

uint64_t
pair_time(const struct pair *p)
{
    return pair_high64(p) >> 16;
}

void *
pair_item(const struct pair *p)
{
    return (void *)(uintptr_t)((pair_high64(p) & 0xffff) << 32 | p->low);
}

unsigned
pairs_count_less(const struct pair *at, unsigned n, const struct pair *key)
{
    unsigned base = 0, half;

    while (n > 0) {
        half = n / 2;
        if (pair_is_less(&at[base + half], key)) {
            base += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return base;
}

unsigned
pairs_child(const struct pairs_inner *n, const struct pair *key)
{
    unsigned at = pairs_count_less(&n->keys[1], n->count - 1, key);

    if (at + 1 < n->count && pair_is_equal(&n->keys[at + 1], key))
        at++;
    return at;
}

void
pairs_leaf_insert(struct pairs_leaf *leaf, unsigned at, const struct pair *p)
{
    assert(leaf->count < PAIRS_IN_LEAF && at <= leaf->count);
    memmove(&leaf->at[at + 1], &leaf->at[at], (leaf->count - at) * sizeof *p);
    leaf->at[at] = *p;
    leaf->count++;
}

void
pairs_leaf_delete(struct pairs_leaf *leaf, unsigned at)
{
    assert(at < leaf->count);
    leaf->count--;
    memmove(&leaf->at[at], &leaf->at[at + 1], (leaf->count - at) * sizeof leaf->at[0]);
}

void
pairs_inner_insert(struct pairs_inner *n, unsigned at, const struct pair *key,
                   void *child)
{
    assert(n->count < PAIRS_IN_INNER && at <= n->count);
    memmove(&n->keys[at + 1], &n->keys[at], (n->count - at) * sizeof *key);
    memmove(&n->children[at + 1], &n->children[at], (n->count - at) * sizeof child);
    n->keys[at] = *key;
    n->children[at] = child;
    n->count++;
}

void
pairs_inner_delete(struct pairs_inner *n, unsigned at)
{
    assert(at < n->count);
    n->count--;
    memmove(&n->keys[at], &n->keys[at + 1], (n->count - at) * sizeof n->keys[0]);
    memmove(&n->children[at], &n->children[at + 1],
            (n->count - at) * sizeof n->children[0]);
}

bool
pairs_has_slack(const struct pairs_inner *parent, unsigned at)
{
    const struct pairs_leaf *leaf = parent->children[at];

    return leaf->count <= PAIRS_IN_LEAF - PAIRS_IN_LEAF / 8;
}

void
pairs_balance(struct pairs_inner *parent, unsigned left)
{
    struct pairs_leaf *a = parent->children[left], *b = parent->children[left + 1];
    unsigned half = (a->count + b->count) / 2, moves;

    if (a->count > half) {
        moves = a->count - half;
        memmove(&b->at[moves], b->at, b->count * sizeof b->at[0]);
        memcpy(b->at, &a->at[half], moves * sizeof b->at[0]);
    } else {
        moves = half - a->count;
        memcpy(&a->at[a->count], b->at, moves * sizeof a->at[0]);
        memmove(b->at, &b->at[moves], (b->count - moves) * sizeof b->at[0]);
    }
    b->count = a->count + b->count - half;
    a->count = half;
    parent->keys[left + 1] = b->at[0];
}

bool
pairs_merge_leaves(struct pairs_inner *parent, unsigned left)
{
    struct pairs_leaf *a = parent->children[left], *b = parent->children[left + 1];

    if (a->count + b->count > PAIRS_IN_LEAF * 3 / 4)
        return false;
    memcpy(&a->at[a->count], b->at, b->count * sizeof b->at[0]);
    a->count += b->count;
    return true;
}

bool
pairs_merge_inners(struct pairs_inner *parent, unsigned left)
{
    struct pairs_inner *a = parent->children[left], *b = parent->children[left + 1];

    if (a->count + b->count > PAIRS_IN_INNER * 3 / 4)
        return false;
    b->keys[0] = parent->keys[left + 1];        /* it meant nothing until now */
    memcpy(&a->keys[a->count], b->keys, b->count * sizeof b->keys[0]);
    memcpy(&a->children[a->count], b->children, b->count * sizeof b->children[0]);
    a->count += b->count;
    return true;
}
