/* SPDX-License-Identifier: MIT
 * tests/faults/test_descriptors.c - too many connections, too few descriptors, and
 * connections that die at once. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/server.h"
#include "support/talk.h"

/* A script that lowers the limit and then becomes the server. */
static void
wrap_server(char path[64], const char *command)
{
    const char *real = getenv("IGNIS_SERVER");
    FILE *f;
    int fd;

    strcpy(path, "/tmp/ignis-wrap-XXXXXX");
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    fchmod(fd, 0700);
    f = fdopen(fd, "w");
    fprintf(f, "#!/bin/sh\n%s\nexec %s \"$@\"\n", command, real ? real : "./ignis-server");
    fclose(f);
    setenv("IGNIS_SERVER", path, 1);
}

Test(descriptors, few_of_them_mean_fewer_clients_and_an_answer_for_the_rest)
{
    struct test_server *server;
    int fds[130], served = 0, refused = 0;
    char path[64], *reply;

    wrap_server(path, "ulimit -n 120");
    server = server_start(NULL);
    unlink(path);
    for (int i = 0; i < 130; i++) {
        fds[i] = server_connect(server);
        if (send(fds[i], "PING\r\n", 6, MSG_NOSIGNAL) < 0)
            continue;
    }
    for (int i = 0; i < 130; i++) {
        reply = socket_reply(fds[i], NULL);
        served += reply && strcmp(reply, "+PONG\r\n") == 0;
        refused += reply && strcmp(reply, "-ERR max number of clients reached\r\n") == 0;
        free(reply);
    }
    cr_expect_eq(served, 120 - 32);
    cr_expect_leq(refused, 130 - served);
    cr_expect_gt(refused, 0);
    expect(fds[0], "CONFIG GET maxclients", "*2\r\n$10\r\nmaxclients\r\n$2\r\n88");
    for (int i = 0; i < 130; i++)
        close(fds[i]);
    server_stop(server);
}

/* 2^31 clients are refused, and the answer is there before anybody is bored. */
Test(descriptors, asking_for_absurdly_many_clients_stalls_nobody)
{
    struct test_server *server = server_start(NULL);
    int fd = server_connect(server);

    expect_start(fd, "CONFIG SET maxclients 2147483648", "-ERR CONFIG SET failed");
    expect_start(fd, "CONFIG SET maxclients 4294967295", "-ERR CONFIG SET failed");
    expect(fd, "PING", "+PONG");
    expect(fd, "CONFIG SET maxclients 50", "+OK");
    close(fd);
    server_stop(server);
}

/* User and system time of a process, in clock ticks. */
static long
cpu_of(pid_t pid)
{
    char path[64], *text, *at;
    long user = 0, system = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    text = file_text(path);
    at = strrchr(text, ')');
    sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system);
    free(text);
    return user + system;
}

Test(descriptors, running_out_of_them_is_waited_for_without_spinning)
{
    struct test_server *server = server_start(NULL);
    struct rlimit few = { 30, 30 };
    int fds[60];
    long before;
    char *reply;

    cr_assert_eq(prlimit(server->pid, RLIMIT_NOFILE, &few, NULL), 0);
    for (int i = 0; i < 60; i++) {
        fds[i] = server_connect(server);
        socket_send_text(fds[i], "PING\r\n");
    }
    reply = socket_reply(fds[0], NULL);
    cr_expect_str_eq(reply, "+PONG\r\n");
    free(reply);
    before = cpu_of(server->pid);
    test_nap(1000);
    cr_expect_lt(cpu_of(server->pid) - before, sysconf(_SC_CLK_TCK) / 2);
    for (int i = 0; i < 50; i++)
        close(fds[i]);
    for (int i = 50; i < 60; i++) {     /* the descriptors are free again: their turn */
        reply = socket_reply(fds[i], NULL);
        cr_expect(reply && strcmp(reply, "+PONG\r\n") == 0);
        free(reply);
        close(fds[i]);
    }
    server_stop(server);
}

Test(descriptors, connections_reset_at_once_do_not_end_accepting)
{
    struct test_server *server = server_start(NULL);
    struct linger now = { 1, 0 };
    int fd;

    for (int i = 0; i < 2000; i++) {
        fd = server_connect(server);
        if (i % 3 == 0)
            socket_send_text(fd, "*1\r\n$4\r\nPI");
        if (i % 3 == 1)
            socket_send_text(fd, "PING\r\nPING\r\n");
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fd);
    }
    fd = server_connect(server);
    expect(fd, "PING", "+PONG");
    for (int i = 0; i < 100 && info_number(fd, "connected_clients") > 1; i++)
        test_nap(10);
    cr_expect_eq(info_number(fd, "connected_clients"), 1);
    close(fd);
    server_stop(server);
}

Test(descriptors, an_address_that_cannot_be_bound_leaves_the_old_ones_open)
{
    struct test_server *server = server_start(NULL);
    int fd = server_connect(server), again;

    expect_start(fd, "CONFIG SET bind 192.0.2.1", "-ERR CONFIG SET failed");
    again = server_connect(server);
    expect(again, "PING", "+PONG");
    close(again);
    close(fd);
    server_stop(server);
}
