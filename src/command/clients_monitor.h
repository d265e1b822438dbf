/* SPDX-License-Identifier: MIT
 * command/clients_monitor.h - MONITOR: sessions that see every command. */
#ifndef IGNIS_COMMAND_CLIENTS_MONITOR_H
#define IGNIS_COMMAND_CLIENTS_MONITOR_H
#include <stdbool.h>
#include <stddef.h>

struct call;
struct client;
struct clients;

/* How many sessions monitor. */
size_t clients_monitors(const struct clients *all);
/* Begin or end; nothing happens when it does already.  O(sessions that monitor). */
void clients_set_monitor(struct client *c, bool on);
/* One line about this call to each of them; secrets in it are covered. */
void clients_monitor(const struct call *call);
#endif
