/* SPDX-License-Identifier: MIT
 * tests/integration/test_rollback_memory.c - what transactions that may be taken back keep:
 * no more than they need, and nobody else pays for it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, other, hears;
static const char *const server_args[] = { "--enable-debug-command", "yes", NULL };

SERVER_SUITE(rollback_memory, 120, server_open(server_args, &fd, &other, &hears, NULL));

#define BIG 400000

/* A set in `key`, large enough for a table; made by the server itself. */
static void
make_big(const char *key)
{
    char ask[96];

    sprintf(ask, "SADD %s text", key);
    expect(fd, ask, ":1");
    for (int i = 0; i < 20; i++) {
        char *request = malloc(BIG), *to = request;

        to += sprintf(to, "*1002\r\n$4\r\nSADD\r\n$%zu\r\n%s\r\n", strlen(key), key);
        for (int n = 0; n < 1000; n++)
            to += sprintf(to, "$40\r\nmember%034d\r\n", i * 1000 + n);
        expect(fd, request, ":1000");
        free(request);
    }
}

static void
limit_to(int by, long long above_used)
{
    char ask[96];

    sprintf(ask, "CONFIG SET maxmemory %lld", info_number(by, "used_memory") + above_used);
    expect(by, ask, "+OK");
}

/* What is kept for a rollback exceeds maxmemory, inside of EXEC only: nothing is evicted
 * for it, neither then nor afterwards, whichever way it ends. */
Test(rollback_memory, evicts_nothing_for_what_it_keeps)
{
    char *before, *after;

    make_big("big");
    expect(fd, "CONFIG SET maxmemory-policy allkeys-lru", "+OK");
    add_keys(fd, "k", 100, "");
    before = ask_text(fd, "DEBUG DIGEST");
    limit_to(fd, 500000);
    for (int fails = 0; fails < 2; fails++) {
        expect(fd, "MULTI ROLLBACK", "+OK");
        expect(fd, "SADD big more", "+QUEUED");
        expect(fd, "INFO memory", "+QUEUED");      /* looks at the peak */
        expect(fd, fails ? "INCR big" : "SREM big more", "+QUEUED");
        expect_start(fd, "EXEC", fails ? "-EXECABORT Transaction rolled back: WRONGTYPE"
                                       : "*3\r\n:1\r\n$");
        expect(fd, "SET k1 x", "+OK");
        expect(fd, "DEL k1", ":1");
        add_keys(fd, "k", 2, "");
        cr_assert_eq(info_number(fd, "evicted_keys"), 0, "fails %d", fails);
        cr_assert_gt(info_number(fd, "used_memory_peak"), info_number(fd, "maxmemory"));
        after = ask_text(fd, "DEBUG DIGEST");
        cr_assert_str_eq(after, before);
        free(after);
    }
    free(before);
}

/* Memory that only the transaction takes is no reason either, once it is given back. */
Test(rollback_memory, evicts_nothing_for_what_it_gave_back)
{
    static const char *const calls[] = { "SETRANGE large 8000000 x", "SETRANGE k1 900000 x" };
    char *before, *after;

    expect(fd, "CONFIG SET maxmemory-policy allkeys-random", "+OK");
    add_keys(fd, "k", 100, "");
    before = ask_text(fd, "DEBUG DIGEST");
    limit_to(fd, 500000);
    run_and_fail(fd, calls, 2);
    after = ask_text(fd, "DEBUG DIGEST");
    cr_assert_str_eq(after, before);
    cr_assert_eq(info_number(fd, "evicted_keys"), 0);
    free(after);
    free(before);
}

/* Room for the transaction is made before it begins: what is evicted then is told once,
 * and stays away, also when the transaction writes it and is taken back. */
Test(rollback_memory, leaves_evicted_what_was_evicted_before_it)
{
    long long left, told = 0;
    char *event;

    expect(fd, "CONFIG SET maxmemory-policy allkeys-random", "+OK");
    add_keys(fd, "k", 3000, "");
    expect(fd, "CONFIG SET notify-keyspace-events Ee", "+OK");
    expect(hears, "PSUBSCRIBE __keyevent@0__:evicted",
           "*3\r\n$10\r\npsubscribe\r\n$22\r\n__keyevent@0__:evicted\r\n:1");
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "SET k0 new", "+QUEUED");
    expect(fd, "SET k1 new", "+QUEUED");
    expect(fd, "LSET nokey 0 x", "+QUEUED");
    limit_to(other, -100000);
    expect(fd, "EXEC", "-EXECABORT Transaction rolled back: ERR no such key");
    expect(other, "CONFIG SET maxmemory 0", "+OK");
    left = ask_number(fd, "DBSIZE");
    cr_assert_lt(left, 3000);
    cr_assert_eq(info_number(fd, "evicted_keys"), 3000 - left);
    for (; told < 3000 - left; told++) {
        event = socket_reply(hears, NULL);
        cr_assert(event && strstr(event, "__keyevent@0__:evicted"));
        free(event);
    }
    expect_silence(hears, 5);
}

/* What is removed or replaced as a whole is kept aside, not copied: inside of EXEC the
 * server needs no second set. */
