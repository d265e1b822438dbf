/* SPDX-License-Identifier: MIT
 * tests/bench/bench_growth.c - a server that grows from nothing to many keys: does
 * anybody have to wait, and does memory stay flat?
 *
 *   bench_growth [KEYS (20000000)] [path of ignis-server]
 *
 * How:        one connection writes in pipelines of 100; the server's own slow log,
 *             with a threshold of 1 ms, tells the longest command, a second
 *             connection measures the longest PING, and resident memory is read all
 *             along.  Wall times: on a busy machine they show its scheduler too, so
 *             the CPU time of the worst turn is bounded by bench_dict instead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench_server.h"

#define PIPELINE 100

/* Resident bytes of the server. */
static double
resident(void)
{
    char path[64], line[256];
    double kb = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)server);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %lf", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb * 1024;
}

static double
ping_ms(redisContext *c)
{
    double start = now_ms();
    redisReply *r = redisCommand(c, "PING");

    freeReplyObject(r);
    return now_ms() - start;
}

/* The longest command of the slow log, in ms. */
static double
slowest_ms(redisContext *c)
{
    redisReply *r = redisCommand(c, "SLOWLOG GET 128");
    double worst = 0;

    for (size_t i = 0; r && i < r->elements; i++)
        if ((double)r->element[i]->element[2]->integer / 1e3 > worst)
            worst = (double)r->element[i]->element[2]->integer / 1e3;
    freeReplyObject(r);
    return worst;
}

int
main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 20000000;
    redisContext *c = start_server(argc > 2 ? argv[2] : "./ignis-server",
                                   "--slowlog-log-slower-than", "1000"), *other;
    double empty = resident(), peak = 0, worst_ping = 0, worst_command = 0;
    double start = now_ms();
    void *r;

    other = redisConnect("127.0.0.1", c->tcp.port);
    for (long i = 0; i < n; i += PIPELINE) {
        for (long k = i; k < i + PIPELINE; k++)
            redisAppendCommand(c, "SET user:%010ld %s", k, "v123456789abcdef");
        for (int k = 0; k < PIPELINE; k++) {
            if (redisGetReply(c, &r) != REDIS_OK)
                return 1;
            freeReplyObject(r);
        }
        double ping = ping_ms(other), rss = i % 100000 == 0 ? resident() : 0;

        worst_ping = ping > worst_ping ? ping : worst_ping;
        peak = rss > peak ? rss : peak;
    }
    worst_command = slowest_ms(c);
    printf("%ld keys in %.1f s\n", n, (now_ms() - start) / 1e3);
    printf("longest command  %8.2f ms (0.00: none above 1 ms)\n", worst_command);
    printf("longest PING     %8.2f ms\n", worst_ping);
    printf("resident         %8.1f bytes a key, peak %.3f of the final size\n",
           (resident() - empty) / (double)n, peak / resident());
    redisFree(other);
    redisFree(c);
    return 0;
}
