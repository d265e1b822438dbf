/* SPDX-License-Identifier: MIT
 * wire/resp_write.h - replies in RESP2 or RESP3, appended to a chain of chunks. */
#ifndef IGNIS_WIRE_RESP_WRITE_H
#define IGNIS_WIRE_RESP_WRITE_H
#include "wire/reply.h"

/* --- RESP values; each picks the form of r->proto --- */
void reply_status(struct reply *r, const char *text);           /* +text */
static inline void
reply_ok(struct reply *r)
{
    memcpy(reply_room(r, 5), "+OK\r\n", 5);
    reply_used(r, 5);
}
/* -text; CR and LF inside become spaces.  The text starts with its code, as in
 * "ERR syntax error".  Counted by the dispatcher through reply_errors(). */
void reply_error(struct reply *r, const char *text);
void reply_errorf(struct reply *r, const char *format, ...) PRINTF_LIKE(2, 3);
void reply_error_bytes(struct reply *r, struct bytes text);
void reply_int_slow(struct reply *r, int64_t n);
static inline void
reply_int(struct reply *r, int64_t n)
{
    char *at;

    if (UNLIKELY((uint64_t)n > 9)) {
        reply_int_slow(r, n);
        return;
    }
    at = reply_room(r, 4);
    memcpy(at, ":0\r\n", 4);
    at[1] = (char)('0' + n);
    reply_used(r, 4);
}
/* A bulk string, copied; the text without its NUL. */
void reply_bulk(struct reply *r, struct bytes b);
void reply_bulk_text(struct reply *r, const char *text);
void reply_bulk_int(struct reply *r, int64_t n);                /* "$2\r\n42" */
/* The blob's bytes as a bulk string: by reference from REPLY_BY_REFERENCE on. */
void reply_bulk_blob(struct reply *r, struct blob *blob);
/* `len` bytes of it from `from`, likewise when they are half of it or more. */
void reply_bulk_blob_part(struct reply *r, struct blob *blob, size_t from, size_t len);
void reply_null_slow(struct reply *r);
static inline void
reply_null(struct reply *r)                                     /* $-1 or _ */
{
    if (UNLIKELY(r->proto != 2)) {
        reply_null_slow(r);
        return;
    }
    memcpy(reply_room(r, 5), "$-1\r\n", 5);
    reply_used(r, 5);
}
void reply_null_array(struct reply *r);                         /* *-1 or _ */
void reply_array(struct reply *r, size_t n);
void reply_map(struct reply *r, size_t pairs);                  /* %n or *2n */
void reply_set(struct reply *r, size_t n);                      /* ~n or *n */
void reply_push(struct reply *r, size_t n);                     /* >n or *n */
void reply_attribute(struct reply *r, size_t pairs);            /* |n; RESP3 only */
void reply_bool(struct reply *r, bool b);                       /* #t or :1 */
void reply_double(struct reply *r, double d);                   /* ,d or bulk */
void reply_bignum(struct reply *r, struct bytes digits);        /* ( or bulk */
/* "=", or bulk; `format` is "txt" or "mkd". */
void reply_verbatim(struct reply *r, const char format[3], struct bytes b);

/* Aggregates whose length is known only at the end.  Between the two calls any
 * number of elements may be written, but nothing be sent.  When several are open,
 * the one opened last is set first.  Kinds: '*' '%' (pairs) '~' '>'.  Costs a move of
 * what follows in the same chunk: at most 16 KB, whatever the reply's size. */
struct reply_later { struct chunk *chunk; uint32_t at; };
struct reply_later reply_later(struct reply *r);
void reply_later_set(struct reply *r, struct reply_later mark, char kind, size_t n);

/* How many error replies were written since start (wraps), muted ones included, and
 * the text of the last one: its first 255 bytes, valid until the next error.  The
 * dispatcher compares before and after a command for errorstats.  Process-wide: one
 * thread replies. */
uint64_t reply_errors(void);
struct bytes reply_last_error(void);

#endif
