/* SPDX-License-Identifier: MIT
 * tests/integration/test_options.c - options do what their summary says: the log's
 * form, the slowlog's, what clients may hold, and starting anew. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static struct test_server *server;
static int fd;

static void
start(const char *name, const char *value)
{
    const char *args[] = { "--enable-debug-command", "yes", name, value, NULL };

    server = server_open(args, &fd, NULL);
}

static void
stop(void)
{
    server_stop(server);
}

static void
expect_in_log(const char *part, bool wanted)
{
    char *log = file_text(server->log);

    cr_assert_not_null(log);
    cr_expect((strstr(log, part) != NULL) == wanted, "%s: %s", part, log);
    free(log);
}

/* A session that holds a request of which `n` bytes came. */
static int
holder(size_t n)
{
    int s = server_connect(server);
    char head[64], *body = malloc(n);
    int len = snprintf(head, sizeof head, "*2\r\n$3\r\nGET\r\n$%zu\r\n", n * 2);

    memset(body, 'x', n);
    socket_send(s, head, (size_t)len);
    socket_send(s, body, n);
    free(body);
    return s;
}

Test(options, of_the_log_change_its_form_at_once, .timeout = 60)
{
    start("--loglevel", "notice");
    expect(fd, "CONFIG SET log-format logfmt log-timestamp-format milliseconds", "+OK");
    expect(fd, "DEBUG LOG first", "+OK");
    expect_in_log(" role=primary timestamp=\"1", true);
    expect_in_log("\" level=warning message=\"DEBUG LOG: first\"\n", true);
    expect(fd, "CONFIG SET log-format legacy log-timestamp-format iso8601", "+OK");
    expect(fd, "DEBUG LOG second", "+OK");
    expect_in_log(" # DEBUG LOG: second\n", true);
    expect_in_log(":M 2", true);                /* the year comes first */
    stop();
}

Test(options, show_a_logo_when_told_to, .timeout = 60)
{
    start("--always-show-logo", "yes");
    expect_in_log("Running in standalone mode\n", true);
    expect_in_log("Running mode=standalone, port=", false);
    stop();
    start("--always-show-logo", "no");
    expect_in_log("Running mode=standalone, port=", true);
    stop();
}

Test(options, of_the_slowlog_trim_its_entries, .timeout = 60)
{
    start("--slowlog-entry-max-argc", "3");
    expect(fd, "CONFIG SET slowlog-entry-max-string-len 5 slowlog-log-slower-than 0",
           "+OK");
    expect(fd, "MSET abcdefgh b c d", "+OK");
    expect_part(fd, "SLOWLOG GET 1", "*3\r\n$4\r\nMSET\r\n$23\r\nabcde... (3 more bytes)\r\n"
                "$22\r\n... (3 more arguments)\r\n");
    stop();
}

Test(options, for_what_is_slow_may_be_longer_than_any_clock_counts, .timeout = 60)
{
    start("--slowlog-log-slower-than", "9223372036854775807");
    expect(fd, "CONFIG SET latency-monitor-threshold 9223372036854775807", "+OK");
    expect(fd, "DEBUG SLEEP 0.01", "+OK");
    expect(fd, "SLOWLOG LEN", ":0");
    expect(fd, "LATENCY LATEST", "*0");
    expect(fd, "CONFIG SET slowlog-log-slower-than 18446744073709552", "+OK");
    expect(fd, "DEBUG SLEEP 0.01", "+OK");
    expect(fd, "SLOWLOG LEN", ":0");
    stop();
}

