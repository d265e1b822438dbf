/* SPDX-License-Identifier: MIT
 * tests/integration/test_transaction.c - MULTI, EXEC, WATCH, and transactions that are
 * taken back: afterwards everything is as if they had not been. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, other, hears;
static const char *const server_args[] = { "--enable-debug-command", "yes", NULL };

SERVER_SUITE(transaction, 120, server_open(server_args, &fd, &other, &hears, NULL));

Test(transaction, runs_what_was_queued_and_answers_in_order)
{
    expect(fd, "MULTI", "+OK");
    expect(fd, "SET k 1", "+QUEUED");
    expect(fd, "INCR k", "+QUEUED");
    expect(other, "EXISTS k", ":0");
    expect(fd, "GET k", "+QUEUED");
    expect(fd, "EXEC", "*3\r\n+OK\r\n:2\r\n$1\r\n2");
    expect(fd, "EXEC", "-ERR EXEC without MULTI");
    expect(fd, "DISCARD", "-ERR DISCARD without MULTI");
}

Test(transaction, goes_on_after_an_error_inside)
{
    expect(fd, "MULTI", "+OK");
    expect(fd, "SET k x", "+QUEUED");
    expect(fd, "INCR k", "+QUEUED");
    expect(fd, "APPEND k y", "+QUEUED");
    expect(fd, "EXEC", "*3\r\n+OK\r\n-ERR value is not an integer or out of range\r\n:2");
}

Test(transaction, with_an_error_while_queueing_is_refused)
{
    expect(fd, "MULTI", "+OK");
    expect_start(fd, "NOSUCH", "-ERR unknown command");
    expect(fd, "SET k 1", "+QUEUED");
    expect(fd, "EXEC", "-EXECABORT Transaction discarded because of previous errors.");
    expect(fd, "EXISTS k", ":0");
    expect(fd, "MULTI", "+OK");
    expect(fd, "MULTI", "-ERR MULTI calls can not be nested");
    expect(fd, "WATCH k", "-ERR WATCH inside MULTI is not allowed");
    expect(fd, "DISCARD", "+OK");
}

Test(transaction, that_watched_a_changed_key_does_nothing)
{
    static const char *const changes[] = {
        "SET k 2", "DEL k", "EXPIRE k 100", "RENAME k q", "RENAME q k", "FLUSHALL",
        "APPEND k x", "PEXPIRE k 0", "MOVE k 1", "COPY q k REPLACE",
    };

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        expect(fd, "MSET k 1 q 2", "+OK");
        expect(fd, "WATCH k", "+OK");
        free(socket_ask(other, changes[i]));
        expect(fd, "MULTI", "+OK");
        expect(fd, "PING", "+QUEUED");
        expect(fd, "EXEC", "*-1");
        expect(fd, "MULTI", "+OK");
        expect(fd, "PING", "+QUEUED");
        expect(fd, "EXEC", "*1\r\n+PONG");
        free(socket_ask(fd, "FLUSHALL"));
    }
}

Test(transaction, is_not_disturbed_by_what_is_no_change)
{
    expect(fd, "SET k 1", "+OK");
    expect(fd, "WATCH k absent", "+OK");
    expect(other, "GET k", "$1\r\n1");
    expect(other, "SET other 1", "+OK");
    expect(other, "DEL absent", ":0");
    expect(other, "PERSIST k", ":0");
    expect(other, "FLUSHDB", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "EXEC", "*-1");
    expect(fd, "WATCH absent", "+OK");
    expect(other, "SELECT 1", "+OK");
    expect(other, "SET absent 1", "+OK");       /* in another database */
    expect(other, "SWAPDB 2 3", "+OK");
    expect(other, "FLUSHALL", "+OK");
    expect(other, "SWAPDB 0 1", "+OK");         /* absent on both sides */
    expect(fd, "MULTI", "+OK");
    expect(fd, "EXEC", "*0");
    expect(fd, "WATCH k", "+OK");
    expect(fd, "UNWATCH", "+OK");
    expect(fd, "SET k 1", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "EXEC", "*0");
}

Test(transaction, sees_keys_that_swapdb_brings_or_takes)
{
    expect(other, "SET a 1", "+OK");
    expect(fd, "WATCH a", "+OK");
    expect(other, "SWAPDB 0 1", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "EXEC", "*-1");
    expect(fd, "WATCH a", "+OK");               /* absent here, in 1 it is there */
    expect(other, "SWAPDB 1 0", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "EXEC", "*-1");
}

