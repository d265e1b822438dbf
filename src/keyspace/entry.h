/* SPDX-License-Identifier: MIT
 * keyspace/entry.h - a key, its deadline and (when small) its value in one block.
 *
 *   +------+-----------+-----------+-----+----------------------------+
 *   | head | deadline? | key len   | key | value                      |
 *   | 4 B  | 8 B       | 1 or 8 B  |     | 8 B number or pointer, or  |
 *   |      |           |           |     | 1 B length + bytes         |
 *   +------+-----------+-----------+-----+----------------------------+
 *   head: type 3 bits, encoding 3, has deadline room 1, long key 1, access clock 24
 *
 * Only keyspace/ changes entries; others read them through these functions. */
#ifndef IGNIS_KEYSPACE_ENTRY_H
#define IGNIS_KEYSPACE_ENTRY_H
#include "base/clock.h"
#include "values/value.h"

#define NO_DEADLINE (-1)        /* as a deadline: lives for ever */
#define KEEP_DEADLINE (-2)      /* as an argument: leave what is there */
#define ENTRY_EMBED_MAX 128     /* an entry with its value inside is at most this,
                                 * except that STRING_EMBSTR_MAX bytes always fit */

struct entry;

struct bytes entry_key(const struct entry *e);
/* A borrowed handle; the entry goes on owning what it points to. */
struct value entry_value(const struct entry *e);
enum type entry_type(const struct entry *e);
msec entry_deadline(const struct entry *e);             /* or NO_DEADLINE */
/* The 24-bit access field: LRU seconds or LFU minutes:8 bits, see evict.c. */
uint32_t entry_clock(const struct entry *e);
void entry_set_clock(struct entry *e, uint32_t clock);
/* Bytes of the block itself (size class). */
size_t entry_memory(const struct entry *e);

/* Would a string of `len` bytes live inside the entry? */
bool entry_embeds(size_t key_len, size_t len, bool deadline);
/* Make an entry; adopts what `v` owns (blob, object), copies bytes. */
struct entry *entry_new(struct bytes key, struct value v, msec deadline);
/* Free the block only, or with the value. */
void entry_free_block(struct entry *e);
void entry_free(struct entry *e);
/* Change the value and/or deadline, in place when the block's size class
 * allows, else in a new block; returns the entry's address now.  The old value
 * is NOT freed: take entry_value() before, and free or adopt it yourself.
 * Adopts what `v` owns.  `v` may point into the entry itself. */
struct entry *entry_replace(struct entry *e, struct value v, msec deadline_or_keep);
struct entry *entry_set_deadline(struct entry *e, msec deadline);
/* In place: the entry must hold STRING_INT. */
void entry_set_number(struct entry *e, int64_t n);
/* Replace the object/blob pointer in place (it was reallocated). */
void entry_set_pointer(struct entry *e, void *p);
void entry_set_encoding(struct entry *e, uint8_t encoding);

#endif
