/* SPDX-License-Identifier: MIT
 * tests/integration/test_tracking.c - CLIENT TRACKING: who is told when a key changes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static struct test_server *server;
static int fd, a, b;            /* fd changes keys, a tracks, b is redirected to */

static void
set_up(void)
{
    static const char *const args[] = { "--enable-debug-command", "yes", NULL };

    server = server_open(args, &fd, &a, &b, NULL);
    free(socket_ask(a, "HELLO 3"));
}

static void
tear_down(void)
{
    server_stop(server);
}

TestSuite(tracking, .init = set_up, .fini = tear_down, .timeout = 60);

#define TOLD(name) ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\n" name
#define TOLD_ALL ">2\r\n$10\r\ninvalidate\r\n_"
#define TOLD_RESP2 "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\n"

Test(tracking, tells_once_of_a_key_that_was_read)
{
    expect(a, "CLIENT TRACKING ON", "+OK");
    expect(a, "MGET x y", "*2\r\n_\r\n_");
    expect_part(fd, "INFO stats", "tracking_total_keys:2\r\ntracking_total_items:2\r\n");
    cr_expect_eq(info_number(fd, "tracking_clients"), 1);
    expect(fd, "SET x 1", "+OK");
    expect_next(a, TOLD("x"));
    expect(fd, "SET x 2", "+OK");
    expect(fd, "SET z 2", "+OK");
    expect_silence(a, 20);
    expect(a, "GET x", "$1\r\n2");
    expect(fd, "DEL x y", ":1");
    expect_next(a, TOLD("x"));
    expect(fd, "SET y 1", "+OK");
    expect_next(a, TOLD("y"));
    expect_part(fd, "INFO stats", "tracking_total_keys:0\r\ntracking_total_items:0\r\n");
}

Test(tracking, tells_after_the_own_reply)
{
    expect(a, "CLIENT TRACKING ON", "+OK");
    socket_send_text(a, "MGET x y\r\nMSET x 1 y 2\r\nGET x\r\nFLUSHALL\r\n");
    expect_next(a, "*2\r\n_\r\n_");
    expect_next(a, "+OK");
    expect_next(a, TOLD("x"));
    expect_next(a, TOLD("y"));
    expect_next(a, "$1\r\n1");
    expect_next(a, "+OK");
    expect_next(a, TOLD_ALL);
    expect(a, "GET x", "_");
    socket_send_text(a, "MULTI\r\nSET x 1\r\nGET x\r\nSET x 2\r\nEXEC\r\n");
    expect_next(a, "+OK");
    for (int i = 0; i < 3; i++)
        expect_next(a, "+QUEUED");
    expect_next(a, "*3\r\n+OK\r\n$1\r\n1\r\n+OK");
    expect_next(a, TOLD("x"));
    expect_next(a, TOLD("x"));
}

Test(tracking, with_noloop_does_not_tell_of_own_changes)
{
    expect(a, "CLIENT TRACKING ON NOLOOP", "+OK");
    expect(a, "GET x", "_");
    expect(a, "SET x 1", "+OK");
    expect_silence(a, 20);
    expect(a, "GET x", "$1\r\n1");
    expect(fd, "SET x 2", "+OK");
    expect_next(a, TOLD("x"));
}

/* Its changes are told at the end, what it reads is remembered in its place among them:
 * else what it reads of its own writing would be forgotten unsaid. */
Test(tracking, knows_what_a_transaction_with_rollback_has_read)
{
    static const char *const calls[] = { "SET x 1", "GET x", "GET y", "SET y 1" };

    expect(a, "CLIENT TRACKING ON NOLOOP", "+OK");
    run_and_fail(a, calls, 4);
    expect_part(fd, "INFO stats", "tracking_total_keys:0\r\n");
    expect(a, "MULTI ROLLBACK", "+OK");
    for (int i = 0; i < 4; i++)
        expect(a, calls[i], "+QUEUED");
    expect(a, "EXEC", "*4\r\n+OK\r\n$1\r\n1\r\n_\r\n+OK");
    expect_part(fd, "INFO stats", "tracking_total_keys:1\r\n");
    expect(fd, "MSET x 2 y 2", "+OK");
    expect_next(a, TOLD("x"));
    expect_silence(a, 20);
    expect(a, "CLIENT TRACKING OFF", "+OK");
    expect(a, "CLIENT TRACKING ON", "+OK");
    expect(a, "MULTI ROLLBACK", "+OK");
    for (int i = 0; i < 4; i++)
        expect(a, calls[i], "+QUEUED");
    expect(a, "EXEC", "*4\r\n+OK\r\n$1\r\n1\r\n$1\r\n2\r\n+OK");
    expect_next(a, TOLD("y"));
    expect(fd, "MSET x 2 y 2", "+OK");
    expect_next(a, TOLD("x"));
    expect_silence(a, 20);
}

