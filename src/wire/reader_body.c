/* SPDX-License-Identifier: MIT
 * wire/reader_body.c - long arguments.
 *
 * Why:        hiredis would copy them piece by piece and try again at every piece.
 * How:        once "$N" is read, hiredis waits for a length with its type byte taken.
 *             What it was fed of the body is taken back, the body is viewed in the
 *             caller's buffer or received into its final memory, and then hiredis
 *             gets "0\r\n\r\n": an empty string, for which the object functions put
 *             the real one.  A blob starts with at most BODY_COMMIT and doubles, so
 *             that announcing 512 MB costs nobody 512 MB. */
#include "wire/reader_body.h"

#include "base/num.h"
#include "wire/reader_args.h"
#include "wire/reader_hiredis.h"
#include "wire/reader_line.h"

#define BODY_DIRECT 1024                /* from here on a body is not fed to hiredis */
#define BODY_COMMIT (2 * 1024 * 1024)   /* allocated before its bytes arrive */

/* Put what has come of the body into a blob with this room. */
static bool
move_body(struct request_reader *r, size_t room)
{
    struct blob *old = r->blob, *blob = blob_try_new(0, room);

    if (!blob)
        return false;
    memcpy(blob->at, old->at, r->got);
    blob_release(old);
    r->blob = blob;
    r->body = blob->at;
    return true;
}

/* Doubling, never beyond what is needed. */
bool
reader_body_grow(struct request_reader *r, size_t more)
{
    size_t room = 2 * r->blob->room;

    if (room < r->got + more)
        room = r->got + more;
    return move_body(r, room < r->need ? room : r->need);
}

/* Beyond the first commitment half of the blob is in use, and moving it is not cheap. */
void
reader_body_shrink(struct request_reader *r)
{
    size_t room = r->got > REQUEST_BIG ? r->got : REQUEST_BIG;

    if (room <= BODY_COMMIT / 2 && room <= r->blob->room / 2)
        move_body(r, room);             /* no memory for less: it stays */
}

/* Receive a body of `len` bytes, of which none is consumed yet. */
static bool
begin_body(struct request_reader *r, size_t len)
{
    r->need = len + 2;
    r->got = 0;
    r->mode = IN_BODY;
    if (len < REQUEST_BIG) {
        r->body = arena_alloc(reader_args_lasting(r), r->need);
        return true;
    }
    r->blob = blob_try_new(0, r->need < BODY_COMMIT ? r->need : BODY_COMMIT);
    r->body = r->blob ? r->blob->at : NULL;
    return r->blob != NULL;
}

/* Let hiredis, which waits for a length, have an empty string and remember what
 * it stands for. */
static void
give(struct request_reader *r, struct bytes arg, struct blob *blob)
{
    r->given = arg;
    r->given_blob = blob;
    r->has_given = true;
    r->mode = IN_ARRAY;
    redisReaderFeed(r->hi, "0\r\n\r\n", 5);
}

bool
reader_body_fill(struct request_reader *r)
{
    const char *from = r->in + r->fed;
    size_t n = r->in_len - r->fed;

    if (n > r->need - r->got)
        n = r->need - r->got;
    if (from != r->body + r->got) {     /* else it was read in place */
        if (r->blob && r->blob->room - r->got < n && !reader_body_grow(r, n)) {
            reader_refuse(r, "Protocol error: out of memory");
            return false;
        }
        memcpy(r->body + r->got, from, n);
    }
    r->got += n;
    r->fed += n;
    if (r->got < r->need)
        return false;
    if (r->blob)
        r->blob->len = r->need - 2;
    give(r, bytes_view(r->body, r->need - 2), r->blob);
    r->blob = NULL;
    return true;
}

bool
reader_body_look(struct request_reader *r)
{
    redisReader *hi = r->hi;
    const char *at = hi->buf + hi->pos, *end = hi->buf + hi->len, *cr;
    size_t from, line;
    int64_t n;

    if (hi->ridx < 1 || READER_TASK(hi)->type != REDIS_REPLY_STRING || at == end)
        return true;
    line = (size_t)(end - at) < LINE_HELD ? (size_t)(end - at) : LINE_HELD;
    cr = memchr(at, '\r', line);
    if (!cr || cr + 1 >= end || cr[1] != '\n'
        || !num_parse_i64(bytes_view(at, (size_t)(cr - at)), &n))
        return true;
    r->error = reader_line_length_error(r, n);
    if (r->error)
        return false;
    if (n < BODY_DIRECT)
        return true;
    from = r->fed - (size_t)(end - cr - 2);
    reader_hiredis_skip(r);
    r->fed = from;
    if ((uint64_t)n + 2 <= r->in_len - from) {
        r->fed = from + (size_t)n + 2;
        give(r, bytes_view(r->in + from, (size_t)n), NULL);
        return true;
    }
    if (!begin_body(r, (size_t)n))
        r->error = "Protocol error: out of memory";
    return !r->error;
}
