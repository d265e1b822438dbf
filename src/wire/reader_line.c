/* SPDX-License-Identifier: MIT
 * wire/reader_line.c - the lines that hiredis does not take.
 *
 * Why:        Redis's answer to a bad line, and when it gives it, are part of its
 *             protocol: clients and tests match the words.  hiredis has other words,
 *             and drops its buffer when it fails.
 * How:        the line is read again, byte by byte, from what was held of it and from
 *             the caller's buffer.  It ends at a CR and one byte more; a NUL hides the
 *             CR; 64 KB without an end are enough. */
#include "wire/reader_line.h"

#include <limits.h>
#include <stdio.h>

#include "base/num.h"
#include "wire/reader_args.h"
#include "wire/reader_hiredis.h"

const char *
reader_line_count_error(const struct request_reader *r, int64_t n)
{
    if (n > INT_MAX)
        return "Protocol error: invalid multibulk length";
    if (n > r->limits->args_max)
        return r->limits->unauthenticated
                   ? "Protocol error: unauthenticated multibulk length"
                   : "Protocol error: invalid multibulk length";
    return NULL;
}

/* What nobody may send is "invalid" also before AUTH. */
const char *
reader_line_length_error(const struct request_reader *r, int64_t n)
{
    if (n >= 0 && n <= r->limits->bulk_max)
        return NULL;
    return r->limits->unauthenticated && n >= 0 && n <= 512 * 1024 * 1024
               ? "Protocol error: unauthenticated bulk length"
               : "Protocol error: invalid bulk length";
}

/* The line is complete, CR and `last`: what does Redis say to it? */
static enum request_status
refused_end(struct request_reader *r, char last)
{
    struct bytes digits = { r->held + 1, r->line_len ? r->line_len - 1 : 0 };
    const char *why;
    char first;
    int64_t n;
    bool ok = last == '\n' && r->line_len > 1 && r->line_len <= LINE_HELD
              && num_parse_i64(digits, &n);

    if (!r->has_count) {
        why = ok ? reader_line_count_error(r, n) : NULL;
        if (ok && !why && n <= 0) {     /* "*-5": an empty request */
            r->parsed = r->fed;
            r->mode = AT_START;
            reader_args_forget(r);
            return REQUEST_MORE;
        }
        return reader_refuse(r, why ? why : "Protocol error: invalid multibulk length");
    }
    first = r->line_len ? r->held[0] : '\r';
    if (first != '$') {
        snprintf(r->error_text, sizeof r->error_text,
                 "Protocol error: expected '$', got '%c'", first);
        return reader_refuse(r, r->error_text);
    }
    why = ok ? reader_line_length_error(r, n) : NULL;
    return reader_refuse(r, why ? why : "Protocol error: invalid bulk length");
}

/* One more byte of the line; true when it is complete, which takes the CR and any
 * byte after it.  A NUL hides the CR from Redis, so it does here. */
static bool
refused_byte(struct request_reader *r, char c)
{
    if (r->line_has_cr)
        return true;
    if (c == '\r' && !r->line_has_nul) {
        r->line_has_cr = true;
        return false;
    }
    if (c == '\0')
        r->line_has_nul = true;
    if (r->line_len < LINE_HELD)
        r->held[r->line_len] = c;
    r->line_len++;
    return false;
}

enum request_status
reader_line_begin(struct request_reader *r)
{
    size_t i, held = r->held_len;

    reader_hiredis_close(r);
    r->mode = IN_REFUSED;
    r->fed = r->item;
    r->held_len = r->line_len = 0;
    r->line_has_nul = r->line_has_cr = false;
    for (i = 0; i < held; i++)          /* in place: never ahead of `i` */
        if (refused_byte(r, r->held[i]))
            return refused_end(r, r->held[i]);
    return REQUEST_MORE;
}

enum request_status
reader_line_read(struct request_reader *r)
{
    while (r->fed < r->in_len)
        if (refused_byte(r, r->in[r->fed++]))
            return refused_end(r, r->in[r->fed - 1]);
    if (r->line_len > REQUEST_LINE_MAX && !r->line_has_cr)
        return reader_refuse(r, r->has_count ? "Protocol error: too big bulk count string"
                                      : "Protocol error: too big mbulk count string");
    return REQUEST_MORE;
}