Test(transaction, sees_that_a_watched_key_is_over)
{
    expect(fd, "SET k v PX 30", "+OK");
    expect(fd, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    expect(fd, "WATCH k", "+OK");
    test_nap(60);
    expect(fd, "MULTI", "+OK");
    expect(fd, "EXEC", "*-1");
}

/* --- all or nothing --- */

Test(transaction, with_rollback_tells_which_error_undid_it)
{
    expect(fd, "SET k x", "+OK");
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "SET other 1", "+QUEUED");
    expect(fd, "INCR k", "+QUEUED");
    expect(fd, "EXEC", "-EXECABORT Transaction rolled back: ERR value is not an integer or "
           "out of range");
    expect(fd, "EXISTS other", ":0");
    expect(fd, "CONFIG SET transaction-rollback yes", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "SET other 1", "+QUEUED");
    expect(fd, "EXEC", "*1\r\n+OK");
    expect(fd, "GET other", "$1\r\n1");
}

Test(transaction, with_rollback_refuses_what_cannot_be_undone)
{
    static const char *const refused[] = {
        "FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "PUBLISH a b", "SPUBLISH a b", "SUBSCRIBE a",
        "CONFIG SET hz 20",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        expect(fd, "MULTI ROLLBACK", "+OK");
        expect_start(fd, refused[i], "-ERR '");
        expect(fd, "EXEC", "-EXECABORT Transaction discarded because of previous errors.");
    }
    expect(fd, "PING", "+PONG");
}

Test(transaction, with_rollback_is_silent_for_a_client_that_wants_no_replies)
{
    socket_send_text(fd, "CLIENT REPLY OFF\r\nMULTI ROLLBACK\r\nSET k 1\r\nEXEC\r\n"
                     "CLIENT REPLY ON\r\nGET k\r\n");
    expect_next(fd, "+OK");
    expect_next(fd, "$1\r\n1");
}

#define KEYS 12

/* %k: a key; %n: a small number. */
static const char *const writes[] = {
    "SET %k v%n", "SET %k v PX 10000000", "APPEND %k tail%n", "SETRANGE %k %n patch",
    "INCRBY %k %n", "DEL %k", "UNLINK %k %k", "EXPIRE %k 1000%n", "PERSIST %k",
    "RENAME %k %k", "COPY %k %k REPLACE", "MOVE %k 1", "GETDEL %k", "GETEX %k EX 5%n",
    "SETBIT %k %n 1", "MSET %k 1 %k 2", "BITOP NOT %k %k", "COPY %k %k DB 1 REPLACE",
    "LPUSH %k a%n b c", "RPOP %k", "LSET %k 0 new%n", "LTRIM %k 0 1", "LINSERT %k BEFORE a x",
    "LMOVE %k %k LEFT RIGHT", "HSET %k f%n v g w", "HDEL %k g", "HINCRBY %k n %n",
    "SADD %k m%n 1 2", "SPOP %k", "SREM %k 1", "SMOVE %k %k 2", "SUNIONSTORE %k %k %k",
    "ZADD %k %n z 2 y", "ZINCRBY %k %n z", "ZPOPMIN %k", "GET %k", "TTL %k", "TYPE %k",
    "SELECT 0", "PFADD %k a", "SORT %k BY nosort STORE %k",
};

static void
random_write(char out[128])
{
    const char *from = writes[rand() % (int)(sizeof writes / sizeof *writes)];
    char *to = out;

    for (; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        from++;
        to += *from == 'k' ? sprintf(to, "k%d", rand() % KEYS)
                           : sprintf(to, "%d", rand() % 9);
    }
    *to = '\0';
}

/* Everything there is: the digest, and deadlines, which it shows only roughly. */
static char *
picture(void)
{
    char *all = ask_text(fd, "DEBUG DIGEST"), *reply, ask[64];

    all = realloc(all, 4096);
    for (int db = 0; db < 2; db++) {
        sprintf(ask, "SELECT %d", db);
        expect(fd, ask, "+OK");
        for (int i = 0; i < KEYS; i++) {
            sprintf(ask, "PEXPIRETIME k%d", i);
            reply = socket_ask(fd, ask);
            strcat(all, reply);
            free(reply);
        }
    }
    expect(fd, "SELECT 0", "+OK");
    return all;
}

