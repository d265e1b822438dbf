/* SPDX-License-Identifier: MIT
 * tests/faults/test_hostile_values.c - numbers at the edges of their types, texts far
 * longer than sense, patterns that explode: classes of faults that other servers
 * shipped.  The answer is an error or a small reply, never the end or a long wait. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/server.h"
#include "support/talk.h"

#define TOO_LONG "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
#define BAD_OFFSET "-ERR bit offset is not an integer or out of range"
#define NO_INTEGER "-ERR value is not an integer or out of range"

static struct test_server *server;
static int fd;

/* A sanitizer must answer a huge request for memory as malloc does. */
static void
begin(void)
{
    setenv("ASAN_OPTIONS", "allocator_may_return_null=1", 1);
    server = server_open((const char *[]){ "--enable-debug-command", "yes", NULL }, &fd,
                         NULL);
    socket_patience(fd, 60000);
}

static void
end(void)
{
    expect(fd, "PING", "+PONG");
    server_stop(server);
}

TestSuite(hostile_values, .init = begin, .fini = end, .timeout = 120);

static const char *const cases[][2] = {
    { "SETRANGE k 4294967295 x", TOO_LONG },
    { "SETRANGE k 4294967296 x", TOO_LONG },
    { "SETRANGE k 536870912 x", TOO_LONG },
    { "SETRANGE k 9223372036854775807 x", TOO_LONG },
    { "SETRANGE k -1 x", "-ERR offset is out of range" },
    { "SETRANGE k -9223372036854775808 x", "-ERR offset is out of range" },
    { "SETRANGE k 9223372036854775807 \"\"", ":0" },
    { "SETBIT k 4294967296 1", BAD_OFFSET },
    { "SETBIT k 9223372036854775807 1", BAD_OFFSET },
    { "SETBIT k -9223372036854775808 1", BAD_OFFSET },
    { "GETBIT k 4294967295", ":0" },
    { "BITFIELD k SET i64 #67108864 1", BAD_OFFSET },
    { "BITFIELD k SET u8 #9223372036854775807 1", BAD_OFFSET },
    { "BITFIELD k INCRBY i64 -1 1", BAD_OFFSET },
    { "BITFIELD k GET i64 4294967295", "*1\r\n:0" },
    { "EXISTS k", ":0" },
    { "SET s abc", "+OK" },
    { "GETRANGE s -9223372036854775808 9223372036854775807", "$3\r\nabc" },
    { "GETRANGE s 9223372036854775807 -9223372036854775808", "$0\r\n" },
    { "GETRANGE s -1 -9223372036854775808", "$0\r\n" },
    { "BITCOUNT s -9223372036854775808 9223372036854775807", ":10" },
    { "BITCOUNT s 9223372036854775807 9223372036854775807 BIT", ":0" },
    { "BITPOS s 1 -9223372036854775808 9223372036854775807 BIT", ":1" },
    { "BITPOS s 0 9223372036854775807", ":-1" },
    { "MSETNX a 1 a 2", ":1" },
    { "GET a", "$1\r\n2" },
    { "INCRBYFLOAT f nan", "-ERR value is not a valid float" },
    { "INCRBYFLOAT f inf", "-ERR increment would produce NaN or Infinity" },
    { "INCRBYFLOAT f -inf", "-ERR increment would produce NaN or Infinity" },
    { "INCRBYFLOAT f 1e5000", "-ERR value is not a valid float" },
    { "SET n 9223372036854775807", "+OK" },
    { "INCR n", "-ERR increment or decrement would overflow" },
    { "DECRBY n -9223372036854775808", "-ERR decrement would overflow" },
    { "EXPIRE s 9223372036854775807", "-ERR invalid expire time in 'expire' command" },
    { "PEXPIRE s 9223372036854775807", "-ERR invalid expire time in 'pexpire' command" },
    { "EXPIREAT s -9223372036854775808", "-ERR invalid expire time in 'expireat' command" },
    { "SET s v EX 9223372036854775807", "-ERR invalid expire time in 'set' command" },
    { "PEXPIREAT s 9223372036854775807", ":1" },
    { "PEXPIRETIME s", ":9223372036854775807" },
    { "SELECT 2147483648", "-ERR value is out of range, value must between -2147483648 and "
                           "2147483647" },
    { "SWAPDB -1 0", "-ERR DB index is out of range" },
    { "MOVE s -9223372036854775808", "-ERR value is out of range, value must between "
                                     "-2147483648 and 2147483647" },
    { "SCAN 18446744073709551616", "-ERR invalid cursor" },
    { "SCAN 18446744073709551615", "*2\r\n$1\r\n0\r\n*0" },
    { "SCAN 0 COUNT -9223372036854775808", "-ERR syntax error" },
    { "SCAN 0 COUNT 9223372036854775807 MATCH x*", "*2\r\n$1\r\n0\r\n*0" },
    { "SLOWLOG GET -2", "-ERR count should be greater than or equal to -1" },
    { "CLIENT KILL ID 18446744073709551617", "-ERR client-id should be greater than 0" },
    { "CLIENT PAUSE 9223372036854775807", "-ERR timeout is out of range" },
    { "CLIENT UNBLOCK -9223372036854775808", ":0" },
    { "CLIENT SETNAME \"a\\x00b\"", "-ERR Client names cannot contain spaces, newlines or "
                                    "special characters." },
    { "COMMAND GETKEYS SET k", "-ERR Invalid number of arguments specified for command" },
    { "DEBUG POPULATE 1 x 9223372036854775807", "-ERR no memory for values of this size" },
    { "DEBUG HTSTATS 9223372036854775807", "-ERR Out of range database" },
    { "DEBUG ERROR \"a\\r\\n+OK\"", "-a  +OK" },
    { "MEMORY USAGE s SAMPLES 9223372036854775808", NO_INTEGER },
    { "HELLO 9223372036854775807", "-NOPROTO unsupported protocol version" },
};

