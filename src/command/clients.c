/* SPDX-License-Identifier: MIT
 * command/clients.c - all sessions together: who may come in, who is here, who leaves.
 *
 * How:        a list by age and an index by id.  What is known of all of them lies in
 *             one struct (clients_own.h), minded by a file for each question:
 *             clients_limits.c how much they hold, clients_pause.c who waits,
 *             clients_monitor.c who looks on.
 * Invariants: 1. a session is in the list and the index, or it is internal.
 *             2. a session dies only in on_closed(): everything else asks its
 *                connection to close soon, so that nobody holds a dead pointer.
 * Cost:       about 250 bytes per idle session, its connection not counted.
 * Read next:  net/conn.c below, command/clients_limits.c beside it */
#include "command/clients.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "command/blocking.h"
#include "command/call.h"
#include "command/clients_monitor.h"
#include "command/clients_own.h"
#include "command/dispatch.h"
#include "command/pubsub.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "config/config.h"
#include "keyspace/keyspace.h"
#include "net/conn.h"
#include "net/loop.h"
#include "structs/dict.h"

static struct bytes
id_of(const void *item)
{
    const struct client *c = item;

    return bytes_view(&c->id, sizeof c->id);
}

static const struct dict_ops by_id_ops = { .key_of = id_of };

static uint64_t
hash_id(uint64_t id)
{
    return hash_bytes(&id, sizeof id);
}

/* --- coming and going --- */

static void
link_client(struct clients *all, struct client *c)
{
    c->prev = all->last;
    if (all->last)
        all->last->next = c;
    else
        all->first = c;
    all->last = c;
    dict_add(all->by_id, c, hash_id(c->id));
    all->facts.connected++;
}

static void
unlink_client(struct clients *all, struct client *c)
{
    clients_visit_other(c);
    *(c->prev ? &c->prev->next : &all->first) = c->next;
    *(c->next ? &c->next->prev : &all->last) = c->prev;
    dict_remove_item(all->by_id, c, hash_id(c->id));
}

static struct client *
client_new(struct server *server)
{
    struct client *c = mem_zalloc(sizeof *c);

    c->server = server;
    c->db = keyspace_db(server->keyspace, 0);
    c->created_s = (uint32_t)(clock_ms() / 1000);
    return c;
}

static void
client_free(struct client *c)
{
    dispatch_forget(c);
    if (c->extra) {
        mem_free(c->extra->name);
        mem_free(c->extra->lib_name);
        mem_free(c->extra->lib_version);
        mem_free_sized(c->extra, sizeof *c->extra);
    }
    mem_free_sized(c, sizeof *c);
}

void
clients_withdraw(struct client *c)
{
    if (client_is(c, CLIENT_WITHDRAWN))
        return;
    client_set(c, CLIENT_WITHDRAWN, true);
    c->server->clients->facts.connected--;
    clients_uncount_memory(c);
    clients_set_monitor(c, false);
    clients_pause_forget(c);
    blocking_forget(c);
    transaction_drop(c);
    pubsub_forget(c->server->pubsub, c);
    tracking_stop(c);
}

/* The session ends; its connection is freed by the caller of this. */
static void
forget_client(struct client *c)
{
    clients_withdraw(c);
    unlink_client(c->server->clients, c);
    client_free(c);
}

static void
on_closed(void *owner, const char *why)
{
    struct client *c = owner;

    log_debug("Client id=%llu closed: %s", (unsigned long long)c->id, why);
    forget_client(c);
}

static void
on_bytes(void *owner, char *at, size_t len)
{
    dispatch_bytes(owner, at, len);
}

static char *
on_room(void *owner, size_t *len)
{
    return dispatch_room(owner, len);
}

static const struct conn_events events = {
    .room = on_room, .bytes = on_bytes, .closed = on_closed,
};

static void
refuse(struct clients *all, int fd, struct bytes text)
{
    ssize_t n = write(fd, text.at, text.len);   /* best effort: it is being turned away */

    (void)n;
    close(fd);
    all->facts.rejected++;
}

/* Nobody outside this machine while there is no password. */
static bool
is_denied(const struct clients *all, const struct conn *conn)
{
    return all->server->config->protected_mode && clients_need_no_password(all)
        && !conn_is_local(conn);
}

