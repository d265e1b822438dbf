/* SPDX-License-Identifier: MIT
 * tests/integration/test_blocking.c - commands that wait: whose turn it is, what wakes
 * them, and that nothing is lost on the way. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, a, b;

SERVER_SUITE(blocking, 120, server_open(NULL, &fd, &a, &b, NULL));

static void
expect_blocked(int n)
{
    char want[64], *info;

    sprintf(want, "blocked_clients:%d\r\n", n);
    for (int i = 0; i < 1000; i++) {
        info = socket_ask(fd, "INFO clients");
        if (strstr(info, want)) {
            free(info);
            return;
        }
        free(info);
        test_nap(10);
    }
    cr_assert_fail("never %s", want);
}

/* Send, and see that it waits. */
static void
wait_with(int client, const char *request)
{
    char line[256];
    int before = (int)info_number(fd, "blocked_clients");

    snprintf(line, sizeof line, "%s\r\n", request);
    socket_send_text(client, line);
    expect_blocked(before + 1);
}

Test(blocking, serves_who_came_first_first)
{
    int many[20];
    char want[64];

    for (int i = 0; i < 20; i++) {
        many[i] = server_connect(server);
        wait_with(many[i], i % 2 ? "BLPOP q 0" : "BRPOP q 0");
    }
    cr_expect_eq(info_number(fd, "total_blocking_keys"), 1);
    for (int i = 0; i < 20; i++) {
        sprintf(want, "RPUSH q v%d", i);
        expect(fd, want, ":1");
        sprintf(want, "*2\r\n$1\r\nq\r\n$%d\r\nv%d", i > 9 ? 3 : 2, i);
        expect_next(many[i], want);
        close(many[i]);
    }
    expect(fd, "EXISTS q", ":0");
    expect_blocked(0);
    cr_expect_eq(info_number(fd, "total_blocking_keys"), 0);
}

Test(blocking, gives_one_push_of_many_to_many)
{
    wait_with(a, "BLPOP q 0");
    wait_with(b, "BLPOP q 0");
    expect(fd, "RPUSH q 1 2 3", ":3");
    expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n1");
    expect_next(b, "*2\r\n$1\r\nq\r\n$1\r\n2");
    expect(fd, "LRANGE q 0 -1", "*1\r\n$1\r\n3");
}

Test(blocking, waits_for_several_keys_and_takes_from_one)
{
    wait_with(a, "BLPOP x y z y x 0");
    cr_expect_eq(info_number(fd, "total_blocking_keys"), 3);
    wait_with(b, "BLMPOP 0 3 y y w LEFT COUNT 2");
    expect(fd, "RPUSH y 1 2 3", ":3");
    expect_next(a, "*2\r\n$1\r\ny\r\n$1\r\n1");
    expect_next(b, "*2\r\n$1\r\ny\r\n*2\r\n$1\r\n2\r\n$1\r\n3");
    cr_expect_eq(info_number(fd, "total_blocking_keys"), 0);
    expect(a, "PING", "+PONG");
    expect(b, "PING", "+PONG");
}

/* The same client twice in one key's queue must not be served twice. */
Test(blocking, on_a_key_named_twice_takes_one_element)
{
    for (int i = 0; i < 50; i++) {
        wait_with(a, "BLPOP q q q 0");
        expect(fd, "RPUSH q 1 2", ":2");
        expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n1");
        expect(fd, "LPOP q", "$1\r\n2");
    }
}

Test(blocking, ends_when_the_time_is_over)
{
    long long start = test_ms();

    expect(a, "BLPOP q 0.05", "*-1");
    expect(a, "BLMOVE q r LEFT LEFT 0.05", "*-1");
    expect(a, "BRPOPLPUSH q r 0.05", "*-1");
    expect(a, "BLMPOP 0.05 1 q LEFT", "*-1");
    cr_expect_geq(test_ms() - start, 198);
    expect(a, "BLPOP q x", "-ERR timeout is not a float or out of range");
    expect(a, "BLPOP q -1", "-ERR timeout is negative");
    expect(a, "BLPOP q 1e300", "-ERR timeout is out of range");
    expect_blocked(0);
}

