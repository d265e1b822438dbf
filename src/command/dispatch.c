/* SPDX-License-Identifier: MIT
 * command/dispatch.c - a read's worth of requests becomes a batch of calls.
 *
 * Why:        with pipelining, most of a command's time is waiting for memory:
 *             the bucket, then the entry.  Waiting for one while the next is
 *             already on its way is what makes a batch cheap.
 * How:        parse    all complete requests of the read: resolve the command,
 *                      hash its key, prefetch the key's bucket
 *             look     at all buckets, prefetch the entries they point to
 *             elements likewise, when the commands say how (rows' `warm`)
 *             run      in order: gates, handler, counters
 *             flush    one write for all replies
 *             A client that must wait keeps the rest of its bytes unparsed
 *             (struct postponed) and is fed from there when it may go on.
 * Invariants: 1. a client without authentication is parsed one request at a
 *                time: its limits change when AUTH succeeds.
 *             2. after a client was told to close nothing more of it runs.
 *             3. between reads a client owns a reader only while it holds a
 *                partial request; else the one spare reader serves everybody.
 * Cost:       no heap for a small GET; two tick-counter reads per command.
 * Read next:  command/gates.c, commands/c_string.c */
#include "command/dispatch.h"

#include <ctype.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "command/blocking.h"
#include "command/client.h"
#include "command/clients.h"
#include "command/gates.h"
#include "command/latency.h"
#include "command/slowlog.h"
#include "command/stats.h"
#include "command/table.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "config/config.h"
#include "net/conn.h"
#include "wire/resp_read.h"

#define BATCH_MAX 128
#define FLUSH_BYTES (128 * 1024)        /* do not let a batch's replies pile up further */
#define ATTACK_LOG_MS 60000             /* who attacks must not fill the log, too */
#define STOPPED (CLIENT_BLOCKED | CLIENT_POSTPONED | CLIENT_CLOSE_AFTER_REPLY | CLIENT_DEAD)

/* Requests that wait, as they came over the wire. */
struct postponed { struct text raw; };

struct item {
    struct request request;
    struct registered *cmd;             /* NULL: unknown or wrong arity */
    uint64_t hash;
};

static struct request_reader *spare;    /* holds nothing; lent to one client at a time */
static uint64_t last_tick;
static bool had_blobs;                  /* the batch had big arguments */
static struct item batch[BATCH_MAX];
static struct { const struct client *client; size_t len; } feed;    /* being run */

/* --- errors about the command itself --- */

static void
reject(struct call *c)
{
    errorstats_count(c->server->errorstats, reply_last_error());
    c->server->stats->error_replies++;
    if (c->cmd)
        c->cmd->rejected++;
    transaction_refuse(c->client);
}

static void
unknown_command(struct call *c)
{
    struct text args = { 0 };
    size_t shown;

    for (int i = 1; i < c->argc && args.len < 128; i++) {
        shown = 128 - args.len;
        if (shown > c->argv[i].len)
            shown = c->argv[i].len;
        text_printf(&args, "'%.*s' ", (int)shown, c->argv[i].at);
    }
    reply_errorf(c->out, "ERR unknown command '%.*s', with args beginning with: %.*s",
                 (int)(c->argv[0].len < 128 ? c->argv[0].len : 128), c->argv[0].at,
                 B_ARG(text_view(&args)));
    text_free(&args);
}

static void
unknown_subcommand(struct call *c)
{
    char name[128];
    size_t n = c->argv[0].len < sizeof name ? c->argv[0].len : sizeof name;

    for (size_t i = 0; i < n; i++)
        name[i] = (char)toupper((unsigned char)c->argv[0].at[i]);
    reply_errorf(c->out, "ERR unknown subcommand '%.*s'. Try %.*s HELP.",
                 (int)(c->argv[1].len < 128 ? c->argv[1].len : 128), c->argv[1].at,
                 (int)n, name);
}

static inline bool
arity_ok(const struct registered *cmd, int argc)
{
    return argc >= cmd->min_args && (cmd->max_args < 0 || argc <= cmd->max_args);
}

/* Answer why no command can be run for these arguments. */
static void
refuse_request(struct call *c)
{
    struct registered *container = NULL;
    char why[96];

    c->cmd = command_resolve(c->server->commands, c->argv, c->argc, &container);
    if (c->cmd && (c->cmd->row->flags & RUNS_QUEUE) && c->client->transaction) {
        snprintf(why, sizeof why, "ERR wrong number of arguments for '%s' command",
                 c->cmd->full_name);
        transaction_refuse_exec(c, bytes_of_text(why));
    } else if (c->cmd)
        call_wrong_args(c);
    else if (container)
        unknown_subcommand(c);
    else
        unknown_command(c);
    reject(c);
}

