/* SPDX-License-Identifier: MIT
 * wire/reply.c - replies, written once and sent from where they lie.
 *
 * Why:        most replies are a few bytes; some are 512 MB.  The first must cost a
 *             bounds check and a few stores, the second must not be copied.
 * How:        a reply is a chain of chunks:
 *
 *                 first                                      last
 *                 [.....data 16 KB.....] -> [blob | data] -> [data ....at    end]
 *                  ^sent
 *
 *             A large blob becomes a small chunk that refers to it; what follows the
 *             blob starts in the same chunk's own bytes.  Full-size chunks come from
 *             a LIFO pool, so that the next reply writes to memory still in cache.
 * Invariants: 1. first == NULL <=> last == NULL <=> at == NULL.
 *             2. at and end point into last->data; last->used is set when the chunk
 *                stops being the last.
 *             3. closed_bytes = sum over all chunks but the last of blob_len + used;
 *                sent <= the size of `first`.
 *             4. muted: room is a scratch area and `at` does not move.
 * Read next:  wire/resp_write.c (who fills them), net/conn.c (who sends them) */
#include "wire/reply.h"

#include <assert.h>

#include "base/alloc.h"

#define POOL_MAX 64                     /* chunks: 1 MB stays with us when idle */
#define NODE_SIZE 512                   /* a chunk that refers to a blob */

static struct chunk *pool;
static unsigned pooled;
static size_t in_use;                   /* full-size chunks that are in replies */
static char scratch[CHUNK_ROOM];        /* what muted replies are written to */

/* --- chunks --- */

static struct chunk *
chunk_new(void)
{
    struct chunk *c = pool;

    if (LIKELY(c != NULL)) {
        pool = c->next;
        pooled--;
    } else {
        c = mem_alloc(sizeof *c + CHUNK_ROOM);
    }
    *c = (struct chunk){ .room = CHUNK_ROOM };
    in_use++;
    return c;
}

static void
chunk_free(struct chunk *c)
{
    if (UNLIKELY(c->blob != NULL))
        blob_release(c->blob);
    if (c->room == CHUNK_ROOM) {
        in_use--;
        if (pooled < POOL_MAX) {
            c->next = pool;
            pool = c;
            pooled++;
            return;
        }
    }
    mem_free(c);
}

static size_t
chunk_memory(const struct chunk *c)
{
    return sizeof *c + c->room + c->blob_len;
}

/* Bytes of `data` in use; right for the last chunk too. */
static size_t
chunk_used(const struct reply *r, const struct chunk *c)
{
    return c == r->last ? (size_t)(r->at - c->data) : c->used;
}

static void
append_chunk(struct reply *r, struct chunk *c)
{
    struct chunk *last = r->last;

    if (last) {
        last->used = (uint32_t)(r->at - last->data);
        r->closed_bytes += last->blob_len + last->used;
        last->next = c;
    } else {
        r->first = c;
    }
    r->last = c;
    r->at = c->data;
    r->end = c->data + c->room;
    r->chunks++;
    r->memory += chunk_memory(c);
}

void
reply_refer(struct reply *r, struct blob *blob, size_t from, size_t len)
{
    struct chunk *c;

    if (r->muted)
        return;
    c = mem_alloc(NODE_SIZE);
    *c = (struct chunk){ .room = NODE_SIZE - sizeof *c, .blob = blob_share(blob),
                         .blob_from = from, .blob_len = len };
    append_chunk(r, c);
}

void
reply_start(struct reply *r)
{
    *r = (struct reply){ .proto = 2 };
}

void
reply_drop(struct reply *r)
{
    struct chunk *c, *next;

    for (c = r->first; c; c = next) {
        next = c->next;
        chunk_free(c);
    }
    *r = (struct reply){ .proto = r->proto, .muted = r->muted };
}

size_t
reply_memory_in_use(void)
{
    return in_use * (sizeof(struct chunk) + CHUNK_ROOM);
}

void
reply_pool_free(void)
{
    struct chunk *next;

    for (; pool; pool = next) {
        next = pool->next;
        mem_free(pool);
    }
    pooled = 0;
}

/* --- raw bytes --- */

