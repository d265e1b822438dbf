/* SPDX-License-Identifier: MIT
 * tests/integration/test_strings.c - strings over a real connection: what scripts of
 * one command and one reply cannot show, and what redis-server 7.0 does not know. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/server.h"

#define BIG 100000              /* well beyond what is copied into a reply */

static struct test_server *server;
static int fd;

static void
begin(void)
{
    server = server_open(NULL, &fd, NULL);
}

static void
end(void)
{
    server_stop(server);
}

TestSuite(strings, .init = begin, .fini = end);

static void
expect(const char *request, const char *wanted)
{
    char line[256], *reply;

    snprintf(line, sizeof line, "%s\r\n", request);
    reply = socket_ask(fd, line);
    cr_assert_not_null(reply);
    cr_expect_str_eq(reply, wanted, "%s gave %s", request, reply);
    free(reply);
}

/* Send "COMMAND key <BIG times `fill`>" as a RESP array. */
static void
send_big(const char *command, const char *key, char fill)
{
    char *value = malloc(BIG), head[128];

    memset(value, fill, BIG);
    snprintf(head, sizeof head, "*3\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n$%d\r\n", strlen(command),
             command, strlen(key), key, BIG);
    socket_send_text(fd, head);
    socket_send(fd, value, BIG);
    socket_send_text(fd, "\r\n");
    free(value);
}

/* The next reply is a bulk of `len` bytes that are all `fill`, except the first
 * and the last. */
static void
expect_big(size_t len, char first, char fill, char last)
{
    size_t total, i, wrong = 0;
    char head[32], *reply = socket_reply(fd, &total), *body;
    int head_len = snprintf(head, sizeof head, "$%zu\r\n", len);

    cr_assert_not_null(reply);
    cr_assert_eq(total, len + (size_t)head_len + 2);
    cr_expect_eq(memcmp(reply, head, (size_t)head_len), 0);
    body = reply + head_len;
    for (i = 1; i + 1 < len; i++)
        wrong += body[i] != fill;
    cr_expect_eq(wrong, 0);
    cr_expect_eq(body[0], first);
    cr_expect_eq(body[len - 1], last);
    free(reply);
}

static void
skip_replies(int n)
{
    size_t len;

    while (n-- > 0)
        free(socket_reply(fd, &len));
}

Test(strings, a_telnet_session_with_bare_line_feeds_is_served)
{
    char *reply = socket_ask(fd, "SET name 'John Doe'\n");

    cr_expect_str_eq(reply, "+OK\r\n");
    free(reply);
    reply = socket_ask(fd, "GET name\n");
    cr_expect_str_eq(reply, "$8\r\nJohn Doe\r\n");
    free(reply);
}

/* All of these wait in one pipeline: replies must show each value as it was. */
Test(strings, a_large_reply_is_the_value_as_it_was_when_it_was_asked_for)
{
    send_big("SET", "k", 'a');
    socket_send_text(fd, "GET k\r\nSETRANGE k 0 x\r\nGET k\r\nAPPEND k z\r\nGET k\r\n"
                         "GETDEL k\r\nEXISTS k\r\n");
    skip_replies(1);
    expect_big(BIG, 'a', 'a', 'a');
    skip_replies(1);
    expect_big(BIG, 'x', 'a', 'a');
    skip_replies(1);
    expect_big(BIG + 1, 'x', 'a', 'z');
    expect_big(BIG + 1, 'x', 'a', 'z');
    expect("EXISTS k", ":0\r\n");
}

Test(strings, a_large_value_may_replace_itself_while_its_reply_waits)
{
    send_big("SET", "k", 'a');
    send_big("GETSET", "k", 'b');
    send_big("GETSET", "k", 'c');
    socket_send_text(fd, "SETBIT k 0 1\r\nGETRANGE k 1 -1\r\n");
    skip_replies(1);
    expect_big(BIG, 'a', 'a', 'a');
    expect_big(BIG, 'b', 'b', 'b');
    skip_replies(1);
    expect_big(BIG - 1, 'c', 'c', 'c');
}

Test(strings, ifeq_sets_only_over_the_value_it_names)
{
    expect("SET k v IFEQ v", "$-1\r\n");
    expect("EXISTS k", ":0\r\n");
    expect("SET k old", "+OK\r\n");
    expect("SET k new IFEQ other", "$-1\r\n");
    expect("GET k", "$3\r\nold\r\n");
    expect("SET k new IFEQ old", "+OK\r\n");
    expect("GET k", "$3\r\nnew\r\n");
    expect("SET k 42", "+OK\r\n");
    expect("SET k 43 IFEQ 42", "+OK\r\n");
    expect("SET k 44 IFEQ 42 GET", "$2\r\n43\r\n");
    expect("GET k", "$2\r\n43\r\n");
    expect("SET k 44 IFEQ 43 NX", "-ERR syntax error\r\n");
}

Test(strings, ifne_sets_over_any_other_value_and_over_none)
{
    expect("SET k v IFNE v", "+OK\r\n");
    expect("SET k w IFNE v", "$-1\r\n");
    expect("SET k w IFNE x", "+OK\r\n");
    expect("GET k", "$1\r\nw\r\n");
}

Test(strings, many_small_appends_make_one_large_string)
{
    int i;

    for (i = 0; i < 5000; i++)
        socket_send_text(fd, "APPEND log 0123456789\r\n");
    skip_replies(5000);
    expect("STRLEN log", ":50000\r\n");
    expect("GETRANGE log 49995 -1", "$5\r\n56789\r\n");
    expect("GETRANGE log 0 4", "$5\r\n01234\r\n");
}
