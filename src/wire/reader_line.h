/* SPDX-License-Identifier: MIT
 * wire/reader_line.h - length lines ("*3", "$5"): what may stand there. */
#ifndef IGNIS_WIRE_READER_LINE_H
#define IGNIS_WIRE_READER_LINE_H
#include "wire/reader_inside.h"

/* NULL, or why an array of `n` elements is refused. */
const char *reader_line_count_error(const struct request_reader *r, int64_t n);
/* NULL, or why a bulk of `n` bytes is refused. */
const char *reader_line_length_error(const struct request_reader *r, int64_t n);

/* hiredis cannot take the line at `item`: give it up and read what is held of the
 * line; reader_line_read then goes on with the feed. */
enum request_status reader_line_begin(struct request_reader *r);
/* Read on to the line's end; give up, as Redis does, when it is too long.
 * REQUEST_MORE: it is not complete (IN_REFUSED), or was an empty request. */
enum request_status reader_line_read(struct request_reader *r);

#endif
