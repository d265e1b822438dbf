/* SPDX-License-Identifier: MIT
 * tests/integration/test_monitor.c - MONITOR: every command as it is carried out, and
 * no secret among them. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static struct test_server *server;
static int fd, watcher;

static void
start(const char *password)
{
    const char *args[] = { password ? "--requirepass" : NULL, password, NULL };

    server = server_open(args, &fd, &watcher, NULL);
}

static void
stop(void)
{
    server_stop(server);
}

/* The next line without its time stamp, which is checked, and with the port written
 * as PORT; caller frees. */
static char *
line_of(int from)
{
    char *raw = socket_reply(from, NULL), *at = raw, *colon;

    cr_assert_not_null(raw, "nothing more is monitored");
    cr_assert_eq(*at++, '+', "%s", raw);
    while (isdigit((unsigned char)*at))
        at++;
    cr_assert(at - raw > 9 && *at == '.' && strspn(at + 1, "0123456789") == 6
              && at[7] == ' ' && at[8] == '[', "%s", raw);
    memmove(raw, at + 8, strlen(at + 8) + 1);
    raw[strcspn(raw, "\r")] = '\0';
    colon = strstr(raw, "127.0.0.1:");
    if (colon) {
        at = colon + 10 + strspn(colon + 10, "0123456789");
        memmove(colon + 14, at, strlen(at) + 1);
        memcpy(colon + 10, "PORT", 4);
    }
    return raw;
}

static void
expect_line(const char *want)
{
    char *got = line_of(watcher);

    cr_expect_str_eq(got, want);
    free(got);
}

Test(monitor, shows_commands_of_others_with_database_and_address, .timeout = 60)
{
    start(NULL);
    expect(watcher, "MONITOR", "+OK");
    expect_part(fd, "CLIENT LIST", " flags=O ");
    expect(fd, "set a 1", "+OK");
    expect_line("[0 127.0.0.1:PORT] \"set\" \"a\" \"1\"");
    expect(fd, "SELECT 3", "+OK");
    free(line_of(watcher));
    expect(fd, "ECHO \"q\\\"b\\\\ \\n\\x00\\xff\"", "$8\r\nq\"b\\ \n");
    expect_line("[3 127.0.0.1:PORT] \"ECHO\" \"q\\\"b\\\\ \\n\\x00\\xff\"");
    stop();
}

Test(monitor, shows_the_path_of_unix_sockets, .timeout = 60)
{
    char want[200];
    int local;

    start(NULL);
    local = server_connect_unix(server);
    expect(watcher, "MONITOR", "+OK");
    expect(local, "GET k", "$-1");
    snprintf(want, sizeof want, "[0 unix:%s] \"GET\" \"k\"", server->socket);
    expect_line(want);
    close(local);
    stop();
}

Test(monitor, hides_secrets_and_administration, .timeout = 60)
{
    start("secret");
    expect(watcher, "AUTH secret", "+OK");
    expect(watcher, "MONITOR", "+OK");
    expect(fd, "AUTH secret", "+OK");
    expect(fd, "AUTH default secret", "+OK");
    expect_start(fd, "HELLO 3 AUTH default secret SETNAME x", "%7");
    expect(fd, "CONFIG SET requirepass secret2", "+OK");
    expect(fd, "CONFIG SET maxmemory 0", "+OK");
    expect(fd, "ECHO last", "$4\r\nlast");
    for (char *got = line_of(watcher);; got = line_of(watcher)) {
        bool last = strstr(got, "\"last\"");

        cr_expect_null(strstr(got, "secret"), "%s", got);
        cr_expect_null(strstr(got, "CONFIG"), "%s", got);
        free(got);
        if (last)
            break;
    }
    stop();
}

