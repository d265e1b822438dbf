/* SPDX-License-Identifier: MIT
 * wire/inline.h - commands typed as a line of words: `SET name 'John Doe'`. */
#ifndef IGNIS_WIRE_INLINE_H
#define IGNIS_WIRE_INLINE_H
#include "base/bytes.h"

enum inline_word { INLINE_WORD, INLINE_END, INLINE_UNBALANCED };

/* Take the next word off the front of `*line`.  A plain word is a view into the
 * line; one with quotes is written to `copy`, which needs as much room as the line
 * has left, and never takes more.  Double quotes know \n \r \t \a \b \xHH and
 * \<any>; single quotes know \'.  A closing quote must end its word. */
enum inline_word inline_next(struct bytes *line, char *copy, struct bytes *word);

#endif
