/* SPDX-License-Identifier: MIT
 * tests/integration/test_auth.c - who may come in: requirepass, AUTH, HELLO AUTH,
 * RESET, and what happens to those who are in when the password changes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define NOAUTH "-NOAUTH Authentication required."
#define WRONGPASS "-WRONGPASS invalid username-password pair or user is disabled."

static int fd;
static const char *const server_args[] = { "--requirepass", "secret", NULL };

SERVER_SUITE(auth, 60, server_open(server_args, &fd, NULL));

/* What one read of a stranger's requests answers may be as long as the buffer that Redis
 * has for replies, 16 KB. */
Test(auth, strangers_are_closed_when_their_requests_have_long_answers)
{
    enum { FIT = 16384 / (sizeof NOAUTH "\r\n" - 1) };
    char requests[7 * (FIT + 1)];
    int known = server_connect(server);

    for (size_t i = 0; i < sizeof requests; i++)
        requests[i] = "GET a\r\n"[i % 7];
    socket_send(fd, requests, 7 * FIT);
    for (int i = 0; i < FIT; i++)
        expect_next(fd, NOAUTH);
    expect(fd, "GET a", NOAUTH);
    socket_send(fd, requests, sizeof requests);
    cr_expect(socket_is_closed(fd));
    expect(known, "AUTH secret", "+OK");
    repeat(known, "GET a", 1000, "$-1");
    close(known);
}

Test(auth, strangers_may_only_say_who_they_are)
{
    expect(fd, "PING", NOAUTH);
    expect(fd, "GET k", NOAUTH);
    expect(fd, "COMMAND", NOAUTH);
    expect(fd, "INFO", NOAUTH);
    expect_start(fd, "DEBUG JMAP", "-ERR DEBUG command not allowed.");
    expect_start(fd, "HELLO",
                 "-NOAUTH HELLO must be called with the client already auth");
    expect(fd, "RESET", "+RESET");
    expect(fd, "AUTH secret", "+OK");
    expect(fd, "PING", "+PONG");
}

Test(auth, takes_the_default_user_with_the_password_only)
{
    expect(fd, "AUTH wrong", WRONGPASS);
    expect(fd, "AUTH ''", WRONGPASS);
    expect(fd, "AUTH secrets", WRONGPASS);
    expect(fd, "AUTH secre", WRONGPASS);
    expect(fd, "AUTH nobody secret", WRONGPASS);
    expect(fd, "AUTH default wrong", WRONGPASS);
    expect(fd, "GET k", NOAUTH);
    expect(fd, "AUTH default secret", "+OK");
    expect(fd, "GET k", "$-1");
}

/* A password that C would take for an empty one leaves nobody in. */
Test(auth, takes_a_password_of_any_bytes)
{
    int known = server_connect(server);

    expect(known, "AUTH secret", "+OK");
    expect(known, "CONFIG SET requirepass \"\\x00a b\\xff\"", "+OK");
    expect(fd, "AUTH secret", WRONGPASS);
    expect(fd, "AUTH ''", WRONGPASS);
    expect(fd, "AUTH \"\\x00\"", WRONGPASS);
    expect(fd, "AUTH \"\\x00a b\\xfe\"", WRONGPASS);
    expect(fd, "GET k", NOAUTH);
    expect(fd, "AUTH \"\\x00a b\\xff\"", "+OK");
    expect(fd, "GET k", "$-1");
    close(known);
}

/* Clients that meet a password they no longer know must not lose their session. */
Test(auth, that_fails_leaves_a_session_as_it_was)
{
    expect(fd, "AUTH secret", "+OK");
    expect(fd, "AUTH wrong", WRONGPASS);
    expect(fd, "PING", "+PONG");
}

Test(auth, works_inside_hello_with_protocol_and_name)
{
    expect(fd, "HELLO 3 AUTH default wrong SETNAME me", WRONGPASS);
    expect(fd, "GET k", NOAUTH);
    expect_start(fd, "HELLO 3 AUTH default secret SETNAME me", "%7\r\n");
    expect(fd, "CLIENT GETNAME", "$2\r\nme");
    expect(fd, "GET k", "_");
}

