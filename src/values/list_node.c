/* SPDX-License-Identifier: MIT
 * values/list_node.c - a link of a long list.
 *
 * Why:        between its ends a long list is rarely looked at: there bytes matter
 *             more than time.
 * How:        a node holds about 8 KB of elements as a listpack. Inner nodes may be
 *             compressed with LZF (list-compress-depth); whoever writes opens them
 *             first, whoever reads gets a copy. An element too large for a listpack
 *             has a node and a block of its own.
 * Invariants: 1. NODE_SQUEEZED is smaller than its listpack by SAVE_LEAST at least.
 *             2. count is the number of elements, 1 for NODE_LARGE.
 * Read next:  values/list_chain.c */
#include "values/list_node.h"

#include <assert.h>
#include <liblzf/lzf.h>

#include "base/alloc.h"

/* Shorter packs are not worth the try, nor is a smaller gain. */
#define SQUEEZE_FROM 48
#define SAVE_LEAST 8

static struct list_node *
node_new(enum list_node_kind kind, uint32_t count)
{
    struct list_node *node = mem_alloc(sizeof *node);

    *node = (struct list_node){ .kind = kind, .count = count };
    return node;
}

struct list_node *
list_node_take(struct listpack *pack)
{
    struct list_node *node = node_new(NODE_PACK, (uint32_t)listpack_count(pack));

    node->pack = pack;
    return node;
}

struct list_node *
list_node_large(struct bytes text)
{
    struct list_node *node = node_new(NODE_LARGE, 1);

    node->blob = blob_copy(text);
    return node;
}

static size_t
squeezed_size(const struct squeezed *s)
{
    return sizeof *s + s->len;
}

void
list_node_free(struct list_node *node)
{
    if (node->kind == NODE_PACK)
        listpack_free(node->pack);
    else if (node->kind == NODE_LARGE)
        blob_release(node->blob);
    else
        mem_free_sized(node->squeezed, squeezed_size(node->squeezed));
    mem_free_sized(node, sizeof *node);
}

struct list_node *
list_node_copy(const struct list_node *node)
{
    struct list_node *copy = node_new(node->kind, node->count);
    size_t size;

    if (node->kind == NODE_PACK) {
        copy->pack = listpack_copy(node->pack);
    } else if (node->kind == NODE_LARGE) {
        copy->blob = blob_copy(blob_view(node->blob));
    } else {
        size = squeezed_size(node->squeezed);
        copy->squeezed = memcpy(mem_alloc(size), node->squeezed, size);
    }
    return copy;
}

size_t
list_node_bytes(const struct list_node *node)
{
    if (node->kind == NODE_PACK)
        return listpack_bytes(node->pack);
    return node->kind == NODE_LARGE ? node->blob->len : node->squeezed->raw;
}

size_t
list_node_memory(const struct list_node *node)
{
    size_t own = mem_class(sizeof *node);

    if (node->kind == NODE_PACK)
        return own + listpack_memory(node->pack);
    return own + (node->kind == NODE_LARGE ? blob_memory(node->blob)
                                           : mem_class(squeezed_size(node->squeezed)));
}

const struct listpack *
list_node_read(const struct list_node *node, struct listpack **scratch)
{
    const struct squeezed *s = node->squeezed;
    unsigned got;

    *scratch = NULL;
    if (node->kind == NODE_PACK)
        return node->pack;
    *scratch = listpack_blank(s->raw);
    got = lzf_decompress(s->data, s->len, (*scratch)->data, s->raw);
    assert(got == s->raw);
    return *scratch;
}

void
list_node_open(struct list_node *node)
{
    struct listpack *pack;

    if (node->kind != NODE_SQUEEZED)
        return;
    list_node_read(node, &pack);
    mem_free_sized(node->squeezed, squeezed_size(node->squeezed));
    node->pack = pack;
    node->kind = NODE_PACK;
}

void
list_node_squeeze(struct list_node *node)
{
    struct squeezed *s;
    struct bytes raw;
    size_t most;
    unsigned len;

    if (node->kind != NODE_PACK || listpack_bytes(node->pack) < SQUEEZE_FROM)
        return;
    raw = listpack_view(node->pack);
    most = raw.len - SAVE_LEAST;
    s = mem_alloc(sizeof *s + most);
    len = lzf_compress(raw.at, (unsigned)raw.len, s->data, (unsigned)most);
    if (len == 0) {
        mem_free_sized(s, sizeof *s + most);
        return;
    }
    s->raw = (uint32_t)raw.len;
    s->len = len;
    s = mem_realloc_sized(s, sizeof *s + most, squeezed_size(s));
    listpack_free(node->pack);
    node->squeezed = s;
    node->kind = NODE_SQUEEZED;
}
