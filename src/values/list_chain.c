/* SPDX-License-Identifier: MIT
 * values/list_chain.c - a long list: a chain of nodes of about 8 KB.
 *
 * Why:        one listpack would move too much at each change, an element per link
 *             would take three times its memory.
 * How:        list -> [node] <-> [node, squeezed] <-> ... <-> [node]
 *             Both ends push into and pop from their listpacks; a full one gets a new
 *             neighbour. In between, a node that is full is split at the place of the
 *             insertion, and small neighbours are joined.
 * Invariants: 1. count is the sum of the nodes' counts, and no node is empty.
 *             2. the first and last `depth` nodes are open (all, when depth is 0);
 *                between them a node that was written to is compressed again.
 * Cost:       both ends O(1); an index O(nodes) from the nearer end.
 * Read next:  values/v_list.c */
#include "values/list_chain.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/num.h"

struct list_chain *
list_chain_new(int depth)
{
    struct list_chain *c = mem_zalloc(sizeof *c);

    c->depth = depth;
    return c;
}

void
list_chain_free(struct list_chain *c)
{
    struct list_node *node, *next;

    for (node = c->head; node; node = next) {
        next = node->next;
        list_node_free(node);
    }
    mem_free_sized(c, sizeof *c);
}

/* --- links --- */

/* Put a node behind `after`; NULL: at the head. */
static void
link_node(struct list_chain *c, struct list_node *after, struct list_node *node)
{
    node->prev = after;
    node->next = after ? after->next : c->head;
    *(node->prev ? &node->prev->next : &c->head) = node;
    *(node->next ? &node->next->prev : &c->tail) = node;
    c->nodes++;
}

static void
unlink_node(struct list_chain *c, struct list_node *node)
{
    *(node->prev ? &node->prev->next : &c->head) = node->next;
    *(node->next ? &node->next->prev : &c->tail) = node->prev;
    c->nodes--;
}

static void
drop_node(struct list_chain *c, struct list_node *node)
{
    unlink_node(c, node);
    list_node_free(node);
}

struct list_chain *
list_chain_copy(const struct list_chain *c)
{
    struct list_chain *copy = list_chain_new(c->depth);

    for (const struct list_node *node = c->head; node; node = node->next)
        link_node(copy, copy->tail, list_node_copy(node));
    copy->count = c->count;
    return copy;
}

/* Re-establish invariant 2 after a change of the chain near `a` and `b`, which may be
 * NULL. */
static void
settle(struct list_chain *c, struct list_node *a, struct list_node *b)
{
    struct list_node *head = c->head, *tail = c->tail;

    if (LIKELY(c->depth == 0))
        return;
    if (c->nodes <= 2 * (uint64_t)c->depth) {
        for (; head; head = head->next)
            list_node_open(head);
        return;
    }
    for (int i = 0; i < c->depth; i++, head = head->next, tail = tail->prev) {
        list_node_open(head);
        list_node_open(tail);
        a = a == head || a == tail ? NULL : a;
        b = b == head || b == tail ? NULL : b;
    }
    list_node_squeeze(head);
    list_node_squeeze(tail);
    if (a)
        list_node_squeeze(a);
    if (b)
        list_node_squeeze(b);
}

void
list_chain_take(struct list_chain *c, struct listpack *pack)
{
    struct list_node *node = list_node_take(pack);

    c->count += node->count;
    link_node(c, c->tail, node);
    settle(c, NULL, NULL);
}

struct list_node *
list_chain_seek(const struct list_chain *c, uint64_t index, uint64_t *within)
{
    struct list_node *node = c->head;
    uint64_t behind;

    assert(index < c->count);
    if (index <= c->count / 2) {
        for (; index >= node->count; node = node->next)
            index -= node->count;
        *within = index;
        return node;
    }
    behind = c->count - index;          /* from the tail, 1 is the last */
    for (node = c->tail; behind > node->count; node = node->prev)
        behind -= node->count;
    *within = node->count - behind;
    return node;
}

/* --- adding --- */

/* May a node take a text of this length?  The header of its block counts too, so that
 * a full node takes no more than the limit of memory. */
static bool
takes(const struct list_node *node, struct list_limits limits, size_t len)
{
    size_t bytes;

    if (!node || node->kind == NODE_LARGE || !list_limits_share(limits, len))
        return false;
    bytes = LIKELY(node->kind == NODE_PACK) ? listpack_bytes(node->pack)
                                            : list_node_bytes(node);
    return list_limits_hold(limits, bytes + len + LIST_ELEMENT_EXTRA
                                    + sizeof(struct listpack), node->count + 1u);
}

