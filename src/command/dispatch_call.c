/* SPDX-License-Identifier: MIT
 * command/dispatch_call.c - carry out one call: ask, run, count.
 *
 * How:        gates, tracking, blocking, MONITOR, slowlog: each is behind one comparison
 *             that fails on a calm server, so a GET pays for its handler and two readings
 *             of the tick counter.
 * Invariants: 1. `calls` and `failed` count what ran, `rejected` what was refused; a call
 *                that is held back counts nowhere until it runs.
 *             2. clients that wait for a key are served after the handler, never inside.
 * Read next:  command/gates.c, then any file of commands/ */
#include "command/dispatch_call.h"

#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "command/blocking.h"
#include "command/client.h"
#include "command/clients_monitor.h"
#include "command/gates.h"
#include "command/latency.h"
#include "command/refuse.h"
#include "command/slowlog.h"
#include "command/stats.h"
#include "command/table.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "config/config.h"
#include "net/conn.h"

#define GATED_FLAGS (CLIENT_AUTHENTICATED | CLIENT_MULTI | CLIENT_PUBSUB)

/* The shortest time that anybody wants to hear of, in ticks; refreshed by
 * dispatch_configure. */
static uint64_t slow_ticks = UINT64_MAX;
static bool histograms = true;
static const struct call *running;      /* for who reports a crash */

/* A threshold may be any number: what no counter of ticks reaches is never reached. */
static uint64_t
ticks_of(double ns)
{
    double ticks = ns * 1e6 / (double)clock_ticks_to_ns(1000000);

    return ticks < 0x1p64 ? (uint64_t)ticks : UINT64_MAX;
}

void
dispatch_configure(struct server *server)
{
    usec slow = slowlog_threshold(server->slowlog);
    msec spike = latency_threshold(server->latency);
    double ns = HUGE_VAL;

    if (slow >= 0)
        ns = (double)slow * 1e3;
    if (spike > 0)
        ns = fmin(ns, (double)spike * 1e6);
    slow_ticks = ticks_of(ns);
    histograms = server->config->latency_tracking;
}

static void
note_slow(struct call *c, uint64_t ticks)
{
    struct server *s = c->server;
    usec took = (usec)(clock_ticks_to_ns(ticks) / 1000);
    msec threshold = latency_threshold(s->latency);
    char address[160] = "?:0";
    struct bytes *shown = NULL;

    if (threshold > 0 && took / 1000 >= threshold)
        latency_add(s->latency, c->cmd->row->flags & FAST ? "fast-command" : "command",
                    took / 1000);
    if (!slowlog_wants(slowlog_threshold(s->slowlog), took)
        || (c->cmd->row->flags & SKIP_SLOWLOG))
        return;
    if (c->client->conn)
        conn_address(c->client->conn, address, sizeof address);
    if (c->redacted) {
        shown = mem_alloc((size_t)c->argc * sizeof *shown);
        for (int i = 0; i < c->argc; i++)
            shown[i] = call_shown(c, i);
    }
    slowlog_add(s->slowlog, took, shown ? shown : c->argv, c->argc, address,
                client_name(c->client));
    mem_free(shown);
}

static inline void
count_time(struct call *c, uint64_t ticks)
{
    if (histograms) {
        if (UNLIKELY(!c->cmd->latency))
            c->cmd->latency = latency_histogram_new();
        latency_histogram_add(c->cmd->latency, clock_ticks_to_ns(ticks));
    }
    if (UNLIKELY(ticks >= slow_ticks))
        note_slow(c, ticks);
}

static void
count_error(struct call *c)
{
    c->cmd->failed++;
    c->server->stats->error_replies++;
    errorstats_count(c->server->errorstats, reply_last_error());
}

/* Run the handler, count and time it; returns the tick count at its end. */
static inline uint64_t
perform(struct call *c, uint64_t start)
{
    struct registered *cmd = c->cmd;
    uint64_t errors = reply_errors(), counted = c->server->stats->error_replies, end;
    const struct call *outer = running;

    running = c;
    cmd->row->run(c);
    running = outer;
    end = clock_ticks();
    cmd->calls++;
    c->server->stats->commands++;
    cmd->ticks += end - start;
    if (UNLIKELY(client_is(c->client, CLIENT_BLOCKED)))
        blocking_ran(c->client, end - start);   /* counted when it is served */
    else
        count_time(c, end - start);
    if (UNLIKELY(clients_monitors(c->server->clients) > 0))
        clients_monitor(c);
    if (UNLIKELY(reply_errors() != errors)
        && reply_errors() - errors > c->server->stats->error_replies - counted)
        count_error(c);         /* what EXEC ran has counted its errors itself */
    if (UNLIKELY(client_is(c->client, CLIENT_TRACKING)))
        tracking_remember(c);
    return end;
}

/* Ask the gates.  What refuses EXEC is said in EXEC's words. */
static enum verdict
ask_gates(struct call *c, uint32_t armed)
{
    struct reply aside, *out = c->out;
    enum verdict v;

    if (!(c->cmd->row->flags & RUNS_QUEUE)) {
        v = gates_ask(c, armed);
    } else {
        reply_start(&aside);
        c->out = &aside;
        v = gates_ask(c, armed);
        c->out = out;
        if (v == REFUSED)
            transaction_refuse_exec(c, reply_last_error());
        reply_drop(&aside);
    }
    if (v == REFUSED)
        refuse_count(c);
    return v;
}

/* `inline` is for the linker: it may put this into the loop of a batch. */
inline uint64_t
dispatch_call_from(struct call *c, uint64_t start, bool *held)
{
    struct client *client = c->client;
    uint32_t armed = gates_armed();
    enum verdict v;
    uint64_t end;
    bool tracks;

    if (UNLIKELY((client->flags & GATED_FLAGS) != CLIENT_AUTHENTICATED)) {
        armed |= client_is(client, CLIENT_AUTHENTICATED) ? 0 : 1u << GATE_AUTH;
        armed |= client_is(client, CLIENT_PUBSUB) ? 1u << GATE_SUBSCRIBED : 0;
        armed |= client_is(client, CLIENT_MULTI) ? 1u << GATE_MULTI : 0;
    }
    if (UNLIKELY(armed &= c->cmd->gates)) {
        v = ask_gates(c, armed);
        if (v != PASS) {
            *held = v == HELD;
            client->last_command = c->cmd;
            return start;
        }
    }
    client->last_command = c->cmd;
    tracks = client_is(client, CLIENT_TRACKING);        /* it may stop now */
    if (UNLIKELY(tracks))
        tracking_begin(client);
    end = perform(c, start);
    if (UNLIKELY(tracks))
        tracking_end(client);
    if (UNLIKELY(blocking_has_work(c->server->blocking)))
        blocking_serve(c->server->blocking);
    return end;
}

void
dispatch_inner(struct call *call)
{
    perform(call, clock_ticks());
}

uint64_t
dispatch_again(struct call *call)
{
    uint64_t errors = reply_errors(), start = clock_ticks(), took;
    const struct call *outer = running;

    running = call;
    call->cmd->row->run(call);
    running = outer;
    took = clock_ticks() - start;
    call->cmd->ticks += took;
    if (reply_errors() != errors)
        count_error(call);
    return took;
}

void
dispatch_waited(struct call *call, uint64_t ticks)
{
    count_time(call, ticks);
}

const struct call *
dispatch_running(void)
{
    return running;
}
