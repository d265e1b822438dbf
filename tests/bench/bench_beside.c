/* SPDX-License-Identifier: MIT
 * tests/bench/bench_beside.c - commands on one big collection, beside redis-server.
 *
 *   bench_beside [MEMBERS (1000000)] [path of ignis-server]
 *
 * How:        both servers get the same collection, then the same commands in
 *             pipelines of 16 over loopback, a share to each in turn, so that a busy
 *             machine is busy for both.  The figure is CPU time of the server process,
 *             user and system, per command.
 * Left out:   more than one connection, where the sockets' part of the figure is what
 *             it would be with any other command. */
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPELINE 16
#define SHARES 10

struct peer {
    const char *path;
    pid_t pid;
    redisContext *c;
    double ticks;                       /* of the case at hand */
};

/* What is asked of a collection of `n`, for the `i`-th time. */
struct bench_case {
    const char *name;
    void (*ask)(redisContext *c, const char *format, size_t i, size_t n);
    const char *format;                 /* of what `ask` counts out */
    bool is_whole;                      /* `n` times, else a tenth as often */
};

static struct peer peers[2];

static void
end_peers(void)
{
    for (int i = 0; i < 2; i++)
        if (peers[i].pid > 0) {
            kill(peers[i].pid, SIGTERM);
            waitpid(peers[i].pid, NULL, 0);
        }
}

static void
start_peer(struct peer *p, const char *path, int port)
{
    char port_text[16];

    snprintf(port_text, sizeof port_text, "%d", port);
    p->path = path;
    p->pid = fork();
    if (p->pid == 0) {
        execlp(path, path, "--port", port_text, "--bind", "127.0.0.1", "--save", "",
               "--loglevel", "warning", "--logfile", "/dev/null", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 100; i++) {
        p->c = redisConnect("127.0.0.1", port);
        if (p->c && !p->c->err)
            return;
        redisFree(p->c);
        usleep(50000);
    }
    fprintf(stderr, "%s does not answer\n", path);
    exit(1);
}

static double
cpu_ticks(pid_t pid)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, system = 0;
    const char *after;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (!f)
        return 0;
    after = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    fclose(f);
    if (after)
        sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system);
    return (double)(user + system);
}

/* --- the commands --- */

static unsigned
mixed(size_t i)
{
    return (unsigned)((uint64_t)i * 0x9e3779b97f4a7c15u >> 32);
}

static void
new_one(redisContext *c, const char *format, size_t i, size_t n)
{
    (void)n;
    redisAppendCommand(c, format, mixed(i));
}

static void
old_one(redisContext *c, const char *format, size_t i, size_t n)
{
    redisAppendCommand(c, format, mixed(i * 31 % n));
}

static void
first_score(redisContext *c, const char *format, size_t i, size_t n)
{
    redisAppendCommand(c, format, (unsigned long)(i * 7919 % n), mixed(i));
}

static void
other_score(redisContext *c, const char *format, size_t i, size_t n)
{
    redisAppendCommand(c, format, (unsigned long)(i * 104729 % n), mixed(i));
}

static void
ten_from(redisContext *c, const char *format, size_t i, size_t n)
{
    unsigned long from = i * 7919 % n;

    redisAppendCommand(c, format, from, from + 9);
}

static void
no_one(redisContext *c, const char *format, size_t i, size_t n)
{
    (void)i, (void)n;
    redisAppendCommand(c, format);
}

static const struct bench_case cases[] = {
    { "ZADD new", first_score, "ZADD z %lu element:%08x", true },
    { "ZADD another score", other_score, "ZADD z %lu element:%08x", true },
    { "ZRANK", old_one, "ZRANK z element:%08x", true },
    { "ZSCORE", old_one, "ZSCORE z element:%08x", true },
    { "ZRANGE, ten by rank", ten_from, "ZRANGE z %lu %lu", false },
    { "ZRANGE, ten by score", ten_from, "ZRANGE z %lu +inf BYSCORE LIMIT 0 10", false },
    { "HSET new", new_one, "HSET h element:%08x sixteen-bytes...", true },
    { "HGET", old_one, "HGET h element:%08x", true },
    { "SADD new", new_one, "SADD s element:%08x", true },
    { "SISMEMBER", old_one, "SISMEMBER s element:%08x", true },
    { "RPUSH", new_one, "RPUSH l element:%08x", true },
    { "LPOP", no_one, "LPOP l", true },
};

/* --- running them --- */

static void
ask_some(struct peer *p, const struct bench_case *b, size_t from, size_t to, size_t n)
{
    double before = cpu_ticks(p->pid);
    void *reply;

    while (from < to) {
        size_t end = from + PIPELINE < to ? from + PIPELINE : to;

        for (size_t i = from; i < end; i++)
            b->ask(p->c, b->format, i, n);
        for (; from < end; from++) {
            if (redisGetReply(p->c, &reply) != REDIS_OK) {
                fprintf(stderr, "%s: %s\n", p->path, p->c->errstr);
                exit(1);
            }
            freeReplyObject(reply);
        }
    }
    p->ticks += cpu_ticks(p->pid) - before;
}

static void
run(const struct bench_case *b, size_t n)
{
    size_t times = b->is_whole ? n : n / 10;
    double ns[2];

    for (size_t share = 0; share < SHARES; share++)
        for (int i = 0; i < 2; i++)
            ask_some(&peers[i], b, times * share / SHARES, times * (share + 1) / SHARES, n);
    for (int i = 0; i < 2; i++) {
        ns[i] = peers[i].ticks * (1e9 / (double)sysconf(_SC_CLK_TCK)) / (double)times;
        peers[i].ticks = 0;
    }
    printf("  %-24s %8.0f ns %8.0f ns   x%.2f\n", b->name, ns[0], ns[1], ns[0] / ns[1]);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 1000000;
    int port = 20000 + (int)getpid() % 20000;

    atexit(end_peers);
    start_peer(&peers[0], argc > 2 ? argv[2] : "./ignis-server", port);
    start_peer(&peers[1], "redis-server", port + 1);
    printf("collections of %zu: CPU per command\n  %-24s %11s %11s\n", n, "", "ignis",
           "redis");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        run(&cases[i], n);
    for (int i = 0; i < 2; i++)
        redisFree(peers[i].c);
    return 0;
}
