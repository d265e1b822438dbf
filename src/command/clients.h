/* SPDX-License-Identifier: MIT
 * command/clients.h - all sessions: accept, list, kill, pause, limits. */
#ifndef IGNIS_COMMAND_CLIENTS_H
#define IGNIS_COMMAND_CLIENTS_H
#include "base/text.h"
#include "command/client.h"

struct call;
struct clients;

struct clients *clients_new(struct server *server);
/* Closes everybody. */
void clients_free(struct clients *all);
/* accept_fn of the listeners: checks maxclients and protected mode. */
void clients_accept(int fd, void *all);
/* A session without a connection; its replies pile up in `out`. */
struct client *client_new_internal(struct server *server, struct reply *out);
void client_free_internal(struct client *c);

/* True while no requirepass is set: new sessions start authenticated. */
bool clients_need_no_password(const struct clients *all);
/* Is it the default user's?  Constant time. */
bool clients_password_is(const struct clients *all, struct bytes password);
size_t clients_count(const struct clients *all);
struct client *clients_by_id(const struct clients *all, uint64_t id);
/* Oldest first: for (c = clients_first(all); c; c = c->next) */
struct client *clients_first(const struct clients *all);

/* A line of CLIENT LIST without its newline.  `by` is the call that asks: its
 * arguments are argv-mem of its own client; NULL: the log asks.  They and qbuf lie in
 * the buffer that all reads share, so that tot-mem does not count them. */
void client_describe(const struct client *c, const struct call *by, struct text *out);

/* CLIENT PAUSE.  Overlapping pauses: the longer deadline and the wider action win. */
enum pause_action { PAUSE_NONE, PAUSE_WRITES, PAUSE_ALL };
void clients_pause(struct clients *all, enum pause_action action, msec until);
/* Those who waited go on in the next turn. */
void clients_unpause(struct clients *all);
enum pause_action clients_paused(const struct clients *all);

/* Run what waited behind a pause that has ended.  Called before the loop sleeps. */
void clients_resume(struct clients *all);
/* Its wait is over: run what it sent meanwhile, before the loop sleeps. */
void clients_resume_later(struct client *c);
/* A client began to wait (on) or goes on (off): CLIENT_POSTPONED and its count. */
void clients_set_postponed(struct client *c, bool on);
/* Check the output limits of its class now; true when it is to be closed. */
bool clients_output_check(struct client *c);
/* Partial and postponed input above client-query-buffer-limit: closes; true then. */
bool clients_input_check(struct client *c, size_t pending);

/* What `c` holds changed: count it and, above maxmemory-clients, close those that hold
 * most, be it `c`.  Nearly free while that option is off. */
void clients_memory_check(struct client *c);

/* MONITOR: one line to every monitoring client. */
void clients_monitor(const struct call *call);
size_t clients_monitors(const struct clients *all);
void clients_set_monitor(struct client *c, bool on);

/* Cron: idle timeouts, soft output limits, maxmemory-clients; bounded per call. */
void clients_cron(struct clients *all);
/* Config changed: requirepass (who stays authenticated), limits, maxclients. */
void clients_configure(struct clients *all);

struct clients_facts {
    size_t connected, blocked, monitors, replicas;
    uint64_t accepted, rejected, evicted, query_limit_closed, output_limit_closed;
    size_t memory_normal, memory_replicas;
    size_t biggest_input, biggest_output;       /* in the last 8 seconds */
};
void clients_facts(const struct clients *all, struct clients_facts *out);
void clients_reset_stats(struct clients *all);
#endif
