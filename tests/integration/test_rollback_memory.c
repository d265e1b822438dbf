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
limit_to(long long above_used)
{
    char ask[96];

    sprintf(ask, "CONFIG SET maxmemory %lld", info_number(fd, "used_memory") + above_used);
    expect(fd, ask, "+OK");
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
    limit_to(500000);
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
    limit_to(500000);
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
    char ask[96], *event;
    long long left, told = 0;

    expect(fd, "CONFIG SET maxmemory-policy allkeys-random", "+OK");
    add_keys(fd, "k", 3000, "");
    expect(fd, "CONFIG SET notify-keyspace-events Ee", "+OK");
    expect(hears, "PSUBSCRIBE __keyevent@0__:evicted",
           "*3\r\n$10\r\npsubscribe\r\n$22\r\n__keyevent@0__:evicted\r\n:1");
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "SET k0 new", "+QUEUED");
    expect(fd, "SET k1 new", "+QUEUED");
    expect(fd, "LSET nokey 0 x", "+QUEUED");
    left = info_number(other, "used_memory");
    sprintf(ask, "CONFIG SET maxmemory %lld", left - 100000);
    expect(other, ask, "+OK");
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
