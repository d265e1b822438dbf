/* SPDX-License-Identifier: MIT
 * tests/support/talk.c - say this, expect that. */
#include "support/talk.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "support/server.h"

#define SOON_MS 10000
#define BURST 500               /* requests sent before their replies are read */

long long
test_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

void
test_nap(int ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

    nanosleep(&t, NULL);
}

void
socket_patience(int fd, int ms)
{
    struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

/* --- one reply --- */

/* Without its last CRLF; aborts when there is none. */
static char *
reply_to(int fd, const char *request)
{
    size_t len;
    char *got = request ? socket_ask(fd, request) : socket_reply(fd, NULL);

    cr_assert_not_null(got, "no reply to %s", request ? request : "what was sent");
    len = strlen(got);
    if (len >= 2 && strcmp(got + len - 2, "\r\n") == 0)
        got[len - 2] = '\0';
    return got;
}

void
expect(int fd, const char *request, const char *reply)
{
    char *got = reply_to(fd, request);

    cr_expect_str_eq(got, reply, "%.200s -> %.300s, not %.300s", request, got, reply);
    free(got);
}

void
expect_start(int fd, const char *request, const char *start)
{
    char *got = reply_to(fd, request);

    cr_expect(strncmp(got, start, strlen(start)) == 0, "%.200s -> %.300s, not %.300s...",
              request, got, start);
    free(got);
}

void
expect_part(int fd, const char *request, const char *part)
{
    char *got = reply_to(fd, request);

    cr_expect(strstr(got, part) != NULL, "%.200s -> %.500s, without %.300s", request, got,
              part);
    free(got);
}

void
expect_next(int fd, const char *reply)
{
    char *got = reply_to(fd, NULL);

    cr_expect_str_eq(got, reply, "came: %.300s, not %.300s", got, reply);
    free(got);
}

void
expect_silence(int fd, int ms)
{
    char byte;
    ssize_t n;

    socket_patience(fd, ms);
    n = recv(fd, &byte, 1, MSG_PEEK);
    cr_expect(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK),
              "there is something to read, or an end");
    socket_patience(fd, 5000);
}

void
expect_soon(int fd, const char *request, const char *start)
{
    long long end = test_ms() + SOON_MS;
    bool found = false;
    char *got = NULL;

    while (!found && test_ms() < end) {
        free(got);
        got = reply_to(fd, request);
        found = strncmp(got, start, strlen(start)) == 0;
        if (!found)
            test_nap(10);
    }
    cr_expect(found, "%s -> %.300s, never %s", request, got ? got : "nothing", start);
    free(got);
}

long long
ask_number(int fd, const char *request)
{
    char *got = reply_to(fd, request);
    long long n;

    cr_assert(*got == ':', "%s -> %s, no integer", request, got);
    n = strtoll(got + 1, NULL, 10);
    free(got);
    return n;
}

char *
ask_text(int fd, const char *request)
{
    char *got = reply_to(fd, request), *at = got + 1;

    cr_assert(strchr("+$=", *got), "%s -> %s, no text", request, got);
    if (*got != '+')
        at = strstr(got, "\r\n") + 2;
    memmove(got, at, strlen(at) + 1);
    return got;
}

long long
info_number(int fd, const char *name)
{
    char *info = ask_text(fd, "INFO everything"), *at = info;
    size_t len = strlen(name);
    long long n;

    while ((at = strstr(at, name)) != NULL && (at[-1] != '\n' || at[len] != ':'))
        at++;
    cr_assert_not_null(at, "INFO has no %s", name);
    n = strtoll(at + len + 1, NULL, 10);
    free(info);
    return n;
}

bool
info_reaches(int fd, const char *name, long long wanted)
{
    for (long long end = test_ms() + SOON_MS; test_ms() < end; test_nap(10))
        if (info_number(fd, name) >= wanted)
            return true;
    return false;
}

/* --- requests --- */

