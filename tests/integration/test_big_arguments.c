/* SPDX-License-Identifier: MIT
 * tests/integration/test_big_arguments.c - arguments larger than any buffer: they
 * take another way in and another way out, and not a byte may be lost on it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define KB 1024
#define MB (1024 * KB)

static struct test_server *server;
static int fd;

static void
set_up(void)
{
    server = server_open(NULL, &fd, NULL);
    socket_patience(fd, 30000);
}

static void
tear_down(void)
{
    server_stop(server);
}

TestSuite(big_arguments, .init = set_up, .fini = tear_down, .timeout = 180);

/* The reply to `request` is a bulk string of `n` bytes of the pattern from `from`. */
static void
expect_pattern(const char *request, size_t n, size_t from)
{
    char head[32], *want = malloc(n + 64), *got;
    size_t len, at = (size_t)sprintf(head, "$%zu\r\n", n);

    memcpy(want, head, at);
    fill_pattern(want + at, n, from);
    memcpy(want + at + n, "\r\n", 2);
    if (request)
        socket_send_text(fd, request);
    got = socket_reply(fd, &len);
    cr_assert_not_null(got, "no reply to %s", request);
    cr_assert_eq(len, at + n + 2, "%s: %zu bytes", request, len);
    cr_expect(memcmp(got, want, len) == 0, "%s: other bytes than were set", request);
    free(got);
    free(want);
}

static void
set_and_get(size_t n)
{
    size_t len;
    char *set = request_set(&len, "big", n);

    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    expect_pattern("GET big\r\n", n, 0);
    free(set);
}

Test(big_arguments, come_back_as_they_were_at_sizes_around_every_limit)
{
    static const size_t sizes[] = {
        127, 128, 129, 16 * KB - 1, 16 * KB, 16 * KB + 1, 32 * KB - 1, 32 * KB,
        32 * KB + 1, 64 * KB - 1, 64 * KB, 64 * KB + 1, MB - 1, MB, MB + 1, 20 * MB,
    };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        set_and_get(sizes[i]);
}

Test(big_arguments, may_be_cut_anywhere)
{
    static const size_t cuts[] = {
        1, 3, 10, 20, 30, 31, 32, 33, 34, 16383, 16384, 16385, 32768, 40000, 99999,
    };
    size_t len;
    char *set = request_set(&len, "big", 100000);

    for (size_t i = 0; i < sizeof cuts / sizeof *cuts + 4; i++) {
        size_t last = len - (i % 4) - 1;
        size_t cut = i < sizeof cuts / sizeof *cuts ? cuts[i] : last;

        socket_send(fd, set, cut);
        test_nap(5);
        socket_send(fd, set + cut, len - cut);
        expect_next(fd, "+OK");
        expect_pattern("GET big\r\n", 100000, 0);
        expect(fd, "DEL big", ":1");
    }
    free(set);
}

Test(big_arguments, may_come_in_many_small_pieces)
{
    size_t len, piece;
    char *set = request_set(&len, "big", 200000);

    for (size_t at = 0, i = 1; at < len; at += piece, i++) {
        piece = i * 977 % 4099 + 1;
        if (piece > len - at)
            piece = len - at;
        socket_send(fd, set + at, piece);
        if (i % 8 == 0)
            test_nap(1);
    }
    expect_next(fd, "+OK");
    expect_pattern("GET big\r\n", 200000, 0);
    free(set);
}

/* $N of the pattern, n bytes from `from`. */
static void
add_bulk(FILE *f, size_t n, size_t from)
{
    char *at = malloc(n + 1);

    fill_pattern(at, n, from);
    fprintf(f, "$%zu\r\n", n);
    fwrite(at, 1, n, f);
    fputs("\r\n", f);
    free(at);
}

Test(big_arguments, may_be_several_in_one_request)
{
    char *raw = NULL, *got;
    size_t len;
    FILE *f = open_memstream(&raw, &len);

    fputs("*9\r\n$4\r\nMSET\r\n$1\r\na\r\n", f);
    add_bulk(f, 50000, 1);
    fputs("$1\r\nb\r\n", f);
    add_bulk(f, 10, 2);
    fputs("$1\r\nc\r\n", f);
    add_bulk(f, 300000, 3);
    fputs("$1\r\nd\r\n", f);
    add_bulk(f, 32768, 4);
    fclose(f);
    socket_send(fd, raw, len);
    expect_next(fd, "+OK");
    expect_pattern("GET a\r\n", 50000, 1);
    expect_pattern("GET b\r\n", 10, 2);
    expect_pattern("GET c\r\n", 300000, 3);
    expect_pattern("GET d\r\n", 32768, 4);
    socket_send_text(fd, "MGET a c d\r\n");
    got = socket_reply(fd, &len);
    cr_expect_eq(len, 4 + (8 + 50000 + 2) + (9 + 300000 + 2) + (8 + 32768 + 2));
    free(got);
    free(raw);
}

