/* SPDX-License-Identifier: MIT
 * tests/integration/test_limits.c - how many may come, how long they may idle, how
 * much they may make us hold. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static struct test_server *server;
static int fd, other;

static void
start(const char *name, const char *value)
{
    const char *args[] = { name, value, NULL };

    server = server_open(name ? args : NULL, &fd, &other, NULL);
}

static void
stop(void)
{
    server_stop(server);
}

/* One that asks for a big value, more than sockets hold, and reads nothing. */
static int
hoarder(size_t size, int times)
{
    int s = server_connect(server);
    size_t len;
    char *set = request_set(&len, "big", size);

    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    for (int i = 0; i < times; i++)
        send(s, "GETRANGE big 0 -1\n", 18, MSG_NOSIGNAL);  /* it may be closed already */
    free(set);
    return s;
}

Test(limits, maxclients_turns_the_next_one_away_with_a_word, .timeout = 60)
{
    int third, fourth;
    char *got;

    start("--maxclients", "3");
    expect_part(fd, "CLIENT LIST", "id=3 ");    /* `other` was accepted, */
    for (long long end = test_ms() + 5000;      /* start()'s question is gone */
         info_number(fd, "connected_clients") > 2 && test_ms() < end;)
        test_nap(10);
    third = server_connect(server);
    expect(third, "PING", "+PONG");
    fourth = server_connect(server);
    got = socket_rest(fourth, NULL);
    cr_expect_str_eq(got, "-ERR max number of clients reached\r\n");
    free(got);
    close(fourth);
    cr_expect_eq(info_number(fd, "rejected_connections"), 1);
    expect(fd, "CONFIG SET maxclients 4", "+OK");
    fourth = server_connect(server);
    expect(fourth, "PING", "+PONG");
    expect(fd, "CONFIG SET maxclients 2", "+OK");
    expect(third, "PING", "+PONG");
    close(third);
    close(fourth);
    stop();
}

Test(limits, timeout_closes_idle_sessions_only, .timeout = 60)
{
    long long end;

    start("--timeout", "1");
    end = test_ms() + 10000;
    while (info_number(fd, "connected_clients") > 1 && test_ms() < end)
        test_nap(100);                  /* `fd` is not idle */
    cr_expect_eq(info_number(fd, "connected_clients"), 1);
    cr_expect(socket_is_closed(other));
    expect(fd, "PING", "+PONG");
    stop();
}

/* What it is told counts as much as what it says. */
Test(limits, timeout_counts_from_the_last_answer, .timeout = 60)
{
    int waiter, watcher;

    start("--timeout", "1");
    waiter = server_connect(server);
    watcher = server_connect(server);
    socket_send_text(waiter, "BLPOP jobs 0\n");
    expect(watcher, "MONITOR", "+OK");
    for (int i = 0; i < 25; i++) {      /* `fd` is not idle */
        expect(fd, "DEL nothing", ":0");
        test_nap(100);
    }
    expect(fd, "RPUSH jobs a", ":1");
    expect_next(waiter, "*2\r\n$4\r\njobs\r\n$1\r\na");
    test_nap(500);                      /* cron looks ten times a second */
    expect(waiter, "PING", "+PONG");
    expect_part(watcher, "", "\"DEL\" \"nothing\"");
    cr_expect(socket_is_closed(other));
    close(waiter);
    close(watcher);
    stop();
}

Test(limits, timeout_spares_one_who_reads_a_long_answer_slowly, .timeout = 60)
{
    static char piece[500000];
    size_t got = 0, want = 8 + 2 + 12000000 + 3;
    ssize_t n = 1;
    int slow;

    start("--timeout", "1");
    expect(fd, "SETRANGE big 11999999 x", ":12000000");
    slow = server_connect(server);
    setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 }, sizeof(int));
    socket_send_text(slow, "GET big\n");
    while (got < want && n > 0) {
        for (size_t part = 0; part < sizeof piece && got < want && n > 0;
             part += (size_t)n, got += (size_t)n)
            n = recv(slow, piece, sizeof piece - part, 0);
        test_nap(120);
    }
    cr_expect_eq(got, want, "%zu bytes", got);
    close(slow);
    stop();
}