Test(hostile_values, at_the_edges_of_numbers_are_answered)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(fd, cases[i][0], cases[i][1]);
}

/* The longest string there is: all of it addressable, not one byte more. */
Test(hostile_values, half_a_gigabyte_is_the_longest_string)
{
    expect(fd, "SETBIT b 4294967295 1", ":0");
    expect(fd, "STRLEN b", ":536870912");
    expect(fd, "APPEND b x", TOO_LONG);
    expect(fd, "SETRANGE b 536870911 \"\\x03\"", ":536870912");
    expect(fd, "SETRANGE b 536870911 xx", TOO_LONG);
    expect(fd, "BITCOUNT b", ":2");
    expect(fd, "BITPOS b 1", ":4294967294");
    expect(fd, "BITPOS b 1 -1 -1 BIT", ":4294967295");
    expect(fd, "GETRANGE b -1 -1", "$1\r\n\3");
    expect_start(fd, "LCS b b LEN", "-ERR Insufficient memory");
    expect(fd, "BITFIELD b GET u2 4294967294", "*1\r\n:3");
    expect(fd, "UNLINK b", ":1");
}

/* A table for two of 64 KB would fill 16 GB. */
Test(hostile_values, a_common_subsequence_of_long_strings_is_refused)
{
    expect(fd, "SETRANGE a 65535 x", ":65536");
    expect(fd, "SETRANGE b 65535 y", ":65536");
    expect_start(fd, "LCS a b", "-ERR Insufficient memory");
    expect_start(fd, "LCS a b IDX", "-ERR Insufficient memory");
}

Test(hostile_values, numbers_of_five_thousand_digits_are_no_numbers)
{
    char *request = malloc(6000), *digits = request + sprintf(request, "INCRBYFLOAT f ");

    memset(digits, '9', 5200);
    digits[5200] = '\0';
    expect(fd, request, "-ERR value is not a valid float");
    memcpy(request, "SET f         ", 14);
    expect(fd, request, "+OK");
    expect(fd, "INCRBYFLOAT f 1", "-ERR value is not a valid float");
    expect(fd, "INCR f", NO_INTEGER);
    expect(fd, "SET f 1e4932", "+OK");
    expect_start(fd, "INCRBYFLOAT f 1", "$4933\r\n1000");
    expect(fd, "INCRBYFLOAT f 1e4932", "-ERR increment would produce NaN or Infinity");
    expect(fd, "STRLEN f", ":4933");
    free(request);
}

/* unit repeated to 50 KB, matched against a key that almost fits. */
static void
try_pattern(const char *unit)
{
    static const char *const formats[] = {
        "KEYS %sb", "SCAN 0 MATCH %sb", "CONFIG GET %sb", "COMMAND LIST FILTERBY PATTERN %sb",
    };
    static const char *const nothing[] = { "*0", "*2\r\n$1\r\n0\r\n*0", "*0", "*0" };
    char *pattern = calloc(1, 60000), *request = malloc(61000);
    size_t len = strlen(unit);

    for (size_t at = 0; at + len < 50000; at += len)
        memcpy(pattern + at, unit, len);
    for (int i = 0; i < 4; i++) {
        snprintf(request, 61000, formats[i], pattern);
        expect(fd, request, nothing[i]);
    }
    free(pattern);
    free(request);
}

Test(hostile_values, patterns_that_explode_elsewhere_are_quick_here)
{
    char *set = malloc(60000), *key = set + sprintf(set, "SET ");

    memset(key, 'a', 50000);
    strcpy(key + 50000, " v");
    expect(fd, set, "+OK");
    try_pattern("*?");
    try_pattern("*a");
    try_pattern("a*");
    try_pattern("[");
    try_pattern("\\");
    try_pattern("*[^b]");
    free(set);
}

Test(hostile_values, options_keep_what_they_had_when_nonsense_is_set)
{
    static const char *const refused[] = {
        "client-output-buffer-limit 'bogus 1 1 1'", "client-output-buffer-limit 'normal 1 1'",
        "client-output-buffer-limit 'normal -1 0 0'", "maxmemory -1", "maxmemory 101%",
        "hz 99999999999999999999", "maxclients 0", "proto-max-bulk-len 1", "port 65536",
        "save '-1 -1'", "notify-keyspace-events Q", "masteruser \"a\\x00b\"",
        "slowlog-max-len -1", "databases 1", "dir /tmp", "latency-tracking-info-percentiles nan",
        "oom-score-adj-values '9999 0 0'", "proc-title-template {x", "nosuchoption 1",
    };
    char request[6000], *was = socket_ask(fd, "CONFIG GET *"), *is;

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        snprintf(request, sizeof request, "CONFIG SET %s", refused[i]);
        expect_start(fd, request, "-ERR ");
    }
    strcpy(request, "CONFIG SET bind ");
    memset(request + 16, 'x', 5000);
    request[5016] = '\0';
    expect_start(fd, request, "-ERR CONFIG SET failed");
    expect(fd, "CONFIG GET maxmemory", "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0");
    is = socket_ask(fd, "CONFIG GET *");
    cr_expect_str_eq(was, is);
    free(was);
    free(is);
}