Test(blocking, ends_in_the_order_of_deadlines)
{
    socket_send_text(a, "BLPOP q 0.3\r\n");
    socket_send_text(b, "BLPOP q 0.1\r\n");
    expect_next(b, "*-1");
    expect_blocked(1);
    expect_next(a, "*-1");
}

Test(blocking, can_be_ended_by_another_client)
{
    char ask[64];
    long long id = ask_number(a, "CLIENT ID");

    sprintf(ask, "CLIENT UNBLOCK %lld", id);
    expect(fd, ask, ":0");
    wait_with(a, "BLPOP q 0");
    expect(fd, ask, ":1");
    expect_next(a, "*-1");
    wait_with(a, "BLMOVE q r LEFT LEFT 0");
    strcat(ask, " ERROR");
    expect(fd, ask, ":1");
    expect_next(a, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    expect(fd, "RPUSH q 1", ":1");
    expect_silence(a, 20);
}

Test(blocking, keeps_what_the_client_sent_meanwhile)
{
    socket_send_text(a, "BLPOP q 0\r\nRPUSH r x\r\nBLPOP q 0\r\nPING\r\n");
    expect_blocked(1);
    expect(fd, "EXISTS r", ":0");
    expect(fd, "RPUSH q 1", ":1");
    expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n1");
    expect_next(a, ":1");
    expect_blocked(1);
    expect(fd, "RPUSH q 2", ":1");
    expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n2");
    expect_next(a, "+PONG");
}

/* What one's pipeline pushes may be for an older client, whose pipeline goes on too. */
Test(blocking, lets_pipelines_wake_each_other)
{
    wait_with(a, "BLPOP q 0\r\nRPUSH r 1\r\nBLPOP q 0\r\nRPUSH r 2\r\nPING");
    wait_with(b, "BLPOP r 0\r\nRPUSH q 2\r\nBLPOP r 0\r\nPING");
    expect(fd, "RPUSH q 1", ":1");
    expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n1");
    expect_next(a, ":1");
    expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n2");
    expect_next(a, ":1");
    expect_next(a, "+PONG");
    expect_next(b, "*2\r\n$1\r\nr\r\n$1\r\n1");
    expect_next(b, ":1");
    expect_next(b, "*2\r\n$1\r\nr\r\n$1\r\n2");
    expect_next(b, "+PONG");
}

/* `a` is the older connection, `b` waited first. */
Test(blocking, lets_pipelines_go_on_in_the_order_of_their_waits)
{
    wait_with(b, "BLPOP q 0\r\nRPUSH order b");
    wait_with(a, "BLPOP q 0\r\nRPUSH order a");
    expect(fd, "RPUSH q 1 2", ":2");
    expect_next(b, "*2\r\n$1\r\nq\r\n$1\r\n1");
    expect_next(b, ":1");
    expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n2");
    expect_next(a, ":2");
    expect(fd, "LRANGE order 0 -1", "*2\r\n$1\r\nb\r\n$1\r\na");
}

static void
wakes(const char *prepare, const char *request, const char *reply)
{
    expect(fd, "FLUSHALL", "+OK");
    free(socket_ask(fd, prepare));
    wait_with(a, "BLPOP q 0");
    free(socket_ask(fd, request));
    if (reply)
        expect_next(a, reply);
    else
        expect_silence(a, 20);
    expect(fd, "RPUSH q last", ":1");
    if (!reply)
        expect_next(a, "*2\r\n$1\r\nq\r\n$4\r\nlast");
}

#define GOT_X "*2\r\n$1\r\nq\r\n$1\r\nx"

Test(blocking, is_woken_by_whatever_makes_the_key)
{
    wakes("RPUSH other x", "RENAME other q", GOT_X);
    wakes("RPUSH other x", "RENAMENX other q", GOT_X);
    wakes("RPUSH other x", "COPY other q", GOT_X);
    wakes("RPUSH other x", "LMOVE other q LEFT LEFT", GOT_X);
    wakes("RPUSH other x", "RPOPLPUSH other q", GOT_X);
    wakes("PING", "LPUSH q x", GOT_X);
    expect(fd, "FLUSHALL", "+OK");
    expect(fd, "SELECT 1", "+OK");
    expect(fd, "RPUSH q x", ":1");
    wait_with(a, "BLPOP q 0");
    expect(fd, "MOVE q 0", ":1");
    expect_next(a, GOT_X);
    expect(fd, "RPUSH q x", ":1");
    wait_with(a, "BLPOP q 0");
    expect(fd, "SWAPDB 0 1", "+OK");
    expect_next(a, GOT_X);
}

Test(blocking, is_woken_by_a_sorted_copy)
{
    char *reply = socket_ask(fd, "SORT nosuch");
    bool has_sort = strncmp(reply, "-ERR unknown", 12) != 0;

    free(reply);
    if (!has_sort)
        cr_skip_test("SORT is not there");
    wakes("RPUSH other 2", "SORT other STORE q", "*2\r\n$1\r\nq\r\n$1\r\n2");
}

Test(blocking, is_not_woken_by_another_type_or_what_is_gone_again)
{
    wakes("PING", "SET other 1", NULL);
    expect(fd, "FLUSHALL", "+OK");
    wait_with(a, "BLPOP q 0");
    expect(fd, "SADD q m", ":1");
    expect_silence(a, 20);
    expect(fd, "DEL q", ":1");
    expect(fd, "MULTI", "+OK");
    expect(fd, "RPUSH q x", "+QUEUED");
    expect(fd, "DEL q", "+QUEUED");
    expect(fd, "EXEC", "*2\r\n:1\r\n:1");
    expect_silence(a, 20);
    expect(fd, "RPUSH q x", ":1");
    expect_next(a, GOT_X);
}

Test(blocking, sees_a_transaction_as_a_whole)
{
    wait_with(a, "BLPOP q 0");
    wait_with(b, "BRPOP q 0");
    expect(fd, "MULTI", "+OK");
    expect(fd, "RPUSH q 1", "+QUEUED");
    expect(fd, "LPUSH q 0", "+QUEUED");
    expect(fd, "RPUSH q 2", "+QUEUED");
    expect(fd, "EXEC", "*3\r\n:1\r\n:2\r\n:3");
    expect_next(a, "*2\r\n$1\r\nq\r\n$1\r\n0");
    expect_next(b, "*2\r\n$1\r\nq\r\n$1\r\n2");
    expect(fd, "LRANGE q 0 -1", "*1\r\n$1\r\n1");
    expect(a, "MULTI", "+OK");
    expect(a, "BLPOP nothing 0", "+QUEUED");
    expect(a, "BLMOVE nothing q LEFT LEFT 0", "+QUEUED");
    expect(a, "EXEC", "*2\r\n*-1\r\n$-1");
}

Test(blocking, moves_wake_those_who_wait_for_the_target)
{
    wait_with(a, "BLMOVE x y LEFT RIGHT 0");
    wait_with(b, "BLPOP y 0");
    expect(fd, "RPUSH x 1", ":1");
    expect_next(a, "$1\r\n1");
    expect_next(b, "*2\r\n$1\r\ny\r\n$1\r\n1");
    expect(fd, "EXISTS x y", ":0");
}

Test(blocking, gives_nothing_to_a_client_that_has_left)
{
    char ask[64];

    for (int i = 0; i < 20; i++) {
        int gone = server_connect(server);

        sprintf(ask, "CLIENT KILL ID %lld", ask_number(gone, "CLIENT ID"));
        wait_with(gone, "BLPOP q 0");
        wait_with(a, "BLPOP q 0");
        strcat(ask, "\r\nRPUSH q x\r\n");
        socket_send_text(fd, ask);      /* in one turn */
        expect_next(fd, ":1");
        expect_next(fd, ":1");
        expect_next(a, GOT_X);
        close(gone);
    }
    for (int i = 0; i < 20; i++) {
        int gone = server_connect(server);

        wait_with(gone, "BLPOP q 0");
        close(gone);
        expect_blocked(0);
        expect(fd, "RPUSH q x", ":1");
        expect(fd, "LPOP q", "$1\r\nx");
    }
}

Test(blocking, is_silent_for_a_client_that_wants_no_replies)
{
    socket_send_text(a, "CLIENT REPLY OFF\r\n");
    wait_with(a, "BLPOP q 0");
    expect(fd, "RPUSH q x", ":1");
    expect_soon(fd, "EXISTS q", ":0");
    wait_with(a, "BLPOP q 0.03");
    expect_blocked(0);
    expect_silence(a, 20);
    expect(a, "CLIENT REPLY ON", "+OK");
}

/* --- many at once --- */

#define CLIENTS 1000
#define QUEUES 7

struct someone { int fd; long long id; bool waits; };

static struct someone all[CLIENTS];
static long pushed, popped;

static void
come(struct someone *s)
{
    s->fd = server_connect(server);
    s->id = ask_number(s->fd, "CLIENT ID");
    s->waits = false;
}

/* How many elements this answer to a blocking command brings: BLPOP *2 key value,
 * BLMPOP *2 key *n; BLMOVE only moves, and the other answers say there is none. */
static long
brought(const char *reply)
{
    const char *many = reply && strncmp(reply, "*2\r\n", 4) == 0 ? strstr(reply, "\r\n*") : 0;

    if (many)
        return atol(many + 3);
    return reply && strncmp(reply, "*2\r\n", 4) == 0;
}

static void
hear(struct someone *s)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    char *reply;

    if (!s->waits || poll(&p, 1, 0) <= 0)
        return;
    reply = socket_reply(s->fd, NULL);
    popped += brought(reply);
    s->waits = false;
    free(reply);
}