static void
prepare_data(void)
{
    char ask[128];

    for (int i = 0; i < 60; i++) {
        random_write(ask);
        free(socket_ask(fd, ask));
    }
    expect(fd, "SET wrong text", "+OK");
}

/* One of `length` commands, that at `fails`, is an error. */
static void
try_one(int length, int fails)
{
    char ask[128], *before = picture(), *after, *reply;

    expect(other, "WATCH k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 k10 k11", "+OK");
    expect(fd, "MULTI ROLLBACK", "+OK");
    for (int i = 0; i < length; i++) {
        random_write(ask);
        reply = socket_ask(fd, i == fails ? "INCR wrong" : ask);
        if (strncmp(reply, "+QUEUED", 7) != 0 && strncmp(reply, "-ERR unknown", 12) != 0)
            cr_assert_fail("%s: %s", ask, reply);
        if (*reply == '-') {            /* this family is not there: another instead */
            free(reply);
            expect(fd, "DISCARD", "+OK");
            expect(other, "UNWATCH", "+OK");
            free(before);
            return;
        }
        free(reply);
    }
    reply = socket_ask(fd, "EXEC");
    cr_assert(strncmp(reply, "-EXECABORT Transaction rolled back: ", 36) == 0, "%s", reply);
    free(reply);
    after = picture();
    cr_assert_str_eq(after, before);
    free(after);
    free(before);
    expect(other, "MULTI", "+OK");
    expect(other, "EXEC", "*0");
}

Test(transaction, that_fails_at_any_position_leaves_everything_as_it_was)
{
    srand(17);
    expect(fd, "CONFIG SET notify-keyspace-events AKE", "+OK");
    for (int round = 0; round < 40; round++) {
        prepare_data();
        expect(hears, "PSUBSCRIBE *", "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1");
        for (int fails = 0; fails < 6; fails++)
            try_one(6, fails);
        expect_silence(hears, 5);
        expect(hears, "RESET", "+RESET");
    }
}

/* The same commands, plainly in one database and with rollback in another. */
Test(transaction, that_succeeds_with_rollback_does_what_it_does_without)
{
    char ask[128], *plain, *careful;

    srand(18);
    expect(other, "SELECT 1", "+OK");
    for (int round = 0; round < 60; round++) {
        expect(fd, "MULTI", "+OK");
        expect(other, "MULTI ROLLBACK", "+OK");
        for (int i = 0; i < 5; i++) {
            sprintf(ask, "SETRANGE k%d %d x%d", rand() % 3, rand() % 10, rand() % 9);
            expect(fd, ask, "+QUEUED");
            expect(other, ask, "+QUEUED");
        }
        plain = socket_ask(fd, "EXEC");
        careful = socket_ask(other, "EXEC");
        cr_assert_str_eq(careful, plain);
        free(plain);
        free(careful);
        plain = socket_ask(fd, "MGET k0 k1 k2");
        careful = socket_ask(other, "MGET k0 k1 k2");
        cr_assert_str_eq(careful, plain);
        free(plain);
        free(careful);
    }
}

Test(transaction, tells_of_its_changes_when_all_of_it_was_done)
{
    expect(fd, "CONFIG SET notify-keyspace-events E$", "+OK");
    expect(hears, "PSUBSCRIBE *", "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1");
    expect(other, "WATCH a", "+OK");
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "SET a 1", "+QUEUED");
    expect(fd, "APPEND a 2", "+QUEUED");
    expect(fd, "EXEC", "*2\r\n+OK\r\n:2");
    expect_next(hears, "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$18\r\n__keyevent@0__:set\r\n$1\r\na");
    expect_next(hears, "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$21\r\n__keyevent@0__:append\r\n$1\r\na");
    expect(other, "MULTI", "+OK");
    expect(other, "EXEC", "*-1");
}

Test(transaction, that_is_taken_back_wakes_nobody)
{
    expect(fd, "SET wrong text", "+OK");
    socket_send_text(other, "BLPOP q 0\r\n");
    expect_soon(fd, "INFO clients", "$");
    cr_assert(info_reaches(fd, "blocked_clients", 1));
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "RPUSH q x", "+QUEUED");
    expect(fd, "INCR wrong", "+QUEUED");
    expect_start(fd, "EXEC", "-EXECABORT");
    expect_silence(other, 30);
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "RPUSH q y", "+QUEUED");
    expect(fd, "EXEC", "*1\r\n:1");
    expect_next(other, "*2\r\n$1\r\nq\r\n$1\r\ny");
}