/* Ask the gates.  What refuses EXEC is said in EXEC's words. */
static enum verdict
ask_gates(struct call *c, uint32_t armed)
{
    struct reply aside, *out = c->out;
    enum verdict v;

    if (!(c->cmd->row->flags & RUNS_QUEUE) || !c->client->transaction) {
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
        reject(c);
    return v;
}

/* --- running one call --- */

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
            shown[i] = c->redacted >> (i < 63 ? i : 63) & 1 ? B("(redacted)") : c->argv[i];
    }
    slowlog_add(s->slowlog, took, shown ? shown : c->argv, c->argc, address,
                client_name(c->client));
    mem_free(shown);
}

/* The shortest time that anybody wants to hear of, in ticks; refreshed by
 * dispatch_configure. */
static uint64_t slow_ticks = UINT64_MAX;
static bool histograms = true;

void
dispatch_configure(struct server *server)
{
    usec slow = slowlog_threshold(server->slowlog);
    msec spike = latency_threshold(server->latency);
    uint64_t ns = UINT64_MAX;

    if (slow >= 0)
        ns = (uint64_t)slow * 1000;
    if (spike > 0 && (uint64_t)spike * 1000000 < ns)
        ns = (uint64_t)spike * 1000000;
    slow_ticks = UINT64_MAX;
    if (ns != UINT64_MAX)       /* per million ticks: exact enough, no overflow */
        slow_ticks = (uint64_t)((double)ns * 1e6 / (double)clock_ticks_to_ns(1000000));
    histograms = server->config->latency_tracking;
}

static void
count_error(struct call *c)
{
    c->cmd->failed++;
    c->server->stats->error_replies++;
    errorstats_count(c->server->errorstats, reply_last_error());
}

/* CLIENT REPLY SKIP lasts for the command after it. */
static void
turn_reply_flags(struct client *client)
{
    client->flags &= ~(uint32_t)CLIENT_REPLY_SKIP;
    if (client_is(client, CLIENT_REPLY_SKIP_NEXT))
        client->flags ^= CLIENT_REPLY_SKIP_NEXT | CLIENT_REPLY_SKIP;
}

/* What few sessions are: their commands begin and end with more work. */
#define ODD_FLAGS (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_REPLY_SKIP_NEXT \
                   | CLIENT_NO_TOUCH | CLIENT_TRACKING_CACHING)

static void
begin_odd(struct client *client)
{
    client->out->muted = (client->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP)) != 0;
    keyspace_set_no_touch(client->server->keyspace, client_is(client, CLIENT_NO_TOUCH));
}

/* CLIENT CACHING is meant for the next command, or the next transaction. */
static bool
ends_caching(const struct client *client, const struct registered *cmd)
{
    return !client_is(client, CLIENT_MULTI)
        && !(cmd && cmd->row->container && strcmp(cmd->row->container, "client") == 0);
}

static void
end_odd(struct client *client, const struct registered *cmd, bool held)
{
    if (!held)
        turn_reply_flags(client);
    if (!held && ends_caching(client, cmd))
        client_set(client, CLIENT_TRACKING_CACHING, false);
    client->out->muted = false;
    keyspace_set_no_touch(client->server->keyspace, false);
}

/* Run the handler, count and time it; returns the tick count at its end. */
static inline uint64_t
perform(struct call *c, uint64_t start)
{
    struct registered *cmd = c->cmd;
    uint64_t errors = reply_errors(), end;

    cmd->row->run(c);
    end = clock_ticks();
    cmd->calls++;
    c->server->stats->commands++;
    cmd->ticks += end - start;
    if (histograms) {
        if (UNLIKELY(!cmd->latency))
            cmd->latency = latency_histogram_new();
        latency_histogram_add(cmd->latency, clock_ticks_to_ns(end - start));
    }
    if (UNLIKELY(end - start >= slow_ticks))
        note_slow(c, end - start);
    if (UNLIKELY(clients_monitors(c->server->clients) > 0))
        clients_monitor(c);
    if (UNLIKELY(reply_errors() != errors))
        count_error(c);
    if (UNLIKELY(client_is(c->client, CLIENT_TRACKING)))
        tracking_remember(c);
    return end;
}

