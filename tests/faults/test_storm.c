/* SPDX-License-Identifier: MIT
 * tests/faults/test_storm.c - many clients at once, valid and invalid commands in any
 * order, sessions ended from inside and outside: the server must come out of it whole
 * (a sanitizer build finds what was lost or touched too late). */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/server.h"
#include "support/talk.h"

#define SESSIONS 20
#define ROUNDS 5000

static struct test_server *server;
static uint64_t state;

static unsigned
below(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

/* K: a key, V: a value, N: a number, M: milliseconds, T: a length of text. */
static const char *const vocabulary[] = {
    "SET K V", "SET K V GET", "SET K V PX M", "SET K V KEEPTTL", "SET K V NX GET", "GET K",
    "GETSET K V", "GETDEL K", "GETEX K PX M", "GETEX K PERSIST", "APPEND K V",
    "SETRANGE K N V", "GETRANGE K N N", "STRLEN K", "MSET K V K V K V", "MSETNX K V K V",
    "MGET K K K", "INCR K", "INCRBY K N", "INCRBYFLOAT K N", "DECRBY K N", "SETBIT K N 1",
    "GETBIT K N", "BITCOUNT K N N BIT", "BITPOS K 0 N", "BITOP XOR K K K", "BITOP NOT K K",
    "BITFIELD K SET i64 N N INCRBY u8 N N", "BITFIELD_RO K GET u63 N", "LCS K K", "LCS K K IDX",
    "DEL K K", "UNLINK K", "EXISTS K K", "TOUCH K", "TYPE K", "EXPIRE K N", "PEXPIRE K M NX",
    "PERSIST K", "TTL K", "PEXPIRETIME K", "RENAME K K", "RENAMENX K K", "COPY K K REPLACE",
    "COPY K K DB 1", "MOVE K 2", "SWAPDB 0 1", "SELECT 1", "SELECT 0", "RANDOMKEY", "DBSIZE",
    "SCAN 0 COUNT N MATCH *1*", "SCAN N", "KEYS *", "FLUSHDB ASYNC", "FLUSHALL SYNC",
    "OBJECT ENCODING K", "OBJECT FREQ K", "OBJECT IDLETIME K", "MEMORY USAGE K", "MEMORY STATS",
    "DEBUG OBJECT K", "DEBUG DIGEST", "DEBUG DIGEST-VALUE K K", "DEBUG POPULATE 50 K", "DEBUG POPULATE 9 K 1000",
    "CLIENT LIST", "CLIENT INFO", "CLIENT ID", "CLIENT SETNAME V", "CLIENT KILL ID N",
    "CLIENT KILL TYPE normal SKIPME no", "CLIENT KILL TYPE normal", "CLIENT KILL ADDR V",
    "CLIENT PAUSE 20 WRITE", "CLIENT PAUSE 10 ALL", "CLIENT UNPAUSE", "CLIENT REPLY OFF",
    "CLIENT REPLY ON", "CLIENT REPLY SKIP", "CLIENT NO-EVICT ON", "CLIENT NO-TOUCH ON",
    "HELLO 3", "HELLO 2", "RESET", "QUIT", "MONITOR", "PING", "PING V", "ECHO V", "INFO", "INFO V",
    "CONFIG GET *max*", "CONFIG SET maxmemory 3mb", "CONFIG SET maxmemory 0",
    "CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET maxmemory-policy volatile-ttl",
    "CONFIG SET maxmemory-policy allkeys-lfu", "CONFIG SET maxmemory-policy noeviction",
    "CONFIG SET maxmemory-clients 1mb", "CONFIG SET maxmemory-clients 0", "CONFIG RESETSTAT",
    "CONFIG SET slowlog-log-slower-than 0", "CONFIG SET latency-monitor-threshold 1",
    "CONFIG SET V V", "SLOWLOG GET", "SLOWLOG RESET", "LATENCY LATEST", "LATENCY HISTOGRAM",
    "COMMAND", "COMMAND GETKEYS SET K V", "COMMAND LIST", "COMMAND DOCS get", "LOLWUT",
    "V", "V V", "SET", "SET K V V", "GET K K", "CLIENT V", "OBJECT V K", "", "*3\r\n$1\r\na",
    "\"", "*-1", "*1\r\n$-1",
};

static char *
add_word(char *to, char kind)
{
    static const char *const numbers[] = { "0", "1", "-1", "7", "100", "-9223372036854775808",
                                           "9223372036854775807", "4294967296", "1e400", "x" };

    switch (kind) {
    case 'K': return to + sprintf(to, "key%u", below(30));
    case 'M': return to + sprintf(to, "%u", 1 + below(50));
    case 'N':
        if (below(3))
            return to + sprintf(to, "%u", below(20000));
        return stpcpy(to, numbers[below(sizeof numbers / sizeof numbers[0])]);
    default: {
        unsigned len = below(20) ? 1 + below(40) : below(30000);

        memset(to, 'a' + (int)below(26), len);
        return to + len;
    }
    }
}

/* A line of the vocabulary with its letters replaced; most RESP errors end a session. */
static char *
add_command(char *to)
{
    const char *from = vocabulary[below(sizeof vocabulary / sizeof vocabulary[0])];

    for (; *from; from++) {
        bool alone = (from[1] == ' ' || from[1] == '\0') && (to[-1] == ' ' || to[-1] == '\n');

        if (alone && strchr("KVNM", *from))
            to = add_word(to, *from);
        else
            *to++ = *from;
    }
    return stpcpy(to, "\r\n");
}

/* Read what is there; false when the session is over. */
static bool
drained(int fd)
{
    static char drop[1 << 16];
    ssize_t n;

    while ((n = recv(fd, drop, sizeof drop, MSG_DONTWAIT)) > 0)
        continue;
    return n < 0;
}

static void
end_session(int fd)
{
    struct linger now = { 1, 0 };

    if (below(2))
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* Wait until the server has come as far as this; PING may be held back or its session
 * killed, an answer is not needed. */
static void
catch_up(void)
{
    int fd = server_connect(server);

    free(socket_ask(fd, "PING\r\n"));
    close(fd);
}

static void
storm(int fds[SESSIONS])
{
    char *text = malloc(8 * 200000), *end;

    for (int round = 0; round < ROUNDS; round++) {
        int *fd = &fds[below(SESSIONS)];

        text[0] = '\n';
        end = text + 1;
        for (unsigned n = 1 + below(8); n > 0; n--)
            end = add_command(end);
        if (send(*fd, text + 1, (size_t)(end - text - 1), MSG_DONTWAIT | MSG_NOSIGNAL) < 0
            || !drained(*fd) || below(100) == 0) {
            end_session(*fd);
            *fd = server_connect(server);
        }
        if (round % 20 == 0)
            catch_up();
    }
    free(text);
}

/* What is counted must be what can be listed. */
static void
check_databases(int fd)
{
    char *keys, select[32];
    long long n;

    test_nap(400);                      /* short deadlines are over, the pause is too */
    for (int db = 0; db < 3; db++) {
        snprintf(select, sizeof select, "SELECT %d", db);
        expect(fd, select, "+OK");
        n = ask_number(fd, "DBSIZE");
        keys = socket_ask(fd, "KEYS *\r\n");
        cr_expect_eq(strtoll(keys + 1, NULL, 10), n, "database %d has %lld keys", db, n);
        free(keys);
    }
}

Test(storm, of_random_commands_from_many_sessions_is_weathered, .timeout = 300)
{
    int fds[SESSIONS], fd;

    server = server_start((const char *[]){ "--enable-debug-command", "yes", NULL });
    state = 2026;
    for (int i = 0; i < SESSIONS; i++)
        fds[i] = server_connect(server);
    storm(fds);
    for (int i = 0; i < SESSIONS; i++)
        end_session(fds[i]);
    test_nap(50);
    fd = server_connect(server);
    expect_soon(fd, "CONFIG SET maxmemory 0 maxmemory-clients 0", "+OK");
    check_databases(fd);
    expect(fd, "FLUSHALL", "+OK");
    expect_soon(fd, "INFO clients", "$");
    cr_expect_eq(info_number(fd, "connected_clients"), 1);
    close(fd);
    server_stop(server);
}

/* --- commands held back --- */

/* Who unpauses goes on with the rest of its pipeline; those who waited come after. */
Test(storm, ending_a_pause_inside_a_pipeline_mixes_up_nobody)
{
    int boss, waiting;

    server = server_start(NULL);
    boss = server_connect(server);
    waiting = server_connect(server);
    expect(boss, "CLIENT PAUSE 100000 WRITE", "+OK");
    for (int i = 0; i < 6; i++)
        socket_send_text(waiting, "SET waiting somebody\r\nAPPEND waiting x\r\n");
    expect_soon(boss, "CLIENT LIST", "$");
    test_nap(100);
    socket_send_text(boss, "CLIENT UNPAUSE\r\nSET a 1\r\nSET b 2\r\nSET c 3\r\nGET a\r\nGET b\r\n");
    expect_next(boss, "+OK");
    expect_next(boss, "+OK");
    expect_next(boss, "+OK");
    expect_next(boss, "+OK");
    expect_next(boss, "$1\r\n1");
    expect_next(boss, "$1\r\n2");
    for (int i = 0; i < 6; i++) {
        expect_next(waiting, "+OK");
        expect_next(waiting, ":9");
    }
    close(boss);
    close(waiting);
    server_stop(server);
}

Test(storm, what_a_killed_session_was_waiting_to_do_is_not_done)
{
    int boss, waiting;
    char kill_it[64];

    server = server_start(NULL);
    boss = server_connect(server);
    waiting = server_connect(server);
    snprintf(kill_it, sizeof kill_it, "CLIENT KILL ID %lld\r\nCLIENT UNPAUSE\r\n",
             ask_number(waiting, "CLIENT ID"));
    expect(boss, "CLIENT PAUSE 100000 WRITE", "+OK");
    socket_send_text(waiting, "SET late 1\r\n");
    test_nap(100);
    socket_send_text(boss, kill_it);
    expect_next(boss, ":1");
    expect_next(boss, "+OK");
    cr_expect(socket_is_closed(waiting));
    expect(boss, "EXISTS late", ":0");
    close(boss);
    close(waiting);
    server_stop(server);
}

Test(storm, sessions_that_leave_while_paused_are_forgotten)
{
    int boss, fds[50];

    server = server_start(NULL);
    boss = server_connect(server);
    expect(boss, "CLIENT PAUSE 100000 WRITE", "+OK");
    for (int i = 0; i < 50; i++) {
        fds[i] = server_connect(server);
        socket_send_text(fds[i], "SET a 1\r\nSET b 2\r\nGET a\r\n");
    }
    cr_expect(info_reaches(boss, "connected_clients", 51));
    for (int i = 0; i < 50; i++)
        if (i % 2)
            close(fds[i]);
    for (int i = 0; i < 500 && info_number(boss, "connected_clients") > 26; i++)
        test_nap(10);
    expect(boss, "CLIENT UNPAUSE", "+OK");
    for (int i = 0; i < 50; i += 2) {
        expect_next(fds[i], "+OK");
        expect_next(fds[i], "+OK");
        expect_next(fds[i], "$1\r\n1");
        close(fds[i]);
    }
    close(boss);
    server_stop(server);
}

Test(storm, a_session_may_kill_itself_and_everybody_in_a_pipeline)
{
    int fds[10], fd;

    server = server_start(NULL);
    for (int i = 0; i < 10; i++) {
        fds[i] = server_connect(server);
        expect(fds[i], "PING", "+PONG");
    }
    socket_send_text(fds[3], "SET a 1\r\nCLIENT KILL TYPE normal SKIPME no\r\nSET a 2\r\n");
    expect_next(fds[3], "+OK");
    expect_next(fds[3], ":10");
    for (int i = 0; i < 10; i++) {
        cr_expect(socket_is_closed(fds[i]));
        close(fds[i]);
    }
    fd = server_connect(server);
    expect(fd, "GET a", "$1\r\n1");
    close(fd);
    server_stop(server);
}

Test(storm, signals_that_mean_nothing_change_nothing)
{
    static const int signals[] = { SIGHUP, SIGPIPE, SIGCHLD, SIGWINCH, SIGURG, SIGCONT };
    int fd;

    server = server_start(NULL);
    fd = server_connect(server);
    for (int i = 0; i < 300; i++) {
        kill(server->pid, signals[i % 6]);
        if (i % 50 == 0) {
            kill(server->pid, SIGSTOP);
            kill(server->pid, SIGCONT);
        }
        if (i % 10 == 0)
            expect(fd, "PING", "+PONG");
    }
    close(fd);
    server_stop(server);
}
