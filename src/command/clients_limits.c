/* SPDX-License-Identifier: MIT
 * command/clients_limits.c - how much a session may hold, and how long it may idle.
 *
 * Why:        a session that does not read its replies, or sends half a request of a
 *             gigabyte, must not take the memory of all others.
 * How:        what one session holds is checked when it grows.  What all of them hold
 *             is a running sum, brought up to date as sessions run and, by cron, a
 *             slice of them at a time.  Above maxmemory-clients those that hold most
 *             go first.  Peaks for INFO are kept by second, in two rings.
 * Invariants: 1. memory_sum is the sum of counted_memory over all sessions.
 *             2. a session that was told to close (DEAD) is not counted again.
 * Cost:       a check costs two comparisons; eviction looks at all sessions twice,
 *             however many have to go.
 * Read next:  command/client_describe.c */
#include "command/clients_limits.h"

#include "base/log.h"
#include "base/text.h"
#include "command/call.h"
#include "command/client_describe.h"
#include "command/clients_own.h"
#include "command/dispatch.h"
#include "command/dispatch_call.h"
#include "command/postponed.h"
#include "config/config.h"
#include "net/conn.h"
#include "wire/resp_read.h"

#define CRON_SLICE 200          /* sessions looked at per cron call, at least */
#define STALLED_S 2
#define ALWAYS_SENT 16384
#define UNAUTHENTICATED_OUTPUT 1024
#define MEMORY_LIMIT_MIN (128 * 1024)   /* below, nobody could talk to us at all */
#define SIZES 64                /* powers of two that a session's memory may reach */

/* A line of CLIENT LIST for the log: less of it when the log must not tell. */
static void
log_client(enum log_level level, const char *what, const struct client *c,
           const char *why)
{
    struct text line = { 0 };

    if (log_hides_user_data())
        text_printf(&line, "id=%llu *redacted*", (unsigned long long)c->id);
    else
        client_describe(c, NULL, &line);
    log_line(level, "%s %.*s%s", what, B_ARG(text_view(&line)), why);
    text_free(&line);
}

/* --- peaks --- */

static void
note_peak(size_t peaks[CLIENTS_RECENT_S], struct clients *all, size_t n)
{
    int64_t now = clock_ms() / 1000;

    if (now - all->peak_s >= CLIENTS_RECENT_S || now < all->peak_s)
        all->peak_s = now - CLIENTS_RECENT_S;
    while (all->peak_s < now) {         /* seconds in which nothing was noted */
        all->peak_s++;
        all->peak_input[all->peak_s % CLIENTS_RECENT_S] = 0;
        all->peak_output[all->peak_s % CLIENTS_RECENT_S] = 0;
    }
    if (n > peaks[now % CLIENTS_RECENT_S])
        peaks[now % CLIENTS_RECENT_S] = n;
}

size_t
clients_peak(const size_t peaks[CLIENTS_RECENT_S])
{
    size_t peak = 0;

    for (int i = 0; i < CLIENTS_RECENT_S; i++)
        if (peaks[i] > peak)
            peak = peaks[i];
    return peak;
}

/* --- the sum --- */

static void
count_memory(struct clients *all, struct client *c)
{
    size_t now;

    if (client_is(c, CLIENT_DEAD))
        return;
    now = client_memory(c);
    all->memory_sum += now - c->counted_memory;
    c->counted_memory = now;
}

void
clients_uncount_memory(struct client *c)
{
    c->server->clients->memory_sum -= c->counted_memory;
    c->counted_memory = 0;              /* and not counted again: it is DEAD, or gone */
}

/* While there was no limit, cron alone counted, a slice at a time. */
void
clients_count_again(struct clients *all)
{
    if (all->server->config->max_memory_clients == 0)
        return;
    for (struct client *c = all->first; c; c = c->next)
        count_memory(all, c);
    all->is_over = false;               /* of what limit? */
}

/* maxmemory-clients in bytes; 0 = no limit. */
static size_t
memory_limit(const struct clients *all)
{
    const struct config *config = all->server->config;
    int64_t n = config->max_memory_clients;
    size_t limit = (size_t)n, all_memory = config->max_memory;

    if (n == 0 || (n < 0 && all_memory == 0))
        return 0;
    if (n < 0)                          /* percent, 100 at most */
        limit = all_memory / 100 * (size_t)-n + all_memory % 100 * (size_t)-n / 100;
    return limit > MEMORY_LIMIT_MIN ? limit : MEMORY_LIMIT_MIN;
}

