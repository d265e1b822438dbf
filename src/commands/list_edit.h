/* SPDX-License-Identifier: MIT
 * commands/list_edit.h - what the commands on lists share: find the key, take away,
 * add, and what follows from it. */
#ifndef IGNIS_COMMANDS_LIST_EDIT_H
#define IGNIS_COMMANDS_LIST_EDIT_H
#include "command/call.h"
#include "command/switches.h"
#include "config/options.h"
#include "values/v_list.h"

static inline struct list_limits
list_limits_of(const struct call *c)
{
    const struct config *config = c->server->config;

    return (struct list_limits){ config->list_max_listpack_size,
                                 config->list_compress_depth,
                                 switches_list_alone() };
}

/* Argument `i` as a key to write.  False when it holds another type: answered.  An
 * absent key is true, with s->entry NULL. */
bool list_slot(struct call *c, int i, struct slot *s);
/* Argument `i` as a key to read, likewise. */
bool list_read(struct call *c, int i, struct entry **e);

static inline void
list_reply(struct reply *out, struct listpack_item item)
{
    if (item.text.at)
        reply_bulk(out, item.text);
    else
        reply_bulk_int(out, item.number);
}

/* Answer `n` elements from an end on, in order from there. */
void list_reply_end(struct reply *out, struct value v, enum list_end end, uint64_t n);

/* Add one text at an end of the key's list, which is made when it is absent. */
void list_put(struct call *c, struct slot *s, enum list_end end, struct bytes text);
/* Remove `n` elements, at least 1 and at most the length, from an end, and say so. */
void list_take(struct call *c, struct slot *s, enum list_end end, uint64_t n);
/* `n` elements were removed, which left `v`: store it, or remove the key when nothing
 * is left, and tell listeners. */
void list_removed(struct call *c, struct slot *s, struct value v, const char *event,
                  uint64_t n);

/* An index range as LRANGE means it, in a list of `len`: how many elements it has,
 * from *start on, which is made an index from the head. */
uint64_t list_range(int64_t *start, int64_t stop, uint64_t len);

/* Argument `i` is LEFT or RIGHT; otherwise answers a syntax error. */
bool list_end_word(struct call *c, int i, enum list_end *end);

#endif
