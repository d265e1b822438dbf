/* SPDX-License-Identifier: MIT
 * tests/oracle/hear.c - all that connections hear. */
#include "oracle/hear.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "support/server.h"

#define PONG "end-of-what-was-heard"

/* Replies of one connection up to the answer to PING. */
static void
collect(int fd, struct answer *first, struct text *out)
{
    struct answer a = *first;

    while (a.at && !strstr(a.at, PONG)) {
        text_add(out, answer_view(&a));
        if (a.at != first->at)
            free(a.at);
        a.at = socket_reply(fd, &a.len);
    }
    cr_assert_not_null(a.at, "the connection was closed");
    if (a.at != first->at)
        free(a.at);
}

void
hear(struct twins *t, const char *name, struct text *ours, struct text *redis)
{
    struct bytes words[] = { B("PING"), B(PONG) };
    struct answers a;

    twins_switch(t, name);
    twins_ask(t, words, 2, &a);
    collect(t->now->ours, &a.ours, ours);
    collect(t->now->redis, &a.redis, redis);
    answers_free(&a);
}

size_t
hear_same(struct twins *t, const char *name, const char *line)
{
    struct text ours = { 0 }, redis = { 0 }, shown = { 0 };
    size_t len;

    hear(t, name, &ours, &redis);
    hear(t, name, &ours, &redis);
    text_add_quoted(&shown, text_view(&redis));
    text_add_text(&shown, "\n");
    text_add_quoted(&shown, text_view(&ours));
    cr_expect(bytes_equal(text_view(&ours), text_view(&redis)),
              "after %s, %s hears (redis, ours)\n%s", line, name, shown.at);
    len = redis.len;
    text_free(&ours);
    text_free(&redis);
    text_free(&shown);
    return len;
}

static void
send_lines(int fd, const char *lines)
{
    struct text request = { 0 };

    text_printf(&request, "%s\r\n", lines);
    socket_send(fd, request.at, request.len);
    text_free(&request);
}

void
hear_say(struct twins *t, const char *ours, const char *redis)
{
    send_lines(t->now->redis, redis);
    send_lines(t->now->ours, ours);
}