/* Without cron, so that only the growth itself can have been noticed. */
Test(options, of_clients_memory_act_at_once_and_spare_128_kb, .timeout = 60)
{
    int small, large;

    start("--maxmemory-clients", "1");
    expect(fd, "DEBUG PAUSE-CRON 1", "+OK");
    small = holder(30000);
    expect(fd, "PING", "+PONG");
    cr_expect_eq(info_number(fd, "evicted_clients"), 0);
    large = holder(300000);
    cr_expect(socket_is_closed(large));
    cr_expect_eq(info_number(fd, "evicted_clients"), 1);
    expect_in_log(" * Evicting client: id=", true);
    expect_in_log(" laddr=127.0.0.1:", true);
    socket_send_text(small, "no more");         /* it is still there */
    expect(fd, "PING", "+PONG");
    cr_expect_eq(info_number(fd, "connected_clients"), 2);
    close(small);
    close(large);
    stop();
}

Test(options, of_clients_memory_in_percent_mean_nothing_without_maxmemory, .timeout = 60)
{
    int large;

    start("--maxmemory-clients", "1%");
    large = holder(300000);
    expect(fd, "PING", "+PONG");
    cr_expect_eq(info_number(fd, "evicted_clients"), 0);
    expect(fd, "CONFIG SET maxmemory 20mb", "+OK");
    cr_expect(socket_is_closed(large));
    close(large);
    stop();
}

Test(options, of_clients_memory_in_percent_may_be_of_more_than_there_is, .timeout = 60)
{
    int large;

    start("--maxmemory-clients", "100%");
    expect(fd, "CONFIG SET maxmemory 18446744073709551615", "+OK");
    large = holder(300000);
    expect(fd, "PING", "+PONG");
    cr_expect_eq(info_number(fd, "evicted_clients"), 0);
    close(large);
    stop();
}

Test(options, hide_what_clients_are_from_the_log, .timeout = 60)
{
    int large;

    start("--hide-user-data-from-log", "yes");
    expect(fd, "CONFIG SET maxmemory-clients 1", "+OK");
    large = holder(300000);
    cr_expect(socket_is_closed(large));
    expect_in_log("Evicting client: id=", true);
    expect_in_log("addr=", false);
    close(large);
    stop();
}

Test(options, accept_all_connections_however_few_in_a_turn, .timeout = 60)
{
    int s[50];

    start("--max-new-connections-per-cycle", "1");
    for (int i = 0; i < 50; i++)
        s[i] = server_connect(server);
    for (int i = 0; i < 50; i++) {
        expect(s[i], "PING", "+PONG");
        close(s[i]);
    }
    stop();
}

Test(options, resetstat_sets_reads_and_writes_to_zero, .timeout = 60)
{
    start(NULL, NULL);
    for (int i = 0; i < 100; i++)
        expect(fd, "PING", "+PONG");
    cr_expect_geq(info_number(fd, "total_reads_processed"), 100);
    cr_expect_geq(info_number(fd, "total_writes_processed"), 100);
    expect(fd, "CONFIG RESETSTAT", "+OK");
    cr_expect_lt(info_number(fd, "total_reads_processed"), 10);
    cr_expect_lt(info_number(fd, "total_writes_processed"), 10);
    stop();
}

/* Turns of the loop per second, and how long each takes: after some samples. */
Test(options, info_tells_how_the_time_of_the_loop_is_spent, .timeout = 60)
{
    start(NULL, NULL);
    expect(fd, "CONFIG RESETSTAT", "+OK");
    expect(fd, "DEBUG SLEEP 0.02", "+OK");
    cr_expect_geq(info_number(fd, "eventloop_duration_cmd_sum"), 20000);
    cr_expect_geq(info_number(fd, "eventloop_duration_sum"), 20000);
    cr_expect(info_reaches(fd, "instantaneous_eventloop_cycles_per_sec", 1));
    cr_expect(info_reaches(fd, "instantaneous_eventloop_duration_usec", 1));
    stop();
}