Test(tracking, can_be_opted_into_and_out_of)
{
    expect(a, "CLIENT TRACKING ON OPTIN", "+OK");
    expect(a, "GET x", "_");
    expect(a, "CLIENT CACHING YES", "+OK");
    expect(a, "GET y", "_");
    expect(a, "GET z", "_");
    expect(fd, "MSET x 1 y 1 z 1", "+OK");
    expect_next(a, TOLD("y"));
    expect_silence(a, 20);
    expect(a, "CLIENT CACHING NO", "-ERR CLIENT CACHING NO is only valid when tracking is "
           "enabled in OPTOUT mode.");
    expect(a, "CLIENT TRACKING OFF", "+OK");
    expect(a, "CLIENT TRACKING ON OPTOUT", "+OK");
    expect(a, "CLIENT CACHING NO", "+OK");
    expect(a, "GET x", "$1\r\n1");
    expect(a, "GET y", "$1\r\n1");
    expect(fd, "MSET x 1 y 1 z 1", "+OK");
    expect_next(a, TOLD("y"));
    expect_silence(a, 20);
}

Test(tracking, says_what_caching_is_for)
{
    const char *yes = "-ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN "
                      "mode.";

    expect(a, "CLIENT CACHING YES", "-ERR CLIENT CACHING can be called only when the client is "
           "in tracking mode with OPTIN or OPTOUT mode enabled");
    expect(a, "CLIENT TRACKING ON", "+OK");
    expect(a, "CLIENT CACHING YES", yes);
    expect(a, "CLIENT CACHING maybe", "-ERR syntax error");
    expect(a, "CLIENT TRACKING OFF", "+OK");
    expect(a, "CLIENT TRACKING ON BCAST", "+OK");
    expect(a, "CLIENT CACHING YES", yes);
}

Test(tracking, optin_covers_a_whole_transaction)
{
    expect(a, "CLIENT TRACKING ON OPTIN", "+OK");
    expect(a, "CLIENT CACHING YES", "+OK");
    expect(a, "MULTI", "+OK");
    expect(a, "GET x", "+QUEUED");
    expect(a, "GET y", "+QUEUED");
    expect(a, "EXEC", "*2\r\n_\r\n_");
    expect(a, "GET z", "_");
    expect(fd, "MSET x 1 y 1 z 1", "+OK");
    expect_next(a, TOLD("x"));
    expect_next(a, TOLD("y"));
    expect_silence(a, 20);
}

