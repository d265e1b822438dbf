/* SPDX-License-Identifier: MIT
 * wire/reader_hiredis.h - hiredis's reader, with object functions that build nothing. */
#ifndef IGNIS_WIRE_READER_HIREDIS_H
#define IGNIS_WIRE_READER_HIREDIS_H
#include "wire/reader_inside.h"

/* Make hiredis's reader for `r`, which must have none. */
void reader_hiredis_open(struct request_reader *r);
/* After an error it is of no use.  None is fine. */
void reader_hiredis_close(struct request_reader *r);
/* Take back what it was fed and has not used, and forget the array it is in. */
void reader_hiredis_restart(struct request_reader *r);

/* Take back what it was fed and has not used. */
static inline void
reader_hiredis_skip(struct request_reader *r)
{
    if (r->hi)
        r->hi->pos = r->hi->len;
}

#endif