Test(options, of_memory_count_the_time_above_the_limit, .timeout = 60)
{
    start(NULL, NULL);
    cr_expect_eq(info_number(fd, "current_eviction_exceeded_time"), 0);
    expect(fd, "CONFIG SET maxmemory 1000", "+OK");
    cr_expect(info_reaches(fd, "current_eviction_exceeded_time", 20));
    cr_expect_geq(info_number(fd, "total_eviction_exceeded_time"), 20);
    expect(fd, "CONFIG SET maxmemory 0", "+OK");
    for (int i = 0; i < 200 && info_number(fd, "current_eviction_exceeded_time"); i++)
        test_nap(10);
    cr_expect_eq(info_number(fd, "current_eviction_exceeded_time"), 0);
    cr_expect_geq(info_number(fd, "total_eviction_exceeded_time"), 20);
    stop();
}

/* --- DEBUG --- */

/* A server that starts anew in the same process answers on the same port. */
static void
expect_anew(const char *request)
{
    char run_id[64], *info;

    info = ask_text(fd, "INFO server");
    snprintf(run_id, sizeof run_id, "%.48s", strstr(info, "run_id:"));
    free(info);
    expect(fd, "SET k v", "+OK");
    socket_send_text(fd, request);
    cr_expect(socket_is_closed(fd));
    close(fd);
    for (int i = 0; i < 200 && access(server->log, R_OK) == 0; i++) {
        char *log = file_text(server->log);
        char *again = strstr(log, "Restarting: ");
        bool is_ready = again && strstr(again, "Ready to accept connections");

        free(log);
        if (is_ready)
            break;
        test_nap(20);
    }
    fd = server_connect(server);
    expect(fd, "GET k", "$-1");
    info = ask_text(fd, "INFO server");
    cr_expect_null(strstr(info, run_id));
    free(info);
}

Test(options, debug_restart_starts_anew_with_the_same_arguments, .timeout = 60)
{
    start("--slowlog-max-len", "77");
    expect_anew("DEBUG RESTART\r\n");
    expect(fd, "CONFIG GET slowlog-max-len", "*2\r\n$15\r\nslowlog-max-len\r\n$2\r\n77");
    expect(fd, "DEBUG RESTART soon", "-ERR value is not an integer or out of range");
    stop();
}

Test(options, debug_crash_and_recover_starts_anew_after_a_pause, .timeout = 60)
{
    start(NULL, NULL);
    expect_anew("DEBUG CRASH-AND-RECOVER 50\r\n");
    stop();
}

Test(options, debug_mallctl_shows_knobs_and_no_random_memory, .timeout = 60)
{
    start(NULL, NULL);
    expect(fd, "DEBUG MALLCTL no.such.knob", "-ERR No such file or directory");
    expect(fd, "DEBUG MALLCTL-STR no.such.knob", "-ERR No such file or directory");
    expect(fd, "DEBUG MALLCTL version x", "-ERR value is not an integer or out of range");
    expect_start(fd, "DEBUG MALLCTL-STR arenas.narenas", "-ERR ");
    expect_start(fd, "DEBUG MALLCTL-STR arenas.narenas VOID", "-ERR ");
    expect(fd, "PING", "+PONG");
    stop();
}

Test(options, debug_mallctl_answers_the_old_text_and_calls_what_has_none, .timeout = 60)
{
    char *info;

    start(NULL, NULL);
    info = socket_ask(fd, "INFO memory");
    if (strstr(info, "mem_allocator:jemalloc")) {
        expect(fd, "DEBUG MALLCTL-STR arena.0.dss", "$9\r\nsecondary");
        expect(fd, "DEBUG MALLCTL-STR arena.0.dss disabled", "$9\r\nsecondary");
        expect(fd, "DEBUG MALLCTL-STR arena.0.dss nonsense", "$8\r\ndisabled");
        expect(fd, "DEBUG MALLCTL-STR arena.0.dss VOID", "$8\r\ndisabled");
        expect(fd, "DEBUG MALLCTL-STR thread.tcache.flush", "-ERR Operation not permitted");
        expect(fd, "DEBUG MALLCTL-STR thread.tcache.flush x",
               "-ERR Operation not permitted");
        expect(fd, "DEBUG MALLCTL-STR thread.tcache.flush VOID", "+OK");
    }
    free(info);
    stop();
}