static const char denied[] =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no "
    "password is set for the default user. In this mode connections are only accepted "
    "from the loopback interface. If you want to connect from external computers to "
    "Redis you may adopt one of the following solutions: 1) Just disable protected mode "
    "sending the command 'CONFIG SET protected-mode no' from the loopback interface by "
    "connecting to Redis from the same host the server is running, however MAKE SURE "
    "Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to "
    "make this change permanent. 2) Alternatively you can just disable the protected "
    "mode by editing the Redis configuration file, and setting the protected mode option "
    "to 'no', and then restarting the server. 3) If you started the server manually just "
    "for testing, restart it with the '--protected-mode no' option. 4) Setup a an "
    "authentication password for the default user. NOTE: You only need to do one of the "
    "above things in order for the server to start accepting connections from the "
    "outside.\r\n";

void
clients_accept(int fd, void *arg)
{
    struct clients *all = arg;
    struct client *c;

    if (all->facts.connected >= (size_t)all->server->config->max_clients) {
        refuse(all, fd, B("-ERR max number of clients reached\r\n"));
        return;
    }
    c = client_new(all->server);
    c->id = ++all->next_id;
    c->conn = conn_new(all->server->loop, fd, &events, c);
    c->out = conn_reply(c->conn);
    c->out->proto = (uint8_t)all->server->config->client_default_resp;
    client_set(c, CLIENT_AUTHENTICATED, clients_need_no_password(all));
    client_set(c, CLIENT_UNIX, conn_is_unix(c->conn));
    conn_set_keepalive(c->conn, all->server->config->tcp_keepalive);
    link_client(all, c);
    if (is_denied(all, c->conn)) {
        reply_raw(c->out, bytes_of_text(denied));
        client_set(c, CLIENT_CLOSE_AFTER_REPLY, true);
        conn_close_after_reply(c->conn);
        all->facts.rejected++;
        return;
    }
    all->facts.accepted++;
}

/* --- the set --- */

struct clients *
clients_new(struct server *server)
{
    struct clients *all = mem_zalloc(sizeof *all);

    all->server = server;
    all->by_id = dict_new(&by_id_ops);
    all->pause_timer = timer_new(server->loop, clients_pause_over, all);
    loop_before_sleep(server->loop, clients_before_sleep, all);
    return all;
}

void
clients_free(struct clients *all)
{
    struct client *c, *next;
    struct conn *conn;

    for (c = all->first; c; c = next) {
        next = c->next;
        conn = c->conn;
        conn_flush(conn);               /* "+OK" of the one who said SHUTDOWN */
        forget_client(c);
        conn_free(conn);
    }
    timer_free(all->pause_timer);
    dict_free(all->by_id);
    mem_free(all->monitors);
    mem_free(all->waiting.at);
    mem_free(all->resuming.at);
    mem_free_sized(all, sizeof *all);
}

size_t
clients_count(const struct clients *all)
{
    return all->facts.connected;
}

struct client *
clients_first(const struct clients *all)
{
    return all->first;
}

struct client *
clients_by_id(const struct clients *all, uint64_t id)
{
    struct client *c = dict_find(all->by_id, bytes_view(&id, sizeof id), hash_id(id));

    return c && !client_is(c, CLIENT_DEAD) ? c : NULL;
}

bool
clients_need_no_password(const struct clients *all)
{
    return all->server->config->requirepass.len == 0;
}

bool
clients_password_is(const struct clients *all, struct bytes password)
{
    unsigned char given[32], wanted[32];
    struct bytes secret = text_view(&all->server->config->requirepass);

    if (secret.len == 0)
        return true;
    hash_sha256(password.at, password.len, given);      /* equal lengths to compare */
    hash_sha256(secret.at, secret.len, wanted);
    return bytes_equal_secret(bytes_view(given, 32), bytes_view(wanted, 32));
}

/* --- settings and facts --- */

void
clients_configure(struct clients *all)
{
    struct client *c;

    /* Without a password everybody is in; with one, who is in stays in. */
    if (clients_need_no_password(all))
        for (c = all->first; c; c = c->next)
            client_set(c, CLIENT_AUTHENTICATED, true);
    clients_count_again(all);
}

void
clients_facts(const struct clients *all, struct clients_facts *out)
{
    *out = all->facts;
    out->monitors = all->monitor_count;
    out->blocked = all->waiting_count + blocking_clients(all->server->blocking);
    out->memory_normal = all->memory_sum;
    out->biggest_input = clients_peak(all->peak_input);
    out->biggest_output = clients_peak(all->peak_output);
}

void
clients_reset_stats(struct clients *all)
{
    all->facts.accepted = all->facts.rejected = all->facts.evicted = 0;
    all->facts.query_limit_closed = all->facts.output_limit_closed = 0;
}