/* --- output and input --- */

static enum output_class
class_of(const struct client *c)
{
    if (client_is(c, CLIENT_REPLICA))
        return OUTPUT_REPLICA;
    return client_is(c, CLIENT_PUBSUB) ? OUTPUT_PUBSUB : OUTPUT_NORMAL;
}

static void
close_for_output(struct client *c)
{
    log_client(LOG_LEVEL_WARNING, "Client", c,
               " scheduled to be closed ASAP for overcoming of output buffer limits.");
    c->server->clients->facts.output_limit_closed++;
    client_drop(c);
}

/* A small reply is always sent: Redis does not count its first buffer either. */
bool
clients_replies_check(struct client *c)
{
    size_t hard = c->server->config->client_output_buffer_limit[class_of(c)].hard;
    size_t pending = reply_pending(c->out);

    if (!hard || pending <= hard || pending <= ALWAYS_SENT)
        return false;
    close_for_output(c);
    return true;
}

static void
close_stranger(struct client *c)
{
    log_client(LOG_LEVEL_WARNING, "Client", c,
               " closed: too much output for an unauthenticated client.");
    c->server->clients->facts.output_limit_closed++;
    client_drop(c);
}

/* Ten thousand strangers must not add up, nor do they need more to say who they are. */
bool
clients_stranger_check(struct client *c)
{
    if (client_is(c, CLIENT_AUTHENTICATED) || reply_pending(c->out) <= ALWAYS_SENT)
        return false;
    close_stranger(c);
    return true;
}

/* True when it is to be closed, or was told to. */
static bool
is_over_output(struct client *c)
{
    const struct output_limit *limit;
    size_t held = reply_memory(c->out);
    bool soft;

    if (client_is(c, CLIENT_DEAD))
        return true;
    note_peak(c->server->clients->peak_output, c->server->clients, held);
    if (!client_is(c, CLIENT_AUTHENTICATED)
        && reply_pending(c->out) > UNAUTHENTICATED_OUTPUT) {
        close_stranger(c);
        return true;
    }
    limit = &c->server->config->client_output_buffer_limit[class_of(c)];
    soft = limit->soft && held > limit->soft;
    if (!soft)
        c->soft_limit_since_s = 0;
    else if (!c->soft_limit_since_s)
        c->soft_limit_since_s = (uint32_t)(clock_ms() / 1000);
    if (!(limit->hard && held > limit->hard)
        && !(soft && clock_ms() / 1000 - c->soft_limit_since_s > limit->soft_seconds))
        return false;
    close_for_output(c);
    return true;
}

bool
clients_output_check(struct client *c)
{
    if (is_over_output(c))
        return true;
    clients_memory_check(c);
    return client_is(c, CLIENT_DEAD);
}

void
clients_push_check(struct client *c)
{
    struct clients *all = c->server->clients;
    size_t limit;

    if (is_over_output(c) || LIKELY(all->server->config->max_memory_clients == 0))
        return;
    count_memory(all, c);
    limit = memory_limit(all);
    if (all->is_over || !limit || all->memory_sum <= limit)
        return;
    all->has_grown = true;
    dispatch_judge_clients();
}

bool
clients_input_check(struct client *c, size_t pending)
{
    if (UNLIKELY(pending > 0))
        note_peak(c->server->clients->peak_input, c->server->clients, pending);
    if (LIKELY(pending <= c->server->config->client_query_buffer_limit))
        return false;
    log_client(LOG_LEVEL_WARNING, "Client", c,
               " closed: that exceeded the query buffer limit.");
    c->server->clients->facts.query_limit_closed++;
    client_drop(c);
    return true;
}

/* --- who goes --- */

static void
evict_client(struct clients *all, struct client *c)
{
    log_client(LOG_LEVEL_NOTICE, "Evicting client:", c, "");
    all->facts.evicted++;
    clients_uncount_memory(c);
    client_drop(c);
}

static bool
may_evict(const struct client *c)
{
    return !client_is(c, CLIENT_NO_EVICT | CLIENT_DEAD | CLIENT_REPLICA | CLIENT_MASTER);
}

static int
size_of(const struct client *c)
{
    return c->counted_memory ? 64 - __builtin_clzll(c->counted_memory) : 0;
}

