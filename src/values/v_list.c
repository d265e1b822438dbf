/* SPDX-License-Identifier: MIT
 * values/v_list.c - lists: a single listpack while small, a chain of them beyond.
 *
 * Why:        most lists are short: for them the links of a chain would weigh more
 *             than the elements.
 * How:        LIST_PACK: the object is a struct listpack.
 *             LIST_CHAIN: it is a struct list_chain of listpack nodes.
 *             A list grows into a chain when what is added could pass the limit of a
 *             node, and becomes a listpack again at half of that limit: a list whose
 *             length swings around it is not converted at every swing.
 * Invariants: 1. a LIST_PACK never exceeds the limit by which it was last added to.
 * Read next:  values/list_chain.c, commands/c_list.c */
#include "values/v_list.h"

#include "base/alloc.h"
#include "base/num.h"

/* What a short text takes in a listpack besides itself. */
#define ELEMENT_LEAST 2

static inline struct listpack *
pack_of(struct value v)
{
    return v.object;
}

static inline struct list_chain *
chain_of(struct value v)
{
    return v.object;
}

struct value
list_new(void)
{
    return (struct value){
        .type = TYPE_LIST, .encoding = LIST_PACK, .object = listpack_new()
    };
}

struct value
list_new_for(struct list_limits limits, const struct bytes *texts, size_t n)
{
    struct value v = { .type = TYPE_LIST, .encoding = LIST_PACK };
    uint64_t bytes = 0;
    size_t i;

    for (i = 0; i < n; i++)
        bytes += texts[i].len + ELEMENT_LEAST;
    if (bytes > list_limits_bytes(limits))
        bytes = 0;
    v.object = listpack_new_for(bytes);
    list_grow_for(&v, limits, texts, n);
    return v;
}

uint64_t
list_length(struct value v)
{
    return v.encoding == LIST_PACK ? listpack_count(pack_of(v)) : chain_of(v)->count;
}

/* --- the form --- */

static void
to_chain(struct value *v, struct list_limits limits)
{
    struct listpack *pack = pack_of(*v);
    struct list_chain *chain = list_chain_new(limits.depth);
    char number[NUM_I64_MAX_TEXT];

    if (limits.alone == 0 && !listpack_is_empty(pack)) {
        list_chain_take(chain, pack);
    } else {                            /* some may not share a node from here on */
        for (const uint8_t *at = listpack_first(pack); at; at = listpack_next(at))
            list_chain_push(chain, limits, true,
                            listpack_item_text(listpack_get(at), number));
        listpack_free(pack);
    }
    v->object = chain;
    v->encoding = LIST_CHAIN;
}

void
list_grow_for(struct value *v, struct list_limits limits, const struct bytes *texts,
              size_t n)
{
    uint64_t bytes;
    size_t i;

    if (v->encoding != LIST_PACK)
        return;
    bytes = listpack_bytes(pack_of(*v));
    for (i = 0; i < n; i++)
        bytes += texts[i].len;
    if (!list_limits_hold(limits, bytes, listpack_count(pack_of(*v)) + n))
        to_chain(v, limits);
}

void
list_shrink(struct value *v, struct list_limits limits)
{
    struct list_chain *chain = chain_of(*v);
    struct list_node *node;

    if (v->encoding != LIST_CHAIN || chain->nodes != 1 || chain->head->kind != NODE_PACK)
        return;
    node = chain->head;
    if (limits.size < 0 ? list_node_bytes(node) > list_limits_bytes(limits) / 2
                        : node->count > list_limits_count(limits) / 2)
        return;
    listpack_fit(&node->pack);
    v->object = node->pack;
    v->encoding = LIST_PACK;
    mem_free_sized(node, sizeof *node);
    mem_free_sized(chain, sizeof *chain);
}

/* --- changes --- */

void
list_push(struct value *v, struct list_limits limits, enum list_end end,
          struct bytes text)
{
    struct listpack *pack = pack_of(*v);

    if (v->encoding == LIST_CHAIN) {
        list_chain_push(chain_of(*v), limits, end == LIST_TAIL, text);
        return;
    }
    if (end == LIST_TAIL)
        listpack_append(&pack, listpack_item_of(text));
    else
        listpack_prepend(&pack, listpack_item_of(text));
    v->object = pack;
}

void
list_insert(struct value *v, struct list_limits limits, uint64_t index,
            struct bytes text)
{
    struct listpack *pack = pack_of(*v);

    if (v->encoding == LIST_CHAIN) {
        list_chain_insert(chain_of(*v), limits, index, text);
        return;
    }
    listpack_insert(&pack, listpack_seek(pack, (int64_t)index), listpack_item_of(text));
    v->object = pack;
}

void
list_replace(struct value *v, struct list_limits limits, uint64_t index,
             struct bytes text)
{
    struct listpack *pack = pack_of(*v);

    if (v->encoding == LIST_CHAIN) {
        list_chain_replace(chain_of(*v), limits, index, text);
        return;
    }
    listpack_replace(&pack, listpack_seek(pack, (int64_t)index), listpack_item_of(text));
    v->object = pack;
}

void
list_delete(struct value *v, struct list_limits limits, uint64_t index, uint64_t n)
{
    struct listpack *pack = pack_of(*v);
    const uint8_t *at;

    if (v->encoding == LIST_CHAIN) {
        list_chain_delete(chain_of(*v), limits, index, n, NULL);
        return;
    }
    at = listpack_seek(pack, (int64_t)index);
    if (!at || n == 0)
        return;
    listpack_delete(&pack, at, n);
    v->object = pack;
}

bool
list_cut(struct value *v, struct list_limits limits, uint64_t index, uint64_t n,
         struct value *gone)
{
    struct list_chain *nodes;

