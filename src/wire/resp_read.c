/* SPDX-License-Identifier: MIT
 * wire/resp_read.c - requests out of a byte stream.
 *
 * Why:        hiredis's reader knows RESP, but it accepts everything a server may
 *             say, copies what it is fed, and would allocate per argument.
 * How:        it is fed small pieces of the caller's buffer and builds nothing: our
 *             object functions note where each string lies, and since
 *
 *                 in ........ fed ..... in_len       the caller's buffer
 *                 hi->buf ... hi->len                ends where `fed` is
 *
 *             a place in hiredis's buffer is a place in the caller's, so arguments
 *             are views of the latter.  What hiredis should not see is taken out:
 *               - inline commands, told by their first byte;
 *               - long arguments (reader_body.c);
 *               - length lines it refuses: they are read again, to answer what and
 *                 when Redis would (reader_line.c).
 *             A request that is not complete when its bytes run out keeps its
 *             arguments in the arena that the next feed leaves alone (reader_args.c).
 * Invariants: 1. AT_START: fed - (hi->len - hi->pos) == parsed.
 *             2. Memory for arguments grows with those that came, never with a count
 *                that was announced.
 *             3. Between feeds nothing points into the caller's buffer.
 * Cost:       a SET of 16 bytes: see tests/bench/bench_wire.c.
 * Left out:   a length line may end in CR and any byte in Redis; here it must be LF,
 *             as in the protocol: what follows is a protocol error
 *             (noted in tests/oracle/scripts/protocol.txt).
 * Read next:  wire/reader_hiredis.c, wire/reader_body.c, wire/inline.c,
 *             command/dispatch.c */
#include "wire/resp_read.h"

#include <assert.h>

#include "base/alloc.h"
#include "wire/inline.h"
#include "wire/reader_args.h"
#include "wire/reader_body.h"
#include "wire/reader_hiredis.h"
#include "wire/reader_line.h"

#define FEED_PIECE 2048                 /* bytes hiredis gets at a time */
#define ROOM_MIN (16 * 1024)            /* below, the shared buffer serves as well */

/* --- between feeds --- */

/* Keep the part of a length line that hiredis waits for; when it cannot become a
 * valid one, read it as Redis would. */
static enum request_status
hold_line(struct request_reader *r)
{
    redisReader *hi = r->hi;
    const char *at = hi->buf + hi->pos, *cr;
    size_t len = hi->len - hi->pos, more = r->in_len - r->item;

    if (hi->ridx < 0 || READER_TASK(hi)->type < 0 || memmem(at, len, "\r\n", 2)) {
        r->held_len = 0;                /* nothing of it, or the line is complete */
        return REQUEST_MORE;
    }
    cr = memchr(at, '\r', len);
    if (r->held_len + more > LINE_HELD || (cr && cr + 1 < at + len))
        return reader_line_begin(r) == REQUEST_BAD ? REQUEST_BAD : reader_line_read(r);
    memcpy(r->held + r->held_len, r->in + r->item, more);
    r->held_len += more;
    return REQUEST_MORE;
}

/* The bytes ran out in a request. */
static enum request_status
hold(struct request_reader *r)
{
    enum request_status st = REQUEST_MORE;

    if (r->mode == IN_ARRAY)
        st = hold_line(r);
    if (st == REQUEST_BAD || r->mode == AT_START)
        return st;
    if (r->has_count)
        reader_args_stash(r);
    if (!r->is_carried)
        r->is_moved = true;             /* the other arena is let go of in any case */
    r->before += r->in_len - r->start;
    r->is_carried = true;
    r->start = r->item = 0;
    r->parsed = r->in_len;
    return REQUEST_MORE;
}

/* --- parsing --- */

static void
finish(struct request_reader *r, size_t end, struct request *out)
{
    *out = (struct request){ .argc = r->argc, .argv = r->argv, .blobs = r->blobs,
                             .wire_bytes = r->before + end - r->start, .offset = end };
    if (UNLIKELY(r->blobs != NULL)) {
        assert(!r->done_blobs);         /* longer than a feed: at most one per feed */
        r->done_blobs = r->blobs;
        r->done_count = r->argc;
    }
    r->parsed = end;
    r->mode = AT_START;
}

/* Let hiredis work until a request is complete or it has no more bytes.
 * REQUEST_MORE: look at the mode. */
