/* SPDX-License-Identifier: MIT
 * tests/integration/test_client_commands.c - CLIENT: sessions look at, name, mute and
 * end each other. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, other;

SERVER_SUITE(client_commands, 60, server_open(NULL, &fd, &other, NULL));

/* The word after `name=` in a line of CLIENT LIST; caller frees. */
static char *
field(int from, const char *request, const char *name)
{
    char *line = ask_text(from, request), *at = strstr(line, name), *out;

    cr_assert_not_null(at, "%s: no %s in %s", request, name, line);
    at += strlen(name);
    out = strndup(at, strcspn(at, " \n"));
    free(line);
    return out;
}

static void
format(char *out, size_t size, const char *with, const char *word)
{
    snprintf(out, size, with, word);
}

Test(client_commands, list_has_the_fields_that_parsers_expect_in_their_order)
{
    static const char *const names[] = {
        "id=",
        " addr=127.0.0.1:",
        " laddr=127.0.0.1:",
        " fd=",
        " name=",
        " age=",
        " idle=",
        " flags=N",
        " db=0",
        " sub=0",
        " psub=0",
        " ssub=0",
        " multi=-1",
        " qbuf=",
        " qbuf-free=",
        " argv-mem=",
        " multi-mem=0",
        " rbs=",
        " rbp=",
        " obl=0",
        " oll=0",
        " omem=0",
        " tot-mem=",
        " events=r",
        " cmd=client|list",
        " user=default",
        " redir=-1",
        " resp=2",
    };
    char *list = ask_text(fd, "CLIENT LIST"), *at = list;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        at = strstr(at, names[i]);
        cr_assert_not_null(at, "no %s in its place: %s", names[i], list);
    }
    cr_expect_eq(list[strlen(list) - 1], '\n');
    free(list);
}

Test(client_commands, list_finds_sessions_by_id_and_type)
{
    long long a = ask_number(fd, "CLIENT ID"), b = ask_number(other, "CLIENT ID");
    char request[64], want[32];

    cr_expect_gt(b, a);
    snprintf(request, sizeof request, "CLIENT LIST ID %lld 77777", b);
    snprintf(want, sizeof want, "id=%lld ", b);
    expect_part(fd, request, want);
    expect(fd, "CLIENT LIST ID 77777", "$0\r\n");
    expect(fd, "CLIENT LIST TYPE pubsub", "$0\r\n");
    expect_part(fd, "CLIENT LIST TYPE NORMAL", want);
    expect(fd, "CLIENT LIST TYPE x", "-ERR Unknown client type 'x'");
    expect(fd, "CLIENT LIST ID", "-ERR syntax error");
    expect(fd, "CLIENT LIST ID x", "-ERR Invalid client ID");
    expect(fd, "CLIENT LIST ID 0", "$0\r\n");
    expect(fd, "CLIENT LIST nosuch", "-ERR syntax error");
}

Test(client_commands, info_tells_name_library_database_and_protocol)
{
    free(socket_ask(fd, "HELLO 3 SETNAME jim"));
    expect(fd, "CLIENT SETINFO lib-name mylib", "+OK");
    expect(fd, "CLIENT SETINFO LIB-VER 1.2", "+OK");
    expect(fd, "SELECT 7", "+OK");
    expect_part(fd, "CLIENT INFO", " name=jim ");
    expect_part(fd, "CLIENT INFO", " db=7 ");
    expect_part(fd, "CLIENT INFO", " resp=3 lib-name=mylib lib-ver=1.2\n");
    expect_part(fd, "CLIENT INFO", " cmd=client|info ");
    expect_start(fd, "CLIENT SETINFO lib-name 'a b'",
                 "-ERR lib-name cannot contain spaces");
    expect(fd, "CLIENT SETINFO nosuch x", "-ERR Unrecognized option 'nosuch'");
}

Test(client_commands, setname_takes_what_is_printable_and_empty_takes_it_back)
{
    expect(fd, "CLIENT GETNAME", "$-1");
    expect(fd, "CLIENT SETNAME name:1", "+OK");
    expect(fd, "CLIENT GETNAME", "$6\r\nname:1");
    expect_start(fd, "CLIENT SETNAME 'a b'",
                 "-ERR Client names cannot contain spaces, new");
    expect_start(fd, "CLIENT SETNAME \"a\\nb\"",
                 "-ERR Client names cannot contain spaces");
    expect(fd, "CLIENT GETNAME", "$6\r\nname:1");
    expect(fd, "CLIENT SETNAME ''", "+OK");
    expect(fd, "CLIENT GETNAME", "$-1");
}

