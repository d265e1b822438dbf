/* SPDX-License-Identifier: MIT
 * server/cron.h - what must happen although nobody asks: keys that are due,
 * upkeep of tables and sessions, samples for INFO. */
#ifndef IGNIS_SERVER_CRON_H
#define IGNIS_SERVER_CRON_H
#include <stddef.h>

struct config;
struct cron;
struct server;

/* Starts the timers; everything `server` points to must be there. */
struct cron *cron_start(struct server *server);
void cron_stop(struct cron *cron);

/* Ticks per second now: `hz`, and more while so many clients are connected that
 * each would be looked at too seldom (dynamic-hz). 1 to 500. */
int cron_hz(const struct config *config, size_t clients);

#endif
