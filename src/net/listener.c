/* SPDX-License-Identifier: MIT
 * net/listener.c - listening sockets and what comes through them.
 *
 * How:        accept until the queue is empty or the turn's share is used, so that
 *             neither a connection storm nor the clients inside starve the other.
 *             Out of descriptors, the socket stays readable for ever: the watcher
 *             is stopped for a moment instead of spinning.
 * Read next:  net/conn.c */
#include "net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "net/loop_inside.h"

#define ACCEPT_TURN 10                  /* until listener_set_turn says otherwise */
#define ACCEPT_PAUSE 0.1                /* seconds without descriptors */

static int turn = ACCEPT_TURN;          /* connections accepted per turn and socket */

struct listener {
    ev_io io;
    ev_timer pause;
    struct loop *loop;
    accept_fn *fn;
    void *arg;
    char *path;                         /* Unix socket file, else NULL */
    dev_t dev;                          /* of that file: remove ours only */
    ino_t ino;
    int fd;
    unsigned arrival;                   /* its place among those to be served; 0 = none */
    bool is_accepting;                  /* it is needed until that is over */
    bool is_gone;                       /* freed by its owner */
    usec logged;
};

void
listener_set_turn(int connections)
{
    turn = connections;
}

static void
complain(struct listener *l, int error)
{
    usec now = clock_mono_us();

    if (l->logged && now - l->logged < 1000000)
        return;
    l->logged = now;
    log_warning("Accepting client connection: %s", strerror(error));
}

static bool
is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static bool
is_this_machine(const struct sockaddr_storage *peer)
{
    const struct in6_addr *six = &((const struct sockaddr_in6 *)peer)->sin6_addr;

    if (peer->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)peer)->sin_addr.s_addr) >> 24 == 127;
    return peer->ss_family == AF_INET6
           && (IN6_IS_ADDR_LOOPBACK(six)
               || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127));
}

/* Within the machine there is no path to be careful of, but an algorithm that spaces
 * packets (BBR) sets a timer for each: an eighth of the CPU of a 1 MB reply. */
static void
tune(int fd, const struct sockaddr_storage *peer)
{
    static const char plain[] = "reno";
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (is_this_machine(peer))
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, plain, sizeof plain - 1);
}

/* Out of descriptors or the like: look again in a moment. */
static void
pause_listener(struct listener *l)
{
    ev_io_stop(l->loop->ev, &l->io);
    ev_timer_set(&l->pause, ACCEPT_PAUSE, 0.);
    ev_timer_start(l->loop->ev, &l->pause);
}

static void
accept_some(void *arg)
{
    struct listener *l = arg;
    struct sockaddr_storage peer;
    socklen_t len;
    int fd, i, error;

    l->arrival = 0;
    l->is_accepting = true;
    for (i = 0; i < turn && !l->is_gone; i++) {
        len = sizeof peer;
        fd = accept4(l->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (!l->path)
                tune(fd, &peer);
            l->fn(fd, l->arg);
            continue;
        }
        error = errno;
        if (error == EINTR || error == ECONNABORTED)
            continue;
        if (error != EAGAIN && error != EWOULDBLOCK)
            complain(l, error);
        if (is_shortage(error))
            pause_listener(l);
        break;
    }
    l->is_accepting = false;
    if (l->is_gone)
        mem_free(l);
}

static void
on_acceptable(struct ev_loop *ev, ev_io *w, int events)
{
    struct listener *l = w->data;

    (void)ev;
    (void)events;
    if (!l->arrival)
        l->arrival = loop_arrive(l->loop, accept_some, l);
}

static void
on_pause_over(struct ev_loop *ev, ev_timer *w, int events)
{
    struct listener *l = w->data;

    (void)events;
    ev_io_start(ev, &l->io);
}