Test(tracking, broadcasts_by_prefix_once_a_turn)
{
    expect(a, "CLIENT TRACKING ON BCAST PREFIX p PREFIX q", "+OK");
    expect(fd, "MSET p1 1 q1 1 p0 1 other 1 p1 2", "+OK");
    expect_next(a, ">2\r\n$10\r\ninvalidate\r\n*2\r\n$2\r\np0\r\n$2\r\np1");
    expect_next(a, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\nq1");
    expect_part(fd, "INFO stats", "tracking_total_prefixes:2\r\n");
    expect(a, "CLIENT TRACKING ON BCAST PREFIX pp", "-ERR Prefix 'pp' overlaps with an existing "
           "prefix 'p'. Prefixes for a single client must not overlap.");
    expect(a, "CLIENT TRACKINGINFO", "%3\r\n$5\r\nflags\r\n~2\r\n$2\r\non\r\n$5\r\nbcast\r\n"
           "$8\r\nredirect\r\n:0\r\n$8\r\nprefixes\r\n*2\r\n$1\r\np\r\n$1\r\nq");
    expect_part(fd, "CLIENT LIST", " flags=tB ");
    expect(a, "CLIENT TRACKING OFF", "+OK");
    expect_part(fd, "INFO stats", "tracking_total_prefixes:0\r\n");
    expect(fd, "SET p1 1", "+OK");
    expect_silence(a, 20);
}

Test(tracking, broadcasts_expiry_to_those_who_skip_their_own_changes)
{
    expect(a, "CLIENT TRACKING ON BCAST NOLOOP", "+OK");
    expect(a, "SET own 1", "+OK");
    expect(a, "SET k 1 PX 30", "+OK");
    expect_next(a, TOLD("k"));
}

Test(tracking, is_redirected_to_a_subscriber_in_resp2)
{
    char line[64], *told;

    sprintf(line, "CLIENT TRACKING ON REDIRECT %lld", ask_number(b, "CLIENT ID"));
    free(socket_ask(b, "SUBSCRIBE __redis__:invalidate"));
    expect(a, line, "+OK");
    expect(a, "GET x", "_");
    expect(fd, "SET x 1", "+OK");
    expect_next(b, TOLD_RESP2 "x");
    expect(a, "GET x", "$1\r\n1");
    expect(a, "SET x 2", "+OK");
    expect_next(b, TOLD_RESP2 "x");
    expect(a, "GET x", "$1\r\n2");
    close(b);
    expect_soon(fd, "PUBSUB NUMPAT", ":0");
    expect_soon(fd, "PUBSUB CHANNELS", "*0");
    expect(fd, "SET x 3", "+OK");
    told = socket_reply(a, NULL);
    cr_expect(told && strncmp(told, ">2\r\n$21\r\ntracking-redir-broken\r\n:", 33) == 0);
    free(told);
    expect_part(a, "CLIENT TRACKINGINFO", "broken_redirect");
    expect_part(fd, "CLIENT LIST", " flags=tR ");
    b = server_connect(server);
}

Test(tracking, tells_of_expired_evicted_and_forgotten_keys)
{
    char *told;

    expect(a, "CLIENT TRACKING ON", "+OK");
    expect(fd, "SET x 1 PX 30", "+OK");
    expect(a, "GET x", "$1\r\n1");
    expect_next(a, TOLD("x"));
    expect(fd, "SET x 1", "+OK");
    expect(a, "GET x", "$1\r\n1");
    expect(fd, "CONFIG SET maxmemory-policy allkeys-lru", "+OK");
    expect(fd, "CONFIG SET maxmemory 1", "+OK");
    free(socket_ask(fd, "GET q"));
    expect_next(a, TOLD("x"));
    expect(fd, "CONFIG SET maxmemory 0", "+OK");
    expect(a, "MGET x y", "*2\r\n_\r\n_");
    expect(fd, "CONFIG SET tracking-table-max-keys 1", "+OK");
    told = socket_reply(a, NULL);
    cr_expect(told && (strcmp(told, TOLD("x") "\r\n") == 0 || strcmp(told, TOLD("y") "\r\n") == 0));
    free(told);
    expect_part(fd, "INFO stats", "tracking_total_keys:1\r\n");
}

Test(tracking, refuses_what_does_not_go_together)
{
    expect(a, "CLIENT TRACKING MAYBE", "-ERR syntax error");
    expect(a, "CLIENT TRACKING ON REDIRECT 99999", "-ERR The client ID you want redirect to "
           "does not exist");
    expect(a, "CLIENT TRACKING ON PREFIX a", "-ERR PREFIX option requires BCAST mode to be "
           "enabled");
    expect(a, "CLIENT TRACKING ON BCAST OPTIN", "-ERR OPTIN and OPTOUT are not compatible with "
           "BCAST");
    expect(a, "CLIENT TRACKING ON OPTIN OPTOUT", "-ERR You can't specify both OPTIN mode and "
           "OPTOUT mode");
    expect(a, "CLIENT TRACKING ON BCAST PREFIX ab PREFIX a", "-ERR Prefix 'ab' overlaps with "
           "another provided prefix 'a'. Prefixes for a single client must not overlap.");
    expect(a, "CLIENT GETREDIR", ":-1");
    expect(a, "CLIENT TRACKING ON", "+OK");
    expect_start(a, "CLIENT TRACKING ON BCAST", "-ERR You can't switch BCAST mode on/off");
    expect(a, "CLIENT GETREDIR", ":0");
    expect(a, "RESET", "+RESET");
    expect(a, "CLIENT GETREDIR", ":-1");
}

Test(tracking, survives_clients_that_come_and_go)
{
    char line[96];
    int many[40];

    srand(3);
    for (int round = 0; round < 15; round++) {
        for (int i = 0; i < 40; i++) {
            many[i] = server_connect(server);
            free(socket_ask(many[i], "HELLO 3"));
            if (i && rand() % 3 == 0)
                sprintf(line, "CLIENT TRACKING ON REDIRECT %lld",
                        ask_number(b, "CLIENT ID"));
            else
                sprintf(line, "CLIENT TRACKING ON %s", rand() % 2 ? "BCAST PREFIX k PREFIX j"
                                                                  : "NOLOOP");
            free(socket_ask(many[i], line));
            sprintf(line, "MGET k%d k%d j1", rand() % 9, rand() % 9);
            socket_send_text(many[i], line);
            socket_send_text(many[i], "\r\nSET k1 2\r\n");
        }
        for (int i = 0; i < 20; i++) {
            sprintf(line, "SET k%d v", rand() % 9);
            expect(fd, line, "+OK");
        }
        for (int i = 0; i < 40; i++)
            close(many[(i * 11) % 40]);
    }
    for (int i = 0; i < 100 && info_number(fd, "tracking_clients") > 0; i++)
        test_nap(10);
    expect_part(fd, "INFO stats", "tracking_total_keys:0\r\ntracking_total_items:0\r\n"
                "tracking_total_prefixes:0\r\n");
}

/* A key that never changes does not collect all who ever read it. */
Test(tracking, forgets_readers_that_are_gone)
{
    long long items;

    expect(a, "CLIENT TRACKING ON", "+OK");
    expect(a, "GET x", "_");
    for (int i = 0; i < 1000; i++) {
        int s = server_connect_unix(server);

        expect(s, "CLIENT TRACKING ON", "+OK");
        expect(s, "GET x", "$-1");
        close(s);
    }
    items = info_number(fd, "tracking_total_items");
    cr_expect(items >= 1 && items < 500, "%lld", items);
    expect(fd, "SET x 1", "+OK");
    expect_next(a, TOLD("x"));
}
