/* SPDX-License-Identifier: MIT
 * tests/integration/test_pause.c - CLIENT PAUSE: what is held back runs later, in
 * order, whole. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define LONG "60000"            /* ms: longer than any test */

static int fd, other;

SERVER_SUITE(pause, 60, server_open(NULL, &fd, &other, NULL));

Test(pause, of_writes_lets_reads_pass_and_holds_writes)
{
    expect(fd, "SET k 1", "+OK");
    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    expect(other, "GET k", "$1\r\n1");
    socket_send_text(other, "SET k 2\r\n");
    expect_silence(other, 50);
    expect(fd, "GET k", "$1\r\n1");
    expect_part(fd, "CLIENT LIST", " flags=b ");
    expect_part(fd, "CLIENT LIST", " cmd=set ");
    cr_expect_eq(info_number(fd, "blocked_clients"), 1);
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect_next(other, "+OK");
    cr_expect_eq(info_number(fd, "blocked_clients"), 0);
    expect(fd, "GET k", "$1\r\n2");
    expect_part(fd, "CLIENT LIST", " flags=N ");
}

/* What is refused was not processed. */
Test(pause, and_refusals_are_not_counted_as_commands)
{
    long long before = info_number(fd, "total_commands_processed");

    for (int i = 0; i < 5; i++)
        expect_start(other, "NOSUCHCOMMAND", "-ERR unknown command");
    expect_start(other, "GET", "-ERR wrong number");
    cr_expect_eq(info_number(fd, "total_commands_processed"), before + 1);
}

Test(pause, of_all_holds_everything_until_its_time_is_over)
{
    long long start = test_ms();

    expect(fd, "CLIENT PAUSE 300", "+OK");
    socket_send_text(other, "PING\r\nECHO x\r\n");
    expect_next(other, "+PONG");
    cr_expect_geq(test_ms() - start, 295, "it came %lld ms after", test_ms() - start);
    expect_next(other, "$1\r\nx");
}

/* Redis 7.0 holds CLIENT UNPAUSE like everything else. */
Test(pause, of_all_holds_the_unpause_too)
{
    expect(fd, "CLIENT PAUSE 300 ALL", "+OK");
    socket_send_text(other, "CLIENT UNPAUSE\r\n");
    expect_silence(other, 50);
    expect_next(other, "+OK");
}

Test(pause, keeps_the_order_of_a_pipeline_that_it_cuts)
{
    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    socket_send_text(other,
                     "GET k\r\nECHO a\r\nAPPEND k 1\r\nGET k\r\nAPPEND k 2\r\nGET k\r\n");
    expect_next(other, "$-1");
    expect_next(other, "$1\r\na");
    expect_silence(other, 30);
    socket_send_text(other, "APPEND k 3\r\nGE");
    test_nap(20);
    socket_send_text(other, "T k\r\n");
    expect_silence(other, 30);
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect_next(other, ":1");
    expect_next(other, "$1\r\n1");
    expect_next(other, ":2");
    expect_next(other, "$2\r\n12");
    expect_next(other, ":3");
    expect_next(other, "$3\r\n123");
}