/* Killed; what it was given before is still in its socket. */
static void
leave(struct someone *s)
{
    char line[64];
    char *reply;

    sprintf(line, "CLIENT KILL ID %lld", s->id);
    expect(fd, line, ":1");
    while ((reply = socket_reply(s->fd, NULL)) != NULL) {
        popped += brought(reply);
        free(reply);
    }
    close(s->fd);
}

static int
queue(void)
{
    return rand() % QUEUES;
}

static void
begin_to_wait(struct someone *s)
{
    const char *time = rand() % 4 ? "0" : "0.02";
    char line[128];

    switch (rand() % 4) {
    case 0:
        sprintf(line, "BLMOVE q%d q%d LEFT RIGHT %s\r\n", queue(), queue(), time);
        break;
    case 1:
        sprintf(line, "BLMPOP %s 2 q%d q%d LEFT COUNT 3\r\n", time, queue(), queue());
        break;
    default:
        sprintf(line, "BLPOP q%d q%d q%d %s\r\n", queue(), queue(), queue(), time);
    }
    socket_send_text(s->fd, line);
    s->waits = true;
}

/* Numbers of the reply to EXEC, which has `n` of them. */
static void
exec(struct someone *s, int n, long *numbers)
{
    char *reply = socket_ask(s->fd, "EXEC");
    const char *at = reply;

    for (int i = 0; i < n; i++) {
        at = strstr(at, "\r\n:");
        cr_assert_not_null(at, "%s", reply);
        at += 3;
        numbers[i] = atol(at);
    }
    free(reply);
}

