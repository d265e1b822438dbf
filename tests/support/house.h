/* SPDX-License-Identifier: MIT
 * tests/support/house.h - the parts of a server without its process, for unit tests of
 * command/: guests are clients on socket pairs that say commands and hear replies.
 *
 * How:        what a guest was sent is taken from its output queue, so that no loop has
 *             to turn; house_turn lets one turn, and then it comes out of the socket. */
#ifndef IGNIS_TESTS_SUPPORT_HOUSE_H
#define IGNIS_TESTS_SUPPORT_HOUSE_H
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/clock.h"
#include "base/rand.h"
#include "command/client.h"
#include "command/clients.h"
#include "command/dispatch_call.h"
#include "command/refuse.h"
#include "command/table.h"
#include "config/config.h"
#include "net/conn.h"
#include "net/loop.h"
#include "server/parts.h"

#define HOUSE_CLIENTS 4096
#define HOUSE_NOON 1700000000000

struct house {
    struct server server;
    int peers[HOUSE_CLIENTS];           /* other ends, in the order of coming */
    size_t peer_count;
};

static struct house house;

static inline void
house_build(void)
{
    struct server *s = &house.server;
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    clock_start();
    clock_freeze(HOUSE_NOON);
    hash_start(B("0123456789abcdef"));
    rand_seed(7);
    s->config = config_new();
    parts_build(s);
}

static inline void
house_leave(void)
{
    parts_free(&house.server);
    config_free(house.server.config);
    for (size_t i = 0; i < house.peer_count; i++)
        if (house.peers[i] >= 0)
            close(house.peers[i]);
    clock_thaw();
    memset(&house, 0, sizeof house);
}

/* Somebody connects.  The newest client is the last of the list. */
static inline struct client *
house_guest(void)
{
    struct client *c;
    int ends[2];

    cr_assert_lt(house.peer_count, HOUSE_CLIENTS);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    clients_accept(ends[0], house.server.clients);
    house.peers[house.peer_count++] = ends[1];
    for (c = clients_first(house.server.clients); c && c->next; c = c->next)
        ;
    cr_assert_not_null(c);
    return c;
}

/* What it was sent since the last time; valid until the next call but three. */
static inline const char *
house_heard(struct client *c)
{
    static char *last[4];
    static int at;
    uint8_t proto = c->out->proto;
    bool muted = c->out->muted;
    size_t len;
    char *flat = reply_flatten(c->out, &len);

    at = (at + 1) % 4;
    free(last[at]);
    last[at] = malloc(len + 1);
    memcpy(last[at], flat, len);
    last[at][len] = '\0';
    mem_free(flat);
    reply_drop(c->out);
    reply_start(c->out);
    c->out->proto = proto;
    c->out->muted = muted;
    return last[at];
}

/* What dispatch_bytes does with a request, less the batch. */
static inline void
house_call(struct client *c, struct bytes *argv, int argc)
{
    struct registered *container;
    bool held = false;
    struct call call = { .out = c->out, .db = c->db, .argv = argv, .argc = argc,
                         .client = c, .server = c->server };

    call.cmd = command_resolve(c->server->commands, argv, argc, &container);
    client_set(c, CLIENT_RUNNING, true);
    if (!call.cmd || !command_takes(call.cmd, argc))
        refuse_request(&call);
    else
        dispatch_call_from(&call, clock_ticks(), &held);
    client_set(c, CLIENT_RUNNING, false);
}

/* It says a line; what it is answered stays in its queue. */
static inline void
house_say(struct client *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void
house_say(struct client *c, const char *format, ...)
{
    char line[4096];
    struct bytes *argv;
    size_t argc;
    va_list ap;

    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    argv = words_split(bytes_of_text(line), &argc);
    cr_assert_not_null(argv);
    house_call(c, argv, (int)argc);
    words_free(argv, argc);
    if (client_is(c, CLIENT_DEAD))
        conn_close_soon(c->conn);
}

#define house_ask(c, ...) (house_say(c, __VA_ARGS__), house_heard(c))

/* What waits for the end of a turn is done. */
static inline void
house_turn(void)
{
    loop_turn(house.server.loop);
}

static inline int
house_number_in(const char *text, const char *what)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

#endif
