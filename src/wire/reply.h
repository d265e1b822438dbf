/* SPDX-License-Identifier: MIT
 * wire/reply.h - bytes on their way to a client: a chain of chunks.
 *
 * Chunks come from a pool and are handed to the socket as they are: a reply is
 * written into memory once.  A reply at rest owns no chunk.  Large blobs are
 * chained by reference and sent from the value itself. */
#ifndef IGNIS_WIRE_REPLY_H
#define IGNIS_WIRE_REPLY_H
#include <stdint.h>
#include <sys/uio.h>
#include "base/blob.h"
#include "base/bytes.h"
#include "base/status.h"

#define CHUNK_ROOM 16320                /* with its header, 16 KB */
#define REPLY_BY_REFERENCE 16384        /* blobs of this size on are not copied */

struct chunk {
    struct chunk *next;
    struct blob *blob;                  /* its part is sent before `data`; mostly NULL */
    uint32_t used;                      /* bytes of `data`; stale in the last chunk */
    uint32_t room;                      /* bytes of `data` that fit */
    size_t blob_from, blob_len;
    char data[];
};

struct reply {
    char *at, *end;                     /* room left in the last chunk */
    struct chunk *first, *last;
    size_t sent;                        /* bytes of `first` already sent */
    size_t closed_bytes;                /* bytes in all chunks but the last */
    size_t memory;                      /* of all chunks and the blob parts they hold */
    uint32_t chunks;
    uint8_t proto;                      /* 2 or 3 */
    bool muted;                         /* CLIENT REPLY OFF: drop what comes */
};

void reply_start(struct reply *r);      /* empty, RESP2 */
void reply_drop(struct reply *r);       /* give all chunks back */

/* --- raw bytes --- */
/* Room for `n` (1 to CHUNK_ROOM) bytes in one piece; then advance with reply_used. */
char *reply_room_slow(struct reply *r, size_t n);
static inline char *
reply_room(struct reply *r, size_t n)
{
    if (LIKELY((size_t)(r->end - r->at) >= n && !r->muted))
        return r->at;
    return reply_room_slow(r, n);
}
static inline void
reply_used(struct reply *r, size_t n)
{
    if (LIKELY(!r->muted))
        r->at += n;
}
void reply_raw(struct reply *r, struct bytes b);

/* Chain `len` bytes of the blob from `from`, by reference. */
void reply_refer(struct reply *r, struct blob *blob, size_t from, size_t len);

/* --- towards the socket --- */
static inline bool reply_is_empty(const struct reply *r) { return !r->first; }
/* Bytes waiting to be sent, references included.  O(1). */
size_t reply_pending(const struct reply *r);
/* Memory they take (chunks; referenced blobs count their bytes), and how many
 * list nodes, for CLIENT LIST's obl, oll, omem. */
size_t reply_memory(const struct reply *r);
/* Fill at most `max` iovecs with what is to be sent; returns how many. */
int reply_iov(struct reply *r, struct iovec *iov, int max);
/* `n` bytes were sent: give finished chunks back. */
void reply_sent(struct reply *r, size_t n);
/* Append all of `from` (which becomes empty) to `r`. */
void reply_splice(struct reply *r, struct reply *from);
/* Copy everything unsent into one flat buffer (tests, MULTI capture); caller
 * frees with mem_free. */
char *reply_flatten(const struct reply *r, size_t *len);
/* Memory of the chunks in all replies, without large values they refer to. */
size_t reply_memory_in_use(void);
/* Free pooled chunks: memory is short, or the server shuts down. */
void reply_pool_free(void);

#endif
