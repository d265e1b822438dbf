/* SPDX-License-Identifier: MIT
 * tests/faults/test_pressure.c - more data than memory allows, under every policy, and
 * requests that end where no request ends. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/server.h"
#include "support/talk.h"

#define LIMIT (4LL << 20)
#define KEYS 30000              /* of 200 bytes: twice the limit */

static struct test_server *server;
static int fd;

static void
begin(const char *policy)
{
    char limit[32];

    snprintf(limit, sizeof limit, "%lld", LIMIT);
    server = server_open((const char *[]){ "--maxmemory", limit, "--maxmemory-policy",
                                           policy, NULL }, &fd, NULL);
    socket_patience(fd, 30000);
}

static void
end(void)
{
    server_stop(server);
}

/* Keys PREFIX0 ... in pipelines of 100, read in between; how many were stored. */
static int
fill(const char *prefix, int keys, const char *options)
{
    char *text = malloc(100 * 400), value[201], *reply;
    int stored = 0;

    memset(value, 'v', 200);
    value[200] = '\0';
    for (int i = 0; i < keys; i += 100) {
        char *at = text;

        for (int k = i; k < i + 100; k++)
            at += sprintf(at, "SET %s%d %s%s\r\n", prefix, k, value, options);
        socket_send_text(fd, text);
        for (int k = 0; k < 100; k++) {
            reply = socket_reply(fd, NULL);
            cr_assert(reply && (strcmp(reply, "+OK\r\n") == 0
                                || strncmp(reply, "-OOM ", 5) == 0), "%s", reply);
            stored += reply[0] == '+';
            free(reply);
        }
    }
    free(text);
    return stored;
}

/* "volatile..." may take only keys with a deadline, the others any. */
static void
check_policy(const char *policy)
{
    bool evicts = strcmp(policy, "noeviction") != 0;
    bool all = strncmp(policy, "allkeys", 7) == 0;
    int stored;

    begin(policy);
    cr_assert_eq(fill("stays", 2000, ""), 2000);
    stored = fill("goes", KEYS, " EX 100000");
    cr_expect_leq(info_number(fd, "used_memory"), LIMIT + LIMIT / 20);
    cr_expect_eq(stored == KEYS, evicts, "%s stored %d", policy, stored);
    cr_expect_eq(info_number(fd, "evicted_keys") > 0, evicts);
    if (!all)
        cr_expect_geq(ask_number(fd, "DBSIZE"), 2000);
    expect_start(fd, "EXISTS stays0 stays1 stays1999", all ? ":" : ":3");
    expect_start(fd, "DEL stays0", ":");
    expect_start(fd, "GET goes1", "$");
    if (!evicts) {
        expect_start(fd, "SET one more", "-OOM command not allowed when used memory > "
                                         "'maxmemory'.");
        expect(fd, "FLUSHALL", "+OK");
    }
    expect_soon(fd, "SET one more", "+OK");
    end();
}

Test(pressure, noeviction_refuses_what_does_not_fit) { check_policy("noeviction"); }
Test(pressure, allkeys_lru_keeps_the_limit) { check_policy("allkeys-lru"); }
Test(pressure, allkeys_lfu_keeps_the_limit) { check_policy("allkeys-lfu"); }
Test(pressure, allkeys_random_keeps_the_limit) { check_policy("allkeys-random"); }
Test(pressure, volatile_lru_takes_only_what_would_die) { check_policy("volatile-lru"); }
Test(pressure, volatile_lfu_takes_only_what_would_die) { check_policy("volatile-lfu"); }
Test(pressure, volatile_random_takes_only_what_would_die) { check_policy("volatile-random"); }
Test(pressure, volatile_ttl_takes_only_what_would_die) { check_policy("volatile-ttl"); }

/* With nothing left that may go, a volatile policy refuses as noeviction does. */
Test(pressure, a_volatile_policy_without_volatile_keys_refuses)
{
    begin("volatile-lru");
    cr_expect_lt(fill("stays", KEYS, ""), KEYS);
    cr_expect_leq(info_number(fd, "used_memory"), LIMIT + LIMIT / 20);
    expect_start(fd, "GET stays0", "$200");
    expect(fd, "UNLINK stays0", ":1");
    end();
}

/* --- requests cut anywhere --- */

/* When a last one is answered, all before it have been taken up; then they leave. */
static void
expect_all_gone(void)
{
    int last = server_connect(server);

    expect(last, "PING", "+PONG");
    close(last);
    for (int i = 0; i < 500 && info_number(fd, "connected_clients") > 1; i++)
        test_nap(10);
    cr_expect_eq(info_number(fd, "connected_clients"), 1);
}

static const char request[] = "*5\r\n$3\r\nSET\r\n$3\r\ncut\r\n$12\r\nhalf a value\r\n"
                              "$2\r\nPX\r\n$6\r\n900000\r\n";

Test(pressure, a_request_that_ends_early_is_not_carried_out)
{
    struct linger now = { 1, 0 };

    begin("noeviction");
    for (size_t cut = 0; cut < sizeof request - 1; cut++) {
        int one = server_connect(server);

        socket_send(one, request, cut);
        if (cut % 2)
            setsockopt(one, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(one);
    }
    expect_all_gone();
    expect(fd, "DBSIZE", ":0");
    end();
}

Test(pressure, a_request_in_two_pieces_is_carried_out_once)
{
    begin("noeviction");
    for (size_t cut = 1; cut < sizeof request - 1; cut++) {
        socket_send(fd, request, cut);
        if (cut % 8 == 0)
            test_nap(2);
        socket_send(fd, request + cut, sizeof request - 1 - cut);
        expect_next(fd, "+OK");
    }
    expect(fd, "GET cut", "$12\r\nhalf a value");
    expect(fd, "DBSIZE", ":1");
    end();
}

/* Bytes that are no protocol at all end their own connection at most. */
Test(pressure, garbage_harms_nobody_else)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02",
        "*1\r\n*1\r\n*1\r\n", "$3\r\nfoo\r\n", "*2\r\n:1\r\n:2\r\n", "%1\r\n$1\r\na\r\n$1\r\nb\r\n",
        "\r\n\r\n\r\n", "*1\r\n$4\r\nPINGxx*1\r\n", "\"\\x", "*-9223372036854775808\r\n",
        "*9223372036854775808\r\n", "*1\r\n$9223372036854775807\r\n", "*\r\n", "*1\r\n$\r\n",
    };

    begin("noeviction");
    for (int i = 0; i < 300; i++) {
        const char *text = texts[(size_t)i % (sizeof texts / sizeof texts[0])];
        int one = server_connect(server);

        socket_send(one, text, strlen(text));
        close(one);
    }
    expect(fd, "PING", "+PONG");
    expect_all_gone();
    end();
}
