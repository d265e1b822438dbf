/* SPDX-License-Identifier: MIT
 * tests/integration/test_protocol.c - requests as they come over a wire: typed by
 * hand, piled up, cut anywhere, cut short. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd;

SERVER_SUITE(protocol, 120, server_open(NULL, &fd, NULL));

/* --- by hand --- */

Test(protocol, answers_a_telnet_session_that_ends_lines_with_lf_only)
{
    socket_send_text(fd, "SET name 'John Doe'\n");
    expect_next(fd, "+OK");
    socket_send_text(fd, "GET name\n");
    expect_next(fd, "$8\r\nJohn Doe");
}

Test(protocol, answers_a_telnet_session_with_a_list)
{
    socket_send_text(fd, "LPUSH mylist item1 item2\n");
    expect_next(fd, ":2");
    socket_send_text(fd, "LRANGE mylist 0 -1\n");
    expect_next(fd, "*2\r\n$5\r\nitem2\r\n$5\r\nitem1");
}

Test(protocol, reads_quotes_and_escapes_of_inline_requests)
{
    expect(fd, "SET k \"a\\x41\\n\\t\\\"\\\\ b\"", "+OK");
    expect(fd, "GET k", "$8\r\naA\n\t\"\\ b");
    expect(fd, "SET k 'it\\'s \\n'", "+OK");
    expect(fd, "GET k", "$7\r\nit's \\n");
    expect(fd, "SET \"\" ''", "+OK");
    expect(fd, "STRLEN ''", ":0");
    expect(fd, "  \t echo   x  ", "$1\r\nx");
}

Test(protocol, ignores_empty_lines_and_empty_requests)
{
    socket_send_text(fd, "\r\n\n\r\n*0\r\n*-1\r\n   \r\nPING\r\n");
    expect_next(fd, "+PONG");
    expect_silence(fd, 50);
}

Test(protocol, mixes_inline_and_resp_requests_in_one_read)
{
    socket_send_text(
        fd, "PING\r\n*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\nping x\n*1\r\n$4\r\npInG\r\n");
    expect_next(fd, "+PONG");
    expect_next(fd, "$2\r\n\r\n");
    expect_next(fd, "$1\r\nx");
    expect_next(fd, "+PONG");
}

Test(protocol, keeps_every_byte_of_keys_and_values)
{
    char request[600] = "*3\r\n$3\r\nSET\r\n$3\r\nk\0\n\r\n$256\r\n", *got;
    size_t head = 28, len;

    for (int i = 0; i < 256; i++)
        request[head + (size_t)i] = (char)i;
    memcpy(request + head + 256, "\r\n*2\r\n$3\r\nGET\r\n$3\r\nk\0\n\r\n", 24);
    socket_send(fd, request, head + 256 + 24);
    expect_next(fd, "+OK");
    got = socket_reply(fd, &len);
    cr_assert_eq(len, 6 + 256 + 2);
    cr_expect_eq(memcmp(got + 6, request + head, 256), 0);
    free(got);
}

/* --- piled up --- */

static void
pipeline_of(size_t n)
{
    char *raw = NULL, *got, want[32];
    size_t len;
    FILE *f = open_memstream(&raw, &len);

    for (size_t i = 0; i < n; i++)
        fprintf(f, "*3\r\n$3\r\nSET\r\n$5\r\nk%04zu\r\n$4\r\n%04zu\r\n"
                "*2\r\n$3\r\nGET\r\n$5\r\nk%04zu\r\n", i, i, i);
    fclose(f);
    socket_send(fd, raw, len);
    for (size_t i = 0; i < n; i++) {
        expect_next(fd, "+OK");
        snprintf(want, sizeof want, "$4\r\n%04zu\r\n", i);
        got = socket_reply(fd, NULL);
        cr_assert_str_eq(got, want);
        free(got);
    }
    free(raw);
}

Test(protocol, answers_pipelines_of_any_length_in_order)
{
    static const size_t lengths[] = { 1, 2, 63, 64, 65, 127, 128, 129, 1000, 2500 };

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        pipeline_of(lengths[i]);
    expect_silence(fd, 20);
}

