/* SPDX-License-Identifier: MIT
 * tests/oracle/twins.c - start two servers, ask both.
 *
 * How:        a call goes to both before either reply is read, so that they work at
 *             the same time and see nearly the same clock. */
#include "oracle/twins.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"

#define SHOWN_MAX 600

bool
twins_are_possible(void)
{
    char line[256] = "";
    FILE *f;

    if (!server_has_redis())
        return false;
    f = popen("redis-server --version", "r");
    if (!f)
        return false;
    if (!fgets(line, sizeof line, f))
        line[0] = '\0';
    pclose(f);
    return strstr(line, "v=7.0.") != NULL;
}

static int
connect_to(const struct test_server *s, int proto)
{
    int fd = server_connect(s);
    char *hello;

    if (proto == 3) {
        hello = socket_ask(fd, "HELLO 3");
        cr_assert(hello && (hello[0] == '%' || strncmp(hello, "-NOAUTH", 7) == 0),
                  "HELLO 3: %s", hello ? hello : "closed");
        free(hello);
    }
    return fd;
}

void
twins_switch(struct twins *t, const char *name)
{
    struct pair *p = t->pair;

    while (p < t->pair + TWIN_CONNECTIONS && p->name[0] && strcmp(p->name, name) != 0)
        p++;
    cr_assert(p < t->pair + TWIN_CONNECTIONS, "too many connections");
    t->now = p;
    if (p->name[0])
        return;
    snprintf(p->name, sizeof p->name, "%s", name);
    p->ours = connect_to(t->ours, t->proto);
    p->redis = connect_to(t->redis, t->proto);
}

void
twins_start(struct twins *t, int proto, const char *const *args)
{
    memset(t, 0, sizeof *t);
    t->proto = proto;
    t->ours = server_start(args);
    t->redis = server_start_redis(args);
    twins_switch(t, "main");
}

void
twins_stop(struct twins *t)
{
    for (struct pair *p = t->pair; p < t->pair + TWIN_CONNECTIONS && p->name[0]; p++) {
        close(p->ours);
        close(p->redis);
    }
    server_stop(t->redis);
    server_stop(t->ours);
}

static void
pack(const struct bytes *words, size_t n, struct text *out)
{
    text_printf(out, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++) {
        text_printf(out, "$%zu\r\n", words[i].len);
        text_add(out, words[i]);
        text_add_text(out, "\r\n");
    }
}

static void
receive(int fd, struct answer *out)
{
    out->at = socket_reply(fd, &out->len);
    if (!out->at)
        out->len = 0;
}

void
twins_ask_raw(struct twins *t, struct bytes raw, struct answers *out)
{
    socket_send(t->now->redis, raw.at, raw.len);
    socket_send(t->now->ours, raw.at, raw.len);
    receive(t->now->redis, &out->redis);
    receive(t->now->ours, &out->ours);
}

void
twins_ask(struct twins *t, const struct bytes *words, size_t n, struct answers *out)
{
    struct text request = { 0 };

    pack(words, n, &request);
    twins_ask_raw(t, text_view(&request), out);
    text_free(&request);
}

void
twins_ask_ours(struct twins *t, const struct bytes *words, size_t n,
               struct answer *out)
{
    struct text request = { 0 };

    pack(words, n, &request);
    socket_send(t->now->ours, request.at, request.len);
    receive(t->now->ours, out);
    text_free(&request);
}

bool
twins_are_closed(struct twins *t)
{
    return socket_is_closed(t->now->redis) && socket_is_closed(t->now->ours);
}

void
twins_reconnect(struct twins *t)
{
    close(t->now->ours);
    close(t->now->redis);
    t->now->ours = connect_to(t->ours, t->proto);
    t->now->redis = connect_to(t->redis, t->proto);
}

void
twins_need(struct twins *t, const char *line)
{
    struct answers a;
    size_t n;
    struct bytes *words = words_split(bytes_of_text(line), &n);

    twins_ask(t, words, n, &a);
    cr_assert(a.ours.at && a.ours.at[0] != '-', "%s: %s", line, a.ours.at);
    cr_assert(a.redis.at && a.redis.at[0] != '-', "%s: %s", line, a.redis.at);
    answers_free(&a);
    words_free(words, n);
}

bool
twin_knows(int fd, const char *full_name)
{
    char line[128], *reply;
    bool known;

    snprintf(line, sizeof line, "COMMAND INFO %s", full_name);
    reply = socket_ask(fd, line);
    cr_assert_not_null(reply);
    known = strcmp(reply, "*1\r\n$-1\r\n") != 0 && strcmp(reply, "*1\r\n_\r\n") != 0;
    free(reply);
    return known;
}

struct bytes
answer_view(const struct answer *a)
{
    return bytes_view(a->at ? a->at : "", a->len);
}

void
answers_free(struct answers *a)
{
    free(a->ours.at);
    free(a->redis.at);
    memset(a, 0, sizeof *a);
}

static void
describe(const char *who, const struct answer *a, struct text *out)
{
    struct bytes shown = answer_view(a);

    if (shown.len > SHOWN_MAX)
        shown.len = SHOWN_MAX;
    text_printf(out, "    %s ", who);
    if (a->at)
        text_add_quoted(out, shown);
    else
        text_add_text(out, "(closed the connection, or did not answer)");
    text_add_text(out, shown.len < a->len ? "...\n" : "\n");
}

void
answers_describe(const struct answers *a, struct text *out)
{
    describe("redis:", &a->redis, out);
    describe("ours: ", &a->ours, out);
}
