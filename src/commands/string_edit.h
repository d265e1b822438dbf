/* SPDX-License-Identifier: MIT
 * commands/string_edit.h - what the commands on strings and bitmaps share: find
 * the key, hold its length within bounds, change its bytes in place. */
#ifndef IGNIS_COMMANDS_STRING_EDIT_H
#define IGNIS_COMMANDS_STRING_EDIT_H
#include "command/call.h"

/* Argument `i` as a key to read.  False when it holds another type: answered.
 * An absent key is true with *e NULL. */
bool string_read(struct call *c, int i, struct entry **e);
/* Likewise, to write. */
bool string_slot(struct call *c, int i, struct slot *s);
/* The most bytes a string may have for this caller; a primary is never refused. */
uint64_t string_length_max(const struct call *c);
/* May `size` + `more` bytes be one string?  Otherwise answers the error. */
bool string_length_ok(struct call *c, uint64_t size, uint64_t more);
/* slot_string_edit that answers an error when there is no memory: then NULL. */
char *string_edit(struct call *c, struct slot *s, size_t len);
/* How long the string in the slot is; 0 when absent. */
size_t string_slot_len(const struct slot *s);

#endif
