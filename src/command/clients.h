/* SPDX-License-Identifier: MIT
 * command/clients.h - all sessions: who comes in, who is here, who leaves. */
#ifndef IGNIS_COMMAND_CLIENTS_H
#define IGNIS_COMMAND_CLIENTS_H
#include "command/client.h"

struct clients;

/* Nobody yet; takes its place in the loop of `server`. */
struct clients *clients_new(struct server *server);
/* Closes everybody. */
void clients_free(struct clients *all);
/* accept_fn of the listeners: checks maxclients and protected mode. */
void clients_accept(int fd, void *all);

/* It waits for nothing any more, hears nothing and counts no more, neither its memory nor
 * as connected.  May be repeated. */
void clients_withdraw(struct client *c);

/* True while no requirepass is set: new sessions start authenticated. */
bool clients_need_no_password(const struct clients *all);
/* Is it the default user's?  Constant time. */
bool clients_password_is(const struct clients *all, struct bytes password);
/* Sessions with a connection. */
size_t clients_count(const struct clients *all);
/* NULL when there is none, or no more. */
struct client *clients_by_id(const struct clients *all, uint64_t id);
/* Oldest first: for (c = clients_first(all); c; c = c->next) */
struct client *clients_first(const struct clients *all);

/* Config changed: requirepass (who stays authenticated), maxmemory-clients. */
void clients_configure(struct clients *all);

struct clients_facts {
    size_t connected, blocked, monitors, replicas;
    uint64_t accepted, rejected, evicted, query_limit_closed, output_limit_closed;
    size_t memory_normal, memory_replicas;
    size_t biggest_input, biggest_output;       /* in the last 8 seconds */
};
/* What INFO tells of them, as of now. */
void clients_facts(const struct clients *all, struct clients_facts *out);
/* CONFIG RESETSTAT: the counters among the facts. */
void clients_reset_stats(struct clients *all);
#endif
