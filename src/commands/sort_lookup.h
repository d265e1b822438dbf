/* SPDX-License-Identifier: MIT
 * commands/sort_lookup.h - the values that SORT's patterns name: "weight_*" is the
 * string at a key, "user_*->age" a field of a hash, "#" the element itself. */
#ifndef IGNIS_COMMANDS_SORT_LOOKUP_H
#define IGNIS_COMMANDS_SORT_LOOKUP_H
#include "base/text.h"
#include "command/call.h"
#include "values/v_hash.h"

/* Zero-initialise; the buffers of one value at a time. */
struct sort_lookup {
    struct bytes value;
    struct text key;
    struct hash_field field;
    char number[NUM_I64_MAX_TEXT];
};

/* Fill in `element` for the pattern's first star and read what is there: out->value is
 * good until the next lookup.  False: there is no star, no such key or field, or the
 * key holds another type. */
bool sort_lookup(struct call *c, struct bytes pattern, struct bytes element,
                 struct sort_lookup *out);
void sort_lookup_end(struct sort_lookup *l);

#endif
