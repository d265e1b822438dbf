/* SPDX-License-Identifier: MIT
 * values/v_list.h - lists: a single listpack while small, a chain of them beyond.
 *
 * Functions that take a `struct value *` may move or convert the object: whoever
 * keeps the value stores it again.  An empty list is a value like any other; that no
 * key holds one is the caller's business. */
#ifndef IGNIS_VALUES_V_LIST_H
#define IGNIS_VALUES_V_LIST_H
#include "values/list_chain.h"
#include "values/value.h"

enum list_encoding { LIST_PACK, LIST_CHAIN };
enum list_end { LIST_HEAD, LIST_TAIL };

extern const struct value_type list_type;

/* An empty one. */
struct value list_new(void);
/* An empty one to which these texts are added next. */
struct value list_new_for(struct list_limits limits, const struct bytes *texts, size_t n);
uint64_t list_length(struct value v);

/* --- the form --- */
/* Call before texts are added: a single listpack that could not hold them becomes a
 * chain, as Redis estimates it. */
void list_grow_for(struct value *v, struct list_limits limits, const struct bytes *texts,
                   size_t n);
/* Call after removals: a chain that came down to one node, half as full as allowed,
 * becomes a single listpack. */
void list_shrink(struct value *v, struct list_limits limits);

/* --- changes; texts must not be part of the list --- */
void list_push(struct value *v, struct list_limits limits, enum list_end end,
               struct bytes text);
/* Before the element at `index`, which is at most the length. */
void list_insert(struct value *v, struct list_limits limits, uint64_t index,
                 struct bytes text);
void list_replace(struct value *v, struct list_limits limits, uint64_t index,
                  struct bytes text);
/* Remove `n` elements from `index` on, at most what is there. */
void list_delete(struct value *v, struct list_limits limits, uint64_t index, uint64_t n);
/* The same for many elements: what could be cut out as a whole is put into *gone, for
 * the caller to free elsewhere.  False: there is nothing of the kind. */
bool list_cut(struct value *v, struct list_limits limits, uint64_t index, uint64_t n,
              struct value *gone);
/* Remove at most `max` equal elements, from the head or (backward) from the tail. */
uint64_t list_remove(struct value *v, struct list_limits limits, struct bytes text,
                     uint64_t max, bool backward);

/* --- reading --- */
/* The element at one end of a list that is not empty, valid until it is changed. */
struct listpack_item list_peek(struct value v, enum list_end end);

/* A walk.  The list must not change; items are valid until the next step. */
struct list_cursor {
    const uint8_t *at;              /* the next element; NULL: of the next node */
    const struct listpack *pack;    /* it is in; NULL: in a node of its own */
    const struct list_node *node;   /* NULL: the list is a single listpack */
    struct listpack *scratch;       /* `pack`, when it had to be decompressed */
    bool backward;
};
/* Start at an index below the length: O(nodes). */
void list_walk(struct list_cursor *cursor, struct value v, uint64_t index, bool backward);
bool list_step_slow(struct list_cursor *cursor, struct listpack_item *out);
/* False: there is no further element. */
static inline bool
list_step(struct list_cursor *cursor, struct listpack_item *out)
{
    const uint8_t *next;

    if (UNLIKELY(!cursor->at || !cursor->pack || cursor->backward))
        return list_step_slow(cursor, out);
    next = listpack_read(cursor->at, out);
    cursor->at = *next == LISTPACK_END ? NULL : next;
    return true;
}
/* Must end every walk. */
void list_walk_end(struct list_cursor *cursor);

/* For DEBUG OBJECT; zeros for a single listpack. */
struct list_facts { uint64_t nodes, squeezed, bytes; };
struct list_facts list_facts(struct value v);

#endif
