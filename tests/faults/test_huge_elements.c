/* SPDX-License-Identifier: MIT
 * tests/faults/test_huge_elements.c - keys, fields, members and elements of more bytes
 * than 32 bits count, once proto-max-bulk-len lets them in.
 *
 * Each takes about 15 GB and a minute, so they run on demand: IGNIS_HUGE=1. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/server.h"
#include "support/talk.h"

#define HUGE_LEN (((size_t)1 << 32) + 3)        /* to 32 bits it looks like "xxx" */
#define PIECE (1 << 20)

static int fd;
static const char *const args[] = { "--proto-max-bulk-len", "8gb",
                                    "--client-query-buffer-limit", "16gb",
                                    "--hash-max-listpack-value", "8000000000",
                                    "--set-max-listpack-value", "8000000000",
                                    "--zset-max-listpack-value", "8000000000", NULL };
static struct test_server *server;

static void
set_up(void)
{
    if (!getenv("IGNIS_HUGE"))
        return;
    server = server_open(args, &fd, NULL);
    socket_patience(fd, 120000);
}

static void
tear_down(void)
{
    if (server)
        server_stop(server);
}

TestSuite(huge_elements, .init = set_up, .fini = tear_down, .timeout = 600);

static void
send_huge(void)
{
    static char piece[PIECE];
    char head[32];
    size_t left = HUGE_LEN;

    snprintf(head, sizeof head, "$%zu\r\n", HUGE_LEN);
    socket_send_text(fd, head);
    memset(piece, 'x', sizeof piece);
    while (left > 0) {
        size_t n = left < PIECE ? left : PIECE;

        socket_send(fd, piece, n);
        left -= n;
    }
    socket_send_text(fd, "\r\n");
}

/* Words with blanks between them; "*" stands for the huge one. */
static void
say(const char *request, const char *reply)
{
    char *copy = strdup(request), *rest = NULL, head[64];
    size_t words = 1;

    for (const char *p = request; *p; p++)
        words += *p == ' ';
    snprintf(head, sizeof head, "*%zu\r\n", words);
    socket_send_text(fd, head);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        if (strcmp(w, "*") == 0) {
            send_huge();
            continue;
        }
        snprintf(head, sizeof head, "$%zu\r\n%s\r\n", strlen(w), w);
        socket_send_text(fd, head);
    }
    free(copy);
    expect_next(fd, reply);
}

static void
only_on_demand(void)
{
    if (!server)
        cr_skip_test("IGNIS_HUGE is not set");
}

Test(huge_elements, are_fields_and_values_of_hashes)
{
    only_on_demand();
    say("HSET h f *", ":1");
    expect(fd, "HSTRLEN h f", ":4294967299");
    say("HSET h f v", ":0");
    say("HSET h * w", ":1");
    expect(fd, "HGET h xxx", "$-1");
    say("HGET h *", "$1\r\nw");
    say("HEXPIRE h 1000 FIELDS 1 *", "*1\r\n:1");
    say("HDEL h *", ":1");
    expect(fd, "HGETALL h", "*2\r\n$1\r\nf\r\n$1\r\nv");
}

Test(huge_elements, are_members_of_sets)
{
    only_on_demand();
    say("SADD s xxx *", ":2");
    expect(fd, "SREM s xxx", ":1");
    say("SISMEMBER s *", ":1");
    say("ZADD z 1 xxx 2 *", ":2");
    say("ZSCORE z *", "$1\r\n2");
    say("ZREM z *", ":1");
    expect(fd, "ZRANGE z 0 -1", "*1\r\n$3\r\nxxx");
}

Test(huge_elements, are_elements_of_lists)
{
    only_on_demand();
    say("RPUSH l xxx * b", ":3");
    say("LPOS l *", ":1");
    say("LREM l 0 *", ":1");
    expect(fd, "LRANGE l 0 -1", "*2\r\n$3\r\nxxx\r\n$1\r\nb");
}

Test(huge_elements, are_names_of_keys_and_channels)
{
    only_on_demand();
    say("WATCH *", "+OK");
    say("SET * v", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "PING", "+QUEUED");
    expect(fd, "EXEC", "*-1");
    expect(fd, "EXISTS xxx", ":0");
    say("GET *", "$1\r\nv");
    say("RENAME * k", "+OK");
    expect(fd, "GET k", "$1\r\nv");
    say("PUBLISH * m", ":0");
}
