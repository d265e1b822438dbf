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
 *             run      in order: gates, handler, counters (dispatch_call.c)
 *             flush    one write for all replies, at the end of the turn if they are small
 *             A client that must wait keeps the rest of its bytes unparsed
 *             (postponed.c) and is fed from there when it may go on.
 * Invariants: 1. a client without authentication is parsed one request at a
 *                time: its limits change when AUTH succeeds.
 *             2. after a client was told to close nothing more of it runs.
 *             3. between reads a client owns a reader only while it holds a
 *                partial request; else the one spare reader serves everybody.
 * Cost:       no heap for a small GET; the clock is read once per batch.
 * Read next:  command/dispatch_call.c, which runs one call */
#include "command/dispatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "command/client.h"
#include "command/clients_limits.h"
#include "command/clients_pause.h"
#include "command/dispatch_call.h"
#include "command/postponed.h"
#include "command/refuse.h"
#include "command/stats.h"
#include "command/table.h"
#include "config/config.h"
#include "net/conn.h"
#include "wire/resp_read.h"

#define BATCH_MAX 128
#define FLUSH_BYTES (128 * 1024)        /* do not let a batch's replies pile up further */
#define SPARE_MEMORY (256 * 1024)       /* what the reader of everybody may keep */
/* More is still to be run before what it sends now. */
#define WAITS (CLIENT_BLOCKED | CLIENT_POSTPONED | CLIENT_RESUMING)
#define STOPPED (WAITS | CLIENT_CLOSE_AFTER_REPLY | CLIENT_DEAD)
#define INTERRUPTED (STOPPED | CLIENT_CROWDS)

struct item {
    struct request request;
    struct registered *cmd;             /* NULL: unknown or wrong arity */
    uint64_t hash;
};

static struct request_reader *spare;    /* holds nothing; lent to one client at a time */
static uint64_t last_tick;
static bool had_blobs;                  /* the batch had big arguments */
static struct item batch[BATCH_MAX];
static struct { struct client *client; size_t len; } feed;          /* being run */

/* --- a batch --- */

/* Resolve the command, hash its key, ask for the key's bucket. */
static inline void
prepare(struct client *c, struct item *it)
{
    struct registered *container;
    struct registered *cmd = command_resolve(c->server->commands, it->request.argv,
                                             it->request.argc, &container);

    if (UNLIKELY(!cmd || !command_takes(cmd, it->request.argc))) {
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

/* What few sessions are: their commands begin and end with more work. */
#define ODD_FLAGS (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_REPLY_SKIP_NEXT \
                   | CLIENT_NO_TOUCH | CLIENT_TRACKING_CACHING)

/* CLIENT REPLY SKIP lasts for the command after it. */
static void
turn_reply_flags(struct client *client)
{
    client->flags &= ~(uint32_t)CLIENT_REPLY_SKIP;
    if (client_is(client, CLIENT_REPLY_SKIP_NEXT))
        client->flags ^= CLIENT_REPLY_SKIP_NEXT | CLIENT_REPLY_SKIP;
}

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

static inline uint64_t
run_resolved(struct client *c, struct item *it, uint64_t now, bool *held)
{
    struct call call = {
        .out = c->out, .db = c->db, .argv = it->request.argv, .argc = it->request.argc,
        .blobs = it->request.blobs, .client = c, .server = c->server, .cmd = it->cmd,
    };

    if (UNLIKELY(!it->cmd)) {
        if (!refuse_cross_protocol(c, call.argv[0]))
            refuse_request(&call);
        return now;
    }
    if (it->cmd->hot_key > 0) {
        call.hashed_arg = it->cmd->hot_key;
        call.hash = it->hash;
    }
    return dispatch_call_from(&call, now, held);
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
    if (clients_replies_check(c))
        return false;
    conn_flush(c->conn);
    return !clients_output_check(c);
}

/* Between two commands of a batch.  False when the next one must not run. */
static bool
goes_on(struct client *c)
{
    if (client_is(c, CLIENT_CROWDS)) {
        client_set(c, CLIENT_CROWDS, false);
        clients_memory_check(c);
    }
    return !(c->flags & STOPPED);
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
                postponed_add_request(c, &it->request);
                *done = (int64_t)it->request.offset;
            }
            postponed_add(c, bytes_view(at + *done, len - (size_t)*done));
            return false;
        }
        *done = (int64_t)it->request.offset;
        if (UNLIKELY(((c->flags & INTERRUPTED) && !goes_on(c)) || !relieve(c))) {
            if (c->flags & WAITS)
                postponed_add(c, bytes_view(at + *done, len - (size_t)*done));
            return false;
        }
    }
    return true;
}

