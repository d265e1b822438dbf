/* SPDX-License-Identifier: MIT
 * tests/integration/test_rollback_messages.c - what is published within a transaction
 * that may be taken back: heard when all of it was done, or never. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, old, new, shard;

SERVER_SUITE(rollback_messages, 60, server_open(NULL, &fd, &old, &new, &shard, NULL));

#define MESSAGE(head, what) head "3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\n" what
#define BY_PATTERN(head, what) head "4\r\n$8\r\npmessage\r\n$1\r\n?\r\n$1\r\na\r\n$1\r\n" what
#define SMESSAGE(what) "*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\n" what
#define TOLD(event) "*4\r\n$8\r\npmessage\r\n$3\r\n_*t\r\n$18\r\n__keyevent@0__:" event \
        "\r\n$1\r\nk"

/* `old` speaks RESP2, `new` RESP3, `shard` hears a shard channel. */
static void
all_hear(void)
{
    free(socket_ask(new, "HELLO 3"));
    expect_start(old, "SUBSCRIBE a", "*3\r\n$9\r\nsubscribe");
    expect_start(old, "PSUBSCRIBE ?", "*3\r\n$10\r\npsubscribe");
    expect_start(new, "PSUBSCRIBE ?", ">3\r\n$10\r\npsubscribe");
    expect_start(new, "SUBSCRIBE a", ">3\r\n$9\r\nsubscribe");
    expect_start(shard, "SSUBSCRIBE a", "*3\r\n$10\r\nssubscribe");
}

static void
silence(void)
{
    expect_silence(old, 10);
    expect_silence(new, 10);
    expect_silence(shard, 10);
}

static void
queue(int client, const char *const *calls, size_t n)
{
    expect(client, "MULTI ROLLBACK", "+OK");
    for (size_t i = 0; i < n; i++)
        expect(client, calls[i], "+QUEUED");
}

Test(rollback_messages, are_heard_once_and_in_order_when_all_of_it_was_done)
{
    static const char *const calls[] = {
        "PUBLISH a 1", "LPUSH k x", "SPUBLISH a 2", "PUBLISH a 3", "PUBLISH nobody 4",
    };

    all_hear();
    queue(fd, calls, 5);
    silence();
    expect(fd, "EXEC", "*5\r\n:4\r\n:1\r\n:1\r\n:4\r\n:0");
    expect_next(old, MESSAGE("*", "1"));
    expect_next(old, BY_PATTERN("*", "1"));
    expect_next(old, MESSAGE("*", "3"));
    expect_next(old, BY_PATTERN("*", "3"));
    expect_next(new, MESSAGE(">", "1"));
    expect_next(new, BY_PATTERN(">", "1"));
    expect_next(new, MESSAGE(">", "3"));
    expect_next(new, BY_PATTERN(">", "3"));
    expect_next(shard, SMESSAGE("2"));
    silence();
    expect(fd, "PUBLISH a 5", ":4");    /* at once again */
    expect_next(old, MESSAGE("*", "5"));
}

Test(rollback_messages, are_never_heard_when_it_was_taken_back)
{
    static const char *const calls[] = { "PUBLISH a 1", "SPUBLISH a 2", "SET k v" };
    static const char *const fine[] = { "PUBLISH a 3" };

    all_hear();
    run_and_fail(fd, calls, 3);
    silence();
    expect(fd, "EXISTS k", ":0");
    queue(fd, calls, 3);
    expect(fd, "DISCARD", "+OK");
    silence();
    queue(fd, fine, 1);
    expect(fd, "EXEC", "*1\r\n:4");
    expect_next(old, MESSAGE("*", "3"));
    expect_next(old, BY_PATTERN("*", "3"));
    expect_silence(shard, 10);
}

Test(rollback_messages, are_possible_with_the_option_for_all_transactions)
{
    all_hear();
    expect(fd, "CONFIG SET transaction-rollback yes", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "LPUSH jobs x", "+QUEUED");
    expect(fd, "PUBLISH a 1", "+QUEUED");
    expect(fd, "EXEC", "*2\r\n:1\r\n:4");
    expect_next(old, MESSAGE("*", "1"));
    expect(fd, "SET k x", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "PUBLISH a 2", "+QUEUED");
    expect(fd, "INCR k", "+QUEUED");
    expect_start(fd, "EXEC", "-EXECABORT Transaction rolled back: ");
    expect_next(old, BY_PATTERN("*", "1"));
    expect_silence(old, 10);
}

/* Among the events of keys each is where its command was. */
Test(rollback_messages, keep_their_places_among_the_events)
{
    static const char *const calls[] = {
        "PUBLISH a 1", "SET k 1", "PUBLISH a 2", "SET k 2", "PUBLISH a 3",
    };

    expect(fd, "CONFIG SET notify-keyspace-events E$", "+OK");
    expect_start(old, "SUBSCRIBE a", "*3\r\n$9\r\nsubscribe");
    expect_start(old, "PSUBSCRIBE _*t", "*3\r\n$10\r\npsubscribe");
    queue(fd, calls, 5);
    expect(fd, "EXEC", "*5\r\n:1\r\n+OK\r\n:1\r\n+OK\r\n:1");
    expect_next(old, MESSAGE("*", "1"));
    expect_next(old, TOLD("set"));
    expect_next(old, MESSAGE("*", "2"));
    expect_next(old, TOLD("set"));
    expect_next(old, MESSAGE("*", "3"));
    expect_silence(old, 10);
}

/* One who hears itself: the message stands in front of EXEC's reply, never within. */
Test(rollback_messages, reach_who_published_them)
{
    static const char *const calls[] = { "PUBLISH a 1", "SET k v", "PUBLISH a 2" };

    free(socket_ask(new, "HELLO 3"));
    expect_start(new, "SUBSCRIBE a", ">3\r\n$9\r\nsubscribe");
    run_and_fail(new, calls, 3);
    queue(new, calls, 3);
    expect(new, "EXEC", MESSAGE(">", "1"));
    expect_next(new, MESSAGE(">", "2"));
    expect_next(new, "*3\r\n:1\r\n+OK\r\n:1");
    expect(new, "PING", "+PONG");
}

/* Messages that are shared, not copied, before and after their end. */
Test(rollback_messages, may_be_large)
{
    size_t len, size = 300000;
    char *text = malloc(size + 1), *request, *got;

    memset(text, 'x', size);
    text[size] = '\0';
    expect_start(old, "SUBSCRIBE a", "*3\r\n$9\r\nsubscribe");
    expect(fd, "SET wrong text", "+OK");
    for (int fails = 1; fails >= 0; fails--) {
        expect(fd, "MULTI ROLLBACK", "+OK");
        request = request_of(&len, "PUBLISH", "a", text, NULL);
        for (int i = 0; i < 2; i++) {
            socket_send(fd, request, len);
            expect_next(fd, "+QUEUED");
        }
        free(request);
        expect(fd, fails ? "INCR wrong" : "GET wrong", "+QUEUED");
        expect_start(fd, "EXEC", fails ? "-EXECABORT" : "*3\r\n:1\r\n:1\r\n$4\r\ntext");
        if (fails)
            expect_silence(old, 10);
    }
    for (int i = 0; i < 2; i++) {
        got = socket_reply(old, &len);
        cr_assert_eq(len, size + strlen("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$300000\r\n\r\n"));
        cr_expect_not_null(strstr(got, text));
        free(got);
    }
    expect_silence(old, 10);
    free(text);
}
