/* SPDX-License-Identifier: MIT
 * tests/bench/bench_server.h - a server of one's own for a program that measures one. */
#ifndef IGNIS_TESTS_BENCH_BENCH_SERVER_H
#define IGNIS_TESTS_BENCH_BENCH_SERVER_H
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t server;
static int port;

static inline double
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline void
end_server(void)
{
    if (server > 0) {
        kill(server, SIGKILL);          /* nothing to save, much to free */
        waitpid(server, NULL, 0);
    }
}

/* Start the program at `path` with one further option and its value (NULL: none), and
 * connect.  It ends with this process. */
static inline redisContext *
start_server(const char *path, const char *option, const char *value)
{
    char number[16];
    redisContext *c = NULL;

    port = 20000 + (int)getpid() % 20000;
    snprintf(number, sizeof number, "%d", port);
    server = fork();
    if (server == 0) {
        execl(path, path, "--port", number, "--bind", "127.0.0.1", "--loglevel",
              "warning", "--logfile", "/dev/null", option, value, (char *)NULL);
        _exit(127);
    }
    atexit(end_server);
    for (int i = 0; i < 100; i++) {
        c = redisConnect("127.0.0.1", port);
        if (c && !c->err)
            return c;
        redisFree(c);
        usleep(50000);
    }
    fprintf(stderr, "%s does not answer\n", path);
    exit(1);
}

/* --- asking it --- */

static inline long
unix_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void
check(redisReply *r)
{
    if (!r || r->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "%s\n", r ? r->str : "the connection is gone");
        exit(1);
    }
}

static inline long
number_of(redisContext *c, const char *command)
{
    redisReply *r = redisCommand(c, command);
    long n;

    check(r);
    n = r->integer;
    freeReplyObject(r);
    return n;
}

static inline void
order(redisContext *c, const char *command)
{
    redisReply *r = redisCommand(c, command);

    check(r);
    freeReplyObject(r);
}

/* The number after `name` in INFO; 0 when it is not there. */
static inline double
fact(redisContext *c, const char *name)
{
    redisReply *r = redisCommand(c, "INFO everything");
    const char *at;
    double n;

    check(r);
    at = strstr(r->str, name);
    n = at ? atof(at + strlen(name)) : 0;
    freeReplyObject(r);
    return n;
}

static inline void
collect(redisContext *c, int n)
{
    void *r;

    for (; n > 0; n--) {
        if (redisGetReply(c, &r) != REDIS_OK)
            r = NULL;
        check(r);
        freeReplyObject(r);
    }
}
#endif