/* Several lines, whose replies are of no interest. */
static void
say_many(struct someone *s, const char *lines, int replies)
{
    socket_send_text(s->fd, lines);
    for (int i = 0; i < replies; i++)
        free(socket_reply(s->fd, NULL));
}

/* Pushes in a transaction; the last of them is taken back. */
static void
push_together(struct someone *s)
{
    char line[128];

    sprintf(line, "MULTI\r\nRPUSH q%d a b\r\nLPUSH q%d c\r\nRPUSH never x\r\nDEL never\r\n"
            "EXEC\r\n", queue(), queue());
    say_many(s, line, 6);
    pushed += 3;
}

/* Both make a queue of another one's elements; in a transaction it is known how many
 * that are, and how many they replace. */
static void
duplicate(struct someone *s, bool by_sort)
{
    int from = queue(), to = queue();
    char line[128];
    long n[3];

    if (from == to)
        return;
    sprintf(line, "MULTI\r\nRPUSH q%d a b\r\nLLEN q%d\r\n", from, to);
    say_many(s, line, 3);
    sprintf(line, by_sort ? "SORT q%d BY nosort STORE q%d" : "COPY q%d q%d", from, to);
    expect(s->fd, line, "+QUEUED");
    exec(s, 3, n);
    pushed += 2 + (by_sort ? n[2] - n[1] : n[2] ? n[0] : 0);
}

