/* SPDX-License-Identifier: MIT
 * command/shutdown.c - a socket between SHUTDOWN below and main above.
 *
 * Why:       the command must end the loop, the listeners and later the save;
 *            those belong to floors that assemble this one.
 * Read next: commands/c_server.c, server/main.c */
#include "command/shutdown.h"
#include <stddef.h>

static shutdown_fn *begin_fn;
static shutdown_abort_fn *abort_fn;
static restart_fn *restart_by;

void
shutdown_answer_by(shutdown_fn *begin, shutdown_abort_fn *abort)
{
    begin_fn = begin;
    abort_fn = abort;
}

bool
shutdown_request(struct server *server, unsigned flags)
{
    return begin_fn && begin_fn(server, flags);
}

bool
shutdown_abort(struct server *server)
{
    return abort_fn && abort_fn(server);
}

void
restart_answer_by(restart_fn *restart)
{
    restart_by = restart;
}

void
restart_request(struct server *server, bool gracefully, msec delay)
{
    if (restart_by)
        restart_by(server, gracefully, delay);
}