/* --- a read --- */

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
        return (struct request_limits){ c->server->config->proto_max_bulk_len, INT32_MAX,
                                        false };
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
    feed.len = len;
    if (done < 0) {
        feed.len = request_pending_with(reader, len);
        if (clients_input_check(c, feed.len))
            return false;               /* what it completes is too much as well */
    }
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
            if (clients_stranger_check(c))
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

/* A reader that holds a partial request stays with its client.  One that was fed often
 * (`was_held`) may have become large, and the spare's memory is nobody's. */
static void
reader_give_back(struct client *c, struct request_reader *r, bool was_held)
{
    if (had_blobs && request_reader_is_idle(r))
        request_reader_reset(r);        /* let go of what it still refers to */
    had_blobs = false;
    if (!request_reader_is_idle(r)) {
        request_settle(r);              /* it may rest for long */
        c->reader = r;
        return;
    }
    if (was_held && request_memory(r) > SPARE_MEMORY)
        request_settle(r);
    if (!spare)
        spare = r;
    else
        request_reader_free(r);
}

/* Feed in pieces; what a client that stopped has not taken is postponed. */
static void
run_bytes(struct client *c, const char *at, size_t len)
{
    bool was_held = c->reader || len > REQUEST_FEED_MAX, went_on = true;
    struct request_reader *reader = reader_take(c);
    size_t piece;

    while (len > 0 && went_on) {
        piece = len < REQUEST_FEED_MAX ? len : REQUEST_FEED_MAX;
        went_on = run_feed(c, reader, at, piece);
        at += piece;
        len -= piece;
    }
    if (!went_on)
        request_reader_reset(reader);
    if (len > 0 && (c->flags & WAITS))
        postponed_add(c, bytes_view(at, len));
    reader_give_back(c, reader, was_held);
}

/* Ends a turn of this client. */
static void
finish(struct client *c)
{
    if (!client_is(c, CLIENT_DEAD))
        clients_replies_check(c);
    client_set(c, CLIENT_RUNNING | CLIENT_CROWDS, false);
    if (client_is(c, CLIENT_DEAD)) {
        reply_drop(c->out);
        conn_close_soon(c->conn);
        return;
    }
    if (client_is(c, CLIENT_DEAF) && reply_is_empty(c->out))
        return;
    if (client_is(c, CLIENT_CLOSE_AFTER_REPLY)) {
        conn_close_after_reply(c->conn);
        return;
    }
    if (UNLIKELY(c->server->config->max_memory_clients != 0)) {
        conn_flush(c->conn);            /* before its memory is judged */
        clients_memory_check(c);
    }
    if (!reply_is_empty(c->out) && !conn_send(c->conn))
        clients_output_check(c);
}

void
dispatch_bytes(struct client *c, char *at, size_t len)
{
    uint64_t now = clock_ticks();

    if (now - last_tick > 200000) {     /* some 0.1 ms: see base/clock.h */
        clock_tick();
        last_tick = now;
    }
    conn_touch(c->conn);
    if (UNLIKELY(c->flags & STOPPED)) {
        if (c->flags & WAITS) {
            postponed_add(c, bytes_view(at, len));
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
    size_t held;
    char *room;

    if (LIKELY(!c->reader) || (c->flags & STOPPED))
        return NULL;
    held = request_memory(c->reader);
    room = request_room(c->reader, len);
    if (request_memory(c->reader) != held)
        clients_memory_check(c);        /* now: one read may fill it and be run */
    return room;
}

void
dispatch_resume(struct client *c)
{
    struct text raw;

    if (!postponed_take(c, &raw))
        return;
    client_set(c, CLIENT_RUNNING, true);
    run_bytes(c, raw.at ? raw.at : "", raw.len);
    text_free(&raw);
    finish(c);
}

size_t
dispatch_input_bytes(const struct client *c)
{
    if (client_is(c, CLIENT_RUNNING) && feed.client == c)
        return feed.len;
    return c->reader ? request_pending(c->reader) : 0;
}

void
dispatch_judge_clients(void)
{
    if (feed.client && client_is(feed.client, CLIENT_RUNNING))
        client_set(feed.client, CLIENT_CROWDS, true);
}

void
dispatch_forget(struct client *c)
{
    struct text raw;

    if (feed.client == c)
        feed.client = NULL;
    if (c->reader)
        request_reader_free(c->reader);
    c->reader = NULL;
    if (postponed_take(c, &raw))
        text_free(&raw);
}

void
dispatch_stop(void)
{
    if (spare)
        request_reader_free(spare);
    spare = NULL;
}