#define GATED_FLAGS (CLIENT_AUTHENTICATED | CLIENT_MULTI | CLIENT_PUBSUB)

/* Run a resolved call; returns the tick count at its end.  HELD calls are not
 * run: *held is set and nothing is counted. */
static inline uint64_t
carry_out(struct call *c, uint64_t start, bool *held)
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
            if (v == HELD)
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

void
dispatch_again(struct call *call)
{
    call->cmd->row->run(call);
}

void
dispatch_call(struct call *call)
{
    bool held = false;

    carry_out(call, clock_ticks(), &held);
}

void
dispatch_argv(struct client *c, struct bytes *argv, int argc)
{
    struct registered *container;
    struct call call = { .out = c->out, .db = c->db, .argv = argv, .argc = argc,
                         .client = c, .server = c->server };

    call.cmd = command_resolve(c->server->commands, argv, argc, &container);
    if (!call.cmd || !arity_ok(call.cmd, argc))
        refuse_request(&call);
    else
        dispatch_call(&call);
}

/* --- what has to wait --- */

static void
postpone(struct client *c, struct bytes raw)
{
    if (!c->postponed)
        c->postponed = mem_zalloc(sizeof *c->postponed);
    text_add(&c->postponed->raw, raw);
    clients_input_check(c, c->postponed->raw.len);
}

/* A request whose beginning is in an earlier read: back into wire form. */
static void
postpone_request(struct client *c, const struct request *r)
{
    struct text raw = { 0 };

    text_printf(&raw, "*%d\r\n", r->argc);
    for (int i = 0; i < r->argc; i++) {
        text_printf(&raw, "$%zu\r\n", r->argv[i].len);
        text_add(&raw, r->argv[i]);
        text_add(&raw, B("\r\n"));
    }
    postpone(c, text_view(&raw));
    text_free(&raw);
}

size_t
dispatch_postponed_bytes(const struct client *c)
{
    return c->postponed ? c->postponed->raw.room + sizeof *c->postponed : 0;
}

size_t
dispatch_input_bytes(const struct client *c)
{
    if (client_is(c, CLIENT_RUNNING) && feed.client == c)
        return feed.len;
    return c->reader ? request_pending(c->reader) : 0;
}

void
dispatch_forget(struct client *c)
{
    if (c->reader)
        request_reader_free(c->reader);
    c->reader = NULL;
    if (c->postponed) {
        text_free(&c->postponed->raw);
        mem_free_sized(c->postponed, sizeof *c->postponed);
        c->postponed = NULL;
    }
}

void
dispatch_stop(void)
{
    if (spare)
        request_reader_free(spare);
    spare = NULL;
}

/* --- the batch --- */

/* Resolve the command, hash its key, ask for the key's bucket. */
static inline void
prepare(struct client *c, struct item *it)
{
    struct registered *container;
    struct registered *cmd = command_resolve(c->server->commands, it->request.argv,
                                             it->request.argc, &container);

    if (UNLIKELY(!cmd || !arity_ok(cmd, it->request.argc))) {
        it->cmd = NULL;
        return;
    }
    it->cmd = cmd;
    if (UNLIKELY(it->request.blobs != NULL))
        had_blobs = true;
    if (cmd->hot_key > 0) {
        it->hash = hash_bytes(it->request.argv[cmd->hot_key].at,
                              it->request.argv[cmd->hot_key].len);
        db_prefetch_bucket(c->db, it->hash);
    }
}

static inline bool
is_prepared_key(const struct item *it)
{
    return it->cmd && it->cmd->hot_key > 0;
}

/* Many elements of one collection: the entry is near, what it points to is not. */
static void
warm_elements(struct client *c, const struct item *batch, int n, bool deep)
{
    for (int i = 0; i < n; i++) {
        const struct item *it = &batch[i];
        const struct entry *e;

        if (!is_prepared_key(it) || !it->cmd->row->warm || it->request.argc < 3)
            continue;
        e = db_glance(c->db, &(struct key){ it->request.argv[1], it->hash });
        if (e)
            it->cmd->row->warm(entry_value(e), it->request.argv, deep);
    }
}

/* The lines that close a connection because a browser was tricked into
 * sending them here. */
