/* SPDX-License-Identifier: MIT
 * values/list_node.h - a link of a long list: a listpack, the same compressed, or
 * one large element. */
#ifndef IGNIS_VALUES_LIST_NODE_H
#define IGNIS_VALUES_LIST_NODE_H
#include "base/blob.h"
#include "structs/listpack.h"

enum list_node_kind { NODE_PACK, NODE_SQUEEZED, NODE_LARGE };

/* A compressed listpack. */
struct squeezed {
    uint32_t raw;               /* bytes of the listpack */
    uint32_t len;               /* bytes here */
    uint8_t data[];
};

struct list_node {
    struct list_node *prev, *next;
    union {
        struct listpack *pack;
        struct squeezed *squeezed;
        struct blob *blob;      /* not shared: refs == 1 */
    };
    uint32_t count;             /* elements */
    uint8_t kind;               /* enum list_node_kind */
};

/* Adopts the pack. */
struct list_node *list_node_take(struct listpack *pack);
struct list_node *list_node_large(struct bytes text);
void list_node_free(struct list_node *node);
struct list_node *list_node_copy(const struct list_node *node);
/* Bytes of its listpack, were it open, or of its large element. */
size_t list_node_bytes(const struct list_node *node);
size_t list_node_memory(const struct list_node *node);
/* Decompress for good; nothing to do unless NODE_SQUEEZED. */
void list_node_open(struct list_node *node);
/* Compress if that saves anything. */
void list_node_squeeze(struct list_node *node);
/* The listpack to read: the node's own, or a decompressed copy, which is also stored
 * to *scratch and the caller's to free.  Not for NODE_LARGE. */
const struct listpack *list_node_read(const struct list_node *node,
                                      struct listpack **scratch);

#endif
