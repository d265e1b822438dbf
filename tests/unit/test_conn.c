/* SPDX-License-Identifier: MIT
 * The net floor over real sockets: who is told what and when, that all bytes arrive,
 * and that an owner may let go anywhere. */
#include "net/conn.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/blob.h"
#include "base/text.h"
#include "net/listener.h"
#include "net/loop.h"

/* An owner that writes down what it hears. */
struct ear {
    struct loop *loop;
    struct conn *c;
    int peer;                           /* our end of the socket pair */
    struct text heard;
    int closed, drained;
    char why[64];
    void (*on_bytes)(struct ear *ear);
    char *room;
    size_t room_len;
};

static char *
ear_room(void *owner, size_t *len)
{
    struct ear *ear = owner;

    *len = ear->room_len;
    return ear->room;
}

static void
ear_bytes(void *owner, char *at, size_t len)
{
    struct ear *ear = owner;

    if (ear->on_bytes)
        ear->on_bytes(ear);
    text_add(&ear->heard, bytes_view(at, len));     /* they stay until we return */
}

static void
ear_closed(void *owner, const char *why)
{
    struct ear *ear = owner;

    ear->closed++;
    ear->c = NULL;
    snprintf(ear->why, sizeof ear->why, "%s", why);
}

static void
ear_drained(void *owner)
{
    struct ear *ear = owner;

    ear->drained++;
}

static const struct conn_events ear_events = {
    .room = ear_room, .bytes = ear_bytes, .closed = ear_closed, .drained = ear_drained
};

