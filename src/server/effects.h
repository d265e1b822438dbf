/* SPDX-License-Identifier: MIT
 * server/effects.h - from an option's new value to the part that lives by it. */
#ifndef IGNIS_SERVER_EFFECTS_H
#define IGNIS_SERVER_EFFECTS_H

struct listeners;
struct server;

/* Apply all options to their parts now, and watch them from now on. */
void effects_start(struct server *server, struct listeners *listeners);
#endif
