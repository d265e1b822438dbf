/* SPDX-License-Identifier: MIT
 * tests/integration/test_client_memory.c - what CLIENT LIST tells of a session's memory is
 * what it holds, and maxmemory-clients goes by it. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define KB 1024
#define MB (1024 * KB)
#define CROWD 20

static int fd, other;

SERVER_SUITE(client_memory, 60, server_open(NULL, &fd, &other, NULL));

/* The number behind ` name=` in the line at `at`. */
static long
number_after(const char *at, const char *name)
{
    at = strstr(at, name);
    cr_assert_not_null(at, "no %s", name);
    return strtol(at + strlen(name), NULL, 10);
}

/* The line of this session; caller frees. */
static char *
line_of(long long id)
{
    char ask[64];

    snprintf(ask, sizeof ask, "CLIENT LIST ID %lld", id);
    return ask_text(fd, ask);
}

/* Ask until the session's line has `part`, at most 10 s; the last line, caller frees. */
static char *
line_with(long long id, const char *part)
{
    char *line = line_of(id);

    for (int i = 0; i < 1000 && !strstr(line, part); i++) {
        free(line);
        test_nap(10);
        line = line_of(id);
    }
    return line;
}

/* tot-mem of all but the one who asks. */
static long
told_memory(void)
{
    char *list = ask_text(fd, "CLIENT LIST"), *at = list;
    long sum = 0;

    for (; at && *at; at = strchr(at, '\n') + 1) {
        size_t len = strcspn(at, "\n");
        char *line = strndup(at, len);

        if (!strstr(line, "cmd=client|list"))
            sum += number_after(line, " tot-mem=");
        free(line);
        if (!at[len])
            break;
    }
    free(list);
    return sum;
}

static bool
used_falls_below(long long wanted)
{
    for (int i = 0; i < 1000; i++) {
        if (info_number(fd, "used_memory") < wanted)
            return true;
        test_nap(10);
    }
    return false;
}

/* --- input --- */

/* As Redis: what is parsed is no query buffer any more. */
Test(client_memory, tells_of_half_a_request_what_is_not_parsed_yet)
{
    static const struct { const char *head; size_t body; const char *part; } cuts[] = {
        { "*3\r\n$3", 0, " qbuf=2 " },
        { "*3\r\n$3\r\nSET\r\n$3\r\nke", 0, " qbuf=2 " },
        { "PING", 0, " qbuf=4 " },
        { "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$10\r\nabc", 0, " qbuf=3 " },
        { "*3\r\n$3\r\nSET\r\n$20000\r\n", 19000, " qbuf=19000 " },
        { "*1\r\n$20000\r\n", 20000, " qbuf=20000 " },
        { "*3\r\n$3\r\nSET\r\n$500000\r\n", 499999, " qbuf=499999 " },
        { "*1\r\n$500000\r\n", 500000, " qbuf=500000 " },
        { "BLPOP nokey 0\r\nPING\r\nPI", 0, " qbuf=8 " },
    };
    char *body = malloc(500000), *line;

    memset(body, 'v', 500000);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        int s = server_connect(server);
        long long id = ask_number(s, "CLIENT ID");

        socket_send_text(s, cuts[i].head);
        socket_send(s, body, cuts[i].body);
        line = line_with(id, cuts[i].part);
        cr_expect(strstr(line, cuts[i].part), "cut %zu: %s", i, line);
        cr_expect_geq(number_after(line, " tot-mem="),
                      (long)cuts[i].body + number_after(line, " qbuf-free="));
        free(line);
        close(s);
    }
    free(body);
}

/* Its finished arguments are no query buffer, however many they are. */
Test(client_memory, query_buffer_limit_is_for_one_argument)
{
    char *set, *many;
    size_t len;

    expect(fd, "CONFIG SET client-query-buffer-limit 1mb", "+OK");
    set = request_set(&len, "k", 300000);
    socket_send_text(other, "*11\r\n$4\r\nMSET\r\n");
    for (int i = 0; i < 5; i++)
        socket_send(other, set + 13, len - 13);     /* what follows "*3 $3 SET" */
    expect_next(other, "+OK");
    many = malloc(2 * MB);
    memset(many, 'v', 2 * MB);
    for (int over = 0; over < 2; over++) {          /* with its CRLF, as in Redis */
        char head[64];
        int s = server_connect(server);

        snprintf(head, sizeof head, "*2\r\n$6\r\nSTRLEN\r\n$%d\r\n", MB - 2 + over);
        socket_send_text(s, head);
        send(s, many, (size_t)(MB - 2 + over), MSG_NOSIGNAL);
        send(s, "\r\nPING\r\n", 8, MSG_NOSIGNAL);
        if (over) {
            cr_expect(socket_is_closed(s));
        } else {
            expect_next(s, ":0");
            expect_next(s, "+PONG");
        }
        close(s);
    }
    cr_expect_eq(info_number(fd, "client_query_buffer_limit_disconnections"), 1);
    free(many);
    free(set);
}