    if (v->encoding == LIST_PACK) {
        list_delete(v, limits, index, n);
        return false;
    }
    nodes = list_chain_new(0);
    list_chain_delete(chain_of(*v), limits, index, n, nodes);
    *gone = (struct value){ .type = TYPE_LIST, .encoding = LIST_CHAIN, .object = nodes };
    return true;
}

uint64_t
list_remove(struct value *v, struct list_limits limits, struct bytes text, uint64_t max,
            bool backward)
{
    struct listpack *pack = pack_of(*v);
    struct listpack_item wanted = listpack_item_of(text);
    uint64_t gone;

    if (v->encoding == LIST_CHAIN)
        return list_chain_remove(chain_of(*v), limits, wanted, max, backward);
    gone = list_pack_remove(&pack, wanted, max, backward);
    v->object = pack;
    return gone;
}

/* --- reading --- */

static struct listpack_item
item_of_large(const struct list_node *node)
{
    return (struct listpack_item){ .text = blob_view(node->blob) };
}

struct listpack_item
list_peek(struct value v, enum list_end end)
{
    const struct listpack *pack = pack_of(v);
    const struct list_node *node;

    if (v.encoding == LIST_CHAIN) {
        node = end == LIST_HEAD ? chain_of(v)->head : chain_of(v)->tail;
        if (node->kind == NODE_LARGE)
            return item_of_large(node);
        pack = node->pack;              /* the ends are never compressed */
    }
    return listpack_get(end == LIST_HEAD ? listpack_first(pack) : listpack_last(pack));
}

/* Be at the element of `node` that is `index` from its head (from its tail: -1). */
static void
enter(struct list_cursor *cursor, const struct list_node *node, int64_t index)
{
    cursor->node = node;
    if (node->kind == NODE_LARGE) {
        cursor->pack = NULL;
        cursor->at = (const uint8_t *)node->blob->at;
        return;
    }
    listpack_free(cursor->scratch);
    cursor->pack = list_node_read(node, &cursor->scratch);
    cursor->at = listpack_seek(cursor->pack, index);
}

void
list_walk(struct list_cursor *cursor, struct value v, uint64_t index, bool backward)
{
    const struct list_node *node;
    uint64_t within;

    *cursor = (struct list_cursor){ .backward = backward };
    if (v.encoding == LIST_PACK) {
        cursor->pack = pack_of(v);
        cursor->at = listpack_seek(cursor->pack, (int64_t)index);
        return;
    }
    node = list_chain_seek(chain_of(v), index, &within);
    enter(cursor, node, (int64_t)within);
}

bool
list_step_slow(struct list_cursor *cursor, struct listpack_item *out)
{
    const struct list_node *node = cursor->node;

    if (!cursor->at) {
        node = node ? cursor->backward ? node->prev : node->next : NULL;
        if (!node)
            return false;
        enter(cursor, node, cursor->backward ? -1 : 0);
    }
    if (!cursor->pack) {
        *out = item_of_large(node);
        cursor->at = NULL;
        return true;
    }
    *out = listpack_get(cursor->at);
    cursor->at = cursor->backward ? listpack_prev(cursor->pack, cursor->at)
                                  : listpack_next(cursor->at);
    return true;
}

void
list_walk_end(struct list_cursor *cursor)
{
    listpack_free(cursor->scratch);
    cursor->scratch = NULL;
}

struct list_facts
list_facts(struct value v)
{
    struct list_facts facts = { 0 };
    const struct list_node *node;

    if (v.encoding != LIST_CHAIN)
        return facts;
    for (node = chain_of(v)->head; node; node = node->next) {
        facts.nodes++;
        facts.squeezed += node->kind == NODE_SQUEEZED;
        facts.bytes += list_node_bytes(node);
    }
    return facts;
}

/* --- struct value_type --- */

static void
free_list(struct value v)
{
    if (v.encoding == LIST_PACK)
        listpack_free(pack_of(v));
    else
        list_chain_free(chain_of(v));
}

static struct value
copy_list(struct value v)
{
    if (v.encoding == LIST_PACK)
        v.object = listpack_copy(pack_of(v));
    else
        v.object = list_chain_copy(chain_of(v));
    return v;
}

/* Looks at as many nodes as elements were asked for. */
static size_t
memory_of_list(struct value v, size_t samples)
{
    const struct list_node *node;
    size_t seen = 0, bytes = 0;

    if (v.encoding == LIST_PACK)
        return listpack_memory(pack_of(v));
    for (node = chain_of(v)->head; node && (!samples || seen < samples); seen++) {
        bytes += list_node_memory(node);
        node = node->next;
    }
    return mem_class(sizeof(struct list_chain))
         + value_memory_of_all(bytes, seen, chain_of(v)->nodes);
}

static const char *
encoding_of_list(struct value v)
{
    return v.encoding == LIST_PACK ? "listpack" : "quicklist";
}

static size_t
effort_of_list(struct value v)
{
    return v.encoding == LIST_PACK ? 1 : chain_of(v)->nodes;
}

static size_t
length_of_list(struct value v)
{
    return list_length(v);
}

static void
digest_list(struct value v, unsigned char digest[20])
{
    struct list_cursor cursor;
    struct listpack_item item;
    char buf[NUM_I64_MAX_TEXT];

    if (list_length(v) == 0)
        return;
    list_walk(&cursor, v, 0, false);
    while (list_step(&cursor, &item))
        value_digest_mix(digest, listpack_item_text(item, buf));
    list_walk_end(&cursor);
}

const struct value_type list_type = {
    .name = "list",
    .free = free_list,
    .copy = copy_list,
    .memory = memory_of_list,
    .encoding_name = encoding_of_list,
    .effort = effort_of_list,
    .length = length_of_list,
    .digest = digest_list,
};
