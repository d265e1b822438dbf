/* SPDX-License-Identifier: MIT
 * tests/integration/test_blocking_counts.c - what statistics tell of commands that wait:
 * a call when it begins, the rest when it is served. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, waiter;

static struct test_server *
open_with_everything_slow(void)
{
    return server_open((const char *[]){ "--slowlog-log-slower-than", "0", NULL }, &fd,
                       &waiter, NULL);
}

SERVER_SUITE(blocking_counts, 60, open_with_everything_slow());

static void
wait_with(const char *request)
{
    socket_send_text(waiter, request);
    cr_assert(info_reaches(fd, "blocked_clients", 1));
}

/* `failed` of its `calls` failed; `timed` of them are in its histogram, and in the slow
 * log. */
static void
expect_counts(const char *name, int calls, int failed, int timed)
{
    char ask[64], want[64], *stats, *log, *at;
    int logged = 0;

    stats = socket_ask(fd, "INFO commandstats");
    snprintf(want, sizeof want, "cmdstat_%s:", name);
    at = strstr(stats, want);
    cr_assert_not_null(at, "%s", name);
    cr_expect_eq(atoi(strstr(at, "calls=") + 6), calls, "%s", at);
    cr_expect_eq(atoi(strstr(at, "failed_calls=") + 13), failed, "%s", at);
    snprintf(ask, sizeof ask, "LATENCY HISTOGRAM %s", name);
    snprintf(want, sizeof want, "$5\r\ncalls\r\n:%d\r\n", timed);
    expect_part(fd, ask, timed ? want : "*0");
    log = socket_ask(fd, "SLOWLOG GET -1");
    snprintf(want, sizeof want, "\r\n%s\r\n$1\r\n", name);
    for (at = log; (at = strstr(at, want)); at++)
        logged++;
    cr_expect_eq(logged, timed, "%s", log);
    free(stats);
    free(log);
}

Test(blocking_counts, time_a_call_when_it_is_served)
{
    wait_with("blpop q 0\n");
    expect_counts("blpop", 1, 0, 0);
    expect(fd, "RPUSH q a", ":1");
    expect_next(waiter, "*2\r\n$1\r\nq\r\n$1\r\na");
    expect_counts("blpop", 1, 0, 1);
    expect_part(fd, "SLOWLOG GET -1", "*3\r\n$5\r\nblpop\r\n$1\r\nq\r\n$1\r\n0\r\n");
    expect(fd, "RPUSH q a", ":1");
    expect(waiter, "blpop q 0", "*2\r\n$1\r\nq\r\n$1\r\na");
    expect_counts("blpop", 2, 0, 2);
}

Test(blocking_counts, give_no_duration_to_what_came_too_late)
{
    expect(waiter, "blpop q 0.01", "*-1");
    expect_counts("blpop", 1, 0, 0);
    expect(waiter, "MULTI", "+OK");
    expect(waiter, "blpop q 0", "+QUEUED");
    expect(waiter, "EXEC", "*1\r\n*-1");
    expect_counts("blpop", 2, 0, 1);
}

Test(blocking_counts, call_it_a_failure_to_be_unblocked)
{
    char request[64];
    long long id = ask_number(waiter, "CLIENT ID");

    wait_with("blpop q 0\n");
    snprintf(request, sizeof request, "CLIENT UNBLOCK %lld ERROR", id);
    expect(fd, request, ":1");
    expect_next(waiter, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    expect_counts("blpop", 1, 1, 1);
    expect_part(fd, "INFO errorstats", "errorstat_UNBLOCKED:count=1\r\n");
    cr_expect_eq(info_number(fd, "total_error_replies"), 1);
    wait_with("blpop q 0\n");
    snprintf(request, sizeof request, "CLIENT UNBLOCK %lld", id);
    expect(fd, request, ":1");
    expect_next(waiter, "*-1");
    expect_counts("blpop", 2, 2, 2);
    cr_expect_eq(info_number(fd, "total_error_replies"), 1);
}

Test(blocking_counts, know_an_error_that_comes_when_it_is_served)
{
    expect(fd, "SET text a", "+OK");
    wait_with("blmove q text left left 0\n");
    expect(fd, "RPUSH q a", ":1");
    expect_next(waiter, "-WRONGTYPE Operation against a key holding the wrong kind of "
                "value");
    expect_counts("blmove", 1, 1, 1);
    expect_part(fd, "INFO errorstats", "errorstat_WRONGTYPE:count=1\r\n");
    cr_expect_eq(info_number(fd, "total_error_replies"), 1);
}
