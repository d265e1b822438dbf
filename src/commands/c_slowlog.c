/* SPDX-License-Identifier: MIT
 * commands/c_slowlog.c - SLOWLOG: which calls were slow.
 *
 * Read next:  command/slowlog.c */
#include "command/call.h"
#include "command/docs.h"
#include "command/slowlog.h"
#include "commands/families.h"

#define DEFAULT_COUNT 10

static void
reply_entry(struct reply *out, const struct slowlog_entry *e)
{
    reply_array(out, 6);
    reply_int(out, e->id);
    reply_int(out, e->at_s);
    reply_int(out, e->took);
    reply_array(out, (size_t)e->argc);
    for (int i = 0; i < e->argc; i++)
        reply_bulk(out, e->argv[i]);
    reply_bulk_text(out, e->peer);
    reply_bulk_text(out, e->name);
}

static void
cmd_slowlog_get(struct call *c)
{
    const struct slowlog *log = c->server->slowlog;
    size_t n = slowlog_len(log);
    int64_t count = DEFAULT_COUNT;

    if (c->argc > 3) {
        call_wrong_subcommand(c, "SLOWLOG");
        return;
    }
    if (c->argc == 3 && (!num_parse_i64(c->argv[2], &count) || count < -1)) {
        reply_error(c->out, "ERR count should be greater than or equal to -1");
        return;
    }
    if (count >= 0 && (uint64_t)count < n)
        n = (size_t)count;
    reply_array(c->out, n);
    for (size_t i = 0; i < n; i++)
        reply_entry(c->out, slowlog_at(log, i));
}

static void
cmd_slowlog_len(struct call *c)
{
    reply_int(c->out, (int64_t)slowlog_len(c->server->slowlog));
}

static void
cmd_slowlog_reset(struct call *c)
{
    slowlog_clear(c->server->slowlog);
    reply_ok(c->out);
}

static const struct command slowlog_commands[] = {
    { .name = "slowlog", .arity = -2,
      .since = "2.2.12", .cost = "see the subcommands",
      .summary = "Look at the log of slow calls." },
    { .name = "get", .container = "slowlog", .run = cmd_slowlog_get, .arity = -2,
      .flags = ADMIN | LOADING | STALE | HARMLESS,
      .syntax = "[count:i]",
      .since = "2.2.12", .cost = "O(n) for n entries",
      .summary = "Show the newest entries: 10, or so many, or all with -1.",
      .history = HISTORY({ "4.0.0", "Entries tell the client's address and name." }),
      .tips = "request_policy:all_nodes nondeterministic_output" },
    { .name = "help", .container = "slowlog", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "6.2.0", .cost = "O(1)",
      .summary = "List the subcommands." },
    { .name = "len", .container = "slowlog", .run = cmd_slowlog_len, .arity = 2,
      .flags = ADMIN | LOADING | STALE | HARMLESS,
      .since = "2.2.12", .cost = "O(1)",
      .summary = "Count the entries of the log.",
      .tips = "request_policy:all_nodes response_policy:agg_sum "
              "nondeterministic_output" },
    { .name = "reset", .container = "slowlog", .run = cmd_slowlog_reset, .arity = 2,
      .flags = ADMIN | LOADING | STALE,
      .since = "2.2.12", .cost = "O(n) for n entries",
      .summary = "Empty the log.",
      .tips = "request_policy:all_nodes response_policy:all_succeeded" },
};
const struct family slowlog_family = FAMILY("server", 0, slowlog_commands);
