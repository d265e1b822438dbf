/* SPDX-License-Identifier: MIT
 * wire/resp_write.c - values in the forms of RESP2 and RESP3.
 *
 * How:        a small value asks for room once and stores its bytes; the commonest
 *             are inline in the header.  What is longer than ONE_PIECE may straddle
 *             chunks.  A length that comes later gets the widest place there is, and
 *             the gap is closed afterwards.
 * Cost:       reply_ok 1 ns; a bulk of 16 bytes about 4 ns (tests/bench/bench_wire.c).
 * Read next:  wire/reply.c, wire/resp_read.c (the other direction) */
#include "wire/resp_write.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"
#include "base/text.h"

#define HEAD_ROOM 32                    /* type byte, 20 digits, CRLF, NUL */
#define LATER_ROOM 23                   /* type byte, 20 digits, CRLF */
#define ONE_PIECE 512                   /* values up to here never straddle chunks */
#define ERROR_KEPT 255

static uint64_t errors;
static char last_error[ERROR_KEPT];
static size_t last_error_len;

/* Decimal digits of `n`; needs NUM_I64_MAX_TEXT bytes of room. */
static inline char *
put_u64(char *at, uint64_t n)
{
    if (LIKELY(n < 10)) {
        *at = (char)('0' + n);
        return at + 1;
    }
    if (LIKELY(n < 100)) {
        at[0] = (char)('0' + n / 10);
        at[1] = (char)('0' + n % 10);
        return at + 2;
    }
    return at + num_format_u64(at, n);
}

static inline char *
put_crlf(char *at)
{
    memcpy(at, "\r\n", 2);
    return at + 2;
}

/* "*3\r\n"; needs HEAD_ROOM. */
static inline char *
put_head(char *at, char kind, uint64_t n)
{
    *at = kind;
    return put_crlf(put_u64(at + 1, n));
}

static inline void
reply_head(struct reply *r, char kind, uint64_t n)
{
    char *at = reply_room(r, HEAD_ROOM);

    reply_used(r, (size_t)(put_head(at, kind, n) - at));
}

static void
reply_crlf(struct reply *r)
{
    put_crlf(reply_room(r, 2));
    reply_used(r, 2);
}

/* "<kind>text\r\n", text of any length. */
static void
reply_line(struct reply *r, char kind, struct bytes text)
{
    char *at;

    if (UNLIKELY(text.len > ONE_PIECE)) {
        *reply_room(r, 1) = kind;
        reply_used(r, 1);
        reply_raw(r, text);
        reply_crlf(r);
        return;
    }
    at = reply_room(r, text.len + 3);
    at[0] = kind;
    memcpy(at + 1, text.at, text.len);
    put_crlf(at + 1 + text.len);
    reply_used(r, text.len + 3);
}

/* --- simple values --- */

void
reply_status(struct reply *r, const char *text)
{
    reply_line(r, '+', bytes_of_text(text));
}

void
reply_int_slow(struct reply *r, int64_t n)
{
    char *start = reply_room(r, HEAD_ROOM), *at = start;

    *at++ = ':';
    if (n < 0)
        *at++ = '-';
    at = put_crlf(put_u64(at, n < 0 ? -(uint64_t)n : (uint64_t)n));
    reply_used(r, (size_t)(at - start));
}

void
reply_bulk(struct reply *r, struct bytes b)
{
    char *start, *at;

    if (UNLIKELY(b.len > ONE_PIECE)) {
        reply_head(r, '$', b.len);
        reply_raw(r, b);
        reply_crlf(r);
        return;
    }
    start = reply_room(r, b.len + HEAD_ROOM);
    at = put_head(start, '$', b.len);
    memcpy(at, b.at, b.len);
    at = put_crlf(at + b.len);
    reply_used(r, (size_t)(at - start));
}

void
reply_bulk_text(struct reply *r, const char *text)
{
    reply_bulk(r, bytes_of_text(text));
}

void
reply_bulk_int(struct reply *r, int64_t n)
{
    char digits[NUM_I64_MAX_TEXT];

    reply_bulk(r, bytes_view(digits, num_format_i64(digits, n)));
}

void
reply_bulk_blob(struct reply *r, struct blob *blob)
{
    reply_bulk_blob_part(r, blob, 0, blob->len);
}

/* A reference keeps all of the blob, but only its part counts as the reply's memory: it
 * must be a good part. */
void
reply_bulk_blob_part(struct reply *r, struct blob *blob, size_t from, size_t len)
{
    assert(from <= blob->len && len <= blob->len - from);
    if (len < REPLY_BY_REFERENCE || len < blob->room / 2) {
        reply_bulk(r, bytes_view(blob->at + from, len));
        return;
    }
    reply_head(r, '$', len);
    reply_refer(r, blob, from, len);
    reply_crlf(r);
}

void
reply_null_slow(struct reply *r)
{
    memcpy(reply_room(r, 3), "_\r\n", 3);
    reply_used(r, 3);
}

void
reply_null_array(struct reply *r)
{
    if (r->proto == 2)
        reply_raw(r, B("*-1\r\n"));
    else
        reply_null_slow(r);
}

