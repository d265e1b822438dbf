/* SPDX-License-Identifier: MIT
 * Listeners over real sockets: who may come, and what both ends are called. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/loop.h"
#include "unit/ear.h"

struct hall { struct loop *loop; struct ear ears[8]; int count, last_fd; };

static void
welcome(int fd, void *arg)
{
    struct hall *hall = arg;
    struct ear *ear = &hall->ears[hall->count++ % 8];

    hall->last_fd = fd;
    ear->loop = hall->loop;
    ear->c = conn_new(hall->loop, fd, &ear_events, ear);
}

static int
dial(int family, int port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
                                .sin6_port = htons((uint16_t)port) };
    int fd = socket(family, SOCK_STREAM, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in6.sin6_addr = in6addr_loopback;
    cr_assert_eq(family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof in)
                                   : connect(fd, (struct sockaddr *)&in6, sizeof in6), 0);
    return fd;
}

static void
expect_addresses(const struct conn *c, const char *own, const char *peer)
{
    char got[128];

    conn_local_address(c, got, sizeof got);
    cr_expect_str_eq(got, own);
    conn_address(c, got, sizeof got);
    cr_expect_str_eq(got, peer);
    cr_expect(conn_is_local(c));
}

/* The port that the dialling socket has. */
static int
own_port(int fd)
{
    struct sockaddr_in6 in6;
    socklen_t len = sizeof in6;

    getsockname(fd, (struct sockaddr *)&in6, &len);
    return ntohs(in6.sin6_port);        /* at the same place in sockaddr_in */
}

static void
listen_and_dial(int family, const char *address, const char *own_form,
                const char *peer_form)
{
    struct hall hall = { .loop = start() };
    char error[128] = "", own[64], peer[64];
    bool unavailable;
    int fd, on = 0;
    socklen_t len = sizeof on;
    struct listener *l = listener_tcp(hall.loop, address, 0, 16, welcome, &hall, error,
                                      sizeof error, &unavailable);

    if (!l && unavailable)
        cr_skip_test("no such address here");
    cr_assert_not_null(l, "%s", error);
    fd = dial(family, listener_port(l));
    loop_turn(hall.loop);
    cr_assert_eq(hall.count, 1);
    snprintf(own, sizeof own, own_form, listener_port(l));
    snprintf(peer, sizeof peer, peer_form, own_port(fd));
    expect_addresses(hall.ears[0].c, own, peer);
    getsockopt(hall.last_fd, IPPROTO_TCP, TCP_NODELAY, &on, &len);
    cr_expect_eq(on, 1);
    cr_expect(fcntl(hall.last_fd, F_GETFD) & FD_CLOEXEC);
    conn_set_keepalive(hall.ears[0].c, 300);
    getsockopt(hall.last_fd, SOL_SOCKET, SO_KEEPALIVE, &on, &len);
    cr_expect_eq(on, 1);
    conn_free(hall.ears[0].c);
    close(fd);
    listener_free(l);
    loop_free(hall.loop);
}

Test(listener, accepts_on_IPv4)
{
    listen_and_dial(AF_INET, "127.0.0.1", "127.0.0.1:%d", "127.0.0.1:%d");
}

Test(listener, accepts_on_every_IPv4_address)
{
    listen_and_dial(AF_INET, "*", "127.0.0.1:%d", "127.0.0.1:%d");
}

Test(listener, accepts_on_IPv6)
{
    listen_and_dial(AF_INET6, "::1", "[::1]:%d", "[::1]:%d");
}

