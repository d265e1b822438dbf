/* SPDX-License-Identifier: MIT
 * tests/integration/test_resp3.c - the same question in both protocols: HELLO, and
 * every type of reply. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd;
static struct test_server *redis;
static const char *const server_args[] = { "--enable-debug-command", "yes", NULL };

SERVER_SUITE(resp3, 60, server_open(server_args, &fd, NULL));

static const char greeting[] =
    "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n"
    ":%d\r\n"
    "$2\r\nid\r\n:%lld\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\n"
    "master\r\n"
    "$7\r\nmodules\r\n*0";

static void
expect_greeting(const char *request, int proto)
{
    long long id = ask_number(fd, "CLIENT ID");
    char want[400];
    int n = sprintf(want, proto == 3 ? "%%7\r\n" : "*14\r\n");

    snprintf(want + n, sizeof want - (size_t)n, greeting, proto, id);
    expect(fd, request, want);
}

Test(resp3, hello_greets_in_the_protocol_it_switches_to)
{
    expect_greeting("HELLO", 2);
    expect_greeting("HELLO 3", 3);
    expect_greeting("HELLO", 3);
    expect_greeting("hello 2", 2);
}

Test(resp3, hello_names_the_session)
{
    expect_greeting("HELLO 3 SETNAME me", 3);
    expect(fd, "CLIENT GETNAME", "$2\r\nme");
    expect_greeting("HELLO 2 setname you", 2);
    expect(fd, "CLIENT GETNAME", "$3\r\nyou");
}

/* An error changes nothing: neither protocol nor name. */
Test(resp3, a_hello_that_fails_changes_nothing)
{
    expect(fd, "HELLO 4", "-NOPROTO unsupported protocol version");
    expect(fd, "HELLO 1", "-NOPROTO unsupported protocol version");
    expect(fd, "HELLO x", "-ERR Protocol version is not an integer or out of range");
    expect(fd, "HELLO 3 SETNAME", "-ERR Syntax error in HELLO option 'SETNAME'");
    expect(fd, "HELLO 3 nosuch", "-ERR Syntax error in HELLO option 'nosuch'");
    expect(fd, "HELLO 3 SETNAME x AUTH a", "-ERR Syntax error in HELLO option 'AUTH'");
    expect_start(fd, "HELLO 3 SETNAME 'a b'", "-ERR Client names cannot contain spaces");
    expect_start(fd, "HELLO 3 SETNAME x AUTH default wrong AUTH", "-ERR Syntax error");
    expect(fd, "CLIENT GETNAME", "$-1");
    expect(fd, "GET none", "$-1");
}

Test(resp3, writes_each_type_its_own_way)
{
    static const struct { const char *request, *two, *three; } types[] = {
        { "DEBUG PROTOCOL string", "$11\r\nHello World", "$11\r\nHello World" },
        { "DEBUG PROTOCOL integer", ":12345", ":12345" },
        { "DEBUG PROTOCOL double", "$5\r\n3.141", ",3.141" },
        { "DEBUG PROTOCOL null", "$-1", "_" },
        { "DEBUG PROTOCOL array", "*3\r\n:0\r\n:1\r\n:2", "*3\r\n:0\r\n:1\r\n:2" },
        { "DEBUG PROTOCOL set", "*3\r\n:0\r\n:1\r\n:2", "~3\r\n:0\r\n:1\r\n:2" },
        { "DEBUG PROTOCOL map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0",
          "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f" },
        { "DEBUG PROTOCOL true", ":1", "#t" },
        { "DEBUG PROTOCOL false", ":0", "#f" },
        { "DEBUG PROTOCOL verbatim", "$25\r\nThis is a verbatim\nstring",
          "=29\r\ntxt:This is a verbatim\nstring" },
        { "GET none", "$-1", "_" },
        { "MGET none none", "*2\r\n$-1\r\n$-1", "*2\r\n_\r\n_" },
        { "CLIENT GETNAME", "$-1", "_" },
        { "CONFIG GET port-none", "*0", "%0" },
        { "CONFIG GET maxmemory", "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0",
          "%1\r\n$9\r\nmaxmemory\r\n$1\r\n0" },
        { "SCAN 0", "*2\r\n$1\r\n0\r\n*0", "*2\r\n$1\r\n0\r\n*0" },
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect(fd, types[i].request, types[i].two);
    free(socket_ask(fd, "HELLO 3"));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect(fd, types[i].request, types[i].three);
}

Test(resp3, gives_texts_for_people_verbatim)
{
    expect_start(fd, "INFO", "$");
    expect_start(fd, "CLIENT LIST", "$");
    free(socket_ask(fd, "HELLO 3"));
    expect_part(fd, "INFO", "txt:# Server\r\n");
    expect_start(fd, "INFO", "=");
    expect_start(fd, "CLIENT LIST", "=");
    expect_start(fd, "CLIENT INFO", "=");
    expect_start(fd, "LOLWUT", "=");
    expect_start(fd, "LOLWUT VERSION 5", "=");
    expect_start(fd, "MEMORY DOCTOR", "=");
    expect_start(fd, "LATENCY DOCTOR", "=");
}

/* Redis drew two pictures, for its versions 5 and 6. */
Test(resp3, lolwut_draws_for_versions_that_have_a_picture)
{
    static const char *const plain[] = {
        "LOLWUT", "LOLWUT 10", "LOLWUT x 5", "LOLWUT VERSION", "LOLWUT VERSION 1",
        "LOLWUT VERSION 7 x", "LOLWUT VERSION -1",
    };
    char *shown;

    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        shown = ask_text(fd, plain[i]);
        cr_expect(strncmp(shown, "Redis ver. ", 11) == 0, "%s: %s", plain[i], shown);
        cr_expect_str_eq(strchr(shown, '\n'), "\n", "%s: %s", plain[i], shown);
        free(shown);
    }
    for (int version = 5; version <= 6; version++) {
        shown = ask_text(fd, version == 5 ? "LOLWUT VERSION 5 30 20 1"
                                          : "LOLWUT VERSION 6 30 20");
        cr_expect_eq(strcspn(shown, "\n"), 30, "%s", shown);
        cr_expect(strstr(shown, "\nRedis ver. "), "%s", shown);
        free(shown);
    }
}