static struct listener *
listener_make(struct loop *loop, int fd, accept_fn *fn, void *arg)
{
    struct listener *l = mem_zalloc(sizeof *l);

    l->loop = loop;
    l->fd = fd;
    l->fn = fn;
    l->arg = arg;
    ev_io_init(&l->io, on_acceptable, fd, EV_READ);
    ev_timer_init(&l->pause, on_pause_over, 0., 0.);
    l->io.data = l->pause.data = l;
    ev_io_start(loop->ev, &l->io);
    return l;
}

/* Write "bind: Address already in use" and give up the socket. */
static int
failed(int fd, const char *what, char *error, size_t error_size)
{
    int saved = errno;

    snprintf(error, error_size, "%s: %s", what, strerror(saved));
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

static int
open_and_bind(const struct addrinfo *ai, int backlog, char *error, size_t error_size)
{
    int on = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return failed(-1, "socket", error, error_size);
    if (ai->ai_family == AF_INET6
        && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
        return failed(fd, "setsockopt", error, error_size);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        return failed(fd, "setsockopt SO_REUSEADDR", error, error_size);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
        return failed(fd, "bind", error, error_size);
    if (listen(fd, backlog) < 0)
        return failed(fd, "listen", error, error_size);
    return fd;
}

/* The kernel has no such address, or no such family at all. */
static bool
is_unavailable(int error)
{
    return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == EPFNOSUPPORT
           || error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT
           || error == ENOPROTOOPT;
}

struct listener *
listener_tcp(struct loop *loop, const char *address, int port, int backlog,
             accept_fn *fn, void *arg, char *error, size_t error_size, bool *unavailable)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
    const char *node = address;
    char service[16];
    int fd, rc;

    *unavailable = false;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    if (strcmp(address, "*") == 0) {
        node = "0.0.0.0";
    } else if (strcmp(address, "::*") == 0) {
        node = "::";
    }
    snprintf(service, sizeof service, "%d", port);
    rc = getaddrinfo(node, service, &hints, &found);
    if (rc != 0) {
        snprintf(error, error_size, "%s", gai_strerror(rc));
        return NULL;
    }
    fd = open_and_bind(found, backlog, error, error_size);
    if (fd < 0)
        *unavailable = is_unavailable(errno);
    freeaddrinfo(found);
    return fd < 0 ? NULL : listener_make(loop, fd, fn, arg);
}

struct listener *
listener_unix(struct loop *loop, const char *path, mode_t mode, int backlog,
              accept_fn *fn, void *arg, char *error, size_t error_size)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct listener *l;
    struct stat st;
    mode_t old = 0;
    int fd, rc;

    if (strlen(path) >= sizeof un.sun_path) {
        snprintf(error, error_size, "socket path is longer than %zu bytes",
                 sizeof un.sun_path - 1);
        return NULL;
    }
    memcpy(un.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        failed(-1, "socket", error, error_size);
        return NULL;
    }
    unlink(path);                       /* left by an earlier run */
    if (mode)
        old = umask(~mode & 0777);
    rc = bind(fd, (struct sockaddr *)&un, sizeof un);
    if (mode)
        umask(old);
    if (rc < 0 || listen(fd, backlog) < 0) {
        failed(fd, rc < 0 ? "bind" : "listen", error, error_size);
        return NULL;
    }
    l = listener_make(loop, fd, fn, arg);
    l->path = mem_copy_text(path);
    if (stat(path, &st) == 0) {
        l->dev = st.st_dev;
        l->ino = st.st_ino;
    }
    return l;
}

void
listener_free(struct listener *l)
{
    struct stat st;

    if (!l)
        return;
    ev_io_stop(l->loop->ev, &l->io);
    ev_timer_stop(l->loop->ev, &l->pause);
    if (l->arrival)
        loop_leave(l->loop, l->arrival);
    close(l->fd);
    if (l->path && stat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
        unlink(l->path);
    mem_free(l->path);
    l->is_gone = true;
    if (!l->is_accepting)
        mem_free(l);
}

int
listener_port(const struct listener *l)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof own;

    if (getsockname(l->fd, (struct sockaddr *)&own, &len) < 0)
        return 0;
    if (own.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&own)->sin_port);
    if (own.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&own)->sin6_port);
    return 0;
}
