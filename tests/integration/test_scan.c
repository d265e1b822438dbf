/* SPDX-License-Identifier: MIT
 * tests/integration/test_scan.c - SCAN gives every key that is there all along once,
 * while others come and go. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define STAY 5000

static struct test_server *server;
static int fd, other;
static int seen[STAY];

static void
set_up(void)
{
    server = server_open(NULL, &fd, &other, NULL);
    add_keys(fd, "stay", STAY, "");
}

static void
tear_down(void)
{
    server_stop(server);
}

TestSuite(scan, .init = set_up, .fini = tear_down, .timeout = 120);

/* One step: marks the keys seen, returns the cursor; *keys counts them. */
static unsigned long long
step(unsigned long long cursor, const char *options, size_t *keys)
{
    char request[100], *reply, *at;
    unsigned long long next;

    snprintf(request, sizeof request, "SCAN %llu %s", cursor, options);
    reply = socket_ask(fd, request);
    cr_assert(reply && strncmp(reply, "*2\r\n$", 5) == 0, "%s", reply);
    next = strtoull(strchr(reply + 5, '\n') + 1, NULL, 10);
    for (at = strchr(reply + 5, '*'); (at = strchr(at, '$')) != NULL; ) {
        at = strchr(at, '\n') + 1;
        ++*keys;
        if (strncmp(at, "stay", 4) == 0)
            seen[atoi(at + 4)]++;
    }
    free(reply);
    return next;
}

static void
expect_each_once(void)
{
    for (int i = 0; i < STAY; i++)
        cr_assert_eq(seen[i], 1, "stay%d was seen %d times", i, seen[i]);
}

Test(scan, of_a_still_database_gives_every_key_once)
{
    size_t keys = 0;
    unsigned long long cursor = 0;

    do {
        cursor = step(cursor, "COUNT 7", &keys);
        cr_assert_lt(cursor, 1ull << 48);
    } while (cursor);
    expect_each_once();
    cr_expect_eq(keys, STAY);
}

Test(scan, holds_while_the_database_grows_a_hundredfold)
{
    size_t keys = 0, round = 0;
    unsigned long long cursor = 0;
    char prefix[32];

    do {
        cursor = step(cursor, "COUNT 100", &keys);
        snprintf(prefix, sizeof prefix, "new%zu:", round++);
        if (round < 60)
            add_keys(other, prefix, 2000, "");
    } while (cursor);
    expect_each_once();
    cr_expect_gt(round, 30);
}

Test(scan, holds_while_the_database_shrinks_to_a_fraction)
{
    size_t keys = 0, gone = 0;
    unsigned long long cursor = 0;
    char request[100];

    add_keys(other, "go", 100000, "");
    do {
        cursor = step(cursor, "COUNT 300", &keys);
        for (int i = 0; i < 400 && gone < 100000; i++, gone++) {
            snprintf(request, sizeof request, "UNLINK go%zu\r\n", gone);
            socket_send_text(other, request);
        }
    } while (cursor);
    expect_each_once();
    cr_expect_leq(keys, STAY + 100000);
}

Test(scan, filters_by_pattern_and_type_and_still_ends)
{
    size_t keys = 0;
    unsigned long long cursor = 0;

    do
        cursor = step(cursor, "MATCH stay12? COUNT 1000", &keys);
    while (cursor);
    cr_expect_eq(keys, 10);
    keys = 0;
    do
        cursor = step(cursor, "TYPE string COUNT 1000", &keys);
    while (cursor);
    cr_expect_eq(keys, STAY);
    keys = 0;
    do
        cursor = step(cursor, "TYPE hash COUNT 1000", &keys);
    while (cursor);
    cr_expect_eq(keys, 0);
}

Test(scan, takes_cursors_that_it_never_gave)
{
    static const char *const cursors[] = { "1", "281474976710655", "281474976710656",
                                           "9223372036854775807",
                                           "18446744073709551615" };
    char request[100];

    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
        snprintf(request, sizeof request, "SCAN %s", cursors[i]);
        expect_start(fd, request, "*2\r\n$");
    }
    expect(fd, "SCAN 18446744073709551616", "-ERR invalid cursor");
    expect_start(fd, "SCAN -1", "*2\r\n$");              /* Redis's strtoul takes it */
    expect(fd, "SCAN x", "-ERR invalid cursor");
    expect(fd, "SCAN 0 COUNT 0", "-ERR syntax error");
    expect(fd, "SCAN 0 COUNT x", "-ERR value is not an integer or out of range");
}

/* Expired keys may be met on the way, but are not shown. */
Test(scan, shows_no_key_that_is_over)
{
    size_t keys = 0;
    unsigned long long cursor = 0;

    add_keys(other, "over", 5000, "PX 1");
    test_nap(5);
    do
        cursor = step(cursor, "MATCH over* COUNT 500", &keys);
    while (cursor);
    cr_expect_eq(keys, 0);
}
