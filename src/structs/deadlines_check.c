/* SPDX-License-Identifier: MIT
 * structs/deadlines_check.c - the invariants of deadlines.c, asserted.
 *
 * How:        one walk over the whole tree; each pair is compared with the one before it
 *             and with the key above its leaf, and everything that is counted is counted
 *             again.
 * Read next:  tests/unit/test_deadlines.c */
#include "structs/deadlines.h"

#include <assert.h>

#include "structs/deadlines_inside.h"

struct tally {
    size_t count, leaves, inners;
    unsigned __int128 sum;
    const struct pair *last;
};

static void
check_below(const struct deadlines *x, const void *node, unsigned height,
            const struct pair *least, struct tally *t)
{
    const struct pairs_inner *n = node;
    const struct pairs_leaf *leaf = node;

    if (height > 0) {
        assert(n->count > 0 && n->count <= PAIRS_IN_INNER);
        t->inners++;
        for (unsigned i = 0; i < n->count; i++)
            check_below(x, n->children[i], height - 1, i > 0 ? &n->keys[i] : least, t);
        return;
    }
    assert(leaf->count > 0 && leaf->count <= PAIRS_IN_LEAF);
    assert(t->last != NULL || leaf == x->first);
    assert(least == NULL || !pair_is_less(&leaf->at[0], least));
    assert(least == NULL || t->last == NULL || pair_is_less(t->last, least));
    for (unsigned i = 0; i < leaf->count; i++) {
        assert(t->last == NULL || pair_is_less(t->last, &leaf->at[i]));
        t->last = &leaf->at[i];
        t->sum += pair_time(t->last);
    }
    t->count += leaf->count;
    t->leaves++;
}

void
deadlines_check(const struct deadlines *x)
{
    struct tally t = { 0 };

    if (x->root != NULL)
        check_below(x, x->root, x->height, NULL, &t);
    assert((x->root == NULL) == (x->first == NULL));
    assert(x->height == 0 || ((struct pairs_inner *)x->root)->count > 1);
    assert(t.count == x->count && t.leaves == x->leaves && t.inners == x->inners);
    assert(t.sum == x->sum);
}