static enum request_status
parse_array(struct request_reader *r, struct request *out)
{
    redisReader *hi = r->hi;
    void *object;
    size_t n;

    for (;;) {
        if (hi->pos < hi->len) {
            r->shift = (uintptr_t)r->in + r->fed - ((uintptr_t)hi->buf + hi->len);
            if (redisReaderGetReply(hi, &object) != REDIS_OK) {
                if (r->error)
                    return reader_refuse(r, r->error);
                return reader_line_begin(r);
            }
            if (object) {
                finish(r, r->fed - (hi->len - hi->pos), out);
                return REQUEST_READY;
            }
            if (!reader_body_look(r))
                return reader_refuse(r, r->error);
            if (r->mode != IN_ARRAY || r->has_given)
                return REQUEST_MORE;
        }
        n = r->in_len - r->fed;
        if (n == 0)
            return hold(r);
        if (n > FEED_PIECE)
            n = FEED_PIECE;
        if (redisReaderFeed(hi, r->in + r->fed, n) != REDIS_OK)
            return reader_refuse(r, "Protocol error: out of memory");
        r->fed += n;
    }
}

/* Append to the inline line that earlier feeds began. */
static void
line_add(struct request_reader *r, const char *at, size_t len)
{
    size_t room = r->line_room ? 2 * r->line_room : 256;
    char *line;

    if (r->line_len + len > r->line_room) {
        if (room < r->line_len + len)
            room = r->line_len + len;
        line = arena_alloc(reader_args_lasting(r), room);
        if (r->line_len)
            memcpy(line, r->line, r->line_len);
        r->line = line;
        r->line_room = room;
    }
    memcpy(r->line + r->line_len, at, len);
    r->line_len += len;
}

static enum request_status
split_line(struct request_reader *r, struct bytes line, size_t end, struct request *out)
{
    struct bytes word;
    char *copy = NULL;

    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    if (line.len && (memchr(line.at, '"', line.len) || memchr(line.at, '\'', line.len)))
        copy = arena_alloc(reader_args_arena(r), line.len);
    for (;;) {
        switch (inline_next(&line, copy, &word)) {
        case INLINE_UNBALANCED:
            return reader_refuse(r, "Protocol error: unbalanced quotes in request");
        case INLINE_END:
            finish(r, end, out);
            return REQUEST_READY;
        case INLINE_WORD:
            reader_args_add(r, word);
            if (copy && word.at == copy)
                copy += word.len;
        }
    }
}

/* Redis looks for the line feed with strchr: behind a NUL it sees none. */
static enum request_status
parse_line(struct request_reader *r, struct request *out)
{
    const char *at = r->in + r->fed, *lf;
    size_t len = r->in_len - r->fed, piece;

    lf = r->line_has_nul ? NULL : memchr(at, '\n', len);
    piece = lf ? (size_t)(lf - at) : len;
    if (memchr(at, '\0', piece)) {
        r->line_has_nul = true;
        lf = NULL;
        piece = len;
    }
    r->fed += piece + (lf != NULL);
    if (lf && !r->line_len)
        return split_line(r, bytes_view(at, piece), r->fed, out);
    line_add(r, at, piece);
    if (lf)
        return split_line(r, bytes_view(r->line, r->line_len), r->fed, out);
    if (r->line_len > REQUEST_LINE_MAX)
        return reader_refuse(r, "Protocol error: too big inline request");
    return hold(r);
}

static void
begin(struct request_reader *r)
{
    reader_args_forget(r);
    r->start = r->item = r->parsed;
    if (r->in[r->parsed] == '*') {
        r->mode = IN_ARRAY;
        if (UNLIKELY(!r->hi))
            reader_hiredis_open(r);
        return;
    }
    reader_hiredis_skip(r);
    r->fed = r->parsed;
    r->mode = IN_LINE;
    r->line = NULL;
    r->line_room = 0;
    r->line_has_nul = false;
}

enum request_status
request_next(struct request_reader *r, const struct request_limits *limits,
             struct request *out)
{
    enum request_status st = REQUEST_MORE;

    r->limits = limits;
    for (;;) {
        switch (r->mode) {
        case AT_START:
            if (r->parsed == r->in_len)
                return REQUEST_MORE;
            begin(r);
            continue;
        case IN_ARRAY:
            st = parse_array(r, out);
            break;
        case IN_BODY:
            if (reader_body_fill(r))
                continue;
            return r->mode == BROKEN ? REQUEST_BAD : hold(r);
        case IN_LINE:
            st = parse_line(r, out);
            break;
        case IN_REFUSED:
            st = reader_line_read(r);
            if (st == REQUEST_MORE && r->mode == IN_REFUSED)
                return hold(r);
            break;
        case BROKEN:
            return REQUEST_BAD;
        }
        if (st == REQUEST_BAD || (st == REQUEST_READY && out->argc))
            return st;
        if (st == REQUEST_MORE && r->is_carried && r->parsed == r->in_len)
            return st;
    }
}