Test(client_commands, kill_ends_the_sessions_its_filters_mean_and_no_other)
{
    char *address = field(other, "CLIENT INFO", " addr="), request[128];
    char *mine = field(fd, "CLIENT INFO", " laddr=");

    expect(fd, "CLIENT KILL ADDR 1.2.3.4:5", ":0");
    expect(fd, "CLIENT KILL 1.2.3.4:5", "-ERR No such client");
    expect(fd, "CLIENT KILL TYPE pubsub", ":0");
    expect(fd, "CLIENT KILL USER nobody", "-ERR No such user 'nobody'");
    expect(fd, "CLIENT KILL ID x", "-ERR client-id should be greater than 0");
    expect(fd, "CLIENT KILL SKIPME x ID 1", "-ERR syntax error");
    format(request, sizeof request, "CLIENT KILL ADDR %s TYPE pubsub", address);
    expect(fd, request, ":0");
    expect(other, "PING", "+PONG");
    format(request, sizeof request, "CLIENT KILL ADDR %s TYPE normal", address);
    expect(fd, request, ":1");
    cr_expect(socket_is_closed(other));
    close(other);
    other = server_connect(server);
    expect(other, "PING", "+PONG");
    format(request, sizeof request, "CLIENT KILL LADDR %s SKIPME yes", mine);
    expect(fd, request, ":1");
    cr_expect(socket_is_closed(other));
    expect(fd, "PING", "+PONG");
    free(address);
    free(mine);
}

/* Waits, with an end, until the session's age in CLIENT LIST is `age` seconds. */
static void
wait_for_age(long long id, const char *age)
{
    const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
    char request[64], *is = NULL;

    snprintf(request, sizeof request, "CLIENT LIST ID %lld", id);
    for (int i = 0; i < 500 && (is == NULL || strcmp(is, age) != 0); i++) {
        if (is)
            nanosleep(&moment, NULL);
        free(is);
        is = field(fd, request, " age=");
    }
    cr_assert_str_eq(is, age);
    free(is);
}

Test(client_commands, kill_by_maxage_ends_who_is_that_old_and_spares_who_is_younger)
{
    long long id = ask_number(other, "CLIENT ID");
    char request[96];

    expect(fd, "CLIENT KILL MAXAGE 0", "-ERR maxage should be greater than 0");
    expect(fd, "CLIENT KILL MAXAGE -5", "-ERR maxage should be greater than 0");
    expect(fd, "CLIENT KILL MAXAGE 1.5",
           "-ERR maxage is not an integer or out of range");
    expect(fd, "CLIENT KILL MAXAGE 9223372036854775808",
           "-ERR maxage is not an integer or out of range");
    expect(fd, "CLIENT KILL ID 1 MAXAGE", "-ERR syntax error");
    wait_for_age(id, "1");
    expect(fd, "CLIENT KILL MAXAGE 9223372036854775807 SKIPME no", ":0");
    expect(fd, "CLIENT KILL MAXAGE 1000 SKIPME no", ":0");
    expect(other, "PING", "+PONG");
    snprintf(request, sizeof request, "CLIENT KILL ID %lld MAXAGE 1", id + 1000);
    expect(fd, request, ":0");
    snprintf(request, sizeof request, "CLIENT KILL MAXAGE 1 ID %lld", id);
    expect(fd, request, ":1");
    cr_expect(socket_is_closed(other));
}

Test(client_commands, kill_of_oneself_is_answered_first)
{
    char *address = field(fd, "CLIENT INFO", " addr="), request[128];

    expect(fd, "CLIENT KILL USER default", ":1");
    cr_expect(socket_is_closed(other));
    format(request, sizeof request, "CLIENT KILL %s", address);
    expect(fd, request, "+OK");
    cr_expect(socket_is_closed(fd));
    free(address);
}

/* "CLIENT KILL" of who sends it; in a buffer that the next call uses again. */
static const char *
kill_of_oneself(void)
{
    static char request[64];

    snprintf(request, sizeof request, "CLIENT KILL ID %lld SKIPME no",
             ask_number(fd, "CLIENT ID"));
    return request;
}

Test(client_commands, kill_without_skipme_no_spares_the_caller_also_by_id)
{
    char request[64];

    snprintf(request, sizeof request, "CLIENT KILL ID %lld", ask_number(fd, "CLIENT ID"));
    expect(fd, request, ":0");
    expect(fd, kill_of_oneself(), ":1");
    cr_expect(socket_is_closed(fd));
}

