/* SPDX-License-Identifier: MIT
 * tests/bench/bench_watch.h - somebody else's view: how long has a PING to wait, and who
 * made it wait?
 *
 * How:        a thread with a connection of its own sends one PING after the other.
 *             Around each it reads /proc/PID/task/TID/schedstat, of the server's main
 *             thread and of itself: what a thread computed, and how long it could have
 *             run but had no core.  What is left when the waits for a core are taken
 *             off the PING's time is the server's own: computing, or asleep for a lock
 *             that its freeing thread holds.
 * Left out:   a hypervisor that takes a core away shows as computing, or as nothing:
 *             the idle server's longest PING tells whether it does.  A thread that
 *             still runs when it is read shows up to a tick (1 to 4 ms) too little
 *             computing; waiting is exact. */
#ifndef IGNIS_TESTS_BENCH_BENCH_WATCH_H
#define IGNIS_TESTS_BENCH_BENCH_WATCH_H
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/syscall.h>

#include "bench/bench_server.h"

#define STALL_PROMISE_MS 5.0

struct stall {
    double took;                /* all in ms */
    double computed, queued;    /* the server's main thread: had a core, had none */
    double client_queued;       /* the thread that sent the PING */
};

struct sched { double ran, queued; };           /* ms since the thread began */

static struct stall longest;    /* since it was last zeroed; the thread's while on */
static int is_on, is_over;      /* atomic */
static pthread_t watcher;

static inline int
sched_open(pid_t pid, pid_t tid)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", (int)pid, (int)tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fprintf(stderr, "no %s: nobody can tell who made whom wait\n", path);
    return fd;
}

static inline struct sched
sched_read(int fd)
{
    char text[128] = "";
    unsigned long long ran = 0, queued = 0;
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : 0;

    if (n > 0)
        sscanf(text, "%llu %llu", &ran, &queued);
    return (struct sched){ (double)ran / 1e6, (double)queued / 1e6 };
}

/* What no wait for a core explains. */
static inline double
stall_rest(const struct stall *s)
{
    double rest = s->took - s->queued - s->client_queued;

    return rest > 0 ? rest : 0;
}

/* The two may have waited for a core at once or one after the other.  What happens on
 * an idle server too is the machine's. */
static inline const char *
stall_verdict(const struct stall *s, const struct stall *before)
{
    double longer = s->queued > s->client_queued ? s->queued : s->client_queued;

    if (s->took - longer <= STALL_PROMISE_MS)
        return "";
    return stall_rest(s) > STALL_PROMISE_MS && stall_rest(before) < 1
         ? "  <- the server's own" : "  <- perhaps the server's own";
}

static inline struct stall
ping_once(redisContext *c, int server_fd, int own_fd)
{
    struct sched theirs = sched_read(server_fd), own = sched_read(own_fd), then;
    double start = now_ms();
    struct stall s;

    order(c, "PING");
    s.took = now_ms() - start;
    then = sched_read(server_fd);
    s.computed = then.ran - theirs.ran;
    s.queued = then.queued - theirs.queued;
    s.client_queued = sched_read(own_fd).queued - own.queued;
    return s;
}

static inline void *
watch_all_along(void *unused)
{
    redisContext *c = redisConnect("127.0.0.1", port);
    int server_fd = sched_open(server, server);
    int own_fd = sched_open(getpid(), (pid_t)syscall(SYS_gettid));

    (void)unused;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        bool counts = __atomic_load_n(&is_on, __ATOMIC_ACQUIRE);
        struct stall s = ping_once(c, server_fd, own_fd);

        if (counts && s.took > longest.took)
            longest = s;
        usleep(50);             /* leaves the server time for others */
    }
    close(server_fd);
    close(own_fd);
    redisFree(c);
    return NULL;
}

static inline void
watcher_start(void)
{
    pthread_create(&watcher, NULL, watch_all_along, NULL);
}

static inline void
watcher_end(void)
{
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    pthread_join(watcher, NULL);
}

static inline void
watch(void)
{
    longest = (struct stall){ 0 };
    __atomic_store_n(&is_on, 1, __ATOMIC_RELEASE);
    usleep(1000);               /* one is sent before the command */
}

/* Returns the longest PING; one that is under way is waited for. */
static inline struct stall
watched(redisContext *c)
{
    usleep(20000);
    __atomic_store_n(&is_on, 0, __ATOMIC_RELEASE);
    order(c, "PING");
    usleep(1000);
    return longest;
}

static inline struct stall
watch_idle(redisContext *c)
{
    watch();
    usleep(1000000);
    return watched(c);
}

static inline void
stall_print(const struct stall *s, const struct stall *before)
{
    printf("longest PING %6.2f ms (idle %.2f, unexplained %.2f): server computed %.2f, "
           "had no core %.2f, client had no core %.2f%s\n", s->took, before->took,
           stall_rest(before), s->computed, s->queued, s->client_queued,
           stall_verdict(s, before));
    fflush(stdout);
}
#endif