/* Requests whose whole reply can be compared with redis-server's in both protocols. */
static const char *const same[] = {
    "LOLWUT VERSION x",
    "LOLWUT VERSION 5 1 1 x",
    "LOLWUT VERSION 6 1 x",
    "GET none",
    "SET k v",
    "SET k v GET",
    "SET k w NX GET",
    "MGET k none",
    "GETDEL none",
    "EXISTS k none",
    "TTL k",
    "TYPE k",
    "OBJECT ENCODING k",
    "OBJECT ENCODING none",
    "OBJECT FREQ none",
    "COPY k l",
    "LCS k l IDX",
    "LCS k l LEN",
    "INCRBYFLOAT f 1.5",
    "BITFIELD b GET u8 0 OVERFLOW FAIL INCRBY u2 0 7",
    "BITFIELD_RO b GET u8 0",
    "SCAN 0 TYPE none",
    "KEYS none*",
    "CONFIG GET hz",
    "CONFIG SET hz 0",
    "COMMAND COUNT x",
    "COMMAND GETKEYS SET a b",
    "COMMAND GETKEYSANDFLAGS SET a b",
    "COMMAND INFO get nosuch",
    "COMMAND DOCS nosuch",
    "COMMAND LIST FILTERBY PATTERN mge*",
    "CLIENT GETNAME",
    "CLIENT KILL 1:1",
    "CLIENT KILL ID 99999",
    "CLIENT REPLY x",
    "SLOWLOG GET",
    "SLOWLOG LEN",
    "LATENCY LATEST",
    "LATENCY HISTORY x",
    "LATENCY RESET",
    "LATENCY HISTOGRAM nosuch",
    "MEMORY USAGE none",
    "MODULE LIST",
    "ROLE",
    "RANDOMKEY x",
    "DBSIZE",
    "DEBUG OBJECT none",
    "DEBUG PROTOCOL push",
    "DEBUG PROTOCOL attrib",
    "DEBUG PROTOCOL bignum",
    "DEBUG PROTOCOL nosuch",
    "GETEX none",
    "EXPIRETIME k",
    "SUBSTR k 0 0",
    "SWAPDB 0 99",
    "HELLO 3 nosuch",
    "RESET x",
    "SELECT 3",
    "RESET",
    "GET none",
};

Test(resp3, replies_are_those_of_redis_in_both_protocols)
{
    static const char *const args[] = { "--enable-debug-command", "yes", NULL };
    static const char *const hello[] = { "HELLO 2", "HELLO 3" };

    redis = server_open_redis(args, NULL);
    for (int p = 0; p < 2; p++) {
        int other = server_connect(redis);

        free(socket_ask(fd, hello[p]));
        free(socket_ask(other, hello[p]));
        for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
            char *a = socket_ask(fd, same[i]), *b = socket_ask(other, same[i]);

            cr_expect_str_eq(a, b, "%s: %s\nours %s\nredis %s", hello[p], same[i], a, b);
            free(a);
            free(b);
        }
        close(other);
    }
    server_stop(redis);
}