static bool
is_cross_protocol(struct client *c, const struct request *r)
{
    static msec said;

    if (!bytes_is(r->argv[0], "post") && !bytes_is(r->argv[0], "host:"))
        return false;
    client_drop(c);
    if (said && clock_ms() - said < ATTACK_LOG_MS && clock_ms() >= said)
        return true;
    said = clock_ms();
    log_warning("Possible SECURITY ATTACK detected. It looks like somebody is sending "
                "POST or Host: commands to Redis. This is likely due to an attacker "
                "attempting to use Cross Protocol Scripting to compromise your Redis "
                "instance. Connection from client aborted.");
    return true;
}

static inline uint64_t
run_resolved(struct client *c, struct item *it, uint64_t now, bool *held)
{
    struct call call = {
        .out = c->out, .db = c->db, .argv = it->request.argv, .argc = it->request.argc,
        .blobs = it->request.blobs, .client = c, .server = c->server, .cmd = it->cmd,
    };

    if (UNLIKELY(!it->cmd)) {
        if (!is_cross_protocol(c, &it->request))
            refuse_request(&call);
        return now;
    }
    if (it->cmd->hot_key > 0) {
        call.hashed_arg = it->cmd->hot_key;
        call.hash = it->hash;
    }
    return carry_out(&call, now, held);
}

static inline uint64_t
run_item(struct client *c, struct item *it, uint64_t now, bool *held)
{
    uint32_t before = c->flags;

    if (UNLIKELY(before & ODD_FLAGS))
        begin_odd(c);
    now = run_resolved(c, it, now, held);
    if (UNLIKELY((before | c->flags) & ODD_FLAGS))
        end_odd(c, it->cmd, *held);
    return now;
}

/* Replies of a long batch are sent as they come; false when the client is over
 * its limit. */
static bool
relieve(struct client *c)
{
    if (LIKELY(c->out->closed_bytes < FLUSH_BYTES))
        return true;
    conn_flush(c->conn);
    return !clients_output_check(c);
}

/* Who is not authenticated gets one chunk of replies on credit: a read of NOAUTH
 * replies from ten thousand strangers must not add up. */
static bool
relieve_stranger(struct client *c)
{
    if (c->out->closed_bytes == 0)
        return true;
    conn_flush(c->conn);
    return !clients_output_check(c);
}

/* Run items 0..n-1.  `at` is the fed buffer, *done how much of it belongs to
 * finished requests, -1 while the first one began in an earlier read.  Returns
 * false when the client stopped: the rest was postponed or does not matter. */
static bool
run_batch(struct client *c, int n, const char *at, size_t len, int64_t *done)
{
    uint64_t now = clock_ticks();
    bool held = false;

    for (int i = 0; n > 1 && i < n; i++)
        if (is_prepared_key(&batch[i]))
            db_prefetch_entry(c->db, batch[i].hash);
    if (n > 1 && batch[0].cmd && batch[0].cmd->row->warm) {
        warm_elements(c, batch, n, false);
        warm_elements(c, batch, n, true);
    }
    for (int i = 0; i < n; i++) {
        struct item *it = &batch[i];

        now = run_item(c, it, now, &held);
        if (UNLIKELY(held)) {
            clients_set_postponed(c, true);
            if (*done < 0) {
                postpone_request(c, &it->request);
                *done = (int64_t)it->request.offset;
            }
            postpone(c, bytes_view(at + *done, len - (size_t)*done));
            return false;
        }
        *done = (int64_t)it->request.offset;
        if (UNLIKELY((c->flags & STOPPED) || !relieve(c))) {
            if (c->flags & (CLIENT_BLOCKED | CLIENT_POSTPONED))
                postpone(c, bytes_view(at + *done, len - (size_t)*done));
            return false;
        }
    }
    return true;
}

/* A session whose replies are off is closed without a word; Redis would leave it open,
 * deaf. */
static void
protocol_error(struct client *c, const struct request_reader *reader)
{
    c->out->muted = (c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP)) != 0;
    reply_errorf(c->out, "ERR %s", request_error(reader));
    c->out->muted = false;
    errorstats_count(c->server->errorstats, reply_last_error());
    c->server->stats->error_replies++;
    log_verbose("Protocol error from client id=%llu: %s",
                (unsigned long long)c->id, request_error(reader));
    client_set(c, CLIENT_CLOSE_AFTER_REPLY, true);
}

static inline struct request_limits
limits_of(const struct client *c)
{
    if (LIKELY(client_is(c, CLIENT_AUTHENTICATED)))
        return (struct request_limits){ c->server->config->proto_max_bulk_len, INT32_MAX, false };
    return (struct request_limits){ 16384, 10, true };
}

