/* SPDX-License-Identifier: MIT
 * command/tracking.c - CLIENT TRACKING: who read what, and must hear that it changed.
 *
 * Why:        a client that keeps values beside itself saves the round trip, as long as
 *             somebody tells it when they are old.
 * How:        a table from key (of whatever database) to the ids of the clients that
 *             read it.  A key listener, there only while somebody tracks, takes the key
 *             out and tells them once; they have to read it again to be told again.
 *             Broadcasting clients follow prefixes: see tracking_bcast.c.
 *             What a client is to be told during its own command waits for the end of
 *             the reply.  What it reads within a transaction with rollback waits in the
 *             journal, in its place among the changes.
 * Invariants: 1. CLIENT_TRACKING exactly while client->tracker is not NULL.
 *             2. ids in the table may be those of clients that are gone: ids are
 *                never used twice.
 *             3. the table holds at most tracking-table-max-keys keys: one picked at
 *                random goes, as if it had changed.
 * Cost:       a read of a tracking client: one lookup per key; others: nothing.
 * Left out:   SWAPDB tells nothing, as in Redis: the table does not know databases.
 * Read next:  command/tracking_table.c, command/tracking_bcast.c */
#include "command/tracking.h"

#include <stdio.h>

#include "base/alloc.h"
#include "command/client.h"
#include "command/clients.h"
#include "command/pubsub.h"
#include "command/table.h"
#include "command/tracking_bcast.h"
#include "command/tracking_table.h"
#include "config/config.h"
#include "keyspace/journal.h"
#include "net/loop.h"

#define CHANNEL "__redis__:invalidate"

struct tracker {
    struct client *client;
    struct tracker *prev, *next;
    uint64_t redirect;
    unsigned options;
    bool is_broken;                     /* who should be told is gone */
    struct prefix **prefixes;           /* in memcmp order */
    size_t prefix_count;
    size_t prefix_memory;               /* a prefix counts for each of its followers */
};

struct tracking {
    struct server *server;
    struct tracker *first;
    size_t clients;
    struct tracking_table *table;
    struct broadcast *broadcast;
    struct client *executing;           /* a tracking client's command runs */
    struct text *waiting;               /* what it will be told, a text each */
    size_t waiting_count, waiting_room;
};

/* --- telling --- */

static void
say_broken(struct tracker *t)
{
    bool was_muted;
    struct reply *out;

    t->is_broken = true;
    if (t->client->out->proto < 3)
        return;
    out = pubsub_push_begin(t->client, &was_muted);
    if (!out)
        return;
    reply_push(out, 2);
    reply_bulk_text(out, "tracking-redir-broken");
    reply_int(out, (int64_t)t->redirect);
    pubsub_push_end(t->client, was_muted);
}

/* `keys` is encoded: an array, or a null.  RESP2 has no pushes: such a client is told
 * only through another one that hears the channel. */
static void
tell(struct tracker *t, struct bytes keys)
{
    struct client *to = t->client;
    bool was_muted;
    struct reply *out;

    if (t->redirect) {
        to = clients_by_id(to->server->clients, t->redirect);
        if (!to) {
            say_broken(t);
            return;
        }
    }
    if (to->out->proto < 3 && !(t->redirect && client_is(to, CLIENT_PUBSUB)))
        return;
    out = pubsub_push_begin(to, &was_muted);
    if (!out)
        return;
    reply_push(out, out->proto < 3 ? 3 : 2);
    if (out->proto < 3) {
        reply_bulk_text(out, "message");
        reply_bulk_text(out, CHANNEL);
    } else {
        reply_bulk_text(out, "invalidate");
    }
    reply_raw(out, keys);
    pubsub_push_end(to, was_muted);
}

static void
tell_or_wait(struct tracking *all, struct tracker *t, struct bytes keys)
{
    if (t->client != all->executing) {
        tell(t, keys);
        return;
    }
    if (all->waiting_count == all->waiting_room) {
        all->waiting_room = all->waiting_room ? 2 * all->waiting_room : 8;
        all->waiting = mem_realloc(all->waiting,
                                   all->waiting_room * sizeof *all->waiting);
    }
    all->waiting[all->waiting_count] = (struct text){ 0 };
    text_add(&all->waiting[all->waiting_count++], keys);
}

static void
tell_key(struct tracking *all, struct tracker *t, struct bytes name)
{
    struct text keys = { 0 };

    text_printf(&keys, "*1\r\n$%zu\r\n", name.len);
    text_add(&keys, name);
    text_add(&keys, B("\r\n"));
    tell_or_wait(all, t, text_view(&keys));
    text_free(&keys);
}

/* NOLOOP, and this client's requests are being carried out. */
static bool
is_own(const struct tracker *t)
{
    return (t->options & TRACKING_NOLOOP) && client_is(t->client, CLIENT_RUNNING);
}

