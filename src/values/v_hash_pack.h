/* SPDX-License-Identifier: MIT
 * values/v_hash_pack.h - the small form of a hash; part of v_hash.h, where the names
 * without `pack` say what each does. */
#ifndef IGNIS_VALUES_V_HASH_PACK_H
#define IGNIS_VALUES_V_HASH_PACK_H
#include "structs/pack.h"
#include "values/v_hash.h"

/* Functions that take a pointer may move the value, and say so through it. */
struct value hash_pack_new(void);
void hash_pack_free(struct value v);
struct value hash_pack_copy(struct value v);
size_t hash_pack_count(struct value v);
size_t hash_pack_memory(struct value v);
/* May a field of these lengths come in? */
bool hash_pack_fits(struct value v, size_t name, size_t value);
/* The place of a field, PACK_END when absent. */
uint32_t hash_pack_find(struct value v, struct bytes name);
void hash_pack_get(struct value v, uint32_t at, struct hash_field *out);
uint32_t hash_pack_first(struct value v);
uint32_t hash_pack_next(struct value v, uint32_t at);
uint32_t hash_pack_seek(struct value v, size_t index);
void hash_pack_add(struct value *v, struct bytes name, struct bytes value, msec deadline);
void hash_pack_replace(struct value *v, uint32_t at, struct bytes value, msec deadline);
void hash_pack_remove(struct value *v, uint32_t at);
/* From untimed. */
void hash_pack_make_timed(struct value *v);
/* May a field get a deadline? */
bool hash_pack_fits_deadline(struct value v);
void hash_pack_set_deadline(struct value *v, uint32_t at, msec deadline);
msec hash_pack_next_deadline(struct value v);
size_t hash_pack_expire(struct value *v, msec now, size_t limit);
void hash_pack_check(struct value v);

#endif
