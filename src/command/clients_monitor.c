/* SPDX-License-Identifier: MIT
 * command/clients_monitor.c - MONITOR: every command as a line of text.
 *
 * How:       the line is written once and copied to each session that monitors; while
 *            there is none, a command pays one comparison (dispatch_call.c).
 * Left out:  commands of administration and those that ask for it (SKIP_MONITOR);
 *            arguments that the handler declared secret are shown as (redacted).
 * Read next: command/clients_pause.c */
#include "command/clients_monitor.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "command/call.h"
#include "command/clients_own.h"
#include "command/gates.h"
#include "command/table.h"
#include "config/config.h"
#include "keyspace/keyspace.h"
#include "net/conn.h"

size_t
clients_monitors(const struct clients *all)
{
    return all->monitor_count;
}

void
clients_set_monitor(struct client *c, bool on)
{
    struct clients *all = c->server->clients;
    size_t i = 0;

    if (client_is(c, CLIENT_MONITOR) == on)
        return;
    client_set(c, CLIENT_MONITOR, on);
    if (on) {
        all->monitors = mem_realloc(all->monitors,
                                    (all->monitor_count + 1) * sizeof *all->monitors);
        all->monitors[all->monitor_count++] = c;
        gate_arm(GATE_MONITOR, true);
        return;
    }
    while (all->monitors[i] != c)
        i++;
    all->monitors[i] = all->monitors[--all->monitor_count];
    gate_arm(GATE_MONITOR, all->monitor_count > 0);
}

void
clients_monitor(const struct call *call)
{
    struct clients *all = call->server->clients;
    struct text line = { 0 };
    const struct client *from = call->client;
    char address[160] = "?:0";
    usec now = clock_us_now();
    int i;

    if (call->cmd->row->flags & (SKIP_MONITOR | ADMIN))
        return;
    if (client_is(from, CLIENT_UNIX))
        snprintf(address, sizeof address, "unix:%s", all->server->config->unixsocket);
    else if (from->conn)
        conn_address(from->conn, address, sizeof address);
    text_printf(&line, "%lld.%06lld [%d %s]", (long long)(now / 1000000),
                (long long)(now % 1000000), db_index(from->db), address);
    for (i = 0; i < call->argc; i++) {
        text_add_char(&line, ' ');
        text_add_quoted(&line, call_shown(call, i));
    }
    for (size_t m = all->monitor_count; m-- > 0; ) {
        struct client *to = all->monitors[m];

        reply_raw(to->out, B("+"));
        reply_raw(to->out, text_view(&line));
        reply_raw(to->out, B("\r\n"));
        client_pushed(to);
    }
    text_free(&line);
}
