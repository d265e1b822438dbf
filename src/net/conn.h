/* SPDX-License-Identifier: MIT
 * net/conn.h - one accepted connection: bytes in, queued replies out. It knows
 * nothing of commands.  TCP and Unix sockets. */
#ifndef IGNIS_NET_CONN_H
#define IGNIS_NET_CONN_H
#include <stdint.h>
#include "base/bytes.h"
#include "net/conn_address.h"
#include "wire/resp_write.h"

struct conn;
struct loop;

/* What its owner is told.  The owner may call conn_close inside any of them:
 * the conn then stays valid until the callback returned. */
struct conn_events {
    /* Where to read to, or NULL for the loop's shared 64 KB buffer. May be NULL. */
    char *(*room)(void *owner, size_t *len);
    /* `len` bytes were read to `at`; they stay there until this returns. */
    void (*bytes)(void *owner, char *at, size_t len);
    /* The peer closed or the socket failed (errno text in `why`).  The owner
     * must let go: after this call the conn is freed.  Comes from the loop only,
     * never from inside conn_flush or another call of the owner. */
    void (*closed)(void *owner, const char *why);
};

/* Adopts `fd` (sets non-blocking).  The owner gets events from now on. */
struct conn *conn_new(struct loop *loop, int fd, const struct conn_events *events,
                      void *owner);
/* Close and free; `closed` is not called. */
void conn_free(struct conn *c);
/* Send what is queued, then report `closed`.  No more reads. */
void conn_close_after_reply(struct conn *c);
/* Close at the end of this loop turn (safe anywhere), reporting `closed`. */
void conn_close_soon(struct conn *c);

/* Its output queue: append with reply_*; then one of the three below. */
struct reply *conn_reply(struct conn *c);
/* Try to send now; arms a write watcher only when the write was short. */
void conn_flush(struct conn *c);
/* Send before the loop sleeps; cheap when asked twice. */
void conn_flush_later(struct conn *c);
/* What ends a batch: a small reply goes later, with those of others; a large one
 * now.  False when the socket is full: the queue may grow. */
bool conn_send(struct conn *c);

/* When bytes last went out, or were about to, or its owner said so with conn_touch:
 * wall clock, seconds. */
uint32_t conn_active_s(const struct conn *c);
void conn_touch(struct conn *c);
int conn_fd(const struct conn *c);              /* -1 once it was closed */
bool conn_is_unix(const struct conn *c);
size_t conn_memory(const struct conn *c);

/* Totals since start (stat counters; the caller may reset by remembering). */
struct conn_facts { uint64_t read_bytes, written_bytes, reads, writes; };
void conn_facts(struct conn_facts *out);

#endif