Test(rollback_memory, copies_nothing_that_is_removed_or_replaced)
{
    static const char *const calls[] = {
        "DEL big", "UNLINK big", "SET big x", "SUNIONSTORE big small", "EXPIRE big 0",
        "SORT list STORE big", "ZUNIONSTORE big 1 small", "RENAME small big",
        "COPY small big REPLACE", "MSET big 1", "PEXPIREAT big 1",
    };
    char *before, *after, *reply;
    long long used;

    make_big("big");
    expect(fd, "SADD small a b", ":2");
    expect(fd, "RPUSH list 2 1", ":2");
    before = ask_text(fd, "DEBUG DIGEST");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        used = info_number(fd, "used_memory");
        for (int fails = 1; fails >= 0; fails--) {
            expect(fd, "MULTI ROLLBACK", "+OK");
            expect(fd, calls[i], "+QUEUED");
            expect(fd, fails ? "LSET nokey 0 x" : "INFO memory", "+QUEUED");
            reply = socket_ask(fd, "EXEC");
            if (fails) {
                cr_assert(strncmp(reply, "-EXECABORT", 10) == 0, "%s", reply);
                after = ask_text(fd, "DEBUG DIGEST");
                cr_assert_str_eq(after, before, "%s", calls[i]);
                free(after);
            } else {
                char *at = strstr(reply, "used_memory:");

                cr_assert(at);
                cr_expect_lt(atoll(at + 12), used + 300000, "%s", calls[i]);
            }
            free(reply);
        }
        expect_start(fd, "DEL big small", ":");
        make_big("big");
        expect(fd, "SADD small a b", ":2");
    }
    free(before);
}

/* --- clients that track --- */

#define KEYS 400

/* Keys k0 .. k399 of 1000 bytes, of which `hears` is told from now on: of all there are, or
 * of these because it has read them. */
static void
track(const char *how)
{
    char ask[64];

    expect_start(hears, "HELLO 3", "%7");
    for (int i = 0; i < KEYS; i++) {
        sprintf(ask, "SETRANGE k%d 999 x", i);
        expect(fd, ask, ":1000");
    }
    expect(hears, how, "+OK");
    for (int i = 0; i < KEYS; i++) {
        sprintf(ask, "STRLEN k%d", i);
        expect(hears, ask, ":1000");
    }
}

/* The next message; returns how many of the keys it names, each for the first time. */
static size_t
take_told(bool *told)
{
    static const char start[] = ">2\r\n$10\r\ninvalidate\r\n*";
    char *message = socket_reply(hears, NULL), *at = message;
    size_t count, n = 0;

    cr_assert(message && strncmp(message, start, sizeof start - 1) == 0);
    count = strtoul(message + sizeof start - 1, NULL, 10);
    for (; (at = strstr(at, "\r\nk")); n++) {
        long key = strtol(at += 3, NULL, 10);

        cr_assert(key >= 0 && key < KEYS && !told[key], "k%ld", key);
        told[key] = true;
    }
    cr_assert_eq(n, count, "%s", message);
    free(message);
    return n;
}

/* Room is made before the transaction begins: who tracks is told of what that took, and
 * of nothing that the transaction wrote. */
static void
tells_of_evicted_only(const char *how)
{
    static bool told[KEYS];
    char ask[96];
    size_t left, gone = 0;

    track(how);
    expect(fd, "CONFIG SET maxmemory-policy allkeys-random", "+OK");
    expect(fd, "MULTI ROLLBACK", "+OK");
    for (int i = 0; i < 40; i++) {
        sprintf(ask, i % 2 ? "SET k%d new" : "DEL k%d", i);
        expect(fd, ask, "+QUEUED");
    }
    expect(fd, "SET kx new", "+QUEUED");
    expect(fd, "LSET nokey 0 x", "+QUEUED");
    limit_to(other, -100000);
    expect(fd, "EXEC", "-EXECABORT Transaction rolled back: ERR no such key");
    expect(other, "CONFIG SET maxmemory 0", "+OK");
    left = (size_t)ask_number(fd, "DBSIZE");
    cr_assert(left > 0 && left < KEYS);
    while (gone < KEYS - left)
        gone += take_told(told);
    expect_silence(hears, 5);
    for (int i = 0; i < KEYS; i++) {
        sprintf(ask, "EXISTS k%d", i);
        expect(fd, ask, told[i] ? ":0" : ":1");
    }
}

Test(rollback_memory, tells_who_read_a_key_that_it_was_evicted_not_what_was_undone)
{
    tells_of_evicted_only("CLIENT TRACKING ON");
}

Test(rollback_memory, tells_who_tracks_all_what_was_evicted_not_what_was_undone)
{
    tells_of_evicted_only("CLIENT TRACKING ON BCAST");
}

/* Over the limit in the midst of it, at calls that would make room for themselves. */
static void
tells_nothing_of_what_it_gave_back(const char *how)
{
    static const char *const calls[] = {
        "SETRANGE k0 8000000 x", "SET k1 new", "DEL k2", "SETRANGE kx 900000 x", "GET k3",
    };

    track(how);
    expect(fd, "CONFIG SET maxmemory-policy allkeys-lru", "+OK");
    limit_to(fd, 500000);
    run_and_fail(fd, calls, sizeof calls / sizeof *calls);
    cr_expect_eq(info_number(fd, "evicted_keys"), 0);
    expect_silence(hears, 5);
    expect(fd, "SET k1 new", "+OK");
    expect_next(hears, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\nk1");
}

Test(rollback_memory, tells_who_read_a_key_nothing_of_memory_that_was_given_back)
{
    tells_nothing_of_what_it_gave_back("CLIENT TRACKING ON");
}

Test(rollback_memory, tells_who_tracks_all_nothing_of_memory_that_was_given_back)
{
    tells_nothing_of_what_it_gave_back("CLIENT TRACKING ON BCAST");
}