Test(big_arguments, may_be_keys_and_options_are_still_seen)
{
    char *raw = NULL;
    size_t len;
    FILE *f = open_memstream(&raw, &len);

    fputs("*4\r\n$3\r\nSET\r\n", f);
    add_bulk(f, 70000, 5);
    add_bulk(f, 70000, 6);
    fputs("$2\r\nNX\r\n*2\r\n$3\r\nGET\r\n", f);
    add_bulk(f, 70000, 5);
    fputs("*2\r\n$6\r\nEXISTS\r\n", f);
    add_bulk(f, 70000, 7);
    fclose(f);
    socket_send(fd, raw, len);
    expect_next(fd, "+OK");
    expect_pattern(NULL, 70000, 6);
    expect_next(fd, ":0");
    expect(fd, "DBSIZE", ":1");
    free(raw);
}

Test(big_arguments, keep_their_place_in_a_pipeline)
{
    char *raw = NULL;
    pid_t writer;
    size_t len;
    FILE *f = open_memstream(&raw, &len);

    for (size_t i = 0; i < 30; i++) {
        fprintf(f, "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n");
        add_bulk(f, i * 9001, i);
        fputs("*2\r\n$3\r\nGET\r\n$1\r\nb\r\nPING\r\n", f);
    }
    fclose(f);
    writer = socket_send_aside(fd, raw, len);
    for (size_t i = 0; i < 30; i++) {
        char want[16];

        snprintf(want, sizeof want, ":%zu", i + 1);
        expect_next(fd, want);
        expect_next(fd, "+OK");
        expect_pattern(NULL, i * 9001, i);
        expect_next(fd, "+PONG");
    }
    socket_sent(writer);
    free(raw);
}

Test(big_arguments, are_appended_and_overwritten_without_touching_their_copies)
{
    size_t len;
    char *raw = request_set(&len, "a", 3 * 251 * 100), *got;
    char *append = NULL;
    FILE *f;

    socket_send(fd, raw, len);
    expect_next(fd, "+OK");
    expect(fd, "COPY a b", ":1");
    f = open_memstream(&append, &len);
    fputs("*3\r\n$6\r\nAPPEND\r\n$1\r\na\r\n", f);
    add_bulk(f, 100000, 0);
    fclose(f);
    socket_send(fd, append, len);
    expect_next(fd, ":175300");
    expect_pattern("GET a\r\n", 175300, 0);
    expect_pattern("GET b\r\n", 75300, 0);
    expect(fd, "SETRANGE a 0 x", ":175300");
    expect_pattern("GETRANGE a 1 -1\r\n", 175299, 1);
    expect_pattern("GET b\r\n", 75300, 0);
    expect(fd, "GETRANGE a 0 0", "$1\r\nx");
    got = socket_ask(fd, "OBJECT ENCODING a");
    cr_expect_str_eq(got, "$3\r\nraw\r\n");
    free(got);
    free(append);
    free(raw);
}

/* The value is sent from where it lies; it must stay there until it is sent. */
Test(big_arguments, go_out_whole_though_the_key_is_deleted_or_changed_meanwhile)
{
    size_t len;
    char *set = request_set(&len, "big", 8 * MB);
    int other = server_connect(server);

    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    socket_send_text(fd, "GET big\r\n");
    test_nap(50);
    expect(other, "SETRANGE big 0 xxxxxxxx", ":8388608");
    expect(other, "APPEND big y", ":8388609");
    socket_send_text(fd, "DEL big\r\n");
    expect_pattern(NULL, 8 * MB, 0);
    expect_next(fd, ":1");
    close(other);
    free(set);
}

Test(big_arguments, leave_nothing_behind_when_the_peer_goes_halfway)
{
    size_t len;
    char *set = request_set(&len, "big", 10 * MB);
    long long before = info_number(fd, "used_memory");

    for (size_t i = 1; i <= 8; i++) {
        int other = server_connect(server);

        socket_send(other, set, len * i / 9);
        close(other);
    }
    for (long long end = test_ms() + 5000;
         info_number(fd, "connected_clients") > 1 && test_ms() < end;)
        test_nap(10);
    cr_expect_lt(info_number(fd, "used_memory"), before + 2 * MB);
    expect(fd, "EXISTS big", ":0");
    free(set);
}

/* A length is a promise, not a payment. */
Test(big_arguments, cost_no_memory_before_they_come)
{
    long long before = info_number(fd, "used_memory");
    int other[20];

    for (int i = 0; i < 20; i++) {
        other[i] = server_connect(server);
        socket_send_text(other[i], "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc");
    }
    test_nap(50);
    expect(fd, "PING", "+PONG");
    cr_expect_lt(info_number(fd, "used_memory_rss"), before + 200LL * MB);
    for (int i = 0; i < 20; i++)
        close(other[i]);
}
