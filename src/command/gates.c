/* SPDX-License-Identifier: MIT
 * command/gates.c - the row of gates every call passes.
 *
 * Why:        what may refuse a command grows with every feature; one function
 *             that knows them all would never stop growing.
 * How:        each gate is a function with a lamp.  A command knows, from its
 *             flags, which gates look at it; the dispatcher asks only those
 *             whose lamp is on.  A GET on a calm server asks none.
 * Invariants: 1. gates are asked in the order of enum gate.
 *             2. a gate that does not let pass has answered, or says HELD.
 * Cost:       one AND per command while all lamps are off.
 * Read next:  command/dispatch.c */
#include "command/gates.h"

#include "command/client.h"
#include "command/clients_pause.h"
#include "command/table.h"
#include "command/transaction.h"
#include "config/config.h"
#include "keyspace/evict.h"
#include "net/conn.h"

static uint32_t lamps = 1u << GATE_PROTECTED;

void
gate_arm(enum gate gate, bool on)
{
    lamps = on ? lamps | 1u << gate : lamps & ~(1u << gate);
}

uint32_t
gates_armed(void)
{
    return lamps;
}

uint32_t
gates_for(const struct command *row)
{
    uint32_t ask = 1u << GATE_MEMORY | 1u << GATE_PAUSE;

    if (!(row->flags & NO_AUTH))
        ask |= 1u << GATE_AUTH;
    if (!(row->flags & WHILE_SUBSCRIBED))
        ask |= 1u << GATE_SUBSCRIBED;
    if (row->flags & PROTECTED)
        ask |= 1u << GATE_PROTECTED;
    if (!(row->flags & NOT_QUEUED))
        ask |= 1u << GATE_MULTI;
    if (row->flags & (READONLY | WRITE | MAY_REPLICATE))
        ask |= 1u << GATE_MONITOR;
    return ask;
}

static enum verdict
gate_auth(struct call *c)
{
    if (client_is(c->client, CLIENT_AUTHENTICATED))
        return PASS;
    reply_error(c->out, "NOAUTH Authentication required.");
    return REFUSED;
}

/* DEBUG and MODULE: off, on, or for connections from this machine. */
static enum verdict
gate_protected(struct call *c)
{
    const struct registered *top = c->cmd->parent ? c->cmd->parent : c->cmd;
    bool debug = bytes_is(bytes_of_text(top->row->name), "debug");
    int allowed = debug ? c->server->config->enable_debug_command
                        : c->server->config->enable_module_command;
    const char *name = debug ? "DEBUG" : "MODULE";
    const char *option = debug ? "enable-debug-command" : "enable-module-command";

    if (allowed == ACCESS_YES || !c->client->conn)
        return PASS;
    if (allowed == ACCESS_LOCAL && conn_is_local(c->client->conn))
        return PASS;
    reply_errorf(c->out, "ERR %s command not allowed. If the %s option is set to "
                 "\"local\", you can run it from a local connection, otherwise you need "
                 "to set this option in the configuration file, and then restart the "
                 "server.",
                 name, option);
    return REFUSED;
}

/* What may make memory grow: some commands, anything that would be queued, and EXEC
 * of such. */
static bool
may_grow(const struct call *c)
{
    uint32_t flags = c->cmd->row->flags;

    if (flags & RUNS_QUEUE)
        return transaction_has_flag(c->client, DENY_OOM);
    return (flags & DENY_OOM)
        || (client_is(c->client, CLIENT_MULTI) && !(flags & NOT_QUEUED));
}

static enum verdict
gate_memory(struct call *c)
{
    if (clients_paused(c->server->clients) != PAUSE_NONE)
        return PASS;                    /* nothing is written, evictions neither */
    if (evict_to_fit(c->server->keyspace) == FAILED && may_grow(c)) {
        reply_error(c->out, "OOM command not allowed when used memory > 'maxmemory'.");
        return REFUSED;
    }
    return PASS;
}

/* Its replies and the messages could not be told apart. */
static enum verdict
gate_subscribed(struct call *c)
{
    if (c->client->out->proto != 2)
        return PASS;
    reply_errorf(c->out, "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE "
                 "/ PING / QUIT / RESET are allowed in this context", c->cmd->full_name);
    return REFUSED;
}

/* A session that monitors is a kind of replica, says Redis: it would also see its own
 * commands between its replies. */
static enum verdict
gate_monitor(struct call *c)
{
    if (!client_is(c->client, CLIENT_MONITOR))
        return PASS;
    reply_error(c->out, "ERR Replica can't interact with the keyspace");
    return REFUSED;
}

static enum verdict
gate_pause(struct call *c)
{
    enum pause_action action = clients_paused(c->server->clients);
    uint32_t flags = c->cmd->row->flags;

    if (!c->client->conn || client_is(c->client, CLIENT_REPLICA | CLIENT_MASTER))
        return PASS;
    if (action == PAUSE_ALL)
        return HELD;
    if (action == PAUSE_WRITES
        && ((flags & (WRITE | MAY_REPLICATE))
            || ((flags & RUNS_QUEUE)
                && transaction_has_flag(c->client, WRITE | MAY_REPLICATE))))
        return HELD;
    return PASS;
}

static enum verdict
gate_multi(struct call *c)
{
    uint64_t errors = reply_errors();

    transaction_queue(c);
    return reply_errors() == errors ? QUEUED : REFUSED;
}

static gate_fn *const gate_functions[GATES] = {
    [GATE_PROTECTED] = gate_protected,
    [GATE_AUTH] = gate_auth,
    [GATE_MEMORY] = gate_memory,
    [GATE_SUBSCRIBED] = gate_subscribed,
    [GATE_MONITOR] = gate_monitor,
    [GATE_PAUSE] = gate_pause,
    [GATE_MULTI] = gate_multi,
};

enum verdict
gates_ask(struct call *c, uint32_t ask)
{
    enum verdict v;

    for (; ask; ask &= ask - 1) {       /* the lowest bit first */
        v = gate_functions[__builtin_ctz(ask)](c);
        if (v != PASS)
            return v;
    }
    return PASS;
}
