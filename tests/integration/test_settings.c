/* SPDX-License-Identifier: MIT
 * tests/integration/test_settings.c - CONFIG: what is set has an effect, all or
 * nothing, and survives a rewrite. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd;

SERVER_SUITE(settings, 60, server_open(NULL, &fd, NULL));

Test(settings, are_set_together_or_not_at_all)
{
    expect(fd, "CONFIG SET hz 50 timeout 9", "+OK");
    expect(fd, "CONFIG GET hz", "*2\r\n$2\r\nhz\r\n$2\r\n50");
    expect_start(
        fd, "CONFIG SET hz 60 timeout x maxmemory 1gb",
        "-ERR CONFIG SET failed "
        "(possibly related to argument 'timeout') - argument couldn't be parsed into "
        "an integer");
    expect(fd, "CONFIG GET hz", "*2\r\n$2\r\nhz\r\n$2\r\n50");
    expect(fd, "CONFIG GET maxmemory", "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0");
    expect(fd, "CONFIG SET nosuch 1",
           "-ERR Unknown option or number of arguments for CONFIG "
           "SET - 'nosuch'");
    expect_start(fd, "CONFIG SET daemonize yes",
                 "-ERR CONFIG SET failed (possibly related to "
                 "argument 'daemonize') - can't set immutable config");
    expect_start(fd, "CONFIG SET dir /tmp", "-ERR CONFIG SET failed (possibly related to "
                 "argument 'dir') - can't set protected config");
    expect(fd, "CONFIG SET hz",
           "-ERR wrong number of arguments for 'config|set' command");
}

Test(settings, of_what_is_not_there_are_refused)
{
    char *log;

    expect(fd, "CONFIG SET activedefrag yes",
           "-ERR CONFIG SET failed (possibly related to argument 'activedefrag') - Active "
           "defragmentation cannot be enabled: it requires a Redis server compiled with a "
           "modified Jemalloc like the one shipped by default with the Redis source "
           "distribution");
    expect(fd, "CONFIG SET appendonly yes",
           "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to "
           "turn on AOF. Check server logs.");
    expect(fd, "CONFIG SET tls-port 1",
           "-ERR CONFIG SET failed (possibly related to argument 'tls-port') - Unable to "
           "update TLS configuration. Check server logs.");
    expect_start(fd, "CONFIG SET hz 60 tls-replication yes", "-ERR CONFIG SET failed");
    expect_start(fd, "CONFIG SET tls-cluster yes", "-ERR CONFIG SET failed");
    expect(fd, "CONFIG GET tls-port", "*2\r\n$8\r\ntls-port\r\n$1\r\n0");
    expect(fd, "CONFIG GET activedefrag", "*2\r\n$12\r\nactivedefrag\r\n$2\r\nno");
    expect(fd, "CONFIG GET hz", "*2\r\n$2\r\nhz\r\n$2\r\n10");
    expect(fd, "CONFIG SET tls-port 0 activedefrag no appendonly no", "+OK");
    expect(fd, "CONFIG SET min-replicas-to-write 1", "+OK");
    log = file_text(server->log);
    cr_expect(strstr(log, "# WARNING The option min-replicas-to-write was set, but its "
                     "feature is not part of this version\n"), "%s", log);
    free(log);
}

Test(settings, of_memory_stop_growth_and_let_it_go_on)
{
    char request[80];

    expect(fd, "SET k v", "+OK");
    expect(fd, "CONFIG SET maxmemory 1", "+OK");
    expect(fd, "SET k2 v", "-OOM command not allowed when used memory > 'maxmemory'.");
    expect(fd, "APPEND k v", "-OOM command not allowed when used memory > 'maxmemory'.");
    expect(fd, "GET k", "$1\r\nv");
    expect(fd, "DEL k", ":1");
    snprintf(request, sizeof request, "CONFIG SET maxmemory %lld",
             info_number(fd, "used_memory") + 1000000);
    expect(fd, request, "+OK");
    expect(fd, "SET k2 v", "+OK");
    expect(fd, "CONFIG SET maxmemory 1", "+OK");
    expect(fd, "CONFIG SET maxmemory-policy allkeys-lru", "+OK");
    expect_soon(fd, "DBSIZE", ":0");
    expect(fd, "CONFIG SET maxmemory 0", "+OK");
    expect(fd, "SET k2 v", "+OK");
}

Test(settings, of_counters_go_back_with_resetstat)
{
    expect(fd, "SET k v PX 1", "+OK");
    expect(fd, "GET none", "$-1");
    expect(fd, "NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: ");
    cr_expect(info_reaches(fd, "expired_keys", 1));
    cr_expect_geq(info_number(fd, "keyspace_misses"), 1);
    expect(fd, "CONFIG RESETSTAT", "+OK");
    cr_expect_eq(info_number(fd, "expired_keys"), 0);
    cr_expect_eq(info_number(fd, "keyspace_misses"), 0);
    cr_expect_eq(info_number(fd, "total_error_replies"), 0);
    cr_expect_eq(info_number(fd, "total_connections_received"), 0);
    expect(fd, "INFO errorstats", "$14\r\n# Errorstats\r\n");
    cr_expect_leq(info_number(fd, "total_commands_processed"), 7);
}

/* --- rewriting --- */

