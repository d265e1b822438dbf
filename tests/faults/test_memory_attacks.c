/* SPDX-License-Identifier: MIT
 * tests/faults/test_memory_attacks.c - clients that make the server hold memory: lengths
 * they announce and never send, replies they never read, requests they never finish. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/server.h"
#include "support/talk.h"

#define MB (1024 * 1024)

static struct test_server *server;
static int fd;

static void
begin(const char *const *args)
{
    server = server_open(args, &fd, NULL);
}

static void
end(void)
{
    server_stop(server);
}

/* `n` connections that each send `text` and wait. */
static void
open_many(int *fds, int n, const char *text)
{
    for (int i = 0; i < n; i++) {
        fds[i] = server_connect(server);
        socket_send_text(fds[i], text);
    }
}

static void
close_many(int *fds, int n)
{
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

/* A connection that takes next to nothing unless it is read. */
static int
connect_narrow(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)server->port) };
    int narrow = socket(AF_INET, SOCK_STREAM, 0), room = 2048;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(narrow, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    cr_assert_eq(connect(narrow, (struct sockaddr *)&to, sizeof to), 0);
    return narrow;
}

/* Repeat `line` in one write, as much of it as the socket takes without waiting. */
static void
push(int to, const char *line, size_t times)
{
    size_t len = strlen(line);
    char *text = malloc(len * times);

    for (size_t i = 0; i < times; i++)
        memcpy(text + i * len, line, len);
    if (send(to, text, len * times, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        test_nap(1);
    free(text);
}

/* Lines of CLIENT LIST. */
static size_t
sessions(void)
{
    char *list = ask_text(fd, "CLIENT LIST"), *at = list;
    size_t n = 0;

    while ((at = strchr(at, '\n')) != NULL) {
        n++;
        at++;
    }
    free(list);
    return n;
}

static bool
sessions_become(size_t wanted)
{
    for (int i = 0; i < 1000; i++) {
        if (sessions() == wanted)
            return true;
        test_nap(10);
    }
    return false;
}

Test(memory_attacks, an_announced_length_commits_no_memory)
{
    static const char *const texts[] = {
        "*2147483647\r\n", "*1000000000\r\n$3\r\nSET\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc",
    };
    int fds[4][25];
    long long before;

    begin(NULL);
    before = info_number(fd, "used_memory_rss");
    for (int i = 0; i < 4; i++)
        open_many(fds[i], 25, texts[i]);
    expect_soon(fd, "PING", "+PONG");
    cr_expect(sessions_become(101));
    cr_expect_lt(info_number(fd, "used_memory_rss") - before, 16 * MB,
                 "a hundred clients announced 50 GB and got some");
    for (int i = 0; i < 4; i++)
        close_many(fds[i], 25);
    end();
}

/* Requests that were carried out must not be paid for by the one that is not. */
Test(memory_attacks, an_unfinished_request_holds_its_own_bytes_only)
{
    char text[16384], *at = text;
    int fds[50];
    long long before;

    begin(NULL);
    while (at < text + sizeof text - 16)
        at = stpcpy(at, "GET a\r\n");
    strcpy(at, "GET");
    before = info_number(fd, "used_memory");
    open_many(fds, 50, text);
    cr_expect(sessions_become(51));
    cr_expect_lt(info_number(fd, "used_memory") - before, 2 * MB);
    close_many(fds, 50);
    end();
}

/* Half a thousand unfinished requests count as memory of clients. */
Test(memory_attacks, unfinished_requests_are_evicted_with_their_clients)
{
    char *text = malloc(30001);
    int fds[200];

    begin((const char *[]){ "--maxmemory-clients", "1mb", NULL });
    memset(text, 'x', 30000);
    text[30000] = '\0';
    open_many(fds, 200, text);
    cr_expect(info_reaches(fd, "evicted_clients", 100));
    expect_soon(fd, "PING", "+PONG");
    close_many(fds, 200);
    free(text);
    end();
}

Test(memory_attacks, strangers_that_never_read_cannot_pile_up_errors)
{
    int fds[60];
    long long before;

    begin((const char *[]){ "--requirepass", "secret", NULL });
    expect(fd, "AUTH secret", "+OK");
    before = info_number(fd, "used_memory_peak");
    for (int i = 0; i < 60; i++)
        fds[i] = connect_narrow();
    cr_expect(sessions_become(61));
    for (int round = 0; round < 50 && sessions() > 1; round++)
        for (int i = 0; i < 60; i++)
            push(fds[i], "GET somebody\r\n", 4000);
    cr_expect(sessions_become(1));
    cr_expect_eq(info_number(fd, "client_output_buffer_limit_disconnections"), 60);
    cr_expect_lt(info_number(fd, "used_memory_peak") - before, 6 * MB);
    close_many(fds, 60);
    end();
}

Test(memory_attacks, what_a_stranger_may_announce_is_small)
{
    static const struct { const char *request, *reply; } cases[] = {
        { "*11\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n" },
        { "*2147483647\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n" },
        { "*1\r\n$16385\r\n", "-ERR Protocol error: unauthenticated bulk length\r\n" },
        { "*1\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n" },
        { "*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n" },
        { "*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n" },
    };

    begin((const char *[]){ "--requirepass", "secret", NULL });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int stranger = server_connect(server);
        char *got;

        socket_send_text(stranger, cases[i].request);
        got = socket_rest(stranger, NULL);
        cr_expect_str_eq(got, cases[i].reply, "%s", cases[i].request);
        free(got);
        close(stranger);
    }
    expect(fd, "AUTH secret", "+OK");
    end();
}

Test(memory_attacks, a_pipeline_whose_replies_stay_unread_ends_at_the_limit)
{
    size_t len;
    char *set;
    int reader;

    begin((const char *[]){ "--client-output-buffer-limit", "normal 8mb 0 0", NULL });
    set = request_set(&len, "k", 100000);
    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    reader = connect_narrow();
    cr_expect(sessions_become(2));
    for (int i = 0; i < 100 && sessions() == 2; i++)
        push(reader, "GET k\r\n", 1000);
    cr_expect(sessions_become(1));
    cr_expect_eq(info_number(fd, "client_output_buffer_limit_disconnections"), 1);
    cr_expect_lt(info_number(fd, "used_memory_peak"), 32 * MB);
    close(reader);
    free(set);
    end();
}

/* Normal clients have no output limit; their memory all together has. */
Test(memory_attacks, monitors_that_never_read_are_evicted)
{
    char *big = malloc(50001), *reply;
    int monitors[5];

    begin((const char *[]){ "--maxmemory-clients", "4mb", NULL });
    memset(big, 'x', 50000);
    big[50000] = '\0';
    memcpy(big, "PING ", 5);
    expect(fd, "CLIENT NO-EVICT ON", "+OK");
    for (int i = 0; i < 5; i++) {
        monitors[i] = connect_narrow();
        expect(monitors[i], "MONITOR", "+OK");
    }
    for (int i = 0; i < 2000 && sessions() == 6; i++) {
        reply = socket_ask(fd, big);
        cr_assert_not_null(reply);
        free(reply);
    }
    cr_expect(info_reaches(fd, "evicted_clients", 1));
    cr_expect_lt(info_number(fd, "used_memory_peak"), 64 * MB);
    close_many(monitors, 5);
    free(big);
    end();
}

Test(memory_attacks, clients_gone_in_the_middle_of_a_big_argument_leave_nothing)
{
    char head[64], *part = calloc(1, 300000);
    long long before;
    int last;

    begin(NULL);
    before = info_number(fd, "used_memory");
    for (int i = 0; i < 60; i++) {
        int one = server_connect(server);

        snprintf(head, sizeof head, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", 100000 + i * 90000);
        socket_send_text(one, head);
        socket_send(one, part, (size_t)(i * 4999));
        if (i % 2)
            setsockopt(one, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
                       sizeof(struct linger));
        close(one);
    }
    last = server_connect(server);
    expect(last, "PING", "+PONG");      /* all before it are accepted by now */
    close(last);
    cr_expect(sessions_become(1));
    expect(fd, "EXISTS k", ":0");
    cr_expect_lt(info_number(fd, "used_memory") - before, 1 * MB);
    free(part);
    end();
}
