/* SPDX-License-Identifier: MIT
 * tests/bench/bench_stall.c - something large goes away: how long has anybody else to
 * wait?
 *
 *   bench_stall [ELEMENTS (10000000)] [path of ignis-server]
 *
 * How:        a collection of each type is made once, and copied before each way to
 *             end it.  A thread with a connection of its own sends one PING after the
 *             other, from the command that ends it until nothing waits to be freed; the
 *             longest is shown, beside the longest of an idle second before: on a busy
 *             machine both show its scheduler too.  The CPU time of the command's
 *             thread does not: it is that of the command and the PINGs meanwhile.
 *             The promise is 5 ms.
 *             Then ELEMENTS / 100 keys due within a second, among ten times as many,
 *             and ELEMENTS / 10 fields of one hash due at once: the longest PING, and
 *             how long it took until all were gone. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench_server.h"

#define BATCH 200               /* elements a command */
#define DEPTH 20                /* commands a pipeline */

static long
unix_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
check(redisReply *r)
{
    if (!r || r->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "%s\n", r ? r->str : "the connection is gone");
        exit(1);
    }
}

static long
number_of(redisContext *c, const char *command)
{
    redisReply *r = redisCommand(c, command);
    long n;

    check(r);
    n = r->integer;
    freeReplyObject(r);
    return n;
}

static void
order(redisContext *c, const char *command)
{
    redisReply *r = redisCommand(c, command);

    check(r);
    freeReplyObject(r);
}

/* The number after `name` in INFO; 0 when it is not there. */
static double
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

/* What the thread of the commands has computed up to now. */
static double
cpu_ms(redisContext *c)
{
    return 1e3 * (fact(c, "used_cpu_sys_main_thread:")
                  + fact(c, "used_cpu_user_main_thread:"));
}

/* --- who waits --- */

static double longest_ms;       /* since it was last set to 0; the thread's while on */
static int is_on, is_over;      /* atomic */

static void *
ping(void *unused)
{
    redisContext *c = redisConnect("127.0.0.1", port);
    double start, took;
    bool counts;

    (void)unused;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        counts = __atomic_load_n(&is_on, __ATOMIC_ACQUIRE);
        start = now_ms();
        order(c, "PING");
        took = now_ms() - start;
        if (counts && took > longest_ms)
            longest_ms = took;
        usleep(50);             /* leaves the server time for others */
    }
    redisFree(c);
    return NULL;
}

static void
watch(void)
{
    longest_ms = 0;
    __atomic_store_n(&is_on, 1, __ATOMIC_RELEASE);
    usleep(1000);               /* one is sent before the command */
}

/* Returns the longest PING; one that is under way is waited for. */
static double
watched(redisContext *c)
{
    usleep(20000);
    __atomic_store_n(&is_on, 0, __ATOMIC_RELEASE);
    order(c, "PING");
    usleep(1000);
    return longest_ms;
}

static double
idle(redisContext *c)
{
    watch();
    usleep(1000000);
    return watched(c);
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
    double before, longest, cpu;

    order(c, "SET small x");
    order(c, "COPY source big REPLACE");
    before = idle(c);
    watch();
    cpu = cpu_ms(c);
    order(c, way->command);
    if (way->command[0] == 'P')
        while (number_of(c, "EXISTS big"))
            usleep(1000);
    cpu = cpu_ms(c) - cpu;
    wait_until_freed(c);
    longest = watched(c);
    printf("%-5s %-16s longest PING %7.2f ms  (idle %.2f), CPU %.2f ms\n", kind->name,
           way->name, longest, before, cpu);
    fflush(stdout);
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

/* --- many that are due at once --- */

static long
expiring(redisContext *c)
{
    return (long)fact(c, ",expires=");
}

static long
fields(redisContext *c)
{
    return number_of(c, "HLEN source");
}

/* `left` counts them; they are due from `when` on, for `span` ms. */
static void
let_expire(redisContext *c, const char *what, long when, long span,
           long (*left)(redisContext *c))
{
    double start, longest, portions, ms, before = idle(c);
    long count = left(c);

    if (unix_ms() >= when) {
        printf("%s: too slow to have them before their time\n", what);
        return;
    }
    usleep((useconds_t)(when - unix_ms()) * 1000);
    portions = fact(c, "expired_time_cap_reached_count:");
    ms = fact(c, "expire_cycle_cpu_milliseconds:");
    start = now_ms();
    watch();
    while (left(c))
        usleep(2000);
    start += (double)span;
    printf("%ld %s gone %.0f ms after the last was due", count, what, now_ms() - start);
    longest = watched(c);
    printf(", longest PING %.2f ms  (idle %.2f)\n", longest, before);
    portions = fact(c, "expired_time_cap_reached_count:") - portions;
    ms = fact(c, "expire_cycle_cpu_milliseconds:") - ms;
    if (portions > 0)
        printf("    in %.0f portions of %.2f ms on average\n", portions, ms / portions);
}

/* Of ten keys one is due. */
static void
expire_keys(redisContext *c, long count)
{
    long when = unix_ms() + 3000 + count / 10;
    int sent = 0;

    for (long i = 0; i < 10 * count; i++) {
        if (i % 10)
            redisAppendCommand(c, "SET key:%010ld %ld", i, i);
        else
            redisAppendCommand(c, "SET due:%010ld %ld PXAT %ld", i, i, when + i % 1000);
        if (++sent == 500) {
            collect(c, sent);
            sent = 0;
        }
    }
    collect(c, sent);
    let_expire(c, "keys", when, 1000, expiring);
    order(c, "FLUSHALL");
}

static void
expire_fields(redisContext *c, long count)
{
    const struct kind *hash = &kinds[2];
    long when;
    int sent = 0;

    fill(c, hash, count);
    when = unix_ms() + 3000 + count / 100;
    for (long i = 0; i < count; i++) {
        redisAppendCommand(c, "HPEXPIREAT source %ld FIELDS 1 element:%010ld", when, i);
        if (++sent == 500) {
            collect(c, sent);
            sent = 0;
        }
    }
    collect(c, sent);
    let_expire(c, "fields", when, 0, fields);
}

int
main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 10000000;
    redisContext *c = start_server(argc > 2 ? argv[2] : "./ignis-server", NULL, NULL);
    pthread_t other;

    pthread_create(&other, NULL, ping, NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        end_kind(c, &kinds[i], n);
    expire_keys(c, n / 100);
    expire_fields(c, n / 10);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    pthread_join(other, NULL);
    redisFree(c);
    return 0;
}
