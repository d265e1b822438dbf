/* SPDX-License-Identifier: MIT
 * tests/integration/test_pubsub.c - channels, patterns, shard channels: who hears what,
 * in which form, and what subscribers may say. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, a, b;

SERVER_SUITE(pubsub, 60, server_open(NULL, &fd, &a, &b, NULL));

#define JOINED(what, len, name, n) "*3\r\n$" len "\r\n" what "\r\n$1\r\n" name "\r\n:" n
#define MESSAGE "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi"

static void
speak_resp3(int client)
{
    free(socket_ask(client, "HELLO 3"));
}

Test(pubsub, confirms_each_subscription_and_counts_them)
{
    socket_send_text(a, "SUBSCRIBE a b a\r\nPSUBSCRIBE p\r\nSSUBSCRIBE s\r\n");
    expect_next(a, JOINED("subscribe", "9", "a", "1"));
    expect_next(a, JOINED("subscribe", "9", "b", "2"));
    expect_next(a, JOINED("subscribe", "9", "a", "2"));
    expect_next(a, JOINED("psubscribe", "10", "p", "3"));
    expect_next(a, JOINED("ssubscribe", "10", "s", "1"));
    expect(fd, "PUBSUB NUMSUB a b c", "*6\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:1\r\n$1\r\nc\r\n:0");
    expect(fd, "PUBSUB NUMPAT", ":1");
    expect(fd, "PUBSUB SHARDCHANNELS", "*1\r\n$1\r\ns");
    expect(fd, "PUBSUB CHANNELS [b-z]", "*1\r\n$1\r\nb");
    expect_part(fd, "CLIENT LIST TYPE pubsub", "flags=P db=0 sub=2 psub=1 ssub=1 ");
    expect_part(fd, "INFO stats", "pubsub_channels:2\r\npubsub_patterns:1\r\n"
                "pubsubshard_channels:1\r\n");
    cr_expect_eq(info_number(fd, "pubsub_clients"), 1);
    socket_send_text(a, "UNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nSUNSUBSCRIBE\r\n");
    expect_next(a, JOINED("unsubscribe", "11", "a", "2"));
    expect_next(a, JOINED("unsubscribe", "11", "b", "1"));
    expect_next(a, JOINED("punsubscribe", "12", "p", "0"));
    expect_next(a, JOINED("sunsubscribe", "12", "s", "0"));
    expect(a, "UNSUBSCRIBE", "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0");
    expect(a, "UNSUBSCRIBE x", JOINED("unsubscribe", "11", "x", "0"));
    expect(fd, "PUBSUB CHANNELS", "*0");
    cr_expect_eq(info_number(fd, "pubsub_clients"), 0);
    expect(a, "GET k", "$-1");
}

Test(pubsub, hands_messages_to_channels_then_patterns)
{
    expect(a, "SUBSCRIBE a", JOINED("subscribe", "9", "a", "1"));
    expect(a, "PSUBSCRIBE ?", JOINED("psubscribe", "10", "?", "2"));
    expect(b, "SSUBSCRIBE a", JOINED("ssubscribe", "10", "a", "1"));
    expect(fd, "PUBLISH a hi", ":2");
    expect_next(a, MESSAGE);
    expect_next(a, "*4\r\n$8\r\npmessage\r\n$1\r\n?\r\n$1\r\na\r\n$2\r\nhi");
    expect(fd, "SPUBLISH a hi", ":1");
    expect_next(b, "*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$2\r\nhi");
    expect(fd, "PUBLISH nobody hi", ":0");
    expect_silence(a, 10);
}

#define REFUSED(cmd) "-ERR Can't execute '" cmd "': only (P|S)SUBSCRIBE / " \
        "(P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"

Test(pubsub, lets_a_resp2_subscriber_say_little)
{
    expect(a, "SUBSCRIBE a", JOINED("subscribe", "9", "a", "1"));
    expect(a, "GET k", REFUSED("get"));
    expect(a, "CLIENT ID", REFUSED("client|id"));
    expect(a, "MULTI", REFUSED("multi"));
    expect(a, "PING", "*2\r\n$4\r\npong\r\n$0\r\n");
    expect(a, "PING x", "*2\r\n$4\r\npong\r\n$1\r\nx");
    expect(a, "RESET", "+RESET");
    expect(a, "GET k", "$-1");
    expect(fd, "PUBLISH a hi", ":0");
    expect(a, "SUBSCRIBE a", JOINED("subscribe", "9", "a", "1"));
    expect(a, "QUIT", "+OK");
    cr_expect(socket_is_closed(a));
    expect_soon(fd, "PUBSUB NUMSUB a", "*2\r\n$1\r\na\r\n:0");
}

Test(pubsub, pushes_to_resp3_between_replies)
{
    speak_resp3(a);
    expect(a, "SUBSCRIBE a", ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1");
    expect(a, "GET k", "_");
    expect(a, "PING", "+PONG");
    expect(b, "SUBSCRIBE a", JOINED("subscribe", "9", "a", "1"));
    expect(a, "PUBLISH a hi", ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi");
    expect_next(a, ":2");
    expect_next(b, MESSAGE);
    expect(a, "CLIENT REPLY SKIP\r\nPUBLISH a hi", ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi");
    expect_next(b, MESSAGE);
    socket_send_text(a, "CLIENT REPLY OFF\r\n");
    expect_soon(fd, "PUBLISH a hi", ":2");
    expect_next(a, ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi");
}

Test(pubsub, inside_a_transaction_is_part_of_its_reply)
{
    socket_send_text(a, "MULTI\r\nSUBSCRIBE a\r\nPUBLISH a hi\r\nSSUBSCRIBE s\r\nPING\r\nEXEC\r\n");
    expect_next(a, "+OK");
    for (int i = 0; i < 4; i++)
        expect_next(a, "+QUEUED");
    expect_next(a, "*4\r\n" JOINED("subscribe", "9", "a", "1") "\r\n" MESSAGE "\r\n:1\r\n"
                "-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
    expect_next(a, "*2\r\n$4\r\npong\r\n$0\r\n");
}

Test(pubsub, reaches_a_thousand_subscribers_with_messages_of_any_size)
{
    static int many[1000];
    static const size_t sizes[] = { 0, 1, 1000, 16300, 16384, 100000, 3000000 };
    struct rlimit files;
    char *text, *got;
    size_t len, n, subscribers;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &files);
    for (int i = 0; i < 1000; i++) {
        many[i] = server_connect(server);
        if (i % 2)
            speak_resp3(many[i]);
        free(socket_ask(many[i], i % 3 ? "SUBSCRIBE c" : "PSUBSCRIBE [c]"));
    }
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        char *body = malloc(sizes[s] + 1);

        subscribers = sizes[s] > 200000 ? 10 : 1000;
        for (int i = 999; i >= (int)subscribers; i--)
            free(socket_ask(many[i], "RESET"));
        fill_pattern(body, sizes[s], 0);
        for (size_t i = 0; i < sizes[s]; i++)
            body[i] = (char)('a' + (unsigned char)body[i] % 26);
        body[sizes[s]] = '\0';
        text = request_of(&len, "PUBLISH", "c", body, NULL);
        socket_send(fd, text, len);
        free(text);
        got = socket_reply(fd, NULL);
        cr_assert_eq((size_t)atol(got + 1), subscribers);
        free(got);
        for (size_t i = 0; i < subscribers; i++) {
            got = socket_reply(many[i], &n);
            cr_assert_not_null(got);
            cr_assert_eq(*got, i % 2 ? '>' : '*');
            cr_assert_gt(n, sizes[s] + 2);
            cr_assert_eq(memcmp(got + n - 2 - sizes[s], body, sizes[s]), 0);
            free(got);
        }
        free(body);
    }
    for (int i = 0; i < 1000; i++)
        close(many[i]);
    expect_soon(fd, "PUBLISH c x", ":0");
}

Test(pubsub, closes_a_subscriber_that_does_not_read)
{
    size_t len;
    char *body = malloc(200001), *text;

    memset(body, 'x', 200000);
    body[200000] = '\0';
    text = request_of(&len, "PUBLISH", "a", body, NULL);
    expect(fd, "CONFIG SET client-output-buffer-limit \"pubsub 1mb 0 0\"", "+OK");
    expect(a, "SUBSCRIBE a", JOINED("subscribe", "9", "a", "1"));
    for (int i = 0; i < 200; i++) {
        socket_send(fd, text, len);
        free(socket_reply(fd, NULL));
    }
    expect_soon(fd, "PUBSUB NUMSUB a", "*2\r\n$1\r\na\r\n:0");
    cr_expect_eq(info_number(fd, "client_output_buffer_limit_disconnections"), 1);
    free(body);
    free(text);
}

Test(pubsub, forgets_whoever_leaves_in_any_order)
{
    int many[60];
    char line[64];

    srand(5);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 60; i++) {
            many[i] = server_connect(server);
            for (int k = 0; k < 5; k++) {
                sprintf(line, "%s c%d", rand() % 2 ? "SUBSCRIBE" : "PSUBSCRIBE", rand() % 9);
                free(socket_ask(many[i], line));
            }
        }
        for (int i = 0; i < 60; i += 2) {
            sprintf(line, "UNSUBSCRIBE c%d", rand() % 9);
            free(socket_ask(many[i], line));
        }
        for (int i = 0; i < 60; i++)
            close(many[(i * 7) % 60]);
    }
    expect_soon(fd, "PUBSUB CHANNELS", "*0");
    expect_soon(fd, "PUBSUB NUMPAT", ":0");
}

Test(pubsub, kills_subscribers_by_their_type)
{
    expect(a, "SUBSCRIBE a", JOINED("subscribe", "9", "a", "1"));
    expect(fd, "CLIENT KILL TYPE pubsub", ":1");
    cr_expect(socket_is_closed(a));
    expect(b, "PING", "+PONG");
}