/* It is done, as Redis does it. */
Test(client_commands, kill_of_oneself_hides_the_rest_of_exec)
{
    const char *request = kill_of_oneself();
    char *rest;
    size_t len;

    expect(fd, "MULTI", "+OK");
    expect(fd, "SET a 1", "+QUEUED");
    expect(fd, request, "+QUEUED");
    expect(fd, "SET a 2", "+QUEUED");
    socket_send_text(fd, "EXEC\r\nSET a 3\r\n");
    rest = socket_rest(fd, &len);
    cr_expect_str_eq(rest, "*3\r\n+OK\r\n:1\r\n");
    free(rest);
    expect(other, "GET a", "$1\r\n2");
}

Test(client_commands, kill_of_oneself_in_exec_is_not_spoken_of_again)
{
    const char *request = kill_of_oneself();
    char *rest;
    size_t len;

    expect(fd, "MULTI", "+OK");
    expect(fd, request, "+QUEUED");
    expect(fd, "CLIENT REPLY ON", "+QUEUED");
    expect(fd, "SUBSCRIBE news", "+QUEUED");
    expect(fd, "PING", "+QUEUED");
    socket_send_text(fd, "EXEC\r\n");
    rest = socket_rest(fd, &len);
    cr_expect_str_eq(rest, "*4\r\n:1\r\n");
    free(rest);
}

Test(client_commands, kill_drops_what_the_session_had_yet_to_run)
{
    char *address = field(other, "CLIENT INFO", " addr="), request[128];

    expect(fd, "CLIENT PAUSE 60000 WRITE", "+OK");
    socket_send_text(other, "SET k v\r\nPING\r\n");
    expect_soon(fd, "CLIENT UNBLOCK 0", ":0");
    format(request, sizeof request, "CLIENT KILL ADDR %s", address);
    test_nap(20);
    expect(fd, request, ":1");
    cr_expect(socket_is_closed(other));
    expect(fd, "CLIENT UNPAUSE", "+OK");
    expect(fd, "EXISTS k", ":0");
    free(address);
}

/* At once, though its connection is closed only when the requests of this read have run. */
Test(client_commands, kill_leaves_nobody_whom_the_next_command_counts_on)
{
    int waiter = server_connect(server);
    long long id = ask_number(waiter, "CLIENT ID");
    char ask[200], *info;

    expect_part(fd, "INFO clients", "connected_clients:3\r\n");
    snprintf(ask, sizeof ask, "CLIENT KILL ID %lld\r\nPUBLISH news x\r\nINFO clients\r\n",
             ask_number(other, "CLIENT ID"));
    expect_start(other, "SUBSCRIBE news", "*3\r\n$9\r\nsubscribe");
    socket_send_text(fd, ask);
    expect_next(fd, ":1");
    expect_next(fd, ":0");
    info = socket_reply(fd, NULL);
    cr_expect(strstr(info, "connected_clients:2\r\n"), "%s", info);
    free(info);
    socket_send_text(waiter, "BLPOP jobs 0\r\n");
    cr_assert(info_reaches(fd, "blocked_clients", 1));
    snprintf(ask, sizeof ask, "MULTI\r\nRPUSH jobs x\r\nCLIENT KILL ID %lld\r\n"
             "CLIENT UNBLOCK %lld\r\nCLIENT LIST ID %lld\r\nLLEN jobs\r\nEXEC\r\n"
             "LLEN jobs\r\n", id, id, id);
    socket_send_text(fd, ask);
    expect_next(fd, "+OK");
    for (int i = 0; i < 5; i++)
        expect_next(fd, "+QUEUED");
    expect_next(fd, "*5\r\n:1\r\n:1\r\n:0\r\n$0\r\n\r\n:1");
    expect_next(fd, ":1");
    close(waiter);
}

Test(client_commands, list_and_info_tell_the_bytes_of_the_request_that_runs)
{
    static const char list[] = "*2\r\n$6\r\nclient\r\n$4\r\nlist\r\n";
    char *line, *reply;
    char own[32];

    socket_send_text(fd, list);
    reply = socket_reply(fd, NULL);
    snprintf(own, sizeof own, " qbuf=%zu ", sizeof list - 1);
    cr_expect(strstr(reply, own), "no '%s' in %s", own, reply);
    cr_expect(strstr(reply, " argv-mem=10 "), "%s", reply);
    cr_expect(strstr(reply, " qbuf=0 qbuf-free=0 argv-mem=0 "), "the other: %s", reply);
    free(reply);
    line = ask_text(fd, "CLIENT INFO");
    cr_expect(strstr(line, " qbuf=13 "), "%s", line);
    cr_expect(strstr(line, " argv-mem=10 "), "%s", line);
    free(line);
}

