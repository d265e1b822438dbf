/* SPDX-License-Identifier: MIT
 * command/shutdown.h - the bell that ends the server: the SHUTDOWN command and
 * signals ring it, main answers. */
#ifndef IGNIS_COMMAND_SHUTDOWN_H
#define IGNIS_COMMAND_SHUTDOWN_H
#include <stdbool.h>
#include "base/clock.h"

struct server;

enum shutdown_flag {
    SHUTDOWN_NOSAVE = 1 << 0,   /* do not save, even with save points */
    SHUTDOWN_SAVE = 1 << 1,     /* save, even without save points */
    SHUTDOWN_NOW = 1 << 2,      /* do not wait for replicas */
    SHUTDOWN_FORCE = 1 << 3     /* go on when saving fails */
};

/* Begins to end the server: true when it will end (the loop was told to stop, or
 * it waits for replicas); false when it must stay up: the reason is in the log. */
typedef bool shutdown_fn(struct server *server, unsigned flags);
/* Takes back a shutdown that waits; false when there was none. */
typedef bool shutdown_abort_fn(struct server *server);

/* Who answers the bell; set once, before clients are served. */
void shutdown_answer_by(shutdown_fn *begin, shutdown_abort_fn *abort);
/* Ring.  False when refused, or when nobody answers. */
bool shutdown_request(struct server *server, unsigned flags);
bool shutdown_abort(struct server *server);

/* Puts a new process with the same arguments in the place of this one, `delay` ms
 * after it has let go of everything.  Gracefully: rewrites the config file first.
 * Returns only when it cannot: the reason is in the log. */
typedef void restart_fn(struct server *server, bool gracefully, msec delay);
void restart_answer_by(restart_fn *restart);
void restart_request(struct server *server, bool gracefully, msec delay);

#endif
