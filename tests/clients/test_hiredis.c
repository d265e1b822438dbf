/* SPDX-License-Identifier: MIT
 * tests/clients/test_hiredis.c - the C client: formatted commands, pipelines, bytes
 * of any kind, both kinds of sockets. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/server.h"
#include "support/talk.h"

static struct test_server *server;
static redisContext *c;

static void
set_up(void)
{
    server = server_start(NULL);
    c = redisConnect("127.0.0.1", server->port);
    cr_assert(c && !c->err);
}

static void
tear_down(void)
{
    redisFree(c);
    server_stop(server);
}

TestSuite(hiredis, .init = set_up, .fini = tear_down, .timeout = 60);

static void
expect_type(redisReply *r, int type)
{
    cr_assert_not_null(r, "%s", c->errstr);
    cr_expect_eq(r->type, type, "type %d: %s", r->type, r->str ? r->str : "");
}

Test(hiredis, gets_each_type_of_reply)
{
    static const struct { const char *command; int type; } types[] = {
        { "SET k 10", REDIS_REPLY_STATUS }, { "INCR k", REDIS_REPLY_INTEGER },
        { "GET k", REDIS_REPLY_STRING },    { "GET none", REDIS_REPLY_NIL },
        { "MGET k none", REDIS_REPLY_ARRAY }, { "NOSUCH", REDIS_REPLY_ERROR },
        { "COMMAND", REDIS_REPLY_ARRAY },   { "INFO", REDIS_REPLY_STRING },
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        redisReply *r = redisCommand(c, types[i].command);

        expect_type(r, types[i].type);
        freeReplyObject(r);
    }
}

Test(hiredis, keeps_bytes_of_any_kind_and_size)
{
    static const size_t sizes[] = { 0, 1, 44, 127, 16384, 1000000 };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes = malloc(sizes[i] + 1);
        redisReply *r;

        fill_pattern(bytes, sizes[i], 0);
        r = redisCommand(c, "SET %b %b", "a\0b", (size_t)3, bytes, sizes[i]);
        expect_type(r, REDIS_REPLY_STATUS);
        freeReplyObject(r);
        r = redisCommand(c, "GET %b", "a\0b", (size_t)3);
        expect_type(r, REDIS_REPLY_STRING);
        cr_expect(r->len == sizes[i] && memcmp(r->str, bytes, sizes[i]) == 0);
        freeReplyObject(r);
        free(bytes);
    }
}

Test(hiredis, gets_the_replies_of_a_pipeline_in_order)
{
    redisReply *r;

    for (int i = 0; i < 5000; i++)
        redisAppendCommand(c, "INCR counter");
    for (int i = 0; i < 5000; i++) {
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK, "%s", c->errstr);
        cr_assert_eq(r->integer, i + 1);
        freeReplyObject(r);
    }
}

Test(hiredis, talks_over_a_unix_socket)
{
    redisContext *local = redisConnectUnix(server->socket);
    redisReply *r;

    cr_assert(local && !local->err);
    r = redisCommand(local, "ECHO %s", "hello world");
    expect_type(r, REDIS_REPLY_STRING);
    cr_expect_str_eq(r->str, "hello world");
    freeReplyObject(r);
    redisFree(local);
}
