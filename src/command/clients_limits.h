/* SPDX-License-Identifier: MIT
 * command/clients_limits.h - how much a session may hold, and how long it may idle. */
#ifndef IGNIS_COMMAND_CLIENTS_LIMITS_H
#define IGNIS_COMMAND_CLIENTS_LIMITS_H
#include <stdbool.h>
#include <stddef.h>

struct client;
struct clients;

/* Check the output limits of its class now; true when it is to be closed. */
bool clients_output_check(struct client *c);
/* The same for one to whom something was pushed.  That all of them together hold too
 * much is judged when it was sent, as far as sockets take it, and before the next command
 * runs. */
void clients_push_check(struct client *c);
/* Before replies are sent: more at once than the hard limit closes it, although the socket
 * might take them; true then. */
bool clients_replies_check(struct client *c);
/* For who is not authenticated, after each reply: closed when more than 16 KB were not
 * sent yet; true then. */
bool clients_stranger_check(struct client *c);
/* Partial and postponed input above client-query-buffer-limit: closes; true then. */
bool clients_input_check(struct client *c, size_t pending);
/* What `c` holds changed: count it and, above maxmemory-clients, close those that hold
 * most, be it `c`.  Nearly free while that option is off. */
void clients_memory_check(struct client *c);

/* Cron: idle timeouts, soft output limits, maxmemory-clients; bounded per call. */
void clients_cron(struct clients *all);
#endif