static char file[128];

static void
start_with_file(const char *text)
{
    const char *args[] = { file, NULL, NULL };
    static char dir[64];
    FILE *f;

    if (!*dir) {
        strcpy(dir, "/tmp/ignis-conf-XXXXXX");
        cr_assert_not_null(mkdtemp(dir));
        snprintf(file, sizeof file, "%s/my.conf", dir);
    }
    if (text) {
        f = fopen(file, "w");
        fprintf(f, text, dir);
        fclose(f);
    }
    server = server_spawn(args);
    snprintf(server->socket, sizeof server->socket, "%s/s", dir);
    for (int i = 0; i < 1000 && access(server->socket, F_OK) != 0; i++)
        cr_assert_eq(server_wait(server, 10), -1, "%s", file_text(server->log));
    fd = server_connect_unix(server);
}

Test(settings, are_rewritten_into_the_file_that_was_read_and_hold_after_a_restart)
{
    char *text;

    tear_down();
    start_with_file("# my own words\nport 0\nunixsocket %s/s\n\nmaxmemory 10mb\n"
                    "slave-read-only no\nTIMEOUT 5\n# the end\n");
    expect(fd, "CONFIG SET maxmemory 20mb hz 33 save '60 1 30 2' requirepass 'a \"b'",
           "+OK");
    expect(fd, "CONFIG SET timeout 0 client-output-buffer-limit 'pubsub 1mb 2mb 3'",
           "+OK");
    expect(fd, "CONFIG REWRITE", "+OK");
    text = file_text(file);
    cr_expect_eq(strncmp(text, "# my own words\nport 0\nunixsocket ", 33), 0, "%s", text);
    cr_expect(strstr(text, "\n\nmaxmemory 20mb\n"), "%s", text);
    cr_expect(strstr(text, "# the end\n"), "%s", text);
    cr_expect(strstr(text, "# Generated by CONFIG REWRITE\n"), "%s", text);
    free(text);
    tear_down();
    start_with_file(NULL);
    expect(fd, "AUTH 'a \"b'", "+OK");
    expect(fd, "CONFIG GET maxmemory", "*2\r\n$9\r\nmaxmemory\r\n$8\r\n20971520");
    expect(fd, "CONFIG GET hz", "*2\r\n$2\r\nhz\r\n$2\r\n33");
    expect(fd, "CONFIG GET save", "*2\r\n$4\r\nsave\r\n$9\r\n60 1 30 2");
    expect(fd, "CONFIG GET timeout", "*2\r\n$7\r\ntimeout\r\n$1\r\n0");
    expect(fd, "CONFIG GET replica-read-only",
           "*2\r\n$17\r\nreplica-read-only\r\n$2\r\nno");
    expect_part(fd, "CONFIG GET client-output-buffer-limit", "pubsub 1048576 2097152 3");
    expect(fd, "CONFIG REWRITE", "+OK");
    *strrchr(file, '/') = '\0';
    setenv("T", file, 1);
    tear_down();
    cr_expect_eq(system("rm -rf \"$T\""), 0);
    set_up();
}

Test(settings, cannot_be_rewritten_without_a_file)
{
    expect(fd, "CONFIG REWRITE", "-ERR The server is running without a config file");
}