Test(protocol, goes_on_after_an_error_in_a_pipeline)
{
    socket_send_text(fd, "SET k v\r\nINCR k\r\nNOSUCH a b\r\nGET\r\nGET k\r\n");
    expect_next(fd, "+OK");
    expect_next(fd, "-ERR value is not an integer or out of range");
    expect_next(fd, "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' ");
    expect_next(fd, "-ERR wrong number of arguments for 'get' command");
    expect_next(fd, "$1\r\nv");
}

/* --- cut --- */

static const char cut_text[] =
    "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nva\r\nl\r\nGET key\r\n*2\r\n$3\r\nGET\r\n"
    "$3\r\nkey\r\n";

static void
expect_cut_replies(void)
{
    expect_next(fd, "+OK");
    expect_next(fd, "$5\r\nva\r\nl");
    expect_next(fd, "$5\r\nva\r\nl");
}

Test(protocol, understands_requests_cut_at_every_byte)
{
    for (size_t cut = 1; cut < sizeof cut_text - 1; cut++) {
        socket_send(fd, cut_text, cut);
        test_nap(2);
        socket_send(fd, cut_text + cut, sizeof cut_text - 1 - cut);
        expect_cut_replies();
    }
}

Test(protocol, understands_requests_that_come_byte_by_byte)
{
    for (size_t i = 0; i < sizeof cut_text - 1; i++) {
        socket_send(fd, cut_text + i, 1);
        test_nap(1);
    }
    expect_cut_replies();
}

Test(protocol, answers_what_was_complete_when_the_peer_stops_sending)
{
    for (size_t cut = 0; cut < sizeof cut_text - 1; cut += 7) {
        int other = server_connect(server);
        size_t want = cut < 33 ? 0 : cut < 42 ? 5 : 16, len;
        char *got;

        socket_send(other, cut_text, cut);
        shutdown(other, SHUT_WR);
        got = socket_rest(other, &len);
        cr_expect_eq(len, want, "cut at %zu: %s", cut, got);
        free(got);
        close(other);
    }
    expect(fd, "PING", "+PONG");
}

Test(protocol, survives_connections_that_are_reset_at_any_byte)
{
    struct linger hard = { 1, 0 };

    for (size_t cut = 0; cut < sizeof cut_text; cut++) {
        int other = server_connect(server);

        setsockopt(other, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        socket_send(other, cut_text, cut);
        close(other);
    }
    expect(fd, "PING", "+PONG");
    for (long long end = test_ms() + 5000;
         info_number(fd, "connected_clients") > 1 && test_ms() < end;)
        test_nap(10);
    cr_expect_eq(info_number(fd, "connected_clients"), 1, "dead connections are kept");
}

Test(protocol, survives_a_reset_while_replies_are_queued)
{
    struct linger hard = { 1, 0 };
    size_t len;
    char *set = request_set(&len, "big", 2000000);

    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    for (int i = 0; i < 20; i++) {
        int other = server_connect(server);

        setsockopt(other, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        for (int k = 0; k < 20; k++)
            socket_send_text(other, "GET big\r\n");
        test_nap(i % 5);
        close(other);
    }
    expect(fd, "STRLEN big", ":2000000");
    free(set);
}

/* --- the end --- */

Test(protocol, answers_quit_then_closes_and_runs_nothing_more)
{
    char *rest;

    socket_send_text(fd, "SET k 1\r\nQUIT\r\nSET k 2\r\n");
    expect_next(fd, "+OK");
    expect_next(fd, "+OK");
    rest = socket_rest(fd, NULL);
    cr_expect_str_eq(rest, "");
    free(rest);
    close(fd);
    fd = server_connect(server);
    expect(fd, "GET k", "$1\r\n1");
}

Test(protocol, serves_a_unix_socket_as_well)
{
    int local = server_connect_unix(server);

    expect(local, "SET k v", "+OK");
    expect(fd, "GET k", "$1\r\nv");
    expect_part(local, "CLIENT INFO", "/socket:0 ");
    close(local);
}
