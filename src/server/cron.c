/* SPDX-License-Identifier: MIT
 * server/cron.c - periodic work in small portions.
 *
 * Why:        a loop turn that works for long is a stall for everybody; what is
 *             left undone for long is memory that nobody can use.
 * How:        two timers.  The tick (hz times a second) does the bounded upkeep.
 *             The due timer removes keys whose time is over: at most one portion
 *             per turn, and while some are left the next portion follows after a
 *             pause in proportion, so that expiry takes its share of the CPU
 *             (active-expire-effort) and commands are served in between.
 *             Eviction that ran out of time goes on in the same way.
 *             How long its portions took is in INFO's last section.
 * Invariants: 1. No portion of work is longer than PORTION_US, give or take one
 *                key or a step of elements (elements.c), and those who are told.
 *             2. A pause of DEBUG PAUSE-CRON stops both timers' work, not the
 *                timers.
 * Cost:       idle: hz wake-ups a second, each some microseconds.
 * Read next:  keyspace/expire.c */
#include "server/cron.h"
#include "base/alloc.h"
#include "base/log.h"
#include "config/config.h"
#include "keyspace/evict.h"
#include "net/conn.h"
#include "net/loop.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/clients_limits.h"
#include "command/latency.h"
#include "command/memory.h"
#include "command/portions.h"
#include "command/stats.h"
#include "command/switches.h"

#define HZ_MIN 1
#define HZ_MAX 500
#define CLIENTS_PER_TICK 200    /* more than that: tick more often */
#define PORTION_US 500          /* of expiry, per loop turn: a single step of the
                                 * allocator may take another millisecond */
#define EXPIRE_PERIOD_MS 50     /* how late a key may go when nothing else is due */
#define EXPIRE_CPU_PERCENT 25   /* at effort 1, and 2 more per step */
#define SAMPLES 16
#define SAMPLE_PERIOD_MS 100
#define REPORT_PERIOD_MS 5000

/* Rates over the last SAMPLES periods. */
struct rate {
    uint64_t last;              /* the counter at the last sample */
    double per_second[SAMPLES];
};

struct cron {
    struct server *server;
    struct timer *tick, *due, *evict;
    int hz;                     /* the tick runs at this rate now */
    usec sampled_at, reported_at;
    unsigned sample;
    struct rate operations, input, output, turns, busy_us;
};

int
cron_hz(const struct config *config, size_t clients)
{
    int hz = config->hz < HZ_MIN ? HZ_MIN : config->hz;

    if (hz > HZ_MAX)
        hz = HZ_MAX;
    while (config->dynamic_hz && clients / (size_t)hz > CLIENTS_PER_TICK && hz < HZ_MAX)
        hz = hz * 2 > HZ_MAX ? HZ_MAX : hz * 2;
    return hz;
}

/* --- samples --- */

/* A counter that went back was reset: it starts again. */
static void
rate_sample(struct rate *r, unsigned at, uint64_t now, double seconds)
{
    uint64_t grown = now >= r->last ? now - r->last : now;

    r->last = now;
    r->per_second[at % SAMPLES] = seconds > 0 ? (double)grown / seconds : 0;
}

static double
rate_mean(const struct rate *r)
{
    double sum = 0;
    int i;

    for (i = 0; i < SAMPLES; i++)
        sum += r->per_second[i];
    return sum / SAMPLES;
}

static void
sample_rates(struct cron *cron, usec now)
{
    struct stats *stats = cron->server->stats;
    double seconds = (double)(now - cron->sampled_at) / 1e6;
    struct conn_facts net;
    struct loop_facts loop;

    conn_facts(&net);
    loop_facts(cron->server->loop, &loop);
    rate_sample(&cron->operations, cron->sample, stats->commands, seconds);
    rate_sample(&cron->input, cron->sample, net.read_bytes, seconds);
    rate_sample(&cron->output, cron->sample, net.written_bytes, seconds);
    rate_sample(&cron->turns, cron->sample, loop.turns, seconds);
    rate_sample(&cron->busy_us, cron->sample, loop.busy_us, seconds);
    cron->sample++;
    cron->sampled_at = now;
    stats->ops_per_sec = rate_mean(&cron->operations);
    stats->input_kbps = rate_mean(&cron->input) / 1024;
    stats->output_kbps = rate_mean(&cron->output) / 1024;
    stats->turns_per_sec = rate_mean(&cron->turns);
    if (stats->turns_per_sec > 0)
        stats->us_per_turn = rate_mean(&cron->busy_us) / stats->turns_per_sec;
}