/* --- REPLY --- */

/* What a session asked for last, as the other sees it. */
static void
expect_command(const char *request, const char *name)
{
    char *shown;

    free(socket_ask(fd, request));
    shown = field(other, "CLIENT LIST TYPE normal", " cmd=");
    cr_expect_str_eq(shown, name, "after %s", request);
    free(shown);
}

static void
expect_queued(const char *count)
{
    char *shown = field(other, "CLIENT LIST TYPE normal", " multi=");

    cr_expect_str_eq(shown, count);
    free(shown);
}

/* What is lost already is not kept. */
Test(client_commands, list_counts_queued_commands_until_the_transaction_is_lost)
{
    expect(fd, "MULTI", "+OK");
    expect(fd, "PING", "+QUEUED");
    expect_queued("1");
    expect_start(fd, "NOSUCH", "-ERR unknown command");
    expect(fd, "PING", "+QUEUED");
    expect_queued("1");
    expect_start(fd, "EXEC", "-EXECABORT");
    expect(fd, "WATCH w", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "PING", "+QUEUED");
    expect(other, "SET w 1", "+OK");
    expect(fd, "PING", "+QUEUED");
    expect_queued("1");
    expect_start(fd, "EXEC", "*-1");
    expect_queued("-1");
}

/* Also what was queued, refused or unknown. */
Test(client_commands, list_names_the_last_command_that_was_asked_for)
{
    expect_command("MULTI", "multi");
    expect_command("SET a b", "set");
    expect_command("CLIENT GETNAME", "client|getname");
    expect_command("GET", "get");
    expect_command("NOSUCH", "NULL");
    expect_command("EXEC", "exec");
    expect_command("GET", "get");
    expect_command("CLIENT NOSUCH", "NULL");
    expect_command("CONFIG", "config");
    expect_command("CONFIG GET", "config|get");
}

/* Who is subscribed is asked for by its own type. */
Test(client_commands, list_names_a_refused_command_of_a_subscriber)
{
    char *shown;

    expect_start(fd, "SUBSCRIBE c", "*3");
    expect_start(fd, "GET a", "-ERR Can't execute 'get'");
    shown = field(other, "CLIENT LIST TYPE pubsub", " cmd=");
    cr_expect_str_eq(shown, "get");
    free(shown);
}

Test(client_commands, reply_off_is_silent_until_on)
{
    socket_send_text(fd,
                     "CLIENT REPLY OFF\r\nSET k 1\r\nGET k\r\nNOSUCH\r\nGET\r\nINCR k\r\n"
                     "CLIENT REPLY SKIP\r\nPING\r\nCLIENT REPLY ON\r\nGET k\r\n");
    expect_next(fd, "+OK");
    expect_next(fd, "$1\r\n2");
    expect_silence(fd, 20);
}

Test(client_commands, reply_skip_hides_one_reply_whatever_it_is)
{
    socket_send_text(fd, "CLIENT REPLY SKIP\r\nSET k 1\r\nGET k\r\n"
                     "CLIENT REPLY SKIP\r\nNOSUCH\r\nECHO a\r\n"
                     "CLIENT REPLY SKIP\r\nGET\r\nECHO b\r\n"
                     "CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nECHO c\r\nECHO d\r\n");
    expect_next(fd, "$1\r\n1");
    expect_next(fd, "$1\r\na");
    expect_next(fd, "$1\r\nb");
    expect_next(fd, "$1\r\nd");
    expect_silence(fd, 20);
}

Test(client_commands, reply_and_the_like_are_muted_as_redis_mutes_them)
{
    static const char text[] =
        "CLIENT REPLY SKIP\r\nDEBUG x\r\nECHO a\r\nCLIENT REPLY OFF\r\nECHO b\r\n"
        "CLIENT REPLY x\r\nHELLO 3\r\nRESET\r\nECHO c\r\nCLIENT REPLY ON\r\nECHO d\r\n"
        "CLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nECHO e\r\n"
        "CLIENT REPLY SKIP\r\nRESET\r\nECHO f\r\nCLIENT REPLY SKIP\r\nQUIT\r\n";
    struct test_server *redis;
    char *a, *b;
    int to;

    redis = server_open_redis(NULL, &to, NULL);
    socket_send_text(fd, text);
    socket_send_text(to, text);
    a = socket_rest(fd, NULL);
    b = socket_rest(to, NULL);
    cr_expect_str_eq(a, b, "ours %s\nredis %s", a, b);
    free(a);
    free(b);
    server_stop(redis);
}