/* It was received where it stays, so nothing is set aside for a copy. */
Test(client_memory, of_a_finished_argument_counts_once)
{
    enum { BODY = 40000 };
    int s = server_connect(server);
    long long id = ask_number(s, "CLIENT ID");
    char *body = malloc(BODY + 2), *line;

    memset(body, 'v', BODY);
    memcpy(body + BODY, "\r\n", 2);
    socket_send_text(s, "*5\r\n$4\r\nMSET\r\n$1\r\na\r\n$40000\r\n");
    free(line_with(id, " argv-mem=5 "));
    socket_send(s, body, BODY + 2);
    line = line_with(id, " argv-mem=40005 ");
    cr_expect_lt(number_after(line, " tot-mem="), 2 * BODY, "%s", line);
    free(line);
    free(body);
    close(s);
}

/* Nothing comes of what they announced: its memory is there for others. */
Test(client_memory, set_aside_for_an_argument_is_given_back_when_it_does_not_come)
{
    long long before = info_number(fd, "used_memory");
    int crowd[CROWD];

    for (int i = 0; i < CROWD; i++) {
        crowd[i] = server_connect(server);
        socket_send_text(crowd[i], "*2\r\n$6\r\nSTRLEN\r\n$2000000\r\nv");
    }
    cr_assert(info_reaches(fd, "used_memory", before + CROWD * 2000000));
    cr_expect(used_falls_below(before + 4 * MB));
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
}

/* Somebody asks who has begun to before, as the next request of others would free it. */
Test(client_memory, a_long_request_leaves_nothing_with_the_reader_of_all)
{
    char *set, *info;
    size_t len;
    long long before = info_number(fd, "used_memory"), used;

    socket_send_text(fd, "*2\r\n$4\r\nINFO\r\n$6\r\nmem");
    set = request_set(&len, "k", 30000);
    socket_send_text(other, "*1001\r\n$3\r\nDEL\r\n");
    for (int i = 0; i < 1000; i++)
        socket_send(other, set + 20, len - 20);     /* the value alone */
    expect_next(other, ":0");
    socket_send_text(fd, "ory\r\n");
    info = socket_reply(fd, NULL);
    used = number_after(info, "used_memory:");
    cr_expect_lt(used - before, 4 * MB, "%lld", used - before);
    free(info);
    free(set);
}

/* --- what else a session can hold --- */

/* What can be said to hold `words` words, the text `before` before each. */
static const struct holding {
    const char *command;
    int words;
    const char *before, *end;
} holdings[] = {
    { "WATCH", 1000, " ", "" },
    { "SUBSCRIBE", 1000, " ", "" },
    { "PSUBSCRIBE", 1000, " ", "" },
    { "SSUBSCRIBE", 1000, " ", "" },
    { "CLIENT TRACKING ON BCAST", 1000, " PREFIX ", "" },
    { "BLPOP", 1000, " ", " 0" },
    { "MULTI", 1000, "\r\nSET k ", "" },
    { "*100000", 2000, "\r\n$10\r\n", "" },
};

/* Words of ten letters, others for each `who`; caller frees. */
static char *
text_of(const struct holding *h, int who)
{
    char *text = malloc((size_t)h->words * 40 + 100), *at = text;

    at += sprintf(at, "%s", h->command);
    for (int j = 0; j < h->words; j++)
        at += sprintf(at, "%sw%02d.%06d", h->before, who, j);
    sprintf(at, "%s\r\n", h->end);
    return text;
}

/* A session that takes memory nobody counts cannot be evicted for it. */
Test(client_memory, is_told_whatever_it_is_held_for)
{
    for (size_t what = 0; what < sizeof holdings / sizeof *holdings; what++) {
        long long before, grown = 0, told = 0;
        int crowd[CROWD];

        told_memory();                      /* the memory of its reply is pooled */
        before = info_number(fd, "used_memory") - told_memory();
        for (int i = 0; i < CROWD; i++) {
            char *text = text_of(&holdings[what], i);

            crowd[i] = server_connect(server);
            socket_send_text(crowd[i], text);
            free(text);
        }
        for (int i = 0; i < 500; i++) {
            told = told_memory();
            grown = info_number(fd, "used_memory") - before;
            if (told > CROWD * 30000 && grown < told + told / 20 + 64 * KB)
                break;
            test_nap(10);
        }
        cr_expect(told > CROWD * 30000, "%s: told %lld",
                  holdings[what].command, told);
        cr_expect(grown < told + told / 20 + 64 * KB, "%s: grew by %lld, told %lld",
                  holdings[what].command, grown, told);
        for (int i = 0; i < CROWD; i++)
            close(crowd[i]);
        cr_assert(used_falls_below(before + MB));
    }
}

