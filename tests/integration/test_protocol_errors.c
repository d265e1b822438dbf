/* SPDX-License-Identifier: MIT
 * tests/integration/test_protocol_errors.c - input that is no request: the same bytes
 * go to redis-server, and everything that comes back must be the same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define LINE (64 * 1024)

struct input { const char *at; size_t len; };
#define INPUT(text) { text, sizeof text - 1 }

static struct test_server *ours, *redis;

static void
start_two(const char *password)
{
    const char *args[] = { password ? "--requirepass" : NULL, password, NULL };

    redis = server_open_redis(args, NULL);
    ours = server_start(args);
}

static void
stop_two(void)
{
    server_stop(ours);
    server_stop(redis);
}

/* What comes back for these bytes, an end of input after them. */
static char *
answer(const struct test_server *s, struct input in)
{
    int fd = server_connect(s);
    char *got;

    send(fd, in.at, in.len, MSG_NOSIGNAL);      /* it may close before all is sent */
    shutdown(fd, SHUT_WR);
    got = socket_rest(fd, NULL);
    close(fd);
    return got;
}

static void
compare(struct input in)
{
    char *a, *b;

    a = answer(ours, in);
    b = answer(redis, in);
    cr_expect_str_eq(a, b, "%.60s...: ours %.300s, redis %.300s", in.at, a, b);
    free(a);
    free(b);
}

static const struct input odd[] = {
    INPUT("*abc\r\n"), INPUT("*\r\n"), INPUT("*1a\r\n"), INPUT("* 1\r\n"),
    INPUT("*+1\r\n"),
    INPUT("*01\r\n"), INPUT("*-2\r\nPING\r\n"), INPUT("*2147483648\r\n"),
    INPUT("*99999999999999999999\r\n"), INPUT("*-9223372036854775808\r\nPING\r\n"),
    INPUT("*1\r\nPING\r\n"), INPUT("*1\r\n+PING\r\n"), INPUT("*1\r\n:1\r\n"),
    INPUT("*1\r\n*1\r\n$4\r\nPING\r\n"), INPUT("*1\r\n\r\n"), INPUT("*1\r\n\0\r\n"),
    INPUT("*1\r\n$abc\r\n"), INPUT("*1\r\n$\r\n"), INPUT("*1\r\n$-1\r\n"),
    INPUT("*1\r\n$-5\r\nPING\r\n"), INPUT("*1\r\n$4a\r\nPING\r\n"),
    INPUT("*1\r\n$04\r\nPING\r\n"),
    INPUT("*1\r\n$ 4\r\nPING\r\n"), INPUT("*1\r\n$536870913\r\n"),
    INPUT("*1\r\n$9223372036854775807\r\n"), INPUT("*1\r\n$18446744073709551620\r\n"),
    INPUT("*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n"), INPUT("*1\r\n$0\r\n\r\n"),
    INPUT("*1\n$4\r\nPING\r\n"), INPUT("$4\r\nPING\r\n"), INPUT(":1\r\n"),
    INPUT("+PING\r\n"), INPUT("-ERR\r\n"), INPUT("%1\r\n"), INPUT("_\r\n"),
    INPUT("ECHO \"a\r\n"), INPUT("ECHO 'a\r\n"), INPUT("ECHO \"a\"b\r\n"),
    INPUT("ECHO 'a'b\r\n"),
    INPUT("ECHO \"\\\r\n"), INPUT("ECHO a\"b\"\r\n"), INPUT("ECHO a\\x41\r\n"),
    INPUT("ECHO \"\\xzz\\q\"\r\n"), INPUT("ECHO a\rb\r\n"), INPUT("PING\r\r\n"),
    INPUT("PING\0x\r\n"), INPUT("\0\r\nPING\r\n"), INPUT("PING\v\r\n"),
    INPUT("PING \f x\r\n"),
    INPUT("SET k 1\r\n*x\r\nSET k 2\r\n"), INPUT("PING\r\n*1\r\n$4\r\nPIN"),
    INPUT("POST / HTTP/1.1\r\nSET k 1\r\n"), INPUT("Host: x\r\nPING\r\n"),
    INPUT("post\r\n"),
    INPUT("GET / HTTP/1.1\r\nHost: localhost\r\nPING\r\n"),
    INPUT("host: a\r\nSET k 3\r\n"),
    INPUT("PING\r\nQUIT\r\nPING\r\n"), INPUT("QUIT now\r\n"),
    INPUT("\r\n\r\n*0\r\n*-1\r\nPING\r\n"),
    INPUT("nosuch \r\nnosuch a b c\r\n"), INPUT("*2\r\n$6\r\nnosuch\r\n$3\r\na\r\n\r\n"),
    INPUT("*2\r\n$6\r\nCLIENT\r\n$4\r\nx\r\ny\r\nclient nosuch\r\nCONFIG\r\n"
          "config a b c\r\n"),
    INPUT("OBJECT encoding\r\nCOMMAND getkeys\r\nclient kill\r\nCLIENT\r\n"),
    INPUT("get k extra\r\nset k\r\nping a b\r\nselect\r\nselect x\r\nselect 16\r\n"
          "select -1\r\n"),
};