static struct ear *
ear_new(struct loop *loop)
{
    struct ear *ear = mem_zalloc(sizeof *ear);
    int pair[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    ear->loop = loop;
    ear->peer = pair[1];
    ear->c = conn_new(loop, pair[0], &ear_events, ear);
    return ear;
}

static void
ear_free(struct ear *ear)
{
    if (ear->c)
        conn_free(ear->c);
    close(ear->peer);
    text_free(&ear->heard);
    mem_free(ear);
}

static struct loop *
start(void)
{
    clock_start();
    return loop_new();
}

static void
finish(struct ear *ear)
{
    struct loop *loop = ear->loop;

    ear_free(ear);
    loop_free(loop);
    reply_pool_free();
}

static void
say(struct ear *ear, const char *text)
{
    cr_assert_eq(write(ear->peer, text, strlen(text)), (ssize_t)strlen(text));
}

/* What has arrived at the peer by now. */
static size_t
peer_read(struct ear *ear, char *to, size_t size)
{
    ssize_t n = read(ear->peer, to, size);

    return n < 0 ? 0 : (size_t)n;
}

static void
expect_at_peer(struct ear *ear, const char *wanted)
{
    char got[256];
    size_t n = peer_read(ear, got, sizeof got);

    cr_expect(bytes_equal(bytes_view(got, n), bytes_of_text(wanted)),
              "got %.*s", (int)n, got);
}

static bool
peer_sees_end(struct ear *ear)
{
    char c;
    ssize_t n = read(ear->peer, &c, 1);

    return n == 0 || (n < 0 && errno == ECONNRESET);
}

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

Test(conn, does_not_read_while_paused)
{
    struct ear *ear = ear_new(start());

    conn_pause_reading(ear->c, true);
    say(ear, "x");
    loop_turn(ear->loop);
    cr_expect_eq(ear->heard.len, 0);
    conn_pause_reading(ear->c, false);
    loop_turn(ear->loop);
    cr_expect_eq(ear->heard.len, 1);
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
    cr_expect(conn_is_closing(ear->c));
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

/* --- listeners and addresses --- */

struct hall { struct loop *loop; struct ear ears[8]; int count, last_fd; };

static void
welcome(int fd, void *arg)
{
    struct hall *hall = arg;
    struct ear *ear = &hall->ears[hall->count++ % 8];

    hall->last_fd = fd;
    ear->loop = hall->loop;
    ear->c = conn_new(hall->loop, fd, &ear_events, ear);
}

static int
dial(int family, int port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
                                .sin6_port = htons((uint16_t)port) };
    int fd = socket(family, SOCK_STREAM, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in6.sin6_addr = in6addr_loopback;
    cr_assert_eq(family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof in)
                                   : connect(fd, (struct sockaddr *)&in6, sizeof in6), 0);
    return fd;
}

static void
expect_addresses(const struct conn *c, const char *own, const char *peer)
{
    char got[128];

    conn_local_address(c, got, sizeof got);
    cr_expect_str_eq(got, own);
    conn_address(c, got, sizeof got);
    cr_expect_str_eq(got, peer);
    cr_expect(conn_is_local(c));
}

/* The port that the dialling socket has. */
static int
own_port(int fd)
{
    struct sockaddr_in6 in6;
    socklen_t len = sizeof in6;

    getsockname(fd, (struct sockaddr *)&in6, &len);
    return ntohs(in6.sin6_port);        /* at the same place in sockaddr_in */
}

static void
listen_and_dial(int family, const char *address, const char *own_form,
                const char *peer_form)
{
    struct hall hall = { .loop = start() };
    char error[128] = "", own[64], peer[64];
    bool unavailable;
    int fd, on = 0;
    socklen_t len = sizeof on;
    struct listener *l = listener_tcp(hall.loop, address, 0, 16, welcome, &hall, error,
                                      sizeof error, &unavailable);

    if (!l && unavailable)
        cr_skip_test("no such address here");
    cr_assert_not_null(l, "%s", error);
    fd = dial(family, listener_port(l));
    loop_turn(hall.loop);
    cr_assert_eq(hall.count, 1);
    snprintf(own, sizeof own, own_form, listener_port(l));
    snprintf(peer, sizeof peer, peer_form, own_port(fd));
    expect_addresses(hall.ears[0].c, own, peer);
    getsockopt(hall.last_fd, IPPROTO_TCP, TCP_NODELAY, &on, &len);
    cr_expect_eq(on, 1);
    cr_expect(fcntl(hall.last_fd, F_GETFD) & FD_CLOEXEC);
    conn_set_keepalive(hall.ears[0].c, 300);
    getsockopt(hall.last_fd, SOL_SOCKET, SO_KEEPALIVE, &on, &len);
    cr_expect_eq(on, 1);
    conn_free(hall.ears[0].c);
    close(fd);
    listener_free(l);
    loop_free(hall.loop);
}

Test(listener, accepts_on_IPv4)
{
    listen_and_dial(AF_INET, "127.0.0.1", "127.0.0.1:%d", "127.0.0.1:%d");
}

Test(listener, accepts_on_every_IPv4_address)
{
    listen_and_dial(AF_INET, "*", "127.0.0.1:%d", "127.0.0.1:%d");
}

Test(listener, accepts_on_IPv6)
{
    listen_and_dial(AF_INET6, "::1", "[::1]:%d", "[::1]:%d");
}

Test(listener, says_why_it_cannot_listen)
{
    struct hall hall = { .loop = start() };
    char error[128] = "";
    bool unavailable;
    struct listener *l = listener_tcp(hall.loop, "127.0.0.1", 0, 16, welcome, &hall,
                                      error, sizeof error, &unavailable);

    cr_expect_null(listener_tcp(hall.loop, "127.0.0.1", listener_port(l), 16, welcome,
                                &hall, error, sizeof error, &unavailable));
    cr_expect_str_eq(error, "bind: Address already in use");
    cr_expect_not(unavailable);
    cr_expect_null(listener_tcp(hall.loop, "192.0.2.1", 0, 16, welcome, &hall, error,
                                sizeof error, &unavailable));
    cr_expect(unavailable);
    cr_expect_null(listener_tcp(hall.loop, "localhost", 0, 16, welcome, &hall, error,
                                sizeof error, &unavailable));
    cr_expect_not(unavailable);
    listener_free(l);
    loop_free(hall.loop);
}

Test(listener, makes_a_Unix_socket_with_the_mode_asked_for_and_removes_it)
{
    struct hall hall = { .loop = start() };
    char dir[] = "/tmp/ignis-conn-XXXXXX", path[64], wanted[80], error[128] = "";
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct listener *l;
    struct stat st;
    int fd;

    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(wanted, sizeof wanted, "%s:0", path);
    l = listener_unix(hall.loop, path, 0750, 16, welcome, &hall, error, sizeof error);
    cr_assert_not_null(l, "%s", error);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0750);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    cr_assert_eq(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    loop_turn(hall.loop);
    cr_assert_eq(hall.count, 1);
    cr_expect(conn_is_unix(hall.ears[0].c));
    expect_addresses(hall.ears[0].c, wanted, wanted);
    conn_free(hall.ears[0].c);
    close(fd);
    listener_free(l);
    cr_expect_neq(stat(path, &st), 0);
    rmdir(dir);
    loop_free(hall.loop);
}

Test(listener, refuses_a_Unix_path_that_does_not_fit)
{
    struct hall hall = { .loop = start() };
    char path[300], error[128] = "";

    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    cr_expect_null(listener_unix(hall.loop, path, 0, 16, welcome, &hall, error,
                                 sizeof error));
    cr_expect_neq(error[0], '\0');
    loop_free(hall.loop);
}

/* A storm of connections leaves room for the clients that are in. */
Test(listener, accepts_at_most_its_share_per_turn)
{
    struct hall hall = { .loop = start() };
    char error[128] = "";
    bool unavailable;
    struct listener *l = listener_tcp(hall.loop, "127.0.0.1", 0, 64, welcome, &hall,
                                      error, sizeof error, &unavailable);
    int fd[7], i;

    listener_set_turn(3);
    for (i = 0; i < 7; i++)
        fd[i] = dial(AF_INET, listener_port(l));
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 3);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 6);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 7);
    for (i = 0; i < 7; i++) {
        conn_free(hall.ears[i].c);
        close(fd[i]);
    }
    listener_free(l);
    loop_free(hall.loop);
}