/* All who read this key hear that it changed; the table knows it no more. */
static void
invalidate(struct tracking *all, struct readers *r)
{
    struct client *c;

    for (uint32_t i = 0; i < r->count; i++) {
        c = clients_by_id(all->server->clients, r->ids[i]);
        if (c && c->tracker && !(c->tracker->options & TRACKING_BCAST)
            && !is_own(c->tracker))
            tell_key(all, c->tracker, bytes_view(r->name, r->len));
    }
    readers_free(r);
}

static void
invalidate_all(struct tracking *all)
{
    for (struct tracker *t = all->first; t; t = t->next)
        tell_or_wait(all, t, t->client->out->proto < 3 ? B("$-1\r\n") : B("_\r\n"));
    tracking_table_clear(all->table);
}

static void
on_event(void *arg, struct db *db, struct bytes name, enum event_class what,
         const char *event)
{
    struct tracking *all = arg;
    bool by_itself = what == EVENT_EXPIRED || what == EVENT_EVICTED;
    struct readers *r;

    if (name.len == 0 && event_is_of_database(event)) {
        /* FLUSHALL sends one per database */
        if (strcmp(event, "flushdb") == 0
            || (strcmp(event, "flushall") == 0 && db_index(db) == 0))
            invalidate_all(all);
        return;
    }
    r = tracking_table_take(all->table, name);
    if (r)
        invalidate(all, r);
    if (broadcast_prefixes(all->broadcast))
        broadcast_note(all->broadcast, name,
                       by_itself || !all->executing ? 0 : all->executing->id);
}

/* --- remembering --- */

void
tracking_limit(struct tracking *all)
{
    int64_t max = all->server->config->tracking_table_max_keys;

    while (max > 0 && tracking_table_keys(all->table) > (size_t)max)
        invalidate(all, tracking_table_take_any(all->table));
}

struct held_read {
    struct tracking *all;
    uint64_t reader;
    size_t len;
    char name[];
};

/* What was taken back was not read: EXEC answers an error. */
static void
end_held(void *held, bool happened)
{
    struct held_read *h = held;

    if (happened) {
        tracking_table_add(h->all->table, bytes_view(h->name, h->len), h->reader);
        tracking_limit(h->all);
    }
    mem_free(h);
}

static void
remember_key(struct tracking *all, struct bytes name, uint64_t reader)
{
    struct keyspace *ks = all->server->keyspace;
    struct held_read *h;

    if (!journal_is_open(ks)) {
        tracking_table_add(all->table, name, reader);
        return;
    }
    h = mem_alloc(sizeof *h + name.len);
    *h = (struct held_read){ .all = all, .reader = reader, .len = name.len };
    memcpy(h->name, name.at, name.len);
    journal_at_end(ks, end_held, h);
}

void
tracking_remember(struct call *c)
{
    struct tracking *all = c->server->tracking;
    struct tracker *t = c->client->tracker;
    bool caching = client_is(c->client, CLIENT_TRACKING_CACHING);
    struct found_keys found;

    if (!t || !(c->cmd->row->flags & READONLY) || (t->options & TRACKING_BCAST)
        || ((t->options & TRACKING_OPTIN) && !caching)
        || ((t->options & TRACKING_OPTOUT) && caching))
        return;
    found_keys_start(&found);
    if (command_keys(c->cmd, c->argv, c->argc, &found))
        for (int i = 0; i < found.count; i++)
            if (!(found.keys[i].access & KEY_NOT_KEY))
                remember_key(all, c->argv[found.keys[i].at], c->client->id);
    found_keys_free(&found);
    tracking_limit(all);
}

void
tracking_begin(struct client *c)
{
    c->server->tracking->executing = c;
}

/* What waits is told even when the command ended the tracking of its keys, but not
 * when it ended tracking. */
void
tracking_end(struct client *c)
{
    struct tracking *all = c->server->tracking;

    all->executing = NULL;
    for (size_t i = 0; i < all->waiting_count; i++) {
        if (c->tracker)
            tell(c->tracker, text_view(&all->waiting[i]));
        text_free(&all->waiting[i]);
    }
    all->waiting_count = 0;
}

/* --- on and off --- */

bool
tracking_prefixes_overlap(struct bytes a, struct bytes b)
{
    return memcmp(a.at, b.at, a.len < b.len ? a.len : b.len) == 0;
}

bool
tracking_overlap(const struct client *c, struct bytes prefix, struct bytes *with)
{
    for (size_t i = 0; tracking_prefix(c, i, with); i++)
        if (tracking_prefixes_overlap(prefix, *with))
            return true;
    return false;
}

