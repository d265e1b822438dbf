/* SPDX-License-Identifier: MIT
 * commands/c_config.c - CONFIG: read, change and write down the options.
 *
 * Read next:  config/config.h, server/effects.c for what a change does */
#include "base/log.h"
#include "base/text.h"
#include "command/call.h"
#include "command/client.h"
#include "command/clients.h"
#include "command/docs.h"
#include "command/portions.h"
#include "command/stats.h"
#include "command/table.h"
#include "commands/families.h"
#include "config/config.h"
#include "keyspace/lazyfree.h"
#include "net/conn.h"
#include "net/loop.h"

struct answering { struct reply *out; size_t pairs; };

static void
answer_pair(const char *name, struct bytes value, void *arg)
{
    struct answering *a = arg;

    reply_bulk_text(a->out, name);
    reply_bulk(a->out, value);
    a->pairs++;
}

static void
cmd_config_get(struct call *c)
{
    struct answering answering = { .out = c->out };
    struct reply_later count = reply_later(c->out);

    config_get(c->server->config, c->argv + 2, (size_t)c->argc - 2, answer_pair,
               &answering);
    reply_later_set(c->out, count, '%', answering.pairs);
}

/* Passwords among the values must not reach the slowlog or MONITOR. */
static void
hide_secrets(struct call *c)
{
    for (int i = 2; i + 1 < c->argc; i += 2)
        if (config_is_secret(c->argv[i]))
            call_redact(c, i + 1);
}

static void
cmd_config_set(struct call *c)
{
    const struct conn *conn = c->client->conn;
    struct text error = { 0 };

    hide_secrets(c);
    if (c->argc % 2 != 0) {
        call_syntax_error(c);
        return;
    }
    if (config_set(c->server->config, c->argv + 2, ((size_t)c->argc - 2) / 2,
                   conn && conn_is_local(conn), &error) == OK)
        reply_ok(c->out);
    else
        reply_error_bytes(c->out, text_view(&error));
    text_free(&error);
}

static void
cmd_config_rewrite(struct call *c)
{
    struct text error = { 0 };

    if (config_rewrite(c->server->config, &error) == OK) {
        log_notice("CONFIG REWRITE executed with success.");
        reply_ok(c->out);
    } else {
        log_warning("CONFIG REWRITE failed: %s", error.at);
        reply_error_bytes(c->out, text_view(&error));
    }
    text_free(&error);
}

static void
reset_totals(struct server *server)
{
    struct stats *stats = server->stats;
    struct conn_facts net;
    struct loop_facts loop;

    conn_facts(&net);
    loop_facts(server->loop, &loop);
    stats->commands = 0;
    stats->error_replies = 0;
    stats->unexpected_errors = 0;
    stats->ops_per_sec = stats->input_kbps = stats->output_kbps = 0;
    stats->turns_per_sec = stats->us_per_turn = 0;
    stats->read_bytes_base = net.read_bytes;
    stats->written_bytes_base = net.written_bytes;
    stats->reads_base = net.reads;
    stats->writes_base = net.writes;
    stats->turns_base = loop.turns;
    stats->busy_us_base = loop.busy_us;
}

static void
cmd_config_resetstat(struct call *c)
{
    *keyspace_stats(c->server->keyspace) = (struct keyspace_stats){ 0 };
    lazyfree_reset_done();
    command_reset_stats(c->server->commands);
    errorstats_reset(c->server->errorstats);
    portions_reset(c->server->expiry);
    clients_reset_stats(c->server->clients);
    reset_totals(c->server);
    reply_ok(c->out);
}

static const struct command config_commands[] = {
    { .name = "config", .arity = -2,
      .since = "2.0.0", .cost = "see the subcommands",
      .summary = "Look at the options and change them." },
    { .name = "get", .container = "config", .run = cmd_config_get, .arity = -3,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE | HARMLESS,
      .syntax = "parameter={parameter}...",
      .since = "2.0.0", .cost = "O(n * m) for n names or patterns and m options",
      .summary = "Show the options that these names and patterns mean.",
      .history = HISTORY({ "7.0.0", "Takes several names and patterns." }) },
    { .name = "help", .container = "config", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "5.0.0", .cost = "O(1)",
      .summary = "List the subcommands." },
    { .name = "resetstat", .container = "config", .run = cmd_config_resetstat, .arity = 2,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .since = "2.0.0", .cost = "O(1)",
      .summary = "Set the counters that INFO shows to zero." },
    { .name = "rewrite", .container = "config", .run = cmd_config_rewrite, .arity = 2,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .since = "2.8.0", .cost = "O(n) for n lines and options",
      .summary = "Write the options in force into the config file." },
    { .name = "set", .container = "config", .run = cmd_config_set, .arity = -4,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .syntax = "parameter_value={parameter value}...",
      .since = "2.0.0", .cost = "O(n) for n options",
      .summary = "Change options while the server runs; all of them or none.",
      .history = HISTORY({ "7.0.0", "Takes several options." }),
      .tips = "request_policy:all_nodes response_policy:all_succeeded" },
};
const struct family config_family = FAMILY("server", 0, config_commands);
