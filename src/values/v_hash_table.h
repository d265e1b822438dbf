/* SPDX-License-Identifier: MIT
 * values/v_hash_table.h - the large form of a hash; part of v_hash.h, where the names
 * without `table` say what each does.  An item is one field with its value. */
#ifndef IGNIS_VALUES_V_HASH_TABLE_H
#define IGNIS_VALUES_V_HASH_TABLE_H
#include "values/v_hash.h"

/* An empty table with room for so many fields; freed with its fields. */
struct value hash_table_new(size_t room);
void hash_table_free(struct value v);
/* The dict of items below; for walking, counting and picking. */
struct dict *hash_table_dict(struct value v);
/* The item, also one whose deadline is over; NULL when absent. */
void *hash_table_find(struct value v, struct bytes name);
/* Views of an item, good until the hash changes. */
void hash_item_get(const void *item, struct hash_field *out);
struct bytes hash_item_name(const void *item);
/* The field must be absent. */
void hash_table_add(struct value *v, struct bytes name, struct bytes value,
                    msec deadline);
bool hash_table_set(struct value *v, struct bytes name, struct bytes value,
                    msec deadline);
bool hash_table_remove(struct value *v, struct bytes name);
void hash_table_set_deadline(struct value *v, struct bytes name, msec deadline);
msec hash_table_next_deadline(struct value v);
size_t hash_table_expire(struct value *v, msec now, size_t limit);
size_t hash_table_memory(struct value v, size_t samples);
void hash_table_check(struct value v);

#endif
