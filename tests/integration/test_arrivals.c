/* SPDX-License-Identifier: MIT
 * tests/integration/test_arrivals.c - what comes while the server is busy is all there
 * at once when it looks again: who came first must be served first, and nobody's answer
 * may be lost because another acts in the same turn. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

enum { CROWD = 150 };                   /* more than epoll tells at a time */

static struct test_server *server;
static int fd, other, crowd[CROWD];

static void
start(void)
{
    const char *args[] = { "--enable-debug-command", "yes", NULL };

    server = server_open(args, &fd, &other, NULL);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = server_connect(server);
        expect(crowd[i], "PING", "+PONG");
    }
}

static void
stop(void)
{
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    server_stop(server);
}

/* Long enough for this process to write to everybody. */
static void
keep_busy(void)
{
    socket_send_text(fd, "DEBUG SLEEP 0.4\n");
    test_nap(100);
}

static void
say(int who, const char *format, int n)
{
    char text[80];

    snprintf(text, sizeof text, format, n);
    socket_send_text(who, text);
}

Test(arrivals, are_run_in_the_order_in_which_they_came, .timeout = 60)
{
    char ask[32], place[32];

    start();
    keep_busy();
    for (int i = 0; i < CROWD; i++)
        say(crowd[(i * 7) % CROWD], "RPUSH queue %d\n", i);
    expect_next(fd, "+OK");
    for (int i = 0; i < CROWD; i++) {
        snprintf(place, sizeof place, ":%d", i + 1);
        expect_next(crowd[(i * 7) % CROWD], place);
    }
    for (int i = 0; i < CROWD; i++) {
        snprintf(ask, sizeof ask, "LPOS queue %d", i);
        snprintf(place, sizeof place, ":%d", i);
        expect(fd, ask, place);
    }
    stop();
}

Test(arrivals, that_wait_for_an_element_get_it_in_that_order, .timeout = 60)
{
    char served[64];

    start();
    keep_busy();
    for (int i = 0; i < 20; i++)
        socket_send_text(crowd[i], "BLPOP jobs 0\n");
    expect_next(fd, "+OK");
    for (int i = 0; i < 20; i++) {
        say(fd, "RPUSH jobs %d\n", 100 + i);
        expect_next(fd, ":1");
        snprintf(served, sizeof served, "*2\r\n$4\r\njobs\r\n$3\r\n%d", 100 + i);
        expect_next(crowd[i], served);
    }
    stop();
}

/* What it sent while it waited comes first, though it is still to be run; half a request
 * is one with its rest. */
Test(arrivals, from_one_whose_wait_just_ended_come_after_what_it_had_sent, .timeout = 60)
{
    start();
    socket_send_text(crowd[0], "BLPOP jobs 0\r\nECHO 1\r\n*2\r\n$4\r\nECHO\r\n$5\r\nhel");
    cr_assert(info_reaches(fd, "blocked_clients", 1));
    keep_busy();
    socket_send_text(other, "RPUSH jobs x\n");
    socket_send_text(crowd[0], "lo\r\nECHO 2\r\n");
    expect_next(fd, "+OK");
    expect_next(other, ":1");
    expect_next(crowd[0], "*2\r\n$4\r\njobs\r\n$1\r\nx");
    expect_next(crowd[0], "$1\r\n1");
    expect_next(crowd[0], "$5\r\nhello");
    expect_next(crowd[0], "$1\r\n2");
    stop();
}

Test(arrivals, come_after_a_password_that_was_set_before_them, .timeout = 60)
{
    int late;

    start();
    keep_busy();
    socket_send_text(other, "CONFIG SET requirepass secret\n");
    test_nap(20);
    late = server_connect(server);
    socket_send_text(late, "PING\n");
    expect_next(fd, "+OK");
    expect_next(other, "+OK");
    expect_next(late, "-NOAUTH Authentication required.");
    close(late);
    stop();
}

Test(arrivals, that_were_answered_hear_it_though_another_kills_them, .timeout = 60)
{
    char n[32];

    start();
    keep_busy();
    for (int i = 0; i < 30; i++)
        socket_send_text(crowd[i], "INCR count\n");
    socket_send_text(other, "CLIENT KILL TYPE normal\n");
    expect_next(fd, "+OK");
    expect_next(other, ":151");         /* `fd` and the crowd */
    for (int i = 0; i < 30; i++) {
        snprintf(n, sizeof n, ":%d", i + 1);
        expect_next(crowd[i], n);
        cr_expect(socket_is_closed(crowd[i]));
    }
    expect(other, "GET count", "$2\r\n30");
    stop();
}
