/* SPDX-License-Identifier: MIT
 * tests/integration/test_listening.c - where the server listens, at start and after
 * CONFIG SET, and who may come in there. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

TestSuite(listening, .timeout = 60);

/* A connection to an address; -1 when it is refused. */
static int
reach(const char *address, int port)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                .sin6_port = htons((uint16_t)port) };
    struct sockaddr_in four = { .sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port) };
    bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM, 0), rc;

    if (is_six)
        rc = connect(fd, (struct sockaddr *)&six, sizeof six);
    else {
        cr_assert_eq(inet_pton(AF_INET, address, &four.sin_addr), 1);
        rc = connect(fd, (struct sockaddr *)&four, sizeof four);
    }
    if (rc == 0) {
        socket_patience(fd, 5000);
        return fd;
    }
    close(fd);
    return -1;
}

static bool
reaches(const char *address, int port)
{
    int fd = reach(address, port);

    if (fd < 0)
        return false;
    expect(fd, "PING", "+PONG");
    close(fd);
    return true;
}

static bool
has_ipv6(void)
{
    struct sockaddr_in6 a = { .sin6_family = AF_INET6,
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool yes = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;

    close(fd);
    return yes;
}

Test(listening, on_several_addresses_of_which_optional_ones_may_be_missing)
{
    static const char *const args[] = { "--bind", "127.0.0.1", "127.0.0.2", "-192.0.2.77",
                                        NULL };
    struct test_server *s = server_start(args);

    cr_expect(reaches("127.0.0.1", s->port));
    cr_expect(reaches("127.0.0.2", s->port));
    cr_expect_not(reaches("127.0.0.3", s->port));
    server_stop(s);
}

Test(listening, on_an_address_that_is_not_ours_ends_the_start)
{
    static const char *const args[] = { "--bind", "192.0.2.77", "--port", "16999", NULL };
    struct test_server *s = server_spawn(args);
    char *log;

    cr_expect_neq(server_wait(s, 10000), 0);
    log = file_text(s->log);
    cr_expect(strstr(log,
                     "Could not create server TCP listening socket 192.0.2.77:16999: "
                     "bind: Cannot assign requested address"),
              "%s", log);
    cr_expect(strstr(log, "Failed listening on port 16999 (TCP), aborting."), "%s", log);
    free(log);
    server_discard(s);
}

Test(listening, on_a_port_in_use_ends_the_start)
{
    struct test_server *s = server_start(NULL), *second;
    char port[16], *log;
    const char *args[] = { "--bind", "127.0.0.1", "--port", port, NULL };

    snprintf(port, sizeof port, "%d", s->port);
    second = server_spawn(args);
    cr_expect_neq(server_wait(second, 10000), 0);
    log = file_text(second->log);
    cr_expect(strstr(log, "bind: Address already in use"), "%s", log);
    free(log);
    server_discard(second);
    cr_expect(reaches("127.0.0.1", s->port));
    server_stop(s);
}

Test(listening, on_ipv6_where_there_is_one)
{
    static const char *const args[] = { "--bind", "127.0.0.1", "::1", NULL };
    struct test_server *s;
    int fd;

    if (!has_ipv6())
        cr_skip("this machine has no IPv6");
    s = server_start(args);
    fd = reach("::1", s->port);
    cr_assert_geq(fd, 0);
    expect_part(fd, "CLIENT INFO", " addr=[::1]:");
    close(fd);
    server_stop(s);
}

Test(listening, on_a_unix_socket_only_with_its_permissions)
{
    char path[100];
    const char *args[] = { "--port", "0", "--unixsocket", path, "--unixsocketperm", "700",
                           NULL };
    struct test_server *s;
    struct stat st;
    int fd;

    strcpy(path, "/tmp/ignis-sock-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
    strcat(path, "/s");
    s = server_spawn(args);
    for (int i = 0; i < 1000 && access(path, F_OK) != 0; i++)
        test_nap(10);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0700);
    strcpy(s->socket, path);
    fd = server_connect_unix(s);
    expect_part(fd, "INFO server", "tcp_port:0\r\n");
    expect_part(fd, "CLIENT LIST", " flags=U ");
    close(fd);
    server_stop(s);
    cr_expect_neq(access(path, F_OK), 0);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

/* --- while running --- */

Test(listening, moves_to_another_port_and_keeps_its_clients)
{
    struct test_server *s = server_start(NULL);
    int fd = server_connect(s), port = server_free_port();
    char request[64];

    snprintf(request, sizeof request, "CONFIG SET port %d", port);
    expect(fd, request, "+OK");
    cr_expect(reaches("127.0.0.1", port));
    cr_expect_not(reaches("127.0.0.1", s->port));
    expect(fd, "PING", "+PONG");
    cr_expect_eq(info_number(fd, "tcp_port"), port);
    expect(fd, "CONFIG SET port 0", "+OK");
    cr_expect_not(reaches("127.0.0.1", port));
    snprintf(request, sizeof request, "CONFIG SET port %d", s->port);
    expect(fd, request, "+OK");
    cr_expect(reaches("127.0.0.1", s->port));
    close(fd);
    server_stop(s);
}

Test(listening, moves_to_other_addresses_and_stays_where_it_was_when_it_cannot)
{
    struct test_server *s = server_start(NULL);
    int fd = server_connect(s);

    expect(fd, "CONFIG SET bind 127.0.0.2", "+OK");
    cr_expect(reaches("127.0.0.2", s->port));
    cr_expect_not(reaches("127.0.0.1", s->port));
    expect_start(fd, "CONFIG SET bind 192.0.2.77",
                 "-ERR CONFIG SET failed (possibly related to "
                 "argument 'bind') - ");
    expect(fd, "CONFIG GET bind", "*2\r\n$4\r\nbind\r\n$9\r\n127.0.0.2");
    cr_expect(reaches("127.0.0.2", s->port), "it listens nowhere");
    expect(fd, "CONFIG SET bind '127.0.0.1 -192.0.2.77'", "+OK");
    cr_expect(reaches("127.0.0.1", s->port));
    close(fd);
    server_stop(s);
}

Test(listening, refuses_a_port_that_others_use)
{
    struct test_server *s = server_start(NULL), *second = server_start(NULL);
    int fd = server_connect(s);
    char request[64];

    snprintf(request, sizeof request, "CONFIG SET port %d", second->port);
    expect(fd, request, "-ERR CONFIG SET failed (possibly related to argument 'port') - "
           "Unable to listen on this port. Check server logs.");
    cr_expect(reaches("127.0.0.1", s->port));
    cr_expect(reaches("127.0.0.1", second->port));
    close(fd);
    server_stop(second);
    server_stop(s);
}

/* --- from outside --- */

/* An address of this machine that is not the loopback; false when there is none. */
static bool
outside_address(char *out, socklen_t size)
{
    struct sockaddr_in far = { .sin_family = AF_INET, .sin_port = htons(9) }, own;
    socklen_t len = sizeof own;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool found;

    inet_pton(AF_INET, "192.0.2.1", &far.sin_addr);
    found = connect(fd, (struct sockaddr *)&far, sizeof far) == 0
        && getsockname(fd, (struct sockaddr *)&own, &len) == 0
        && inet_ntop(AF_INET, &own.sin_addr, out, size);
    close(fd);
    return found;
}

Test(listening, everywhere_turns_strangers_away_while_there_is_no_password)
{
    static const char *const args[] = { "--bind", "*", NULL };
    struct test_server *s;
    char address[64], *rest;
    int fd, local;

    if (!outside_address(address, sizeof address))
        cr_skip("this machine has no address but the loopback");
    s = server_start(args);
    fd = reach(address, s->port);
    cr_assert_geq(fd, 0);
    rest = socket_rest(fd, NULL);
    cr_expect_eq(strncmp(rest, "-DENIED Redis is running in protected mode", 42), 0, "%s",
                 rest);
    free(rest);
    close(fd);
    local = server_connect(s);
    expect(local, "CONFIG SET protected-mode no", "+OK");
    cr_expect(reaches(address, s->port));
    close(local);
    server_stop(s);
}