/* Without descriptors the waiting connection stays waiting; the loop does not spin on
 * it, and takes it when there are some again. */
Test(listener, survives_a_lack_of_descriptors)
{
    struct hall hall = { .loop = start() };
    char error[128] = "";
    bool unavailable;
    struct listener *l = listener_tcp(hall.loop, "127.0.0.1", 0, 16, welcome, &hall,
                                      error, sizeof error, &unavailable);
    struct rlimit old, none;
    struct loop_facts before, after;
    int fd = dial(AF_INET, listener_port(l)), i;

    loop_turn(hall.loop);               /* epoll is set up */
    conn_free(hall.ears[0].c);
    close(fd);
    fd = dial(AF_INET, listener_port(l));
    getrlimit(RLIMIT_NOFILE, &old);
    none = old;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 1);
    setrlimit(RLIMIT_NOFILE, &old);
    loop_facts(hall.loop, &before);
    loop_turn(hall.loop);
    cr_expect_eq(hall.count, 1);        /* not looked at: paused */
    loop_facts(hall.loop, &after);
    for (i = 0; i < 500 && hall.count == 1; i++) {
        usleep(1000);
        loop_turn(hall.loop);
    }
    cr_expect_eq(hall.count, 2);
    conn_free(hall.ears[1].c);
    close(fd);
    listener_free(l);
    loop_free(hall.loop);
}

/* --- the loop --- */

struct diary { struct loop *loop; struct text text; struct timer *timer; };

static void
note_a(void *arg)
{
    text_add_char(&((struct diary *)arg)->text, 'a');
}

static void
note_b(void *arg)
{
    text_add_char(&((struct diary *)arg)->text, 'b');
}

static void
note_c(void *arg)
{
    text_add_char(&((struct diary *)arg)->text, 'c');
}

static void
note_and_stop(void *arg)
{
    note_c(arg);
    loop_stop(((struct diary *)arg)->loop);
}

Test(loop, runs_hooks_in_the_order_added)
{
    struct diary d = { .loop = start() };

    loop_before_sleep(d.loop, note_b, &d);
    loop_before_sleep(d.loop, note_a, &d);
    loop_after_sleep(d.loop, note_c, &d);
    loop_turn(d.loop);
    cr_expect(bytes_equal(text_view(&d.text), B("bac")));
    text_free(&d.text);
    loop_free(d.loop);
}

Test(loop, runs_timers_by_their_delay_until_stopped)
{
    struct diary d = { .loop = start() };
    struct timer *late = timer_new(d.loop, note_and_stop, &d);
    struct timer *early = timer_new(d.loop, note_a, &d);
    struct timer *never = timer_new(d.loop, note_b, &d);

    timer_start(late, 20, 0);
    timer_start(never, 1, 0);
    timer_start(early, 2, 0);
    timer_stop(never);
    loop_run(d.loop);
    cr_expect(bytes_equal(text_view(&d.text), B("ac")));
    timer_free(late);
    timer_free(early);
    timer_free(never);
    text_free(&d.text);
    loop_free(d.loop);
}

static void
free_own_timer(void *arg)
{
    struct diary *d = arg;

    timer_free(d->timer);
    loop_stop(d->loop);
}

Test(loop, lets_a_timer_free_itself)
{
    struct diary d = { .loop = start() };

    d.timer = timer_new(d.loop, free_own_timer, &d);
    timer_start(d.timer, 0, 1);
    loop_run(d.loop);
    loop_turn(d.loop);
    loop_free(d.loop);
}

static void *
wake_from_thread(void *arg)
{
    waker_wake(arg);
    return NULL;
}

Test(loop, is_woken_by_another_thread)
{
    struct diary d = { .loop = start() };
    struct waker *w = waker_new(d.loop, note_and_stop, &d);
    pthread_t thread;

    pthread_create(&thread, NULL, wake_from_thread, w);
    loop_run(d.loop);
    pthread_join(thread, NULL);
    cr_expect(bytes_equal(text_view(&d.text), B("c")));
    waker_free(w);
    text_free(&d.text);
    loop_free(d.loop);
}

static void
note_signal(int signum, void *arg)
{
    struct diary *d = arg;

    text_printf(&d->text, "%d", signum);
    loop_stop(d->loop);
}

Test(loop, handles_signals_as_events)
{
    struct diary d = { .loop = start() };
    char wanted[16];

    loop_on_signal(d.loop, SIGUSR1, note_signal, &d);
    raise(SIGUSR1);
    loop_run(d.loop);
    snprintf(wanted, sizeof wanted, "%d", SIGUSR1);
    cr_expect_str_eq(d.text.at, wanted);
    text_free(&d.text);
    loop_free(d.loop);
}