char *
reply_room_slow(struct reply *r, size_t n)
{
    assert(n <= CHUNK_ROOM);
    if (r->muted)
        return scratch;
    append_chunk(r, chunk_new());
    return r->at;
}

void
reply_raw(struct reply *r, struct bytes b)
{
    size_t n;

    if (r->muted)
        return;
    while (b.len) {
        if (r->at == r->end)
            append_chunk(r, chunk_new());
        n = (size_t)(r->end - r->at);
        if (n > b.len)
            n = b.len;
        memcpy(r->at, b.at, n);
        r->at += n;
        b.at += n;
        b.len -= n;
    }
}

/* --- towards the socket --- */

size_t
reply_pending(const struct reply *r)
{
    if (!r->first)
        return 0;
    return r->closed_bytes + r->last->blob_len + chunk_used(r, r->last) - r->sent;
}

size_t
reply_memory(const struct reply *r)
{
    return r->memory;
}

int
reply_iov(struct reply *r, struct iovec *iov, int max)
{
    size_t skip = r->sent, used;
    struct chunk *c;
    int n = 0;

    for (c = r->first; c && n < max; c = c->next) {
        if (c->blob_len > skip) {
            iov[n++] = (struct iovec){ c->blob->at + c->blob_from + skip,
                                       c->blob_len - skip };
            skip = 0;
        } else {
            skip -= c->blob_len;
        }
        used = chunk_used(r, c);
        if (used > skip && n < max)
            iov[n++] = (struct iovec){ c->data + skip, used - skip };
        skip = 0;
    }
    return n;
}

void
reply_sent(struct reply *r, size_t n)
{
    struct chunk *c;
    size_t len;

    assert(n <= reply_pending(r));
    r->sent += n;
    while ((c = r->first) != NULL) {
        len = c->blob_len + chunk_used(r, c);
        if (r->sent < len)
            return;
        r->sent -= len;
        r->first = c->next;
        r->chunks--;
        r->memory -= chunk_memory(c);
        if (c == r->last) {
            r->last = NULL;
            r->at = r->end = NULL;
        } else {
            r->closed_bytes -= len;
        }
        chunk_free(c);
    }
}

/* Move the bytes of `from` by copying: one small chunk, or one begun already. */
static void
splice_copy(struct reply *r, struct reply *from)
{
    struct iovec iov;

    while (reply_iov(from, &iov, 1) > 0) {
        reply_raw(r, bytes_view(iov.iov_base, iov.iov_len));
        reply_sent(from, iov.iov_len);
    }
    reply_drop(from);
}

void
reply_splice(struct reply *r, struct reply *from)
{
    bool is_small = from->first && !from->first->next && !from->first->blob;

    if (!from->first || r->muted || from->sent || is_small) {
        splice_copy(r, from);
        return;
    }
    if (r->last) {
        r->last->used = (uint32_t)(r->at - r->last->data);
        r->closed_bytes += r->last->blob_len + r->last->used;
        r->last->next = from->first;
    } else {
        r->first = from->first;
    }
    r->last = from->last;
    r->at = from->at;
    r->end = from->end;
    r->closed_bytes += from->closed_bytes;
    r->chunks += from->chunks;
    r->memory += from->memory;
    *from = (struct reply){ .proto = from->proto, .muted = from->muted };
}

/* Copy what is left of `len` bytes after skipping `*skip`. */
static char *
copy_rest(char *to, const char *at, size_t len, size_t *skip)
{
    size_t left = *skip < len ? len - *skip : 0;

    if (left)
        memcpy(to, at + *skip, left);
    *skip -= len - left;
    return to + left;
}

char *
reply_flatten(const struct reply *r, size_t *len)
{
    size_t skip = r->sent;
    struct chunk *c;
    char *flat, *to;

    *len = reply_pending(r);
    flat = to = mem_alloc(*len ? *len : 1);
    for (c = r->first; c; c = c->next) {
        if (c->blob)
            to = copy_rest(to, c->blob->at + c->blob_from, c->blob_len, &skip);
        to = copy_rest(to, c->data, chunk_used(r, c), &skip);
    }
    assert(to == flat + *len);
    return flat;
}