Test(pause, may_cut_a_request_that_came_in_parts)
{
    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    socket_send_text(other, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhe");
    test_nap(20);
    socket_send_text(other, "llo\r\nGET k\r\n*2\r\n$3\r\nGET\r\n");
    expect_silence(other, 30);
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect_next(other, "+OK");
    expect_next(other, "$5\r\nhello");
    socket_send_text(other, "$1\r\nk\r\n");
    expect_next(other, "$5\r\nhello");
}

static void
hold_big_argument(size_t first)
{
    size_t len, n;
    char *set = request_set(&len, "big", 1 << 20), *got, *want = malloc((1 << 20) + 1);

    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    socket_send(other, set, first);
    test_nap(20);
    socket_send(other, set + first, len - first);
    socket_send_text(other, "APPEND big x\r\nGET big\r\n");
    expect_silence(other, 50);
    expect(fd, "EXISTS big", ":0");
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect_next(other, "+OK");
    expect_next(other, ":1048577");
    got = socket_reply(other, &n);
    fill_pattern(want, 1 << 20, 0);
    want[1 << 20] = 'x';
    cr_assert_eq(n, 10 + 1048577 + 2);
    cr_expect_eq(memcmp(got + 10, want, 1048577), 0);
    expect(fd, "DEL big", ":1");
    free(got);
    free(want);
    free(set);
}

Test(pause, holds_an_argument_of_a_megabyte_however_it_was_cut)
{
    static const size_t cuts[] = { 5, 31, 33, 16384, 70000, 1048576, 1048600 };

    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        hold_big_argument(cuts[i]);
}

/* `other` is the older connection. */
Test(pause, lets_go_on_in_the_order_of_the_requests)
{
    int third = server_connect(server);

    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    socket_send_text(third, "RPUSH order third\r\n");
    cr_expect(info_reaches(fd, "blocked_clients", 1));
    socket_send_text(other, "RPUSH order other\r\n");
    cr_expect(info_reaches(fd, "blocked_clients", 2));
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect_next(third, ":1");
    expect_next(other, ":2");
    expect(fd, "LRANGE order 0 -1", "*2\r\n$5\r\nthird\r\n$5\r\nother");
    close(third);
}

Test(pause, holds_many_clients_and_lets_all_go_on)
{
    int many[100];

    expect(fd, "CLIENT PAUSE " LONG, "+OK");
    close(fd);
    for (int i = 0; i < 100; i++) {
        many[i] = server_connect(server);
        socket_send_text(many[i], "INCR n\r\nINCR n\r\n");
    }
    test_nap(50);
    for (int i = 0; i < 100; i += 2)
        close(many[i]);                 /* half of them do not wait */
    kill(server->pid, SIGTERM);
    cr_expect_eq(server_wait(server, 10000), 0, "a paused server must stop as well");
    for (int i = 1; i < 100; i += 2)
        close(many[i]);
    server_discard(server);
    set_up();
}

Test(pause, that_is_longer_or_wider_wins)
{
    expect(fd, "CLIENT PAUSE 400 WRITE", "+OK");
    expect(fd, "CLIENT PAUSE 1 WRITE", "+OK");
    socket_send_text(other, "SET k 1\r\n");
    expect_silence(other, 100);
    expect_next(other, "+OK");
}

Test(pause, pipelined_behind_itself_holds_its_own_client)
{
    socket_send_text(
        fd, "CLIENT PAUSE 100 ALL\r\nPING\r\nCLIENT PAUSE 100 WRITE\r\nSET k v\r\n"
            "GET k\r\n");
    expect_next(fd, "+OK");
    expect_next(fd, "+PONG");
    expect_next(fd, "+OK");
    expect_next(fd, "+OK");
    expect_next(fd, "$1\r\nv");
}

Test(pause, hides_expired_keys_but_removes_none)
{
    expect(fd, "SET k v PX 50", "+OK");
    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    test_nap(80);
    expect(fd, "GET k", "$-1");
    expect(fd, "DBSIZE", ":1");
    cr_expect_eq(info_number(fd, "expired_keys"), 0);
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect_soon(fd, "DBSIZE", ":0");
    cr_expect_eq(info_number(fd, "expired_keys"), 1);
}

Test(pause, refuses_what_is_no_time_or_mode)
{
    expect(fd, "CLIENT PAUSE x", "-ERR timeout is not an integer or out of range");
    expect(fd, "CLIENT PAUSE -1", "-ERR timeout is negative");
    expect(fd, "CLIENT PAUSE 9223372036854775807", "-ERR timeout is out of range");
    expect(fd, "CLIENT PAUSE 1 nosuch", "-ERR CLIENT PAUSE mode must be WRITE or ALL");
    expect(fd, "PING", "+PONG");
}

/* What waits is input of the client and bounded like it. */
Test(pause, does_not_hold_more_than_the_query_buffer_limit)
{
    char burst[64 * 1024];
    bool closed = false;

    memset(burst, 'x', sizeof burst);
    memcpy(burst + sizeof burst - 2, "\r\n", 2);
    expect(fd, "CONFIG SET client-query-buffer-limit 1mb", "+OK");
    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    socket_send_text(other, "SET k v\r\n");
    for (int i = 0; i < 1000 && !closed; i++)
        closed = send(other, burst, sizeof burst, MSG_NOSIGNAL) < 0;
    cr_expect(closed, "64 MB are held back");
    expect_part(fd, "INFO stats", "client_query_buffer_limit_disconnections:1\r\n");
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect(fd, "EXISTS k", ":0");
}

/* Who waits and goes away leaves nothing until the end of the pause. */
Test(pause, is_not_longer_the_more_come_and_go)
{
    long long before;

    expect(fd, "CLIENT PAUSE " LONG " WRITE", "+OK");
    before = info_number(fd, "used_memory");
    for (int i = 0; i < 20000; i++) {
        int s = server_connect_unix(server);

        socket_send_text(s, "SET k v\r\n");
        close(s);
    }
    for (int i = 0; i < 1000 && info_number(fd, "connected_clients") > 2; i++)
        test_nap(10);
    cr_expect_lt(info_number(fd, "used_memory") - before, 100000);
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect(fd, "EXISTS k", ":0");
}