Test(auth, takes_effect_for_what_follows_in_the_same_pipeline)
{
    socket_send_text(
        fd, "GET k\r\nAUTH wrong\r\nAUTH secret\r\nSET k v\r\nGET k\r\n"
            "*12\r\n$6\r\nEXISTS\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\n"
            "e\r\n$1\r\nf\r\n$1\r\ng\r\n$1\r\nh\r\n$1\r\ni\r\n$1\r\nj\r\n$1\r\nk\r\n");
    expect_next(fd, NOAUTH);
    expect_next(fd, WRONGPASS);
    expect_next(fd, "+OK");
    expect_next(fd, "+OK");
    expect_next(fd, "$1\r\nv");
    expect_next(fd, ":1");
}

Test(auth, is_taken_back_by_reset_with_everything_else)
{
    expect_start(fd, "HELLO 3 AUTH default secret SETNAME me", "%7");
    expect(fd, "SELECT 3", "+OK");
    expect(fd, "CLIENT NO-EVICT ON", "+OK");
    expect(fd, "RESET", "+RESET");
    expect(fd, "GET k", NOAUTH);
    expect(fd, "AUTH secret", "+OK");
    expect(fd, "GET k", "$-1");
    expect(fd, "CLIENT GETNAME", "$-1");
    expect_part(fd, "CLIENT INFO", " flags=N db=0 ");
    expect_part(fd, "CLIENT INFO", " resp=2 ");
}

Test(auth, of_those_who_are_in_outlives_a_new_password)
{
    int other = server_connect(server);

    expect(fd, "AUTH secret", "+OK");
    expect(fd, "CONFIG SET requirepass other", "+OK");
    expect(fd, "PING", "+PONG");
    expect(other, "AUTH secret", WRONGPASS);
    expect(other, "AUTH other", "+OK");
    close(other);
}

Test(auth, is_not_needed_once_the_password_is_taken_away)
{
    int other = server_connect(server);

    expect(fd, "AUTH secret", "+OK");
    expect(fd, "CONFIG GET requirepass", "*2\r\n$11\r\nrequirepass\r\n$6\r\nsecret");
    expect(fd, "CONFIG SET requirepass ''", "+OK");
    expect_start(fd, "AUTH x",
                 "-ERR AUTH <password> called without any password configured");
    expect(fd, "AUTH default x", "+OK");
    close(other);
    other = server_connect(server);
    expect(other, "PING", "+PONG");
    close(other);
}

/* The password must not be where people look. */
Test(auth, leaves_no_password_in_slowlog_or_log)
{
    char *log, *slow;

    expect(fd, "AUTH secret", "+OK");
    expect(fd, "CONFIG SET slowlog-log-slower-than 0 loglevel debug", "+OK");
    expect(fd, "AUTH secret", "+OK");
    expect_start(fd, "HELLO 2 AUTH default secret", "*14");
    expect(fd, "CONFIG SET requirepass secret2", "+OK");
    expect(fd, "AUTH secret2", "+OK");
    slow = socket_ask(fd, "SLOWLOG GET 100");
    log = file_text(server->log);
    cr_expect_null(strstr(slow, "secret"), "%s", slow);
    cr_expect_null(strstr(log, "secret"), "%s", log);
    free(slow);
    free(log);
}

Test(auth, is_counted_in_error_statistics)
{
    int other = server_connect(server);

    expect(fd, "AUTH secret", "+OK");
    expect(fd, "CONFIG RESETSTAT", "+OK");
    expect(other, "GET k", NOAUTH);
    expect(other, "AUTH wrong", WRONGPASS);
    close(other);
    expect_part(fd, "INFO errorstats", "errorstat_NOAUTH:count=1\r\n");
    expect_part(fd, "INFO errorstats", "errorstat_WRONGPASS:count=1\r\n");
    expect_part(fd, "INFO commandstats", "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,"
                "rejected_calls=1,failed_calls=0\r\n");
}
