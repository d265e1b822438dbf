/* SPDX-License-Identifier: MIT
 * commands/c_transaction.c - MULTI, EXEC, DISCARD, WATCH, UNWATCH.
 *
 * Read next: command/transaction.c */
#include "command/call.h"
#include "command/client.h"
#include "command/transaction.h"
#include "commands/families.h"
#include "config/config.h"

static void
cmd_multi(struct call *c)
{
    bool rollback = c->argc == 2;

    if (c->argc > 2 || (rollback && !call_is(c, 1, "rollback"))) {
        call_wrong_args(c);
        transaction_refuse(c->client);      /* as any other wrong number would do */
        return;
    }
    if (c->client->transaction) {
        reply_error(c->out, "ERR MULTI calls can not be nested");
        return;
    }
    transaction_begin(c->client, rollback || c->server->config->transaction_rollback);
    reply_ok(c->out);
}

static void
cmd_exec(struct call *c)
{
    if (!c->client->transaction)
        reply_error(c->out, "ERR EXEC without MULTI");
    else
        transaction_exec(c);
}

static void
cmd_discard(struct call *c)
{
    if (!c->client->transaction) {
        reply_error(c->out, "ERR DISCARD without MULTI");
        return;
    }
    transaction_drop(c->client);
    reply_ok(c->out);
}

static void
cmd_watch(struct call *c)
{
    if (c->client->transaction) {
        reply_error(c->out, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    if (!client_is(c->client, CLIENT_WATCH_BROKEN))     /* it is lost already */
        for (int i = 1; i < c->argc; i++)
            watch_key(c, i);
    reply_ok(c->out);
}

static void
cmd_unwatch(struct call *c)
{
    watch_forget_all(c->client);
    reply_ok(c->out);
}

static const struct command transaction_commands[] = {
    { .name = "multi", .run = cmd_multi, .arity = -1,
      .flags = NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NOT_QUEUED,
      .syntax = "[ROLLBACK]",
      .since = "1.2.0", .cost = "O(1)",
      .summary = "Queue the commands that follow until EXEC; with ROLLBACK, an error "
                 "undoes them all." },
    { .name = "exec", .run = cmd_exec, .arity = 1,
      .flags = NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG | NOT_QUEUED | RUNS_QUEUE,
      .since = "1.2.0", .cost = "That of the queued commands",
      .summary = "Run the queued commands, with no other client's in between." },
    { .name = "discard", .run = cmd_discard, .arity = 1,
      .flags = NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NOT_QUEUED,
      .since = "2.0.0", .cost = "O(n) for n queued commands",
      .summary = "Forget the queued commands." },
    { .name = "watch", .run = cmd_watch, .arity = -2,
      .flags = NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NOT_QUEUED,
      .syntax = "key:k...",
      .keys = { KEYS(1, -1, 1, KEY_RO) },
      .since = "2.2.0", .cost = "O(1) for each key",
      .summary = "Let the next EXEC do nothing if one of these keys changes before it." },
    { .name = "unwatch", .run = cmd_unwatch, .arity = 1,
      .flags = NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
      .since = "2.2.0", .cost = "O(1)",
      .summary = "Watch no key any more." },
};
const struct family transaction_family =
    FAMILY("transactions", ACL_TRANSACTION, transaction_commands);