/* One feed: parse and run batch after batch until the bytes are used up. */
static bool
run_feed(struct client *c, struct request_reader *reader, const char *at, size_t len)
{
    struct request_limits limits = limits_of(c);
    enum request_status st = REQUEST_READY;
    int64_t done = request_reader_is_idle(reader) ? 0 : -1;
    int n;

    feed.client = c;
    feed.len = done < 0 ? request_pending(reader) + len : len;
    request_feed(reader, at, len);
    while (st == REQUEST_READY) {
        int max = limits.unauthenticated ? 1 : BATCH_MAX;

        for (n = 0; n < max; n++) {
            st = request_next(reader, &limits, &batch[n].request);
            if (st != REQUEST_READY)
                break;
            prepare(c, &batch[n]);
        }
        if (n > 0 && !run_batch(c, n, at, len, &done))
            return false;
        if (st == REQUEST_BAD) {
            protocol_error(c, reader);
            return false;
        }
        if (limits.unauthenticated) {
            if (!relieve_stranger(c))
                return false;
            limits = limits_of(c);
        }
    }
    return !clients_input_check(c, request_pending(reader));
}

static struct request_reader *
reader_take(struct client *c)
{
    struct request_reader *r = c->reader;

    if (!r) {
        r = spare ? spare : request_reader_new();
        spare = NULL;
    }
    c->reader = NULL;
    return r;
}

/* A reader that holds a partial request stays with its client. */
static void
reader_give_back(struct client *c, struct request_reader *r)
{
    if (had_blobs && request_reader_is_idle(r))
        request_reader_reset(r);        /* let go of what it still refers to */
    had_blobs = false;
    if (!request_reader_is_idle(r)) {
        request_settle(r);              /* it may rest for long */
        c->reader = r;
    } else if (!spare)
        spare = r;
    else
        request_reader_free(r);
}

/* Feed in pieces; what a client that stopped has not taken is postponed. */
static void
run_bytes(struct client *c, const char *at, size_t len)
{
    struct request_reader *reader = reader_take(c);
    bool went_on = true;
    size_t piece;

    while (len > 0 && went_on) {
        piece = len < REQUEST_FEED_MAX ? len : REQUEST_FEED_MAX;
        went_on = run_feed(c, reader, at, piece);
        at += piece;
        len -= piece;
    }
    if (!went_on)
        request_reader_reset(reader);
    if (len > 0 && (c->flags & (CLIENT_BLOCKED | CLIENT_POSTPONED)))
        postpone(c, bytes_view(at, len));
    reader_give_back(c, reader);
}

/* Ends a turn of this client. */
static void
finish(struct client *c)
{
    client_set(c, CLIENT_RUNNING, false);
    if (client_is(c, CLIENT_DEAD)) {
        reply_drop(c->out);
        conn_close_soon(c->conn);
        return;
    }
    if (client_is(c, CLIENT_CLOSE_AFTER_REPLY)) {
        conn_close_after_reply(c->conn);
        return;
    }
    if (!reply_is_empty(c->out)) {
        conn_flush(c->conn);
        if (UNLIKELY(!reply_is_empty(c->out)))
            clients_output_check(c);
    }
    if (UNLIKELY(c->server->config->max_memory_clients != 0))
        clients_memory_check(c);
}

void
dispatch_bytes(struct client *c, char *at, size_t len)
{
    uint64_t now = clock_ticks();

    if (now - last_tick > 200000) {     /* some 0.1 ms: see base/clock.h */
        clock_tick();
        last_tick = now;
    }
    c->active_s = (uint32_t)(clock_ms() / 1000);
    if (UNLIKELY(c->flags & STOPPED)) {
        if (c->flags & (CLIENT_BLOCKED | CLIENT_POSTPONED)) {
            postpone(c, bytes_view(at, len));
            clients_memory_check(c);
        }
        return;
    }
    client_set(c, CLIENT_RUNNING, true);
    run_bytes(c, at, len);
    finish(c);
}

char *
dispatch_room(struct client *c, size_t *len)
{
    if (LIKELY(!c->reader) || (c->flags & STOPPED))
        return NULL;
    return request_room(c->reader, len);
}

void
dispatch_resume(struct client *c)
{
    struct postponed *p = c->postponed;

    if (!p)
        return;
    c->postponed = NULL;
    client_set(c, CLIENT_RUNNING, true);
    run_bytes(c, p->raw.at ? p->raw.at : "", p->raw.len);
    text_free(&p->raw);
    mem_free_sized(p, sizeof *p);
    finish(c);
}