/* The same commands to both servers: the same lines. */
Test(monitor, lines_are_those_of_redis, .timeout = 60)
{
    static const char text[] =
        "SET k v\r\nGET\r\nNOSUCH\r\nget k\r\nSELECT 2\r\nPING\r\nSELECT 99\r\n"
        "AUTH x y\r\n"
        "HELLO 3 AUTH a b\r\nHELLO 2\r\nCLIENT SETNAME n\r\nCLIENT ID\r\n"
        "CONFIG GET port\r\n"
        "COMMAND COUNT\r\nSLOWLOG LEN\r\nDBSIZE\r\nINFO nosuch\r\nINCR k\r\nINCR none\r\n"
        "OBJECT ENCODING none\r\nLATENCY LATEST\r\nRESET\r\nSWAPDB 0 1\r\nMONITOR x\r\n"
        "COPY a b DB 3\r\nFLUSHALL\r\nROLE\r\nTIME\r\nMEMORY USAGE x\r\n"
        "ECHO \"\"\r\nQUIT\r\n";
    struct test_server *redis;
    int eye, to;

    redis = server_open_redis(NULL, &eye, &to, NULL);
    start(NULL);
    expect(watcher, "MONITOR", "+OK");
    expect(eye, "MONITOR", "+OK");
    visit(server, &fd, text);
    visit(redis, &to, text);
    expect(fd, "ECHO end", "$3\r\nend");
    expect(to, "ECHO end", "$3\r\nend");
    for (bool last = false; !last;) {
        char *a = line_of(watcher), *b = line_of(eye);

        cr_expect_str_eq(a, b, "ours %s, redis %s", a, b);
        last = strstr(a, "\"end\"") || strstr(b, "\"end\"");
        free(a);
        free(b);
    }
    server_stop(redis);
    stop();
}

Test(monitor, ends_with_reset_and_with_the_connection, .timeout = 60)
{
    start(NULL);
    expect(watcher, "MONITOR", "+OK");
    expect(watcher, "RESET", "+RESET");
    expect(fd, "PING", "+PONG");
    expect_silence(watcher, 30);
    expect(watcher, "MONITOR", "+OK");
    close(watcher);
    for (int i = 0; i < 100; i++)
        expect(fd, "PING", "+PONG");
    watcher = server_connect(server);
    stop();
}

/* As a replica's: what it does would stand among what it sees. */
Test(monitor, connections_do_not_use_the_keyspace, .timeout = 60)
{
    static const char no[] = "-ERR Replica can't interact with the keyspace";

    start(NULL);
    expect(fd, "SET k v", "+OK");
    expect(watcher, "MONITOR", "+OK");
    expect(watcher, "GET k", no);
    expect(watcher, "SET k w", no);
    expect(watcher, "DEL k", no);
    expect(watcher, "DBSIZE", no);
    expect(watcher, "FLUSHALL", no);
    expect(watcher, "GET", "-ERR wrong number of arguments for 'get' command");
    expect(watcher, "PING", "+PONG");
    expect_line("[0 127.0.0.1:PORT] \"PING\"");
    expect(watcher, "RESET", "+RESET");
    expect(watcher, "GET k", "$1\r\nv");
    expect(fd, "GET k", "$1\r\nv");
    stop();
}

/* Who monitors and does not read is in danger, not the server. */
Test(monitor, drops_a_watcher_that_does_not_read, .timeout = 60)
{
    char burst[60000];
    long long end = test_ms() + 20000;
    int small = 4096;

    start(NULL);
    memset(burst, 'x', sizeof burst);
    memcpy(burst, "ECHO ", 5);
    memcpy(burst + sizeof burst - 2, "\r\n", 2);
    setsockopt(watcher, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    expect(fd, "CONFIG SET client-output-buffer-limit 'normal 5mb 0 0'", "+OK");
    expect(watcher, "MONITOR", "+OK");
    while (info_number(fd, "connected_clients") > 1 && test_ms() < end) {
        socket_send(fd, burst, sizeof burst);
        free(socket_reply(fd, NULL));
    }
    cr_expect_eq(info_number(fd, "connected_clients"), 1);
    expect_part(fd, "INFO stats", "client_output_buffer_limit_disconnections:1\r\n");
    stop();
}
