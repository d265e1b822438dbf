/* SPDX-License-Identifier: MIT
 * structs/btree_inner.c - see btree_inner.h, which has the drawing.
 *
 * How:        four arrays side by side, so that a search reads keys only, and a sum
 *             sizes only. Members are read where scores are equal.
 * Read next:  structs/btree.c */
#include "structs/btree_inner.h"

#include <assert.h>

/* How many of the ascending keys are less than `bound`. */
static unsigned
count_keys(const struct inner *n, uint64_t bound)
{
    const uint64_t *at = n->keys;
    unsigned left = (unsigned)n->count;

    while (left > 1) {
        unsigned half = left / 2;

        at += at[half - 1] < bound ? half : 0;
        left -= half;
    }
    return (unsigned)(at - n->keys) + (*at < bound);
}

/* A count of children that begin before something, as the child it is in. */
static unsigned
child_of(unsigned count)
{
    return count ? count - 1 : 0;
}

unsigned
inner_child(const struct inner *n, double score, struct bytes member)
{
    uint64_t key = scored_key(score);
    unsigned low = count_keys(n, key), high = low;

    if (low < n->count && n->keys[low] == key)
        high = count_keys(n, key + 1);
    while (low < high) {
        unsigned mid = (low + high) / 2;

        if (bytes_compare(scored_bytes(n->least[mid]), member) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return child_of(low);
}

unsigned
inner_child_score(const struct inner *n, double score, bool or_equal)
{
    return child_of(count_keys(n, scored_key(score) + or_equal));
}

unsigned
inner_child_member(const struct inner *n, struct bytes member, bool or_equal)
{
    unsigned low = 0, high = (unsigned)n->count;

    while (low < high) {
        unsigned mid = (low + high) / 2;

        if (bytes_compare(scored_bytes(n->least[mid]), member) < or_equal)
            low = mid + 1;
        else
            high = mid;
    }
    return child_of(low);
}

unsigned
inner_child_rank(const struct inner *n, size_t *rank)
{
    unsigned at = 0;

    while (at + 1 < n->count && *rank >= n->sizes[at])
        *rank -= n->sizes[at++];
    return at;
}

size_t
inner_sum(const struct inner *n, unsigned at)
{
    size_t sum = 0;

    for (unsigned i = 0; i < at; i++)
        sum += n->sizes[i];
    return sum;
}

/* --- changing --- */

/* Move `n` children, all that is known of them, between or within nodes. */
static void
move(struct inner *to, unsigned to_at, const struct inner *from, unsigned from_at,
     size_t n)
{
    memmove(&to->keys[to_at], &from->keys[from_at], n * sizeof to->keys[0]);
    memmove(&to->least[to_at], &from->least[from_at], n * sizeof to->least[0]);
    memmove(&to->sizes[to_at], &from->sizes[from_at], n * sizeof to->sizes[0]);
    memmove(&to->children[to_at], &from->children[from_at], n * sizeof to->children[0]);
}

void
inner_open(struct inner *n, unsigned at)
{
    assert(n->count < INNER_ITEMS && at <= n->count);
    move(n, at + 1, n, at, n->count - at);
    n->count++;
}

void
inner_delete(struct inner *n, unsigned at)
{
    assert(at < n->count);
    n->count--;
    move(n, at, n, at + 1, n->count - at);
}

void
inner_note_leaf(struct inner *n, unsigned at)
{
    const struct leaf *leaf = n->children[at];

    n->sizes[at] = leaf->count;
    n->least[at] = leaf_item(leaf, 0);
    n->keys[at] = scored_key(n->least[at]->score);
}

void
inner_note_inner(struct inner *n, unsigned at)
{
    const struct inner *child = n->children[at];

    n->sizes[at] = inner_sum(child, (unsigned)child->count);
    n->least[at] = child->least[0];
    n->keys[at] = child->keys[0];
}

void
inner_share(struct inner *left, struct inner *right, unsigned keep)
{
    size_t total = left->count + right->count;

    assert(keep <= INNER_ITEMS && total - keep <= INNER_ITEMS);
    if (keep > left->count) {
        size_t n = keep - left->count;

        move(left, (unsigned)left->count, right, 0, n);
        move(right, 0, right, (unsigned)n, right->count - n);
    } else {
        size_t n = left->count - keep;

        move(right, (unsigned)n, right, 0, right->count);
        move(right, 0, left, keep, n);
    }
    left->count = keep;
    right->count = total - keep;
}