static void
give_other_name(struct someone *s)
{
    int from = queue();
    char line[128];

    sprintf(line, "MULTI\r\nRPUSH q%d a b\r\nRENAMENX q%d q%d\r\nEXEC\r\n", from, from,
            queue());
    say_many(s, line, 4);
    pushed += 2;
}

/* What is in the other database comes into this one, or all of both changes places. */
static void
exchange(struct someone *s, bool whole)
{
    char line[128];

    if (whole) {
        expect(s->fd, "SWAPDB 0 1", "+OK");
        return;
    }
    expect(s->fd, "SELECT 1", "+OK");
    pushed++;
    sprintf(line, "RPUSH q%d x", queue());
    cr_assert_gt(ask_number(s->fd, line), 0);
    sprintf(line, "MOVE q%d 0", queue());
    ask_number(s->fd, line);
    expect(s->fd, "SELECT 0", "+OK");
}

static void
make_or_move(struct someone *s)
{
    char line[128];

    switch (rand() % 12) {
    case 0:
        push_together(s);
        break;
    case 1:
        give_other_name(s);
        break;
    case 2: case 3:
        duplicate(s, rand() % 2);
        break;
    case 4: case 5:
        exchange(s, rand() % 4 == 0);
        break;
    case 6: case 7:
        sprintf(line, "CLIENT UNBLOCK %lld %s", all[rand() % CLIENTS].id,
                rand() % 2 ? "TIMEOUT" : "ERROR");
        ask_number(s->fd, line);
        break;
    default:
        sprintf(line, "RPUSH q%d x", queue());
        cr_assert_gt(ask_number(s->fd, line), 0);
        pushed++;
    }
}

static void
act(struct someone *s)
{
    hear(s);
    if (s->waits && rand() % 10)
        return;
    if (s->waits) {
        leave(s);
        come(s);
    } else if (rand() % 2) {
        make_or_move(s);
    } else {
        begin_to_wait(s);
    }
}

static long
elements_left(void)
{
    char line[64];
    long n = 0;

    for (int db = 0; db < 2; db++) {
        sprintf(line, "SELECT %d", db);
        expect(fd, line, "+OK");
        for (int i = 0; i < QUEUES; i++) {
            sprintf(line, "LLEN q%d", i);
            n += (long)ask_number(fd, line);
        }
    }
    return n;
}

Test(blocking, loses_nothing_among_a_thousand_clients_that_come_and_go)
{
    struct rlimit files = { 4096, 4096 };
    struct rlimit now;
    long left;

    getrlimit(RLIMIT_NOFILE, &now);
    files.rlim_max = now.rlim_max;
    if (now.rlim_cur < files.rlim_cur)
        setrlimit(RLIMIT_NOFILE, &files);
    srand(29);
    for (int i = 0; i < CLIENTS; i++)
        come(&all[i]);
    for (int i = 0; i < 30000; i++)
        act(&all[rand() % CLIENTS]);
    for (int i = 0; i < CLIENTS; i++)
        leave(&all[i]);
    left = elements_left();
    cr_log_info("%ld pushed, %ld popped, %ld left", pushed, popped, left);
    cr_expect_gt(popped, 1000);
    cr_expect_eq(pushed, popped + left, "%ld pushed, %ld popped, %ld left", pushed, popped,
                 left);
    expect_blocked(0);
    cr_expect_eq(info_number(fd, "total_blocking_keys"), 0);
}