Test(limits, of_output_hard_closes_a_session_that_does_not_read, .timeout = 60)
{
    int s;

    start("--client-output-buffer-limit", "normal 3mb 0 0");
    s = hoarder(1 << 20, 40);
    cr_expect(info_reaches(fd, "client_output_buffer_limit_disconnections", 1));
    cr_expect(socket_is_closed(s));
    expect(fd, "PING", "+PONG");
    close(s);
    stop();
}

/* Although the socket would take them all; what a transaction
 * does is done. */
Test(limits, of_output_hard_hold_for_the_replies_of_one_read, .timeout = 60)
{
    char pipeline[512] = "", *transaction;
    int s;

    start("--client-output-buffer-limit", "normal 100000 0 0");
    expect(fd, "SETRANGE big 150000 x", ":150001");
    expect(fd, "SETRANGE small 10000 x", ":10001");
    s = server_connect(server);
    socket_send_text(s, "GET big\r\n");
    cr_expect(socket_is_closed(s));
    close(s);
    for (int i = 0; i < 15; i++)
        strcat(pipeline, "PING\r\nGET small\r\n");
    s = server_connect(server);
    socket_send_text(s, pipeline);
    cr_expect(socket_is_closed(s));
    close(s);
    transaction = calloc(1, sizeof pipeline + 64);
    sprintf(transaction, "MULTI\r\nSET a 1\r\n%sSET b 2\r\nEXEC\r\n", pipeline);
    s = server_connect(server);
    socket_send_text(s, transaction);
    cr_expect(socket_is_closed(s));
    close(s);
    free(transaction);
    expect(fd, "MGET a b", "*2\r\n$1\r\n1\r\n$1\r\n2");
    expect(fd, "STRLEN big", ":150001");
    cr_expect_eq(info_number(fd, "client_output_buffer_limit_disconnections"), 3);
    stop();
}

Test(limits, of_output_soft_closes_only_after_its_seconds, .timeout = 60)
{
    long long begin;
    int s;

    start("--client-output-buffer-limit", "normal 0 1mb 1");
    s = hoarder(1 << 20, 20);
    begin = test_ms();
    cr_expect(info_reaches(fd, "client_output_buffer_limit_disconnections", 1));
    cr_expect_geq(test_ms() - begin, 900, "closed after %lld ms", test_ms() - begin);
    close(s);
    stop();
}

Test(limits, of_output_leave_those_alone_who_read, .timeout = 60)
{
    size_t left = 20 * (10 + (1 << 20) + 2);
    char *drop = malloc(left);
    ssize_t n = 1;
    int s;

    start("--client-output-buffer-limit", "normal 64mb 1mb 60");
    s = hoarder(1 << 20, 20);
    for (; left > 0 && n > 0; left -= (size_t)n)
        n = recv(s, drop, left, 0);
    cr_expect_eq(left, 0);
    cr_expect_eq(info_number(fd, "client_output_buffer_limit_disconnections"), 0);
    free(drop);
    close(s);
    stop();
}

Test(limits, of_the_query_buffer_close_who_sends_too_much, .timeout = 60)
{
    size_t len;
    char *set = request_set(&len, "big", 3 << 20);
    ssize_t n = 1;

    start("--client-query-buffer-limit", "1mb");
    for (size_t at = 0; at < len && n > 0; at += (size_t)n)
        n = send(other, set + at, len - at, MSG_NOSIGNAL);
    cr_expect(socket_is_closed(other));
    cr_expect(info_reaches(fd, "client_query_buffer_limit_disconnections", 1));
    expect(fd, "EXISTS big", ":0");
    free(set);
    set = request_set(&len, "big", 900000);
    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    free(set);
    stop();
}