static struct list_node *
node_of_one(struct list_limits limits, struct bytes text)
{
    struct listpack *pack;

    if (list_limits_is_large(limits, text.len))
        return list_node_large(text);
    pack = listpack_new();
    listpack_append(&pack, listpack_item_of(text));
    return list_node_take(pack);
}

void
list_chain_push(struct list_chain *c, struct list_limits limits, bool tail,
                struct bytes text)
{
    struct list_node *node = tail ? c->tail : c->head;

    c->count++;
    if (LIKELY(takes(node, limits, text.len))) {
        if (tail)
            listpack_append(&node->pack, listpack_item_of(text));
        else
            listpack_prepend(&node->pack, listpack_item_of(text));
        node->count++;
        return;
    }
    if (node && node->kind == NODE_PACK)
        listpack_fit(&node->pack);
    link_node(c, tail ? node : NULL, node_of_one(limits, text));
    settle(c, NULL, NULL);
}

static void
add_within(struct list_node *node, uint64_t within, struct bytes text)
{
    list_node_open(node);
    listpack_insert(&node->pack, listpack_seek(node->pack, (int64_t)within),
                    listpack_item_of(text));
    node->count++;
}

/* Split off what follows the first `within` elements: a node of its own. */
static struct list_node *
split(struct list_chain *c, struct list_node *node, uint64_t within)
{
    struct list_node *rest;

    list_node_open(node);
    rest = list_node_take(listpack_split(&node->pack,
                                         listpack_seek(node->pack, (int64_t)within)));
    node->count -= rest->count;
    link_node(c, node, rest);
    return rest;
}

/* Move a node's elements to the end of the one before it, if that may take them. */
static bool
join_to_prev(struct list_chain *c, struct list_limits limits, struct list_node *node)
{
    struct list_node *to = node ? node->prev : NULL;

    if (!to || to->kind == NODE_LARGE || node->kind == NODE_LARGE
        || !list_limits_hold(limits, list_node_bytes(to) + list_node_bytes(node)
                                     + sizeof(struct listpack),
                             (uint64_t)to->count + node->count))
        return false;
    list_node_open(to);
    list_node_open(node);
    listpack_join(&to->pack, node->pack);
    to->count += node->count;
    unlink_node(c, node);
    mem_free_sized(node, sizeof *node);
    return true;
}

void
list_chain_insert(struct list_chain *c, struct list_limits limits, uint64_t index,
                  struct bytes text)
{
    struct list_node *node, *rest = NULL, *left = NULL, *added;
    uint64_t within;

    if (index == 0 || index == c->count) {
        list_chain_push(c, limits, index != 0, text);
        return;
    }
    node = list_chain_seek(c, index, &within);
    c->count++;
    if (takes(node, limits, text.len)) {
        add_within(node, within, text);
    } else if (within == 0 && takes(node->prev, limits, text.len)) {
        node = node->prev;
        add_within(node, node->count, text);
    } else {
        rest = within == 0 ? node : split(c, node, within);
        left = rest->prev;
        added = node_of_one(limits, text);
        link_node(c, left, added);
        node = join_to_prev(c, limits, added) ? NULL : added;
        if (join_to_prev(c, limits, rest))
            rest = NULL;
    }
    settle(c, node, rest);
    settle(c, left, NULL);
}

void
list_chain_replace(struct list_chain *c, struct list_limits limits, uint64_t index,
                   struct bytes text)
{
    uint64_t within;
    struct list_node *node = list_chain_seek(c, index, &within);

    if ((node->count == 1 && !list_limits_is_large(limits, text.len)
         && node->kind != NODE_LARGE) || takes(node, limits, text.len)) {
        list_node_open(node);
        listpack_replace(&node->pack, listpack_seek(node->pack, (int64_t)within),
                         listpack_item_of(text));
        settle(c, node, NULL);
        return;
    }
    list_chain_delete(c, limits, index, 1, NULL);
    list_chain_insert(c, limits, index, text);
}

/* --- removing --- */

static void
delete_within(struct list_chain *c, struct list_node *node, uint64_t within, uint64_t n,
              struct list_chain *gone)
{
    c->count -= n;
    if (n == node->count && gone) {
        unlink_node(c, node);
        link_node(gone, gone->tail, node);
        gone->count += n;
        return;
    }
    if (n == node->count) {
        drop_node(c, node);
        return;
    }
    list_node_open(node);
    listpack_delete(&node->pack, listpack_seek(node->pack, (int64_t)within), n);
    node->count -= (uint32_t)n;
}