static void
follow(struct tracking *all, struct tracker *t, struct bytes name)
{
    size_t i = 0;

    while (i < t->prefix_count && bytes_compare(prefix_name(t->prefixes[i]), name) < 0)
        i++;
    if (i < t->prefix_count && bytes_equal(prefix_name(t->prefixes[i]), name))
        return;
    t->prefixes = mem_realloc(t->prefixes, (t->prefix_count + 1) * sizeof *t->prefixes);
    memmove(t->prefixes + i + 1, t->prefixes + i,
            (t->prefix_count++ - i) * sizeof *t->prefixes);
    t->prefixes[i] = broadcast_join(all->broadcast, name, t);
    t->prefix_memory += prefix_memory(t->prefixes[i]);
}

static void
listen(struct tracking *all, bool on)
{
    keyspace_listen_for(all->server->keyspace,
                        on ? ~(unsigned)(EVENT_KEY_MISS | EVENT_NEW) : 0, on_event, all);
}

static struct tracker *
tracker_of(struct tracking *all, struct client *c)
{
    if (c->tracker)
        return c->tracker;
    c->tracker = mem_zalloc(sizeof *c->tracker);
    c->tracker->client = c;
    c->tracker->next = all->first;
    if (all->first)
        all->first->prev = c->tracker;
    all->first = c->tracker;
    client_set(c, CLIENT_TRACKING, true);
    if (all->clients++ == 0)
        listen(all, true);
    return c->tracker;
}

void
tracking_start(struct client *c, unsigned options, uint64_t redirect,
               const struct bytes *prefixes, size_t count)
{
    struct tracking *all = c->server->tracking;
    struct tracker *t = tracker_of(all, c);

    t->options = options;
    t->redirect = redirect;
    t->is_broken = false;
    if (!(options & TRACKING_BCAST))
        return;
    if (count == 0)
        follow(all, t, B(""));
    for (size_t i = 0; i < count; i++)
        follow(all, t, prefixes[i]);
}

/* What it read stays in the table until it changes: see invariant 2. */
void
tracking_stop(struct client *c)
{
    struct tracking *all = c->server->tracking;
    struct tracker *t = c->tracker;

    if (!t)
        return;
    if (t->options & TRACKING_BCAST)
        for (size_t i = 0; i < t->prefix_count; i++)
            broadcast_leave(all->broadcast, t->prefixes[i], t);
    *(t->prev ? &t->prev->next : &all->first) = t->next;
    if (t->next)
        t->next->prev = t->prev;
    mem_free(t->prefixes);
    mem_free(t);
    c->tracker = NULL;
    client_set(c, CLIENT_TRACKING | CLIENT_TRACKING_CACHING, false);
    if (--all->clients == 0) {
        listen(all, false);
        tracking_table_clear(all->table);
    }
}

/* --- facts --- */

unsigned
tracking_options(const struct client *c)
{
    return c->tracker ? c->tracker->options : 0;
}

int64_t
tracking_redirect(const struct client *c)
{
    return c->tracker ? (int64_t)c->tracker->redirect : -1;
}

bool
tracking_is_broken(const struct client *c)
{
    return c->tracker && c->tracker->is_broken;
}

bool
tracking_prefix(const struct client *c, size_t i, struct bytes *out)
{
    if (!c->tracker || i >= c->tracker->prefix_count)
        return false;
    *out = prefix_name(c->tracker->prefixes[i]);
    return true;
}

size_t
tracking_memory(const struct client *c)
{
    const struct tracker *t = c->tracker;

    if (!t)
        return 0;
    return mem_class(sizeof *t) + t->prefix_memory
        + (t->prefix_count ? mem_class(t->prefix_count * sizeof *t->prefixes) : 0);
}

void
tracking_facts(const struct tracking *all, struct tracking_facts *out)
{
    *out = (struct tracking_facts){ .keys = tracking_table_keys(all->table),
                                    .items = tracking_table_items(all->table),
                                    .prefixes = broadcast_prefixes(all->broadcast) };
}

size_t
tracking_clients(const struct tracking *all)
{
    return all->clients;
}

/* --- life --- */

static uint64_t
own_actor(const void *follower)
{
    const struct tracker *t = follower;

    return t->options & TRACKING_NOLOOP ? t->client->id : 0;
}

static void
tell_follower(void *follower, struct bytes keys)
{
    tell(follower, keys);
}

static bool
is_here(void *server, uint64_t id)
{
    return clients_by_id(((struct server *)server)->clients, id) != NULL;
}

static void
before_sleep(void *arg)
{
    struct tracking *all = arg;

    broadcast_send(all->broadcast, own_actor, tell_follower);
}

struct tracking *
tracking_new(struct server *server)
{
    struct tracking *all = mem_zalloc(sizeof *all);

    all->server = server;
    all->table = tracking_table_new(is_here, server);
    all->broadcast = broadcast_new();
    loop_before_sleep(server->loop, before_sleep, all);
    return all;
}

void
tracking_free(struct tracking *all)
{
    if (!all)
        return;
    tracking_table_free(all->table);
    broadcast_free(all->broadcast);
    mem_free(all->waiting);
    mem_free(all);
}
