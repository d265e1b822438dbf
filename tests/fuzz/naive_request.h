/* SPDX-License-Identifier: MIT
 * fuzz/naive_request.h - requests out of a byte string, the obvious way: all input at
 * hand, one loop, no hiredis.  What wire/resp_read.c is compared with. */
#ifndef IGNIS_TESTS_NAIVE_REQUEST_H
#define IGNIS_TESTS_NAIVE_REQUEST_H
#include <limits.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/num.h"
#include "base/text.h"
#include "wire/resp_read.h"

/* What a stream of requests amounts to: "[3:SET][1:k][1:v]\n" per request, then the
 * error text if it ends in one. */
struct transcript { struct text text; };

static inline void
transcript_arg(struct transcript *t, struct bytes arg)
{
    text_printf(&t->text, "[%zu:", arg.len);
    text_add(&t->text, arg);
    text_add(&t->text, B("]"));
}

/* strchr: a NUL hides what follows. */
static inline const char *
naive_find(struct bytes in, char c)
{
    const char *at = memchr(in.at, c, in.len);

    return at && !memchr(in.at, '\0', (size_t)(at - in.at)) ? at : NULL;
}

/* One length line off the front: 1 = *n is its number or *ok is false, 0 = incomplete,
 * -1 = too long. */
static inline int
naive_line(struct bytes *in, int64_t *n, bool *ok)
{
    const char *cr = naive_find(*in, '\r');

    if (!cr)
        return in->len > REQUEST_LINE_MAX ? -1 : 0;
    if (cr + 1 == in->at + in->len)
        return 0;
    *ok = cr > in->at && cr[1] == '\n'
          && num_parse_i64(bytes_view(in->at + 1, (size_t)(cr - in->at - 1)), n);
    in->len -= (size_t)(cr + 2 - in->at);
    in->at = cr + 2;
    return 1;
}

static inline const char *
naive_array(struct bytes *in, const struct request_limits *lim, struct transcript *t,
            bool *more)
{
    static char text[64];
    struct transcript args = { { 0 } };
    int64_t count, len;
    char first;
    bool ok;
    int rc = naive_line(in, &count, &ok);

    *more = rc == 0;
    if (rc < 0)
        return "Protocol error: too big mbulk count string";
    if (rc == 0)
        return NULL;
    if (!ok || count > INT_MAX)
        return "Protocol error: invalid multibulk length";
    if (count > lim->args_max)
        return lim->unauthenticated ? "Protocol error: unauthenticated multibulk length"
                                    : "Protocol error: invalid multibulk length";
    if (count <= 0)
        return NULL;
    for (; count; count--) {
        first = in->len ? *in->at : 0;
        rc = in->len ? naive_line(in, &len, &ok) : 0;
        if (rc < 0) {
            text_free(&args.text);
            return "Protocol error: too big bulk count string";
        }
        if (rc > 0 && first != '$') {
            snprintf(text, sizeof text, "Protocol error: expected '$', got '%c'", first);
            text_free(&args.text);
            return text;
        }
        if (rc > 0 && (!ok || len < 0 || len > lim->bulk_max)) {
            text_free(&args.text);
            return ok && len >= 0 && lim->unauthenticated && len <= 512 << 20
                       ? "Protocol error: unauthenticated bulk length"
                       : "Protocol error: invalid bulk length";
        }
        if (rc == 0 || in->len < (size_t)len + 2) {
            *more = true;
            text_free(&args.text);
            return NULL;
        }
        transcript_arg(&args, bytes_view(in->at, (size_t)len));
        in->at += len + 2;
        in->len -= (size_t)len + 2;
    }
    text_add(&t->text, text_view(&args.text));
    text_add(&t->text, B("\n"));
    text_free(&args.text);
    return NULL;
}

static inline const char *
naive_inline(struct bytes *in, struct transcript *t, bool *more)
{
    const char *lf = naive_find(*in, '\n');
    struct bytes line, *words;
    size_t i, count;

    *more = lf == NULL;
    if (!lf)
        return in->len > REQUEST_LINE_MAX ? "Protocol error: too big inline request"
                                          : NULL;
    line = bytes_view(in->at, (size_t)(lf - in->at));
    in->len -= (size_t)(lf + 1 - in->at);
    in->at = lf + 1;
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    words = words_split(line, &count);
    if (!words)
        return "Protocol error: unbalanced quotes in request";
    for (i = 0; i < count; i++)
        transcript_arg(t, words[i]);
    if (count)
        text_add(&t->text, B("\n"));
    words_free(words, count);
    return NULL;
}

static inline void
naive_transcript(struct bytes in, const struct request_limits *lim, struct transcript *t)
{
    const char *error = NULL;
    bool more = false;

    while (in.len && !more && !error)
        error = *in.at == '*' ? naive_array(&in, lim, t, &more)
                              : naive_inline(&in, t, &more);
    if (error)
        text_add_text(&t->text, error);
}

/* The same through a request_reader, fed in the pieces that `next_size` chooses; big
 * arguments go where request_room says.  Every other blob is adopted.  Each piece is
 * a fresh allocation that is overwritten before the next, so that a stale view shows. */
typedef size_t piece_fn(void *arg);

static inline bool
reader_drain(struct request_reader *r, const struct request_limits *lim,
             struct transcript *t)
{
    enum request_status st;
    struct request q;
    int i;

    while ((st = request_next(r, lim, &q)) == REQUEST_READY) {
        for (i = 0; i < q.argc; i++) {
            transcript_arg(t, q.argv[i]);
            if (q.blobs && q.blobs[i] && i % 2 == 0) {
                blob_release(q.blobs[i]);
                q.blobs[i] = NULL;
            }
        }
        text_add(&t->text, B("\n"));
    }
    if (st == REQUEST_BAD)
        text_add_text(&t->text, request_error(r));
    return st == REQUEST_MORE;
}

static inline void
reader_transcript(struct request_reader *r, struct bytes in,
                  const struct request_limits *lim, piece_fn *next_size, void *arg,
                  struct transcript *t)
{
    bool more = true;
    size_t n, room;
    char *at;

    while (in.len && more) {
        n = next_size(arg);
        n = n < in.len ? n : in.len;
        n = n < REQUEST_FEED_MAX ? n : REQUEST_FEED_MAX;
        at = request_room(r, &room);
        if (at) {
            n = in.len < room ? in.len : room;
            memcpy(at, in.at, n);
            request_feed(r, at, n);
            more = reader_drain(r, lim, t);
        } else {
            at = mem_alloc(n);
            memcpy(at, in.at, n);
            request_feed(r, at, n);
            more = reader_drain(r, lim, t);
            memset(at, '!', n);
            mem_free(at);
        }
        if (more && n % 3 == 0)
            request_settle(r);
        in.at += n;
        in.len -= n;
    }
}

#endif