void
reply_bool(struct reply *r, bool b)
{
    if (r->proto == 2)
        reply_int(r, b);
    else
        reply_raw(r, b ? B("#t\r\n") : B("#f\r\n"));
}

void
reply_double(struct reply *r, double d)
{
    char digits[NUM_DOUBLE_MAX_TEXT];
    struct bytes text = bytes_view(digits, num_format_double(digits, d));

    if (r->proto == 2)
        reply_bulk(r, text);
    else
        reply_line(r, ',', text);
}

void
reply_bignum(struct reply *r, struct bytes digits)
{
    if (r->proto == 2)
        reply_bulk(r, digits);
    else
        reply_line(r, '(', digits);
}

void
reply_verbatim(struct reply *r, const char format[3], struct bytes b)
{
    char *at;

    if (r->proto == 2) {
        reply_bulk(r, b);
        return;
    }
    reply_head(r, '=', b.len + 4);
    at = reply_room(r, 4);
    memcpy(at, format, 3);
    at[3] = ':';
    reply_used(r, 4);
    reply_raw(r, b);
    reply_crlf(r);
}

/* --- aggregates --- */

void
reply_array(struct reply *r, size_t n)
{
    reply_head(r, '*', n);
}

/* A type that RESP2 lacks is an array there. */
static char
kind_for(const struct reply *r, char kind)
{
    return r->proto == 2 ? '*' : kind;
}

void
reply_map(struct reply *r, size_t pairs)
{
    reply_head(r, kind_for(r, '%'), r->proto == 2 ? 2 * pairs : pairs);
}

void
reply_set(struct reply *r, size_t n)
{
    reply_head(r, kind_for(r, '~'), n);
}

void
reply_push(struct reply *r, size_t n)
{
    reply_head(r, kind_for(r, '>'), n);
}

void
reply_attribute(struct reply *r, size_t pairs)
{
    assert(r->proto == 3);
    reply_head(r, '|', pairs);
}

struct reply_later
reply_later(struct reply *r)
{
    struct reply_later mark;

    if (r->muted)
        return (struct reply_later){ NULL, 0 };
    reply_room(r, LATER_ROOM);
    mark = (struct reply_later){ r->last, (uint32_t)(r->at - r->last->data) };
    reply_used(r, LATER_ROOM);
    return mark;
}

/* The head is shorter than its place: close the gap by moving what follows in
 * this chunk; later chunks stay where they are. */
void
reply_later_set(struct reply *r, struct reply_later mark, char kind, size_t n)
{
    struct chunk *c = mark.chunk;
    char head[HEAD_ROOM], *place, *tail;
    size_t len, gap, used;

    if (!c)
        return;
    assert(c != r->first || r->sent <= c->blob_len + mark.at);
    if (r->proto == 2) {
        n = kind == '%' ? 2 * n : n;
        kind = '*';
    }
    len = (size_t)(put_head(head, kind, n) - head);
    gap = LATER_ROOM - len;
    place = c->data + mark.at;
    tail = place + LATER_ROOM;
    used = c == r->last ? (size_t)(r->at - c->data) : c->used;
    memcpy(place, head, len);
    memmove(place + len, tail, (size_t)(c->data + used - tail));
    if (c == r->last) {
        r->at -= gap;
    } else {
        c->used -= (uint32_t)gap;
        r->closed_bytes -= gap;
    }
}

/* --- errors --- */

/* A line break inside would end the reply early: a space instead. */
static void
reply_without_breaks(struct reply *r, struct bytes text)
{
    size_t i, from = 0;

    for (i = 0; i < text.len; i++) {
        if (text.at[i] != '\r' && text.at[i] != '\n')
            continue;
        reply_raw(r, bytes_view(text.at + from, i - from));
        reply_raw(r, B(" "));
        from = i + 1;
    }
    reply_raw(r, bytes_view(text.at + from, text.len - from));
}

void
reply_error_bytes(struct reply *r, struct bytes text)
{
    while (text.len && (text.at[text.len - 1] == '\r' || text.at[text.len - 1] == '\n'))
        text.len--;
    reply_raw(r, B("-"));
    reply_without_breaks(r, text);
    reply_crlf(r);
    errors++;
    last_error_len = text.len < ERROR_KEPT ? text.len : ERROR_KEPT;
    memmove(last_error, text.at, last_error_len);
}

void
reply_error(struct reply *r, const char *text)
{
    reply_error_bytes(r, bytes_of_text(text));
}

void
reply_errorf(struct reply *r, const char *format, ...)
{
    struct text text = { 0 };
    char small[512];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof small) {
        reply_error_bytes(r, bytes_view(small, (size_t)len));
        return;
    }
    va_start(args, format);
    text_vprintf(&text, format, args);
    va_end(args);
    reply_error_bytes(r, text_view(&text));
    text_free(&text);
}

uint64_t
reply_errors(void)
{
    return errors;
}

struct bytes
reply_last_error(void)
{
    return bytes_view(last_error, last_error_len);
}
