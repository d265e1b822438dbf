/* SPDX-License-Identifier: MIT
 * tests/integration/test_transaction.c - MULTI, EXEC and WATCH. */
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