/* Sessions of more than this size all have to go to win `over` bytes, and some of
 * this size. */
static int
size_to_cut(const struct clients *all, size_t over)
{
    size_t sums[SIZES + 1] = { 0 };
    int size = SIZES;

    for (const struct client *c = all->first; c; c = c->next)
        if (may_evict(c))
            sums[size_of(c)] += c->counted_memory;
    for (; size > 0 && sums[size] <= over; size--)
        over -= sums[size];
    return size;
}

/* Evict sessions of these sizes until all hold no more than `limit`. */
static void
evict_sizes(struct clients *all, int from, int to, size_t limit)
{
    for (struct client *c = all->first; c && all->memory_sum > limit; c = c->next)
        if (may_evict(c) && size_of(c) >= from && size_of(c) <= to)
            evict_client(all, c);
}

/* What the sockets take is held by nobody.  Not inside a command: a reply that is being
 * written may not be complete up to any point. */
static void
send_and_count(struct clients *all)
{
    for (struct client *c = all->first; c; c = c->next) {
        if (!reply_is_empty(c->out) && !client_is(c, CLIENT_RUNNING | CLIENT_DEAD)
            && !dispatch_running())
            conn_flush(c->conn);
        count_memory(all, c);
    }
}

/* The sessions that hold most go first (by powers of two, so that thousands cost no
 * more than one), until the rest fits.  All that normal and Pub/Sub sessions hold
 * counts, also what may not be evicted. */
static void
evict_clients(struct clients *all)
{
    size_t limit = memory_limit(all);
    int cut;

    all->has_grown = false;
    if (!limit || all->memory_sum <= limit) {
        all->is_over = false;
        return;
    }
    send_and_count(all);
    if (all->memory_sum > limit) {
        cut = size_to_cut(all, all->memory_sum - limit);
        evict_sizes(all, cut + 1, SIZES, 0);
        evict_sizes(all, cut, cut, limit);
    }
    if (all->memory_sum > limit) {
        if (!all->is_over)
            log_warning("Over client maxmemory after evicting all evictable clients");
        all->is_over = true;
        return;
    }
    all->is_over = false;
}

/* While nobody is left to evict, cron alone looks again. */
void
clients_memory_check(struct client *c)
{
    struct clients *all = c->server->clients;

    if (LIKELY(all->server->config->max_memory_clients == 0) || !c->conn)
        return;
    count_memory(all, c);
    if (!all->is_over)
        evict_clients(all);
}

void
clients_turn_ends(struct clients *all)
{
    if (all->has_grown && !all->is_over)
        evict_clients(all);
}

/* --- by and by --- */

static void
check_idle(struct clients *all, struct client *c, int64_t now)
{
    int timeout = all->server->config->timeout;

    if (timeout > 0 && now - conn_active_s(c->conn) > timeout
        && !client_is(c, CLIENT_REPLICA | CLIENT_MASTER | CLIENT_BLOCKED
                      | CLIENT_POSTPONED | CLIENT_PUBSUB | CLIENT_MONITOR)) {
        log_verbose("Closing idle client");
        client_drop(c);
    }
}

/* An argument was announced, and its memory set aside, but nothing comes. */
static void
check_stalled(struct client *c, int64_t now)
{
    if (c->reader && now - conn_active_s(c->conn) > STALLED_S)
        request_shrink(c->reader);
}

void
clients_cron(struct clients *all)
{
    size_t slice = all->facts.connected / 10 + 1;
    int64_t now = clock_ms() / 1000;
    struct client *c;

    if (slice < CRON_SLICE)
        slice = CRON_SLICE;
    if (slice > all->facts.connected)
        slice = all->facts.connected;
    while (slice-- > 0) {
        c = all->visit ? all->visit : all->first;
        all->visit = c->next;
        if (client_is(c, CLIENT_DEAD))
            continue;
        check_idle(all, c, now);
        check_stalled(c, now);
        if (!reply_is_empty(c->out))
            clients_output_check(c);
        count_memory(all, c);
        note_peak(all->peak_output, all, reply_memory(c->out));
        note_peak(all->peak_input, all, (c->reader ? request_memory(c->reader) : 0)
                                        + postponed_memory(c));
    }
    evict_clients(all);
}

void
clients_visit_other(const struct client *c)
{
    struct clients *all = c->server->clients;

    if (all->visit == c)
        all->visit = c->next;
}