char *
request_of(size_t *len, const char *first, ...)
{
    char *out = NULL;
    FILE *f = open_memstream(&out, len);
    const char *word = first;
    int argc = 0;
    va_list args;

    va_start(args, first);
    for (; word; word = va_arg(args, const char *))
        argc++;
    va_end(args);
    fprintf(f, "*%d\r\n", argc);
    va_start(args, first);
    for (word = first; word; word = va_arg(args, const char *))
        fprintf(f, "$%zu\r\n%s\r\n", strlen(word), word);
    va_end(args);
    fclose(f);
    return out;
}

/* Longer than any buffer's alignment, and prime. */
void
fill_pattern(char *at, size_t n, size_t from)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (char)((from + i) % 251);
}

char *
request_set(size_t *len, const char *key, size_t n)
{
    char *out = malloc(n + strlen(key) + 64);
    int head =
        sprintf(out, "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%zu\r\n", strlen(key), key, n);

    fill_pattern(out + head, n, 0);
    memcpy(out + head + n, "\r\n", 2);
    *len = (size_t)head + n + 2;
    return out;
}

/* --- many --- */

void
run_and_fail(int fd, const char *const *calls, size_t n)
{
    expect(fd, "MULTI ROLLBACK", "+OK");
    for (size_t i = 0; i < n; i++)
        expect(fd, calls[i], "+QUEUED");
    expect(fd, "LSET nokey 0 x", "+QUEUED");
    expect(fd, "EXEC", "-EXECABORT Transaction rolled back: ERR no such key");
}

void
repeat(int fd, const char *request, size_t times, const char *reply)
{
    char *raw = NULL, *got;
    size_t len, burst;
    FILE *f;

    for (; times > 0; times -= burst) {
        burst = times < BURST ? times : BURST;
        f = open_memstream(&raw, &len);
        for (size_t i = 0; i < burst; i++)
            fprintf(f, "%s\r\n", request);
        fclose(f);
        socket_send(fd, raw, len);
        free(raw);
        for (size_t i = 0; i < burst; i++) {
            got = reply_to(fd, NULL);
            cr_assert_str_eq(got, reply, "%s -> %s, not %s", request, got, reply);
            free(got);
        }
    }
}

void
add_keys(int fd, const char *prefix, size_t n, const char *options)
{
    char *raw = NULL, *got = malloc(BURST * 5);
    size_t len, burst, taken;
    ssize_t r;
    FILE *f;

    for (size_t done = 0; done < n; done += burst) {
        burst = n - done < BURST ? n - done : BURST;
        f = open_memstream(&raw, &len);
        for (size_t i = 0; i < burst; i++)
            fprintf(f, "SET %s%zu v%zu %s\r\n", prefix, done + i, done + i, options);
        fclose(f);
        socket_send(fd, raw, len);
        free(raw);
        for (taken = 0; taken < burst * 5; taken += (size_t)r) {
            r = recv(fd, got + taken, burst * 5 - taken, 0);
            cr_assert(r > 0, "SET is not answered");
        }
        for (size_t i = 0; i < burst; i++)
            cr_assert(memcmp(got + i * 5, "+OK\r\n", 5) == 0, "%.*s", (int)taken, got);
    }
    free(got);
}

/* No assertions in there: they would report to a test that is not this process. */
pid_t
socket_send_aside(int fd, const void *at, size_t len)
{
    const char *p = at;
    ssize_t n = 1;
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (; len > 0 && n > 0; p += n, len -= (size_t)n)
        n = send(fd, p, len, MSG_NOSIGNAL);
    _exit(0);
}

void
socket_sent(pid_t aside)
{
    waitpid(aside, NULL, 0);
}

char *
socket_rest(int fd, size_t *len)
{
    size_t room = 1 << 16, n = 0;
    char *out = malloc(room);
    ssize_t got;

    while ((got = recv(fd, out + n, room - n - 1, 0)) > 0) {
        n += (size_t)got;
        if (room - n < 4096)
            out = realloc(out, room *= 2);
    }
    out[n] = '\0';
    if (len)
        *len = n;
    return out;
}

void
visit(const struct test_server *s, int *fd, const char *text)
{
    socket_send_text(*fd, text);
    free(socket_rest(*fd, NULL));
    close(*fd);
    *fd = server_connect(s);
}