Test(listener, says_why_it_cannot_listen)
{
    struct hall hall = { .loop = start() };
    char error[128] = "";
    bool unavailable;
    struct listener *l = listener_tcp(hall.loop, "127.0.0.1", 0, 16, welcome, &hall,
                                      error, sizeof error, &unavailable);

    cr_expect_null(listener_tcp(hall.loop, "127.0.0.1", listener_port(l), 16, welcome,
                                &hall, error, sizeof error, &unavailable));
    cr_expect_str_eq(error, "bind: Address already in use");
    cr_expect_not(unavailable);
    cr_expect_null(listener_tcp(hall.loop, "192.0.2.1", 0, 16, welcome, &hall, error,
                                sizeof error, &unavailable));
    cr_expect(unavailable);
    cr_expect_null(listener_tcp(hall.loop, "localhost", 0, 16, welcome, &hall, error,
                                sizeof error, &unavailable));
    cr_expect_not(unavailable);
    listener_free(l);
    loop_free(hall.loop);
}

Test(listener, makes_a_Unix_socket_with_the_mode_asked_for_and_removes_it)
{
    struct hall hall = { .loop = start() };
    char dir[] = "/tmp/ignis-conn-XXXXXX", path[64], wanted[80], error[128] = "";
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct listener *l;
    struct stat st;
    int fd;

    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(wanted, sizeof wanted, "%s:0", path);
    l = listener_unix(hall.loop, path, 0750, 16, welcome, &hall, error, sizeof error);
    cr_assert_not_null(l, "%s", error);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0750);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    cr_assert_eq(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    loop_turn(hall.loop);
    cr_assert_eq(hall.count, 1);
    cr_expect(conn_is_unix(hall.ears[0].c));
    expect_addresses(hall.ears[0].c, wanted, wanted);
    conn_free(hall.ears[0].c);
    close(fd);
    listener_free(l);
    cr_expect_neq(stat(path, &st), 0);
    rmdir(dir);
    loop_free(hall.loop);
}

Test(listener, refuses_a_Unix_path_that_does_not_fit)
{
    struct hall hall = { .loop = start() };
    char path[300], error[128] = "";

    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    cr_expect_null(listener_unix(hall.loop, path, 0, 16, welcome, &hall, error,
                                 sizeof error));
    cr_expect_neq(error[0], '\0');
    loop_free(hall.loop);
}

/* A storm of connections leaves room for the clients that are in. */
Test(listener, accepts_at_most_its_share_per_turn)
{
    struct hall hall = { .loop = start() };
    char error[128] = "";
    bool unavailable;
    struct listener *l = listener_tcp(hall.loop, "127.0.0.1", 0, 64, welcome, &hall,
                                      error, sizeof error, &unavailable);
    int fd[7], i;

    listener_set_turn(3);
    for (i = 0; i < 7; i++)
        fd[i] = dial(AF_INET, listener_port(l));
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 3);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 6);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 7);
    for (i = 0; i < 7; i++) {
        conn_free(hall.ears[i].c);
        close(fd[i]);
    }
    listener_free(l);
    loop_free(hall.loop);
}

/* Without descriptors the waiting connection stays waiting; the loop does not spin on
 * it, and takes it when there are some again. */
Test(listener, survives_a_lack_of_descriptors)
{
    struct hall hall = { .loop = start() };
    char error[128] = "";
    bool unavailable;
    struct listener *l = listener_tcp(hall.loop, "127.0.0.1", 0, 16, welcome, &hall,
                                      error, sizeof error, &unavailable);
    struct rlimit old, none;
    struct loop_facts before, after;
    int fd = dial(AF_INET, listener_port(l)), i;

    loop_turn(hall.loop);               /* epoll is set up */
    conn_free(hall.ears[0].c);
    close(fd);
    fd = dial(AF_INET, listener_port(l));
    getrlimit(RLIMIT_NOFILE, &old);
    none = old;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 1);
    setrlimit(RLIMIT_NOFILE, &old);
    loop_facts(hall.loop, &before);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 1);        /* not looked at: paused */
    loop_facts(hall.loop, &after);
    for (i = 0; i < 500 && hall.count == 1; i++) {
        usleep(1000);
        loop_turn(hall.loop);
    }
    cr_expect_eq(hall.count, 2);
    conn_free(hall.ears[1].c);
    close(fd);
    listener_free(l);
    loop_free(hall.loop);
}