/* Redis leaves such a connection open and deaf. */
Test(client_commands, reply_off_mutes_a_protocol_error_which_still_ends_the_session)
{
    char *rest;

    socket_send_text(fd, "CLIENT REPLY OFF\r\n*1\r\n$abc\r\n");
    rest = socket_rest(fd, NULL);
    cr_expect_str_eq(rest, "");
    free(rest);
    socket_send_text(other, "CLIENT REPLY SKIP\r\n*1\r\n$abc\r\n");
    rest = socket_rest(other, NULL);
    cr_expect_str_eq(rest, "");
    free(rest);
}

/* --- NO-EVICT, NO-TOUCH --- */

/* Nothing is answered after which it could be closed, and so it is not: as in Redis. */
Test(client_commands, quit_without_a_reply_leaves_the_session_open_and_deaf)
{
    char *flags;

    socket_send_text(fd, "CLIENT REPLY OFF\r\nQUIT\r\n");
    expect_silence(fd, 100);
    socket_send_text(fd, "CLIENT REPLY ON\r\nPING\r\n");
    expect_silence(fd, 100);
    flags = field(other, "CLIENT LIST TYPE normal", " flags=");
    cr_expect_str_eq(flags, "c");
    free(flags);
    expect(other, "CLIENT KILL TYPE normal", ":1");
    cr_expect(socket_is_closed(fd));
}

Test(client_commands, quit_without_a_reply_ends_a_session_that_had_others_to_send)
{
    socket_send_text(fd, "PING\r\nCLIENT REPLY SKIP\r\nQUIT\r\nPING\r\n");
    expect_next(fd, "+PONG");
    cr_expect(socket_is_closed(fd));
}

Test(client_commands, no_evict_and_no_touch_are_switches_seen_in_the_flags)
{
    expect(fd, "CLIENT NO-EVICT ON", "+OK");
    expect_part(fd, "CLIENT INFO", " flags=e ");
    expect(fd, "CLIENT NO-TOUCH on", "+OK");
    expect_part(fd, "CLIENT INFO", " flags=eT ");
    expect(fd, "CLIENT NO-EVICT off", "+OK");
    expect_part(fd, "CLIENT INFO", " flags=T ");
    expect(fd, "CLIENT NO-TOUCH OFF", "+OK");
    expect_part(fd, "CLIENT INFO", " flags=N ");
    expect(fd, "CLIENT NO-TOUCH x", "-ERR syntax error");
    expect(fd, "CLIENT NO-EVICT x", "-ERR syntax error");
}

/* With a log factor of 0 every use counts, so that uses can be counted here. */
Test(client_commands, no_touch_leaves_the_use_of_keys_uncounted_except_by_touch)
{
    expect(fd,
           "CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0 lfu-decay-time 0",
           "+OK");
    expect(fd, "SET k 1", "+OK");
    expect(fd, "OBJECT FREQ k", ":5");
    expect(fd, "GET k", "$1\r\n1");
    expect(fd, "OBJECT FREQ k", ":6");
    expect(other, "CLIENT NO-TOUCH ON", "+OK");
    expect(other, "GET k", "$1\r\n1");
    expect(other, "INCR k", ":2");
    expect(other, "MGET k k", "*2\r\n$1\r\n2\r\n$1\r\n2");
    expect(other, "GETRANGE k 0 0", "$1\r\n2");
    socket_send_text(other, "GET k\r\nNOSUCH\r\nGET k\r\n");
    expect_next(other, "$1\r\n2");
    expect_start(other, "", "-ERR unknown command");
    expect_next(other, "$1\r\n2");
    expect(fd, "OBJECT FREQ k", ":6");
    expect(other, "TOUCH k", ":1");
    expect(fd, "OBJECT FREQ k", ":7");
    expect(fd, "GET k", "$1\r\n2");
    expect(fd, "OBJECT FREQ k", ":8");
    expect(other, "CLIENT NO-TOUCH OFF", "+OK");
    expect(other, "GET k", "$1\r\n2");
    expect(fd, "OBJECT FREQ k", ":9");
}

