/* SPDX-License-Identifier: MIT
 * tests/bench/bench_waiters.c - what does a push cost while many clients wait?
 *
 *   bench_waiters [CLIENTS (10000)] [path of ignis-server]
 *
 * How:        clients wait with BLPOP, all for one key or each for its own; another
 *             pushes to a key that nobody waits for, and to one that all wait for, each
 *             push serving one of them.  Shown is the CPU time of the server's command
 *             thread for a push, in pipelines of 100: with the waiters that are not
 *             served it must not grow.  (That none of them is looked at is proved by
 *             counting, in tests/unit/test_blocking.c.) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/bench_server.h"

#define PIPELINE 100
#define PUSHES 200000

static double
cpu_ns(redisContext *c)
{
    return 1e9 * (fact(c, "used_cpu_sys_main_thread:")
                  + fact(c, "used_cpu_user_main_thread:"));
}

/* ns for one of `count` pushes to `key`; RPUSH and LPOP in turn when nobody takes. */
static double
push(redisContext *c, const char *key, long count, int take_back)
{
    double before = cpu_ns(c);
    void *r;

    for (long i = 0; i < count; i += PIPELINE) {
        for (int k = 0; k < PIPELINE; k++)
            redisAppendCommand(c, take_back && k % 2 ? "LPOP %s" : "RPUSH %s x", key);
        for (int k = 0; k < PIPELINE; k++) {
            if (redisGetReply(c, &r) != REDIS_OK) {
                fprintf(stderr, "%s\n", c->errstr);
                exit(1);
            }
            freeReplyObject(r);
        }
    }
    return (cpu_ns(c) - before) / (double)count;
}

/* `clients` more that wait: for "all", or each for a key of its own. */
static void
add_waiters(redisContext *c, redisContext **out, long clients, int one_key)
{
    for (long i = 0; i < clients; i++) {
        out[i] = redisConnect("127.0.0.1", port);
        if (!out[i] || out[i]->err) {
            fprintf(stderr, "client %ld cannot connect\n", i);
            exit(1);
        }
        if (one_key)
            redisAppendCommand(out[i], "BLPOP all 0");
        else
            redisAppendCommand(out[i], "BLPOP own:%ld 0", i);
        for (int done = 0; !done;)
            redisBufferWrite(out[i], &done);
    }
    while ((long)fact(c, "\nblocked_clients:") < clients)
        usleep(10000);
}

static void
drop_waiters(redisContext *c, redisContext **all, long clients)
{
    for (long i = 0; i < clients; i++)
        redisFree(all[i]);
    while (fact(c, "\nblocked_clients:") > 0)
        usleep(10000);
}

static void
measure(redisContext *c, redisContext **waiters, long clients)
{
    long served = clients < 1000 ? clients / PIPELINE * PIPELINE : 1000;

    add_waiters(c, waiters, clients, 1);
    printf("%6ld on one key    %7.0f ns a push to another key", clients,
           push(c, "other", PUSHES, 1));
    if (served)
        printf(", %7.0f ns when it serves one", push(c, "all", served, 0));
    printf("\n");
    drop_waiters(c, waiters, clients);
    add_waiters(c, waiters, clients, 0);
    printf("%6ld on as many    %7.0f ns a push to another key\n", clients,
           push(c, "other", PUSHES, 1));
    drop_waiters(c, waiters, clients);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    long most = argc > 1 ? atol(argv[1]) : 10000;
    struct rlimit files;
    char max[24];
    redisContext *c, **waiters = calloc((size_t)most + 1, sizeof *waiters);

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    snprintf(max, sizeof max, "%ld", most + 10);
    c = start_server(argc > 2 ? argv[2] : "./ignis-server", "--maxclients", max);
    printf("     0 waiters       %7.0f ns a push\n", push(c, "other", PUSHES, 1));
    measure(c, waiters, 100);
    measure(c, waiters, most);
    redisFree(c);
    free(waiters);
    return 0;
}
