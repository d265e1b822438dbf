/* SPDX-License-Identifier: MIT
 * wire/reader_body.h - long arguments, which go round hiredis. */
#ifndef IGNIS_WIRE_READER_BODY_H
#define IGNIS_WIRE_READER_BODY_H
#include "wire/reader_inside.h"

/* hiredis lacks bytes.  If it waits for a long body, do without it: the argument is
 * given at once (has_given) when it is here entirely, else received (IN_BODY).
 * False, and `error` set, when the length is refused. */
bool reader_body_look(struct request_reader *r);
/* Move what the feed has of the body; true when that completes it. */
bool reader_body_fill(struct request_reader *r);
/* Make room in the blob under way for `more` bytes; false without memory. */
bool reader_body_grow(struct request_reader *r, size_t more);
/* Give back what was committed before it came, if that is most of the blob. */
void reader_body_shrink(struct request_reader *r);

#endif