Test(client_commands, questions_about_a_key_are_no_use_of_it)
{
    expect(fd,
           "CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0 lfu-decay-time 0",
           "+OK");
    expect(fd, "SET k 1", "+OK");
    expect(fd, "EXISTS k k", ":2");
    expect(fd, "TYPE k", "+string");
    expect(fd, "TTL k", ":-1");
    expect(fd, "PEXPIRETIME k", ":-1");
    expect(fd, "OBJECT ENCODING k", "$3\r\nint");
    expect_start(fd, "MEMORY USAGE k", ":");
    expect(fd, "OBJECT FREQ k", ":5");
    expect(fd, "STRLEN k", ":1");
    expect(fd, "OBJECT FREQ k", ":6");
}

/* --- replies that wait --- */

/* Few are in what Redis has as a fixed buffer, many in its list. */
Test(client_commands, list_tells_a_few_bytes_of_replies_as_obl)
{
    char *line;

    socket_send_text(fd, "SET k v\r\nCLIENT INFO\r\n");
    expect_next(fd, "+OK");
    line = socket_reply(fd, NULL);
    cr_expect(strstr(line, " obl=5 oll=0 "), "%s", line);
    free(line);
}

static long
number_in(const char *line, const char *name)
{
    const char *at = strstr(line, name);

    cr_assert_not_null(at, "no %s in %s", name, line);
    return strtol(at + strlen(name), NULL, 10);
}

/* A reply at rest has no buffer; one that waits has a chunk, and tot-mem counts it. */
Test(client_commands, list_tells_the_buffer_of_replies_that_is_there)
{
    char *idle = ask_text(fd, "CLIENT INFO"), *line;

    cr_expect(strstr(idle, " rbs=0 rbp=0 obl=0 oll=0 omem=0 "), "%s", idle);
    socket_send_text(fd, "SET k v\r\nCLIENT INFO\r\n");
    expect_next(fd, "+OK");
    line = socket_reply(fd, NULL);
    cr_expect(strstr(line, " rbp=5 obl=5 oll=0 omem=0 "), "%s", line);
    cr_expect_gt(number_in(line, " rbs="), 5);
    cr_expect_eq(number_in(line, " rbs="),
                 number_in(line, " tot-mem=") - number_in(idle, " tot-mem="));
    free(idle);
    free(line);
}

/* As Redis: its bytes, and those of the arguments that are complete. */
Test(client_commands, list_tells_the_complete_arguments_of_half_a_request)
{
    static const char half[] = "*3\r\n$3\r\nSET\r\n$40000\r\n";
    static char key[40000];
    char request[64], *shown;

    snprintf(request, sizeof request, "CLIENT LIST ID %lld",
             ask_number(other, "CLIENT ID"));
    memset(key, 'k', sizeof key);
    socket_send_text(other, "PING\r\nPING\r\n");
    expect_next(other, "+PONG");
    expect_next(other, "+PONG");
    socket_send(other, half, sizeof half - 1);
    socket_send(other, key, sizeof key);
    socket_send_text(other, "\r\n$100000\r\nbegin");
    shown = field(fd, request, " argv-mem=");
    for (int i = 0; i < 500 && strcmp(shown, "40003") != 0; i++) {
        free(shown);
        test_nap(10);
        shown = field(fd, request, " argv-mem=");
    }
    cr_expect_str_eq(shown, "40003");
    free(shown);
}

/* The line of the session named `slow`; caller frees. */
static char *
line_of_slow(void)
{
    char *list = ask_text(fd, "CLIENT LIST"), *at = strstr(list, " name=slow "), *line;

    cr_assert_not_null(at, "%s", list);
    line = strndup(at, strcspn(at, "\n"));
    free(list);
    return line;
}

Test(client_commands, list_tells_replies_that_nobody_reads_as_oll)
{
    char *line;

    expect(other, "CLIENT SETNAME slow", "+OK");
    expect(fd, "SETRANGE big 99999 x", ":100000");
    for (int i = 0; i < 300; i++)
        socket_send_text(other, "GET big\r\n");
    line = line_of_slow();
    for (int i = 0; i < 500 && strstr(line, " oll=0 "); i++) {
        free(line);
        test_nap(10);
        line = line_of_slow();
    }
    cr_expect(strstr(line, " rbs=0 rbp=0 obl=0 "), "%s", line);
    cr_expect_not(strstr(line, " oll=0 ") || strstr(line, " omem=0 "), "%s", line);
    cr_expect(strstr(line, " events=rw "), "%s", line);
    free(line);
}