/* Let go of the blobs that nobody adopted. */
static void
release_done(struct request_reader *r)
{
    reader_args_release(r->done_blobs, r->done_count);
    r->done_blobs = NULL;
}

void
request_feed(struct request_reader *r, const char *at, size_t len)
{
    release_done(r);
    if (r->is_moved) {
        arena_reset(reader_args_arena(r));
        r->active = !r->active;
        r->is_moved = false;
    } else if (r->mode == AT_START) {
        arena_reset(reader_args_arena(r));
    }
    r->in = at;
    r->in_len = len;
    r->fed = r->parsed = 0;
}

/* What request_feed would do next, now. */
void
request_settle(struct request_reader *r)
{
    release_done(r);
    if (!r->is_moved && r->mode != AT_START)
        return;
    arena_free(reader_args_arena(r));
    if (r->is_moved)
        r->active = !r->active;
    r->is_moved = false;
}

void
request_shrink(struct request_reader *r)
{
    if (r->mode == IN_BODY && r->blob)
        reader_body_shrink(r);
}

char *
request_room(struct request_reader *r, size_t *len)
{
    size_t room;

    *len = 0;
    if (r->mode != IN_BODY || !r->blob || r->need - r->got < ROOM_MIN)
        return NULL;
    if (r->blob->room == r->got && !reader_body_grow(r, 1))
        return NULL;
    room = r->blob->room - r->got;
    *len = room < r->need - r->got ? room : r->need - r->got;
    return r->body + r->got;
}

/* --- life and facts --- */

struct request_reader *
request_reader_new(void)
{
    return mem_zalloc(sizeof(struct request_reader));
}

void
request_reader_reset(struct request_reader *r)
{
    release_done(r);
    if (r->mode != AT_START) {
        reader_args_release(r->blobs, r->argc);
        blob_release(r->blob);
        blob_release(r->given_blob);
        r->blob = r->given_blob = NULL;
        r->has_given = false;
        r->error = NULL;
    }
    reader_args_forget(r);
    reader_hiredis_restart(r);
    if (r->is_moved)
        arena_reset(&r->arenas[!r->active]);
    r->is_moved = false;
    r->mode = AT_START;
    r->fed = r->parsed = r->in_len;
}

void
request_reader_free(struct request_reader *r)
{
    if (!r)
        return;
    request_reader_reset(r);
    reader_hiredis_close(r);
    arena_free(&r->arenas[0]);
    arena_free(&r->arenas[1]);
    mem_free(r);
}

const char *
request_error(const struct request_reader *r)
{
    return r->error ? r->error : "";
}

bool
request_reader_is_idle(const struct request_reader *r)
{
    return r->mode == AT_START && r->parsed == r->in_len;
}

/* What hiredis keeps of the element under way: of a string whose length it has read, the
 * bytes behind that line. */
static size_t
pending_element(const struct request_reader *r)
{
    const redisReader *hi = r->hi;
    const char *at = hi->buf + hi->pos, *line;
    size_t len = hi->len - hi->pos;

    if (r->held_len)                    /* half a line */
        return r->held_len;
    if (hi->ridx < 0 || READER_TASK(hi)->type < 0)
        return 0;                       /* between two elements */
    line = memmem(at, len, "\r\n", 2);
    return line ? len - (size_t)(line + 2 - at) : 0;
}

size_t
request_pending(const struct request_reader *r)
{
    switch (r->mode) {
    case AT_START:
        return r->in_len - r->parsed;
    case IN_ARRAY:
        return pending_element(r);
    case IN_BODY:
        return r->got;
    case IN_LINE:
        return r->line_len;
    case IN_REFUSED:
        return r->line_len + r->line_has_cr;
    case BROKEN:
        break;
    }
    return 0;
}

size_t
request_pending_with(const struct request_reader *r, size_t len)
{
    size_t pending = request_pending(r), missing = r->need - r->got;

    return pending + (r->mode == IN_BODY && len > missing ? missing : len);
}

size_t
request_arguments(const struct request_reader *r)
{
    size_t n = 0;

    for (int i = 0; r->mode != AT_START && i < r->argc; i++)
        n += r->argv[i].len;
    return n;
}

size_t
request_memory(const struct request_reader *r)
{
    size_t hi = r->hi ? sizeof *r->hi + 2 * FEED_PIECE : 0;

    return sizeof *r + hi + r->arenas[0].memory + r->arenas[1].memory
           + r->blob_bytes + (r->blob ? blob_memory(r->blob) : 0);
}
