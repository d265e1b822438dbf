/* SPDX-License-Identifier: MIT
 * The net floor over real sockets: who is told what and when, that all bytes arrive,
 * and that an owner may let go anywhere. */
#include "net/conn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/blob.h"
#include "base/text.h"
#include "net/loop.h"
#include "unit/ear.h"

/* --- reading and writing --- */

static void
answer_ok(struct ear *ear)
{
    reply_ok(conn_reply(ear->c));
    conn_flush(ear->c);
}

Test(conn, hears_bytes_and_answers_in_the_same_turn)
{
    struct ear *ear = ear_new(start());

    ear->on_bytes = answer_ok;
    say(ear, "hello");
    loop_turn(ear->loop);
    cr_expect(bytes_equal(text_view(&ear->heard), B("hello")));
    expect_at_peer(ear, "+OK\r\n");
    cr_expect_eq(ear->drained, 1);
    cr_expect(reply_is_empty(conn_reply(ear->c)));
    finish(ear);
}

Test(conn, flushes_before_the_loop_sleeps_when_asked_for_later)
{
    struct ear *ear = ear_new(start());

    reply_int(conn_reply(ear->c), 1);
    conn_flush_later(ear->c);
    reply_int(conn_reply(ear->c), 2);
    conn_flush_later(ear->c);
    expect_at_peer(ear, "");
    loop_turn(ear->loop);
    expect_at_peer(ear, ":1\r\n:2\r\n");
    finish(ear);
}

Test(conn, reads_to_where_the_owner_wants)
{
    struct ear *ear = ear_new(start());
    char room[4];

    ear->room = room;
    ear->room_len = sizeof room;
    say(ear, "abcdefgh");
    loop_turn(ear->loop);
    cr_expect_eq(ear->heard.len, 4);
    cr_expect_eq(memcmp(room, "abcd", 4), 0);
    ear->room = NULL;
    loop_turn(ear->loop);
    cr_expect(bytes_equal(text_view(&ear->heard), B("abcdefgh")));
    finish(ear);
}

Test(conn, delivers_megabytes_to_a_slow_reader)
{
    enum { LEN = 6 * 1024 * 1024 };
    struct ear *ear = ear_new(start());
    struct blob *blob = blob_try_new(LEN, LEN);
    size_t got = 0, n, i;
    char *to = mem_alloc(LEN + 100);

    for (i = 0; i < LEN; i++)
        blob->at[i] = (char)(i * 31 >> 3);
    reply_bulk_blob(conn_reply(ear->c), blob);
    reply_ok(conn_reply(ear->c));
    conn_flush(ear->c);
    cr_expect_not(reply_is_empty(conn_reply(ear->c)));
    cr_expect_eq(ear->drained, 0);
    while ((n = peer_read(ear, to + got, 50000)) > 0) {
        got += n;
        loop_turn(ear->loop);
    }
    cr_assert_eq(got, 10 + LEN + 2 + 5);
    cr_expect_eq(memcmp(to, "$6291456\r\n", 10), 0);
    cr_expect_eq(memcmp(to + 10, blob->at, LEN), 0);
    cr_expect_eq(memcmp(to + 10 + LEN, "\r\n+OK\r\n", 7), 0);
    cr_expect_eq(ear->drained, 1);
    cr_expect_eq(blob->refs, 1);
    blob_release(blob);
    mem_free(to);
    finish(ear);
}

/* --- ends --- */

Test(conn, reports_the_peers_end_once)
{
    struct ear *ear = ear_new(start());

    shutdown(ear->peer, SHUT_WR);
    loop_turn(ear->loop);
    loop_turn(ear->loop);
    cr_expect_eq(ear->closed, 1);
    finish(ear);
}

Test(conn, reports_a_failed_write_at_the_end_of_the_turn_and_not_inside_the_call)
{
    struct ear *ear = ear_new(start());

    close(ear->peer);
    ear->peer = -1;
    reply_ok(conn_reply(ear->c));
    conn_flush(ear->c);
    cr_expect_eq(ear->closed, 0);
    reply_ok(conn_reply(ear->c));       /* still may be written to */
    conn_flush(ear->c);
    loop_turn(ear->loop);
    cr_expect_eq(ear->closed, 1);
    cr_expect_str_eq(ear->why, strerror(EPIPE));
    finish(ear);
}