/* A reply may refer to a value, but not keep all of it for a small part. */
Test(client_memory, of_a_part_of_a_value_is_not_the_whole)
{
    long long before = info_number(fd, "used_memory");

    expect(fd, "SETRANGE k 67108863 x", ":67108864");
    for (int i = 0; i < 400; i++)
        socket_send_text(other, "GETRANGE k 0 16383\r\n");
    expect_soon(fd, "INFO commandstats", "$");
    for (int i = 0; i < 1000 && told_memory() < 100 * KB; i++)
        test_nap(10);
    expect(fd, "DEL k", ":1");
    cr_expect(used_falls_below(before + 16 * MB));
}

/* --- maxmemory-clients --- */

/* All of it is there at once, and could be read and carried out in one turn. */
Test(client_memory, of_one_large_argument_is_seen_before_it_is_run)
{
    size_t len;
    char *set = request_set(&len, "k", 3000000);
    pid_t aside;

    expect(fd, "CONFIG SET maxmemory-clients 3000000", "+OK");
    for (int i = 0; i < 10; i++) {
        int s = server_connect(server);

        aside = socket_send_aside(s, set, len);
        cr_expect(socket_is_closed(s));
        socket_sent(aside);
        close(s);
        expect(fd, "EXISTS k", ":0");
    }
    cr_expect_eq(info_number(fd, "evicted_clients"), 10);
    free(set);
    set = request_set(&len, "k", 2500000);
    socket_send(other, set, len);
    expect_next(other, "+OK");
    free(set);
}

/* Nobody counted while there was no limit: who is over it goes at once. */
Test(client_memory, is_counted_anew_when_there_is_a_limit)
{
    int crowd[CROWD];
    char body[50000];
    long long id = 0;

    expect(fd, "CLIENT NO-EVICT ON", "+OK");
    memset(body, 'v', sizeof body);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = server_connect(server);
        id = ask_number(crowd[i], "CLIENT ID");
        socket_send_text(crowd[i], "*2\r\n$100000\r\n");
        socket_send(crowd[i], body, sizeof body);
        free(line_with(id, " qbuf=50000 "));
    }
    socket_send_text(fd, "CONFIG SET maxmemory-clients 1mb\r\nINFO stats\r\n");
    expect_next(fd, "+OK");
    free(socket_reply(fd, NULL));
    cr_expect_lt(told_memory(), MB);
    cr_expect_gt(info_number(fd, "evicted_clients"), 10);
    cr_expect_lt(info_number(fd, "evicted_clients"), 16);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
}

/* Many get it, and sockets take it at once: then nobody holds it. */
Test(client_memory, of_a_message_counts_only_while_it_is_not_sent)
{
    size_t len;
    char *publish, *message = malloc(300001);
    int crowd[CROWD];

    expect(fd, "CLIENT NO-EVICT ON", "+OK");
    expect(fd, "CONFIG SET maxmemory-clients 3mb", "+OK");
    memset(message, 'm', 300000);
    message[300000] = '\0';
    publish = request_of(&len, "PUBLISH", "news", message, NULL);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = server_connect(server);
        expect(crowd[i], "SUBSCRIBE news", "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1");
    }
    socket_send(fd, publish, len);
    expect_next(fd, ":20");
    for (int i = 0; i < CROWD; i++)
        free(socket_reply(crowd[i], NULL));
    cr_expect_eq(info_number(fd, "evicted_clients"), 0);
    for (int i = 0; i < 40; i++) {              /* more than sockets take */
        socket_send(fd, publish, len);
        free(socket_reply(fd, NULL));
    }
    cr_expect_eq(info_number(fd, "evicted_clients"), CROWD);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    free(publish);
    free(message);
}

/* What a call brought upon others is judged before the next one of the same read. */
Test(client_memory, is_judged_between_the_calls_of_a_batch)
{
    enum { CALLS = 25 };
    char batch[CALLS * 2100 + 20], *got;
    int crowd[CROWD], gone_within = 0;
    long gone = 0, then;
    size_t len = 0;

    expect(fd, "CLIENT NO-EVICT ON", "+OK");
    expect(fd, "CONFIG SET maxmemory-clients 200kb", "+OK");
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = server_connect(server);
        expect(crowd[i], "SUBSCRIBE news", "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1");
    }
    for (int n = 0; n < CALLS; n++)
        len += (size_t)sprintf(batch + len, "PUBLISH news %02000d\r\n", 0);
    len += (size_t)sprintf(batch + len, "INFO stats\r\n");
    for (int i = 0; i < 2000 && gone < CROWD; i++) {
        socket_send(fd, batch, len);
        for (int n = 0; n < CALLS; n++)
            free(socket_reply(fd, NULL));
        got = socket_reply(fd, NULL);
        cr_assert_not_null(got);
        then = number_after(got, "evicted_clients:");
        free(got);
        gone_within += then > gone;
        gone = info_number(fd, "evicted_clients");
    }
    cr_expect_eq(gone, CROWD);
    cr_expect_gt(gone_within, 0);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
}