/* For those who read the log at level verbose. */
static void
report(struct server *server)
{
    struct keyspace *ks = server->keyspace;
    int i;

    for (i = 0; i < keyspace_databases(ks); i++) {
        struct db *db = keyspace_db(ks, i);

        if (db_count(db))
            log_verbose("DB %d: %zu keys (%zu volatile)", i, db_count(db),
                        db_count_expiring(db));
    }
    log_debug("%zu clients connected, %zu bytes in use", clients_count(server->clients),
              mem_used());
}

/* --- keys that are due --- */

/* How long to pause after a portion so that expiry keeps to its share. */
static double
expire_pause_ms(const struct config *config)
{
    double share = EXPIRE_CPU_PERCENT + 2 * (config->active_expire_effort - 1);

    return PORTION_US / 1000.0 * (100 - share) / share;
}

static uint64_t
expired(struct server *server)
{
    const struct keyspace_stats *stats = keyspace_stats(server->keyspace);

    return stats->expired + stats->expired_elements;
}

/* One portion, and how long it took; true when there is more to do. */
static bool
expire_portion(struct server *server)
{
    uint64_t before = expired(server), cpu = clock_cpu_ns(), start = clock_ticks(), wall;
    bool more = keyspace_expire_due(server->keyspace, PORTION_US);
    struct loop_facts loop;

    wall = clock_ticks_to_ns(clock_ticks() - start);
    latency_add(server->latency, "expire-cycle", (msec)(wall / 1000000));
    if (expired(server) == before)
        return more;
    loop_facts(server->loop, &loop);
    portions_add(server->expiry, loop.turns, wall, clock_cpu_ns() - cpu);
    return more;
}

static void
due(void *arg)
{
    struct cron *cron = arg;
    double pause = EXPIRE_PERIOD_MS;

    if (!switches_cron_is_paused()) {
        clock_tick();
        if (expire_portion(cron->server))
            pause = expire_pause_ms(cron->server->config);
    }
    timer_start(cron->due, pause, 0);
}

/* --- eviction that is not finished --- */

static void
evict_more(void *arg)
{
    struct cron *cron = arg;
    struct server *server = cron->server;
    uint64_t start = clock_ticks();

    if (evict_to_fit(server->keyspace) == FAILED_LIMIT)
        timer_start(cron->evict, 0, 0);
    latency_add(server->latency, "eviction-cycle",
                (msec)(clock_ticks_to_ns(clock_ticks() - start) / 1000000));
}

/* --- the tick --- */

static void
set_rate(struct cron *cron)
{
    int hz = cron_hz(cron->server->config, clients_count(cron->server->clients));

    if (hz == cron->hz)
        return;
    cron->hz = hz;
    timer_start(cron->tick, 1000.0 / hz, 1000.0 / hz);
}

static void
tick(void *arg)
{
    struct cron *cron = arg;
    struct server *server = cron->server;
    usec now = clock_mono_us();

    set_rate(cron);
    if (switches_cron_is_paused())
        return;
    clock_tick();
    memory_sample_peak(server);
    if (now - cron->sampled_at >= SAMPLE_PERIOD_MS * 1000 - 1000)
        sample_rates(cron, now);
    clients_cron(server->clients);
    keyspace_cron(server->keyspace, server->config->activerehashing);
    evict_more(cron);           /* also notes that the limit is kept again */
    if (now - cron->reported_at >= REPORT_PERIOD_MS * 1000) {
        report(server);
        cron->reported_at = now;
    }
}

static void
turn_ends(void *keyspace)
{
    evict_turn_ends(keyspace);
}

struct cron *
cron_start(struct server *server)
{
    struct cron *cron = mem_zalloc(sizeof *cron);

    cron->server = server;
    cron->tick = timer_new(server->loop, tick, cron);
    cron->due = timer_new(server->loop, due, cron);
    cron->evict = timer_new(server->loop, evict_more, cron);
    loop_before_sleep(server->loop, turn_ends, server->keyspace);
    cron->sampled_at = cron->reported_at = clock_mono_us();
    set_rate(cron);
    timer_start(cron->due, EXPIRE_PERIOD_MS, 0);
    memory_started();           /* all parts are there, no data is */
    return cron;
}

void
cron_stop(struct cron *cron)
{
    if (!cron)
        return;
    timer_free(cron->tick);
    timer_free(cron->due);
    timer_free(cron->evict);
    mem_free(cron);
}
