/* SPDX-License-Identifier: MIT
 * tests/unit/ear.h - an owner of connections that writes down what it hears. */
#ifndef IGNIS_TESTS_UNIT_EAR_H
#define IGNIS_TESTS_UNIT_EAR_H
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "net/conn.h"
#include "net/loop.h"

struct ear {
    struct loop *loop;
    struct conn *c;
    int peer;                           /* our end of the socket pair */
    struct text heard;
    int closed;
    char why[64];
    void (*on_bytes)(struct ear *ear);
    char *room;
    size_t room_len;
};

static inline char *
ear_room(void *owner, size_t *len)
{
    struct ear *ear = owner;

    *len = ear->room_len;
    return ear->room;
}

static inline void
ear_bytes(void *owner, char *at, size_t len)
{
    struct ear *ear = owner;

    if (ear->on_bytes)
        ear->on_bytes(ear);
    text_add(&ear->heard, bytes_view(at, len));     /* they stay until we return */
}

static inline void
ear_closed(void *owner, const char *why)
{
    struct ear *ear = owner;

    ear->closed++;
    ear->c = NULL;
    snprintf(ear->why, sizeof ear->why, "%s", why);
}

static const struct conn_events ear_events = {
    .room = ear_room, .bytes = ear_bytes, .closed = ear_closed
};

static inline struct ear *
ear_new(struct loop *loop)
{
    struct ear *ear = mem_zalloc(sizeof *ear);
    int pair[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    ear->loop = loop;
    ear->peer = pair[1];
    ear->c = conn_new(loop, pair[0], &ear_events, ear);
    return ear;
}

static inline void
ear_free(struct ear *ear)
{
    if (ear->c)
        conn_free(ear->c);
    close(ear->peer);
    text_free(&ear->heard);
    mem_free(ear);
}

static inline struct loop *
start(void)
{
    clock_start();
    return loop_new();
}

static inline void
finish(struct ear *ear)
{
    struct loop *loop = ear->loop;

    ear_free(ear);
    loop_free(loop);
    reply_pool_free();
}

static inline void
say(struct ear *ear, const char *text)
{
    cr_assert_eq(write(ear->peer, text, strlen(text)), (ssize_t)strlen(text));
}

/* What has arrived at the peer by now. */
static inline size_t
peer_read(struct ear *ear, char *to, size_t size)
{
    ssize_t n = read(ear->peer, to, size);

    return n < 0 ? 0 : (size_t)n;
}

static inline void
expect_at_peer(struct ear *ear, const char *wanted)
{
    char got[256];
    size_t n = peer_read(ear, got, sizeof got);

    cr_expect(bytes_equal(bytes_view(got, n), bytes_of_text(wanted)),
              "got %.*s", (int)n, got);
}

static inline bool
peer_sees_end(struct ear *ear)
{
    char c;
    ssize_t n = read(ear->peer, &c, 1);

    return n == 0 || (n < 0 && errno == ECONNRESET);
}

#endif