Test(limits, of_clients_memory_evict_the_biggest_first, .timeout = 60)
{
    size_t len;
    char *set;
    int s;

    start("--maxmemory-clients", "8mb");
    expect(other, "CLIENT NO-EVICT ON", "+OK");
    set = request_set(&len, "part", 4000000);
    socket_send(other, set, len - 100);         /* holds 4 MB of input, but may */
    s = hoarder(1 << 20, 20);
    cr_expect(info_reaches(fd, "evicted_clients", 1));
    cr_expect(socket_is_closed(s));
    expect(fd, "PING", "+PONG");
    socket_send(other, set + len - 100, 100);
    expect_next(other, "+OK");
    cr_expect_eq(info_number(fd, "evicted_clients"), 1);
    close(s);
    free(set);
    stop();
}

/* Big arguments are kept as they came, small ones are copied. */
Test(limits, of_clients_memory_count_what_a_transaction_has_queued, .timeout = 60)
{
    static const size_t sizes[] = { 30000, 100000, 1000000 };
    size_t len;
    char *set;
    int s;

    start("--maxmemory-clients", "8mb");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        s = server_connect(server);
        expect(s, "MULTI", "+OK");
        set = request_set(&len, "a", sizes[i]);
        for (size_t sent = 0; sent < 16000000; sent += len)
            send(s, set, len, MSG_NOSIGNAL);    /* it may be closed already */
        cr_expect(info_reaches(fd, "evicted_clients", (long long)i + 1), "%zu", sizes[i]);
        free(set);
        close(s);
    }
    stop();
}

Test(limits, of_clients_memory_count_all_arguments_of_half_a_request, .timeout = 60)
{
    size_t len;
    char *set;
    int s;

    start("--maxmemory-clients", "4mb");
    set = request_set(&len, "a", 100000);
    s = server_connect(server);
    socket_send_text(s, "*1000\r\n");
    for (int i = 0; i < 80; i++)                /* each of them is finished */
        send(s, set + 20, len - 20, MSG_NOSIGNAL);
    cr_expect(info_reaches(fd, "evicted_clients", 1));
    close(s);
    free(set);
    stop();
}

Test(limits, of_clients_memory_count_the_keys_that_are_watched, .timeout = 60)
{
    char key[40000];
    int s;

    start("--maxmemory-clients", "1mb");
    s = server_connect(server);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "WATCH %039000d\r\n", i);
        send(s, key, strlen(key), MSG_NOSIGNAL);
    }
    cr_expect(info_reaches(fd, "evicted_clients", 1));
    close(s);
    stop();
}

/* The name is held with the arguments and again with the queue. */
Test(limits, of_clients_memory_count_what_a_call_waits_with, .timeout = 60)
{
    char request[40100], many[20000] = "BLPOP", *list, *line;
    int s;

    start("--maxmemory-clients", "1mb");
    s = server_connect(server);
    snprintf(request, sizeof request, "BLPOP %040000d 0\r\n", 1);
    socket_send_text(s, request);
    cr_assert(info_reaches(fd, "blocked_clients", 1));
    list = socket_ask(fd, "CLIENT LIST");
    line = strstr(list, " argv-mem=40006 ");
    cr_assert_not_null(line, "%s", list);
    cr_expect_gt(atoi(strstr(line, " tot-mem=") + 9), 80000, "%s", list);
    free(list);
    close(s);
    cr_assert(info_reaches(fd, "blocked_clients", 0));
    expect(fd, "CONFIG SET maxmemory-clients 200kb", "+OK");
    for (int i = 0; i < 2500; i++)
        snprintf(many + strlen(many), 16, " %d", i);
    strcat(many, " 0\r\n");
    s = server_connect(server);
    socket_send_text(s, many);
    cr_expect(info_reaches(fd, "evicted_clients", 1));
    cr_expect(info_reaches(fd, "blocked_clients", 0));
    close(s);
    stop();
}

/* In the memory of the small there is no room for the large: counted once each. */
Test(limits, of_clients_memory_forget_what_was_executed_and_unwatched, .timeout = 60)
{
    size_t len;
    char *set;

    start("--maxmemory-clients", "1mb");
    set = request_set(&len, "a", 300000);
    for (int i = 0; i < 20; i++) {
        expect(other, "WATCH a", "+OK");
        expect(other, "MULTI", "+OK");
        socket_send(other, set, len);
        expect_next(other, "+QUEUED");
        expect(other, i % 2 ? "EXEC" : "DISCARD", i % 2 ? "*1\r\n+OK" : "+OK");
    }
    expect_part(fd, "CLIENT LIST", " multi-mem=0 ");
    cr_expect_eq(info_number(fd, "evicted_clients"), 0);
    free(set);
    stop();
}

