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
    while ((n = peer_read(ear, to + got, 50000)) > 0) {
        got += n;
        loop_turn(ear->loop);
    }
    cr_assert_eq(got, 10 + LEN + 2 + 5);
    cr_expect_eq(memcmp(to, "$6291456\r\n", 10), 0);
    cr_expect_eq(memcmp(to + 10, blob->at, LEN), 0);
    cr_expect_eq(memcmp(to + 10 + LEN, "\r\n+OK\r\n", 7), 0);
    cr_expect_eq(blob->refs, 1);
    blob_release(blob);
    mem_free(to);
    finish(ear);
}

/* --- small replies wait for company --- */

enum { CROWD = 70 };
static struct ear *crowd[CROWD];
static int answered;                    /* crowd[0] to crowd[answered - 1] */

static bool
has_arrived(const struct ear *ear)
{
    char byte;

    return recv(ear->peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

static void
answer_together(struct ear *ear)
{
    for (int i = 0; i < answered; i++)
        cr_expect_not(has_arrived(crowd[i]), "an earlier reply left alone");
    reply_ok(conn_reply(ear->c));
    cr_expect(conn_send(ear->c));
    crowd[answered++] = ear;
}

Test(conn, sends_small_replies_together_at_the_end_of_the_turn)
{
    struct loop *loop = start();
    struct ear *a = ear_new(loop), *b = ear_new(loop);

    a->on_bytes = b->on_bytes = answer_together;
    say(a, "x");
    say(b, "y");
    loop_turn(loop);
    cr_expect_eq(answered, 2);
    loop_turn(loop);                    /* what ends a turn is done before the next sleeps */
    expect_at_peer(a, "+OK\r\n");
    expect_at_peer(b, "+OK\r\n");
    ear_free(b);
    finish(a);
}

Test(conn, sends_a_large_reply_at_once_and_tells_when_the_socket_is_full)
{
    struct ear *ear = ear_new(start());
    char at[5000];
    struct bytes large = bytes_view(at, sizeof at);

    memset(at, 'x', sizeof at);
    reply_raw(conn_reply(ear->c), large);
    cr_expect(conn_send(ear->c));
    cr_expect(has_arrived(ear));
    for (int i = 0; i < 1000 && reply_is_empty(conn_reply(ear->c)); i++) {
        reply_raw(conn_reply(ear->c), large);
        conn_send(ear->c);
    }
    reply_ok(conn_reply(ear->c));
    cr_expect_not(conn_send(ear->c));
    finish(ear);
}

/* Both of two in a turn answer and push to the crowd; the second looks whether what the
 * first pushed has left. */
static void
push_to_the_crowd(struct ear *ear)
{
    (void)ear;
    if (answered++ > 0) {
        cr_expect(has_arrived(crowd[0]));
        return;
    }
    for (int i = 0; i < CROWD; i++) {
        reply_ok(conn_reply(crowd[i]->c));
        conn_flush_later(crowd[i]->c);
    }
}

Test(conn, lets_replies_wait_for_a_bounded_number_of_others)
{
    struct loop *loop = start();
    struct ear *a = ear_new(loop), *b = ear_new(loop);

    for (int i = 0; i < CROWD; i++)
        crowd[i] = ear_new(loop);
    a->on_bytes = b->on_bytes = push_to_the_crowd;
    say(a, "x");
    say(b, "y");
    loop_turn(loop);
    cr_expect_eq(answered, 2);
    for (int i = 0; i < CROWD; i++)
        ear_free(crowd[i]);
    ear_free(b);
    finish(a);
}

static void
answer_slowly(struct ear *ear)
{
    usec until = clock_mono_us() + 1100;

    for (int i = 0; i < answered; i++)
        cr_expect(has_arrived(crowd[i]), "it waited for a second slow one");
    reply_ok(conn_reply(ear->c));
    cr_expect(conn_send(ear->c));
    while (clock_mono_us() < until)
        ;
    crowd[answered++] = ear;
}

Test(conn, lets_no_reply_wait_for_two_slow_batches)
{
    struct loop *loop = start();
    struct ear *a = ear_new(loop), *b = ear_new(loop);

    a->on_bytes = b->on_bytes = answer_slowly;
    say(a, "x");
    say(b, "y");
    loop_turn(loop);
    cr_expect_eq(answered, 2);
    ear_free(b);
    finish(a);
}

/* --- who comes first --- */

static void
note_order(struct ear *ear)
{
    crowd[answered++] = ear;
}

Test(conn, are_served_in_the_order_in_which_their_bytes_came)
{
    static const int order[] = { 3, 0, 4, 1, 2 };
    enum { N = sizeof order / sizeof *order };
    struct loop *loop = start();
    struct ear *ears[N];

    for (int i = 0; i < N; i++) {
        ears[i] = ear_new(loop);
        ears[i]->on_bytes = note_order;
    }
    loop_turn(loop);                    /* from now on epoll watches all of them */
    for (int i = 0; i < N; i++)
        say(ears[order[i]], "x");
    loop_turn(loop);
    cr_assert_eq(answered, N);
    for (int i = 0; i < N; i++)
        cr_expect_eq(crowd[i], ears[order[i]], "%d", i);
    for (int i = 1; i < N; i++)
        ear_free(ears[i]);
    finish(ears[0]);
}

static struct ear *doomed;

static void
close_doomed(struct ear *ear)
{
    note_order(ear);
    conn_close_soon(doomed->c);
}

Test(conn, are_not_read_when_another_has_closed_them_in_the_same_turn)
{
    struct loop *loop = start();
    struct ear *a = ear_new(loop), *b = ear_new(loop);

    doomed = b;
    a->on_bytes = close_doomed;
    b->on_bytes = note_order;
    loop_turn(loop);
    say(a, "x");
    say(b, "y");
    loop_turn(loop);
    loop_turn(loop);
    cr_expect_eq(answered, 1);
    cr_expect_eq(b->closed, 1);
    ear_free(b);
    finish(a);
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