Test(conn, closes_after_the_reply_has_left)
{
    enum { LEN = 3 * 1024 * 1024 };
    struct ear *ear = ear_new(start());
    struct blob *blob = blob_try_new(LEN, LEN);
    char *to = mem_alloc(LEN);
    size_t got = 0, n;

    memset(blob->at, 'b', LEN);
    reply_bulk_blob(conn_reply(ear->c), blob);
    conn_close_after_reply(ear->c);
    say(ear, "not heard");
    loop_turn(ear->loop);
    cr_expect_eq(ear->closed, 0);
    while ((n = peer_read(ear, to, LEN)) > 0) {
        got += n;
        loop_turn(ear->loop);
    }
    cr_expect_eq(got, 10 + LEN + 2);
    cr_expect_eq(ear->closed, 1);
    cr_expect_eq(ear->heard.len, 0);
    cr_expect(peer_sees_end(ear));
    blob_release(blob);
    mem_free(to);
    finish(ear);
}

Test(conn, closes_at_once_after_the_reply_when_nothing_is_queued)
{
    struct ear *ear = ear_new(start());

    conn_close_after_reply(ear->c);
    cr_expect_eq(ear->closed, 0);
    loop_turn(ear->loop);
    cr_expect_eq(ear->closed, 1);
    finish(ear);
}

Test(conn, closes_soon_without_waiting_for_the_reply)
{
    struct ear *ear = ear_new(start());

    reply_ok(conn_reply(ear->c));
    conn_close_soon(ear->c);
    conn_close_soon(ear->c);
    loop_turn(ear->loop);
    cr_expect_eq(ear->closed, 1);
    cr_expect(peer_sees_end(ear));
    finish(ear);
}

static void
free_myself(struct ear *ear)
{
    reply_ok(conn_reply(ear->c));
    conn_flush_later(ear->c);
    conn_free(ear->c);
    ear->c = NULL;
}

Test(conn, may_be_freed_inside_its_own_callback)
{
    struct ear *ear = ear_new(start());

    ear->on_bytes = free_myself;
    say(ear, "x");
    loop_turn(ear->loop);
    loop_turn(ear->loop);
    cr_expect_eq(ear->closed, 0);
    cr_expect(peer_sees_end(ear));
    finish(ear);
}

static struct ear *victim;

static void
free_the_other(struct ear *ear)
{
    (void)ear;
    if (victim && victim->c)
        free_myself(victim);
}

Test(conn, may_be_freed_inside_the_callback_of_another)
{
    struct loop *loop = start();
    struct ear *a = ear_new(loop), *b = ear_new(loop);

    a->on_bytes = b->on_bytes = free_the_other;
    victim = b;
    say(a, "x");
    say(b, "y");                        /* both are ready in one turn */
    loop_turn(loop);
    loop_turn(loop);
    cr_expect_null(b->c);
    cr_expect_eq(a->heard.len, 1);
    ear_free(b);
    finish(a);
}

static void
turn_inside(struct ear *ear)
{
    static int depth;

    if (depth++ == 0)
        loop_turn(ear->loop);
}

/* The shared buffer is in use: the other's bytes must not land in it. */
Test(conn, hears_others_in_a_turn_inside_a_callback)
{
    struct loop *loop = start();
    struct ear *a = ear_new(loop), *b = ear_new(loop);

    a->on_bytes = b->on_bytes = turn_inside;
    say(a, "from a");
    say(b, "from b");
    loop_turn(loop);
    loop_turn(loop);
    cr_expect(bytes_equal(text_view(&a->heard), B("from a")));
    cr_expect(bytes_equal(text_view(&b->heard), B("from b")));
    ear_free(b);
    finish(a);
}

Test(conn, costs_little_when_idle)
{
    struct ear *ear = ear_new(start());

    cr_expect_leq(conn_memory(ear->c), 256);
    finish(ear);
}
