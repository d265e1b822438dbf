/* SPDX-License-Identifier: MIT
 * tests/support/talk.h - a conversation with a server over a raw socket: say this,
 * expect that.  Replies are compared as they came over the wire; their last CRLF is
 * left out of what a test writes. */
#ifndef IGNIS_TESTS_SUPPORT_TALK_H
#define IGNIS_TESTS_SUPPORT_TALK_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct test_server;

/* An inline request and exactly its reply. */
void expect(int fd, const char *request, const char *reply);
/* The reply begins with `start`. */
void expect_start(int fd, const char *request, const char *start);
/* The reply has `part` somewhere. */
void expect_part(int fd, const char *request, const char *part);
/* The next reply, for nothing asked just now. */
void expect_next(int fd, const char *reply);
/* Nothing comes for `ms` milliseconds. */
void expect_silence(int fd, int ms);
/* The request is a question about the server: ask until the reply begins with `start`,
 * at most 10 s. */
void expect_soon(int fd, const char *request, const char *start);

/* An integer reply; anything else aborts the test. */
long long ask_number(int fd, const char *request);
/* What a bulk, verbatim or status reply holds; caller frees. */
char *ask_text(int fd, const char *request);
/* `name:123` in INFO; aborts when it is not there. */
long long info_number(int fd, const char *name);
/* The same, asked until it is `wanted` or more; false after 10 s. */
bool info_reaches(int fd, const char *name, long long wanted);

/* A request of strings, NULL-terminated, in RESP; caller frees. */
char *request_of(size_t *len, const char *first, ...);
/* SET key to `n` bytes of a pattern that shows shifts, in RESP; caller frees. */
char *request_set(size_t *len, const char *key, size_t n);
/* `n` bytes of that pattern, starting at its byte `from`. */
void fill_pattern(char *at, size_t n, size_t from);

/* These `n` calls in a transaction that an error of its last call, LSET of "nokey", takes
 * back. */
void run_and_fail(int fd, const char *const *calls, size_t n);
/* Send `request` `times` times, read as many replies, all of them `reply`. */
void repeat(int fd, const char *request, size_t times, const char *reply);
/* Keys PREFIX0 .. PREFIXn-1 with small values and these further SET options. */
void add_keys(int fd, const char *prefix, size_t n, const char *options);
/* Send from a process of its own, so that both sides cannot wait for each other;
 * `socket_sent` waits for its end. */
pid_t socket_send_aside(int fd, const void *at, size_t len);
void socket_sent(pid_t aside);
/* All that comes until the peer closes; caller frees. */
char *socket_rest(int fd, size_t *len);
/* Say all of it, up to its QUIT, and come back over a new connection. */
void visit(const struct test_server *s, int *fd, const char *text);
/* A socket with other patience than 5 s. */
void socket_patience(int fd, int ms);
/* Milliseconds of a clock that never goes back. */
long long test_ms(void);
void test_nap(int ms);

#endif
