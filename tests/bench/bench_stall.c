/* SPDX-License-Identifier: MIT
 * tests/bench/bench_stall.c - something large goes away: how long has anybody else to
 * wait?
 *
 *   bench_stall [ELEMENTS (10000000)] [path of ignis-server]
 *
 * How:        a collection of each type is made once, and copied before each way to
 *             end it.  Somebody sends one PING after the other, from the command that
 *             ends it until nothing waits to be freed; the longest is shown, beside the
 *             longest of an idle second before, and who made it wait (bench_watch.h).
 *             On a machine short of cores that is often the scheduler: marked are those
 *             above 5 ms, the promise, when the time without a core is taken off.
 *             The CPU time at the front is that of the command's thread for the command
 *             and the PINGs meanwhile. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench_server.h"
#include "bench/bench_watch.h"

#define BATCH 200               /* elements a command */
#define DEPTH 20                /* commands a pipeline */

/* What the thread of the commands has computed up to now. */
static double
cpu_ms(redisContext *c)
{
    return 1e3 * (fact(c, "used_cpu_sys_main_thread:")
                  + fact(c, "used_cpu_user_main_thread:"));
}

/* --- making something large --- */

struct kind { const char *name, *add; };
static const struct kind kinds[] = {
    { "list", "RPUSH" }, { "set", "SADD" }, { "hash", "HSET" }, { "zset", "ZADD" },
};

/* One command with the elements from `first` to `end`. */
static void
append(redisContext *c, const struct kind *kind, long first, long end)
{
    static char text[2 * BATCH][32];
    const char *argv[2 + 2 * BATCH] = { kind->add, "source" };
    size_t len[2 + 2 * BATCH] = { strlen(kind->add), 6 };
    bool is_zset = kind->add[0] == 'Z', has_two = is_zset || kind->add[0] == 'H';
    int n = 0;

    for (long i = first; i < end; i++) {
        if (is_zset)
            snprintf(text[n++], 32, "%ld", i * 7919 % 1000003);
        snprintf(text[n++], 32, "element:%010ld", i);
        if (has_two && !is_zset)
            snprintf(text[n++], 32, "value%ld", i);
    }
    for (int i = 0; i < n; i++) {
        argv[2 + i] = text[i];
        len[2 + i] = strlen(text[i]);
    }
    redisAppendCommandArgv(c, 2 + n, argv, len);
}

static void
fill(redisContext *c, const struct kind *kind, long count)
{
    int sent = 0;

    for (long i = 0; i < count; i += BATCH) {
        append(c, kind, i, i + BATCH < count ? i + BATCH : count);
        if (++sent == DEPTH) {
            collect(c, sent);
            sent = 0;
        }
    }
    collect(c, sent);
}

/* --- ways to end it --- */

static void
wait_until_freed(redisContext *c)
{
    while (fact(c, "lazyfree_pending_objects:") > 0)
        usleep(2000);
}

static const struct way { const char *name, *command; } ways[] = {
    { "UNLINK", "UNLINK big" },
    { "DEL", "DEL big" },
    { "SET over it", "SET big x" },
    { "RENAME over it", "RENAME small big" },
    { "COPY over it", "COPY small big REPLACE" },
    { "expiry", "PEXPIRE big 1" },
    { "FLUSHDB", "FLUSHDB" },
    { "FLUSHALL ASYNC", "FLUSHALL ASYNC" },
};

static void
end_it(redisContext *c, const struct kind *kind, const struct way *way)
{
    struct stall before, stall;
    double cpu;

    order(c, "SET small x");
    order(c, "COPY source big REPLACE");
    before = watch_idle(c);
    watch();
    cpu = cpu_ms(c);
    order(c, way->command);
    if (way->command[0] == 'P')
        while (number_of(c, "EXISTS big"))
            usleep(1000);
    cpu = cpu_ms(c) - cpu;
    wait_until_freed(c);
    stall = watched(c);
    printf("%-5s %-16s CPU %7.2f ms, ", kind->name, way->name, cpu);
    stall_print(&stall, &before);
}

static void
end_kind(redisContext *c, const struct kind *kind, long count)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (number_of(c, "EXISTS source") == 0)
            fill(c, kind, count);
        end_it(c, kind, &ways[i]);
    }
}

int
main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 10000000;
    redisContext *c = start_server(argc > 2 ? argv[2] : "./ignis-server", NULL, NULL);

    watcher_start();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        end_kind(c, &kinds[i], n);
    watcher_end();
    redisFree(c);
    return 0;
}
