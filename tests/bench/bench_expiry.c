/* SPDX-License-Identifier: MIT
 * tests/bench/bench_expiry.c - many that are due at once: how long does expiry hold the
 * loop, how soon are all gone, and who has to wait?
 *
 *   bench_expiry [KEYS (1000000)] [path of ignis-server]
 *
 * How:        of KEYS keys a tenth is due within one second, then within one
 *             millisecond; with strings, with a subscriber to every event, with small
 *             hashes, and with a thousand large ones.  Then KEYS fields of one hash.
 *             The server measures its own portions (INFO ignis): by the wall clock, and
 *             by the CPU time of the thread, which other programs do not spoil.
 *             The promise: no turn above 2 ms, all gone 1 s after the last was due. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench_server.h"
#include "bench/bench_watch.h"

#define PIPELINE 500
#define TURN_PROMISE_US 2000.0
#define GONE_PROMISE_MS 1000.0
#define LARGE 1000              /* hashes of that many fields, that many of them */
#define FIELD "field:%04d"

/* How one of the due keys is made; `field` is NULL for a string. */
struct kind {
    const char *name;
    long fields;                /* 0: a string */
    bool heard;                 /* a client subscribes to all events */
    long span;                  /* they are due within so many ms */
};

static const struct kind kinds[] = {
    { "strings, within a second", 0, false, 1000 },
    { "strings", 0, false, 1 },
    { "strings, with notifications", 0, true, 1 },
    { "hashes of 10 fields", 10, false, 1 },
    { "hashes of 1000 fields", LARGE, false, 1 },
};

static long sent;               /* of the pipeline */

static void
flush_sent(redisContext *c)
{
    collect(c, (int)sent);
    sent = 0;
}

static void
count_sent(redisContext *c)
{
    if (++sent == PIPELINE)
        flush_sent(c);
}

/* --- results --- */

/* The number after `name` in the line that begins with `line`. */
static double
part(const char *info, const char *line, const char *name)
{
    const char *at = strstr(info, line);

    at = at ? strstr(at, name) : NULL;
    return at ? atof(at + strlen(name)) : 0;
}

static void
print_portions(redisContext *c, double gone)
{
    static const char *const clocks[] = { "wall", "cpu" };
    redisReply *r = redisCommand(c, "INFO ignis");
    double turn = 0;

    check(r);
    printf("  gone %.0f ms after the last was due, in %.0f portions%s\n", gone,
           part(r->str, "expire_portions:", ":"),
           gone > GONE_PROMISE_MS ? "  <- above 1 s" : "");
    for (int i = 0; i < 2; i++) {
        char line[64];

        snprintf(line, sizeof line, "expire_portion_%s_usec", clocks[i]);
        turn = part(r->str, line, "longest_turn=");
        printf("  a portion, %-4s median %6.0f  p99 %6.0f  longest %6.0f us; longest turn"
               " %6.0f us%s\n", clocks[i], part(r->str, line, "median="),
               part(r->str, line, "p99="), part(r->str, line, "longest="), turn,
               turn > TURN_PROMISE_US ? "  <- above 2 ms" : "");
    }
    freeReplyObject(r);
}

static long
expiring(redisContext *c)
{
    return (long)fact(c, ",expires=");
}

static long
fields(redisContext *c)
{
    return number_of(c, "HLEN h");
}

/* `left` counts them; they are due from `when` on, for `span` ms. */
static void
let_expire(redisContext *c, const char *what, long when, long span,
           long (*left)(redisContext *c))
{
    struct stall before = watch_idle(c), stall;
    double gone;
    long count = left(c);

    order(c, "CONFIG RESETSTAT");
    if (unix_ms() >= when) {
        printf("%s: too slow to have them before their time\n", what);
        return;
    }
    usleep((useconds_t)(when - unix_ms()) * 1000);
    watch();
    while (left(c))
        usleep(2000);
    gone = (double)(unix_ms() - when - span);
    stall = watched(c);
    printf("%ld %s\n", count, what);
    print_portions(c, gone);
    printf("  ");
    stall_print(&stall, &before);
}

/* --- keys --- */

static void
make_hash(redisContext *c, long key, long count)
{
    static char text[2 * LARGE][16];
    const char *argv[2 + 2 * LARGE] = { "HSET", NULL };
    char name[32];
    int n = 2;

    snprintf(name, sizeof name, "due:%010ld", key);
    argv[1] = name;
    for (int i = 0; i < count; i++) {
        snprintf(text[2 * i], sizeof text[0], FIELD, i);
        snprintf(text[2 * i + 1], sizeof text[0], "value%d", i);
        argv[n++] = text[2 * i];
        argv[n++] = text[2 * i + 1];
    }
    redisAppendCommandArgv(c, n, argv, NULL);
    count_sent(c);
}

static void
make_due(redisContext *c, const struct kind *kind, long key, long when)
{
    if (kind->fields) {
        make_hash(c, key, kind->fields);
        redisAppendCommand(c, "PEXPIREAT due:%010ld %ld", key, when);
    } else {
        redisAppendCommand(c, "SET due:%010ld %ld PXAT %ld", key, key, when);
    }
    count_sent(c);
}

static void
set_option(redisContext *c, const char *name, const char *value)
{
    redisReply *r = redisCommand(c, "CONFIG SET %s %s", name, value);

    check(r);
    freeReplyObject(r);
}

/* It hears of everything and reads nothing: what is sent queues up in the server. */
static redisContext *
subscriber(redisContext *c)
{
    redisContext *other = redisConnect("127.0.0.1", port);

    set_option(c, "notify-keyspace-events", "KEA");
    set_option(c, "client-output-buffer-limit", "pubsub 0 0 0");
    order(other, "PSUBSCRIBE *");
    return other;
}

/* Of ten keys one is due; of large ones there are fewer. */
static void
expire_keys(redisContext *c, const struct kind *kind, long keys)
{
    long due = kind->fields == LARGE ? LARGE : keys / 10;
    long when = unix_ms() + 4000 + keys / 40;
    redisContext *other = NULL;

    for (long i = 0; i < keys - due; i++) {
        redisAppendCommand(c, "SET key:%010ld %ld", i, i);
        count_sent(c);
    }
    for (long i = 0; i < due; i++)
        make_due(c, kind, i, when + i % kind->span);
    flush_sent(c);
    if (kind->heard)
        other = subscriber(c);
    let_expire(c, kind->name, when, kind->span, expiring);
    if (other)
        redisFree(other);
    set_option(c, "notify-keyspace-events", "");
    order(c, "FLUSHALL");
}

static void
expire_fields(redisContext *c, long count)
{
    long when = unix_ms() + 4000 + count / 40;

    for (long i = 0; i < count; i++) {
        redisAppendCommand(c, "HSET h field:%010ld value%ld", i, i);
        redisAppendCommand(c, "HPEXPIREAT h %ld FIELDS 1 field:%010ld", when, i);
        count_sent(c);
        count_sent(c);
    }
    flush_sent(c);
    let_expire(c, "fields of one hash", when, 1, fields);
}

int
main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 1000000;
    redisContext *c = start_server(argc > 2 ? argv[2] : "./ignis-server", NULL, NULL);

    watcher_start();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        expire_keys(c, &kinds[i], n);
    expire_fields(c, n);
    watcher_end();
    redisFree(c);
    return 0;
}
