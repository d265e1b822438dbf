/* SPDX-License-Identifier: MIT
 * command/tracking_table.h - which clients have read a key and must hear it changed. */
#ifndef IGNIS_COMMAND_TRACKING_TABLE_H
#define IGNIS_COMMAND_TRACKING_TABLE_H
#include "base/bytes.h"

struct tracking_table;

/* A key and those who read it. */
struct readers {
    uint64_t *ids;                      /* of clients, ascending */
    uint32_t count, room;
    size_t len;
    char name[];
};

/* Is there a client of this id? */
typedef bool reader_is_here_fn(void *arg, uint64_t id);
/* Empty; freed with all it holds.  Readers that are not here any more may be forgotten;
 * NULL: all stay. */
struct tracking_table *tracking_table_new(reader_is_here_fn *is_here, void *arg);
void tracking_table_free(struct tracking_table *t);

/* Client `id` has read this key; once is enough.  O(log readers), and a move of those
 * with greater ids. */
void tracking_table_add(struct tracking_table *t, struct bytes name, uint64_t id);
/* Take the key out; NULL when nobody has read it.  The caller frees it. */
struct readers *tracking_table_take(struct tracking_table *t, struct bytes name);
/* The same for a key chosen by chance; the table must not be empty. */
struct readers *tracking_table_take_any(struct tracking_table *t);
void readers_free(struct readers *r);
/* Forget everything; what is large is freed in the background. */
void tracking_table_clear(struct tracking_table *t);

/* Keys, and how many readers they have together. */
size_t tracking_table_keys(const struct tracking_table *t);
size_t tracking_table_items(const struct tracking_table *t);
#endif
