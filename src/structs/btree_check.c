/* SPDX-License-Identifier: MIT
 * structs/btree_check.c - the invariants of btree.c, asserted.
 *
 * How:       one walk over all nodes, leaves in order; what it counts must be what the
 *            tree believes.
 * Read next: structs/btree_seek.c */
#include "structs/btree.h"

#include <assert.h>

#include "structs/btree_inner.h"

struct totals {
    size_t items, leaves, inners;
    const struct leaf *last;
};

static void
check_node(const void *node, unsigned height, bool is_root, struct totals *sum)
{
    const struct inner *n = node;
    const struct leaf *leaf = node;

    if (height == 0) {
        leaf_check(leaf);
        assert(leaf->count > 0 && leaf->prev == sum->last);
        if (sum->last) {
            const struct scored *before = leaf_item(sum->last, sum->last->count - 1u);
            const struct scored *item = leaf_item(leaf, 0);

            assert(sum->last->next == leaf);
            assert(scored_compare(item->score, scored_bytes(item), before) > 0);
        }
        sum->last = leaf;
        sum->leaves++;
        sum->items += leaf->count;
        return;
    }
    assert(n->count <= INNER_ITEMS && n->count >= (is_root ? 2 : INNER_FEW));
    sum->inners++;
    for (unsigned i = 0; i < n->count; i++) {
        const struct inner *child = n->children[i];
        const struct leaf *child_leaf = n->children[i];
        size_t before = sum->items;

        check_node(child, height - 1, false, sum);
        assert(n->sizes[i] == sum->items - before);
        assert(n->least[i] == (height > 1 ? child->least[0] : leaf_item(child_leaf, 0)));
        assert(n->keys[i] == scored_key(n->least[i]->score));
    }
}

void
btree_check(const struct btree *t)
{
    struct totals sum = { 0 };

    if (t->root)
        check_node(t->root, t->height, true, &sum);
    assert(sum.items == t->count && sum.leaves == t->leaves && sum.inners == t->inners);
    assert(t->last == sum.last && (!t->last || !t->last->next));
    assert(!t->first == !t->root && (!t->first || !t->first->prev));
}