Test(protocol_errors, are_worded_as_redis_words_them, .timeout = 120)
{
    start_two(NULL);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        compare(odd[i]);
    stop_two();
}

Test(protocol_errors, before_authentication_are_those_of_redis, .timeout = 120)
{
    static const struct input strange[] = {
        INPUT("PING\r\nGET k\r\nAUTH wrong\r\nAUTH secret\r\nPING\r\n"),
        INPUT("*11\r\n"), INPUT("*10\r\n$4\r\nPING\r\n"), INPUT("*1\r\n$16385\r\n"),
        INPUT("*2\r\n$4\r\nAUTH\r\n$16384\r\n"), INPUT("*2147483647\r\n"),
        INPUT("HELLO\r\nHELLO 3\r\nHELLO 2 AUTH default no\r\nHELLO 9\r\nHELLO x\r\n"),
        INPUT("nosuch\r\nget\r\nQUIT\r\n"), INPUT("RESET\r\nCOMMAND\r\n"),
        INPUT("AUTH secret\r\n*11\r\n$4\r\nPING\r\n"),
        INPUT("AUTH a b c\r\nAUTH\r\nAUTH x y\r\n"),
        INPUT("AUTH default secret\r\nRESET\r\nPING\r\nAUTH secret\r\nECHO x\r\n"),
    };

    start_two("secret");
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        compare(strange[i]);
    stop_two();
}

/* `n` bytes of 'a' after `start`, then `end`. */
static void
compare_long(const char *start, size_t n, const char *end)
{
    size_t head = strlen(start), tail = strlen(end);
    char *at = malloc(head + n + tail + 1);

    memcpy(at, start, head);
    memset(at + head, 'a', n);
    memcpy(at + head + n, end, tail + 1);
    compare((struct input){ at, head + n + tail });
    free(at);
}

Test(protocol_errors, come_at_the_same_line_lengths, .timeout = 120)
{
    start_two(NULL);
    compare_long("ECHO ", 1000, "\r\n");
    compare_long("ECHO ", LINE - 2000, "\r\n");
    compare_long("ECHO ", LINE + 1000, "");
    compare_long("ECHO ", LINE * 2, "");
    compare_long("*", LINE + 1000, "");
    compare_long("*1\r\n$", LINE + 1000, "");
    compare_long("*", 100, "\r\n");
    compare_long("*1\r\n$", 100, "\r\n");
    compare_long("", 300, " b c\r\n");
    compare_long("nosuch ", 300, " b c\r\n");
    compare_long("client ", 300, "\r\n");
    stop_two();
}

Test(protocol_errors, before_authentication_come_at_the_same_lengths, .timeout = 120)
{
    start_two("secret");
    compare_long("ECHO ", LINE - 2000, "\r\n");
    compare_long("ECHO ", LINE + 1000, "");
    compare_long("*2\r\n$4\r\nAUTH\r\n$16384\r\n", 16384, "\r\n");
    stop_two();
}

/* A stranger who asks and never reads must not fill our memory. */
Test(protocol_errors, do_not_pile_up_for_strangers_who_never_read, .timeout = 120)
{
    static const char *const args[] = { "--requirepass", "secret", NULL };
    char burst[60000];
    bool closed = false;
    int fd, small = 4096;

    ours = server_start(args);
    fd = server_connect(ours);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (size_t i = 0; i + 6 <= sizeof burst; i += 6)
        memcpy(burst + i, "GET k\n", 6);
    for (int i = 0; i < 2000 && !closed; i++)
        closed = send(fd, burst, sizeof burst, MSG_NOSIGNAL) < 0;
    cr_expect(closed, "120 MB of requests were taken without a word read");
    close(fd);
    server_stop(ours);
}