/* Their replies wait for one another, each in a chunk of its own. */
Test(limits, of_clients_memory_spare_those_who_are_answered_in_one_turn, .timeout = 60)
{
    enum { CROWD = 40 };
    int crowd[CROWD];

    start("--enable-debug-command", "yes");
    expect(fd, "CONFIG SET maxmemory-clients 256kb", "+OK");
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = server_connect(server);
        expect(crowd[i], "PING", "+PONG");
    }
    socket_send_text(fd, "DEBUG SLEEP 0.3\n");      /* till all have asked */
    for (int i = 0; i < CROWD; i++)
        socket_send_text(crowd[i], "PING\n");
    expect_next(fd, "+OK");
    for (int i = 0; i < CROWD; i++)
        expect_next(crowd[i], "+PONG");
    cr_expect_eq(info_number(fd, "evicted_clients"), 0);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    stop();
}

/* Reads a little at a time what a million requests brought. */
static void
read_slowly(int s, size_t want)
{
    static char got[1 << 20];
    size_t taken = 0;
    ssize_t n;

    while (taken < want) {
        n = recv(s, got, taken < 1000 ? 100 : sizeof got, 0);
        cr_assert(n > 0, "closed after %zu of %zu bytes", taken, want);
        for (ssize_t i = 0; i < n; i++)
            cr_assert(got[i] == "$2\r\nvv\r\n"[(taken + (size_t)i) % 8]);
        taken += (size_t)n;
    }
}

Test(limits, do_not_hurt_a_million_pipelined_requests_read_slowly, .timeout = 120)
{
    enum { TIMES = 1000000, EACH = 22 /* with an empty line */ };
    char *raw = malloc((size_t)TIMES * EACH);
    pid_t writer;

    start(NULL, NULL);
    expect(fd, "SET k vv", "+OK");
    for (size_t i = 0; i < TIMES; i++)
        memcpy(raw + i * EACH, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n\r\n", EACH);
    socket_patience(other, 30000);
    writer = socket_send_aside(other, raw, (size_t)TIMES * EACH);
    test_nap(200);
    expect(fd, "PING", "+PONG");        /* others are served meanwhile */
    read_slowly(other, (size_t)TIMES * 8);
    socket_sent(writer);
    expect(other, "PING", "+PONG");
    free(raw);
    stop();
}

Test(limits, keepalive_is_set_on_connections, .timeout = 60)
{
    char command[128], line[512];
    bool seen = false;
    FILE *ss;

    start("--tcp-keepalive", "100");
    expect(fd, "PING", "+PONG");
    snprintf(command, sizeof command,
             "ss -tno state established '( sport = :%d )' 2>/dev/null", server->port);
    ss = popen(command, "r");
    while (fgets(line, sizeof line, ss))
        seen |= strstr(line, "keepalive") != NULL;
    if (pclose(ss) != 0)
        cr_log_warn("ss is not installed: keepalive is not looked at");
    else
        cr_expect(seen, "no connection with a keepalive timer");
    stop();
}

/* Ten thousand sessions that come and go leave nothing. */
Test(limits, connections_that_come_and_go_leave_no_memory, .timeout = 120)
{
    long long before;

    start(NULL, NULL);
    for (int round = 0; round < 2; round++) {
        before = info_number(fd, "used_memory");
        for (int i = 0; i < 2000; i++) {
            int s = server_connect(server);

            expect(s, "CLIENT SETNAME somebody", "+OK");
            close(s);
        }
    }
    for (long long end = test_ms() + 5000;
         info_number(fd, "connected_clients") > 2 && test_ms() < end;)
        test_nap(10);
    cr_expect_lt(info_number(fd, "used_memory"), before + 100000);
    stop();
}
