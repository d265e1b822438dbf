/* SPDX-License-Identifier: MIT
 * tests/bench/bench_floor.c - a server that does nothing: the least CPU time that an
 * answer over TCP can take on this machine.
 *
 *   bench_floor --port PORT [--reply ok|nil|int|bulk16|empty] [--gather US (150)]
 *
 * Why:        "1.4 us per command" means nothing before one knows what read(2), write(2)
 *             and the loop take: that part no server can save.
 * How:        libev and sockets as in src/net: the same options, reads of 64 KB, the
 *             same turn spacing (gather.c), one write per read, all of a turn's at its
 *             end.  Requests are counted, not parsed: a load generator sends equal lengths, so the first request of a
 *             connection is measured and bytes are divided by that.  For example, beside
 *             the real one, in a tool that puts the port in place of PORT:
 *
 *               ab.py floor="bench_floor --port PORT --reply ok" ignis="ignis-server ..."
 *
 * Left out:   requests of different lengths on one connection: they are counted wrong.
 *             Whoever asks CONFIG GET first, as redis-benchmark does, is told nonsense,
 *             and goes on with a warning. */
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/gather.h"

#define ROOM (64 * 1024)
#define CONNECTIONS 20000       /* descriptors from there on are refused */

struct peer {
    ev_io io;
    size_t length, part;        /* of a request; bytes of one not complete yet */
    size_t due;                 /* requests to answer */
    struct peer *next;          /* of those who have some */
};

static const struct { const char *name, *text; } replies[] = {
    { "ok", "+OK\r\n" }, { "nil", "$-1\r\n" }, { "int", ":1\r\n" },
    { "bulk16", "$16\r\nxxxxxxxxxxxxxxxx\r\n" }, { "empty", "*0\r\n" },
};

static struct ev_loop *loop;
static struct gather gather;
static double spacing;          /* seconds */
static unsigned reads;          /* of this turn */
static struct peer *first_due, **last_due = &first_due;
static const char *reply = "+OK\r\n";
static size_t reply_len = 5;
static char buffer[ROOM], answers[ROOM * 4];

/* The length of the request at the front; 0 when it cannot be told yet. */
static size_t
request_length(const char *at, size_t len)
{
    const char *end = at + len, *p = memchr(at, '\n', len);
    long words;

    if (!p || *at != '*')
        return p ? (size_t)(p + 1 - at) : 0;            /* inline */
    words = atol(at + 1);
    for (p++; words > 0; words--) {
        const char *line = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

        if (!line)
            return 0;
        p = line + 1 + atol(p + 1) + 2;
    }
    return (size_t)(p - at);
}

/* Gone for the loop; freed once nobody is to answer it. */
static void
drop(struct peer *peer)
{
    ev_io_stop(loop, &peer->io);
    close(peer->io.fd);
    peer->io.fd = -1;
    if (!peer->due)
        free(peer);
}

static void
answer_later(struct peer *peer, size_t requests)
{
    if (requests > 0 && peer->due == 0) {
        peer->next = NULL;
        *last_due = peer;
        last_due = &peer->next;
    }
    peer->due += requests;
}

/* The generator waits for its answers, so there is room for them in the socket. */
static bool
answer(int fd, size_t requests)
{
    size_t most = sizeof answers / reply_len;

    for (size_t n; requests > 0; requests -= n) {
        n = requests < most ? requests : most;
        if (write(fd, answers, n * reply_len) != (ssize_t)(n * reply_len))
            return false;
    }
    return true;
}

static void
on_readable(struct ev_loop *ev, ev_io *w, int events)
{
    struct peer *peer = (struct peer *)w;
    ssize_t n = read(w->fd, buffer, sizeof buffer);

    (void)ev;
    (void)events;
    reads++;
    if (n <= 0) {
        drop(peer);
        return;
    }
    if (peer->length == 0)
        peer->length = request_length(buffer, (size_t)n);
    peer->part += (size_t)n;
    if (peer->length == 0)
        return;
    n = (ssize_t)(peer->part / peer->length);
    peer->part %= peer->length;
    answer_later(peer, (size_t)n);
}

static void
answer_all(void)
{
    struct peer *peer, *next;
    size_t due;

    for (peer = first_due; peer; peer = next) {
        next = peer->next;
        due = peer->due;
        peer->due = 0;
        if (peer->io.fd < 0)
            free(peer);
        else if (!answer(peer->io.fd, due))
            drop(peer);
    }
    first_due = NULL;
    last_due = &first_due;
}

/* As net/listener.c does for a peer on this machine. */
static void
on_acceptable(struct ev_loop *ev, ev_io *w, int events)
{
    static const char plain[] = "reno";
    int on = 1, fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct peer *peer;

    (void)events;
    if (fd < 0)
        return;
    peer = fd < CONNECTIONS ? calloc(1, sizeof *peer) : NULL;
    if (!peer) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, plain, sizeof plain - 1);
    ev_io_init(&peer->io, on_readable, fd, EV_READ);
    ev_io_start(ev, &peer->io);
}

/* As net/loop.c does at the end of a turn. */
static void
on_prepare(struct ev_loop *ev, ev_prepare *w, int events)
{
    bool was_on = gather.on_for > 0, is_on;

    (void)w;
    (void)events;
    answer_all();
    if (spacing == 0.)
        return;
    is_on = gather_turn(&gather, reads, clock_ticks_to_ns(clock_ticks()));
    reads = 0;
    if (is_on != was_on)
        ev_set_io_collect_interval(ev, is_on ? spacing : 0.);
}

static int
listen_on(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 511) < 0) {
        perror("bench_floor");
        exit(1);
    }
    return fd;
}

static bool
choose_reply(const char *name)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        if (strcmp(replies[i].name, name) == 0) {
            reply = replies[i].text;
            reply_len = strlen(reply);
            return true;
        }
    return false;
}

static void
serve(int port, int gather_us)
{
    ev_prepare prepare;
    ev_io listener;

    for (size_t i = 0; i < sizeof answers / reply_len; i++)
        memcpy(answers + i * reply_len, reply, reply_len);
    clock_start();
    loop = ev_loop_new(EVFLAG_NOENV);
    ev_io_init(&listener, on_acceptable, listen_on(port), EV_READ);
    ev_io_start(loop, &listener);
    ev_prepare_init(&prepare, on_prepare);
    if (gather_us > 0) {
        prctl(PR_SET_TIMERSLACK, 1000);
        spacing = gather_us / 1e6;
    }
    ev_prepare_start(loop, &prepare);
    ev_run(loop, 0);
}

int
main(int argc, char **argv)
{
    int port = 0, gather_us = 150;
    bool good = true;

    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], "--port") == 0)
            port = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--gather") == 0)
            gather_us = atoi(argv[i + 1]);
        else
            good = good && strcmp(argv[i], "--reply") == 0 && choose_reply(argv[i + 1]);
    if (!good || port <= 0 || port > 65535) {
        printf("bench_floor --port PORT [--reply ok|nil|int|bulk16|empty] "
               "[--gather US]\n");
        return argc > 1;                /* `make bench` gives no port: nothing to do */
    }
    serve(port, gather_us);
    return 0;
}