/* The commonest removal: one element, from an end that has more. */
static bool
delete_at_end(struct list_chain *c, uint64_t index, uint64_t n)
{
    struct list_node *node = index == 0 ? c->head : c->tail;

    if (n != 1 || (index != 0 && index != c->count - 1) || node->kind != NODE_PACK
        || node->count == 1)
        return false;
    listpack_delete(&node->pack, index == 0 ? listpack_first(node->pack)
                                            : listpack_last(node->pack), 1);
    node->count--;
    c->count--;
    return true;
}

void
list_chain_delete(struct list_chain *c, struct list_limits limits, uint64_t index,
                  uint64_t n, struct list_chain *gone)
{
    struct list_node *node, *next, *touched[2] = { NULL, NULL };
    uint64_t within, some;
    int t = 0;

    if (index >= c->count || n == 0 || delete_at_end(c, index, n))
        return;
    n = n < c->count - index ? n : c->count - index;
    for (node = list_chain_seek(c, index, &within); n > 0; node = next, within = 0) {
        next = node->next;
        some = node->count - within < n ? node->count - within : n;
        n -= some;
        if (some < node->count)
            touched[t++] = node;
        delete_within(c, node, within, some, gone);
    }
    if (t == 2 && join_to_prev(c, limits, touched[1]))
        touched[1] = NULL;
    settle(c, touched[0], touched[1]);
}

uint64_t
list_pack_remove(struct listpack **pack, struct listpack_item wanted, uint64_t max,
                 bool backward)
{
    const uint8_t *at = backward ? listpack_last(*pack) : listpack_first(*pack);
    const uint8_t *next;
    uint64_t gone = 0;

    while (at && gone < max) {
        if (!listpack_item_equal(listpack_get(at), wanted)) {
            at = backward ? listpack_prev(*pack, at) : listpack_next(at);
            continue;
        }
        next = listpack_delete(pack, at, 1);
        gone++;
        if (!backward)
            at = next;
        else
            at = next ? listpack_prev(*pack, next) : listpack_last(*pack);
    }
    return gone;
}

static bool
has(const struct list_node *node, struct listpack_item wanted)
{
    struct listpack *scratch = NULL;
    char buf[NUM_I64_MAX_TEXT];
    bool found;

    if (node->kind == NODE_LARGE)
        return bytes_equal(blob_view(node->blob), listpack_item_text(wanted, buf));
    found = listpack_find(listpack_first(list_node_read(node, &scratch)), wanted) != NULL;
    listpack_free(scratch);
    return found;
}

/* Remove from one node that has an equal element; the node may be gone afterwards. */
static uint64_t
remove_from_node(struct list_chain *c, struct list_limits limits, struct list_node *node,
                 struct listpack_item wanted, uint64_t max, bool backward)
{
    struct list_node *join = backward ? node->next : node;
    struct list_node *touched = node;
    uint64_t gone = 1;

    if (node->kind != NODE_LARGE) {
        list_node_open(node);
        gone = list_pack_remove(&node->pack, wanted, max, backward);
    }
    c->count -= gone;
    node->count -= (uint32_t)gone;
    if (node->count == 0) {
        drop_node(c, node);
        touched = NULL;
    } else if (join && join->prev) {
        touched = join->prev;
        if (!join_to_prev(c, limits, join))
            touched = node;
    }
    settle(c, touched, NULL);
    return gone;
}

uint64_t
list_chain_remove(struct list_chain *c, struct list_limits limits,
                  struct listpack_item wanted, uint64_t max, bool backward)
{
    struct list_node *node, *next;
    uint64_t gone = 0;

    for (node = backward ? c->tail : c->head; node && gone < max; node = next) {
        next = backward ? node->prev : node->next;
        if (has(node, wanted))
            gone += remove_from_node(c, limits, node, wanted, max - gone, backward);
    }
    return gone;
}

void
list_chain_check(const struct list_chain *c)
{
    const struct list_node *node, *prev = NULL;
    struct listpack *scratch;
    uint64_t count = 0, nodes = 0;
    size_t in_pack;
    bool end, ok;

    for (node = c->head; node; prev = node, node = node->next, nodes++) {
        assert(node->prev == prev);
        assert(node->count > 0);
        count += node->count;
        end = nodes < (uint64_t)c->depth || c->nodes - nodes <= (uint64_t)c->depth;
        assert(!(end || c->depth == 0) || node->kind != NODE_SQUEEZED);
        if (node->kind == NODE_LARGE)
            continue;
        ok = listpack_is_valid(listpack_view(list_node_read(node, &scratch)), &in_pack);
        assert(ok && in_pack == node->count);
        listpack_free(scratch);
    }
    assert(prev == c->tail && count == c->count && nodes == c->nodes);
}
