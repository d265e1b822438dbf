/* SPDX-License-Identifier: MIT
 * commands/c_server.c - commands about the server as a whole.
 *
 * Left out:   ROLE knows one role until replication comes; modules are listed
 *             (there are none) and refused, not loaded.
 * Read next:  command/info.h, server/info.c, command/shutdown.h */
#include "base/log.h"
#include "config/config.h"
#include "command/call.h"
#include "command/client.h"
#include "command/clients_monitor.h"
#include "command/docs.h"
#include "command/info.h"
#include "command/shutdown.h"
#include "commands/families.h"
#include <limits.h>

static void
cmd_dbsize(struct call *c)
{
    reply_int(c->out, (int64_t)db_count(c->db));
}

/* FLUSHALL and FLUSHDB take at most one word: who frees. */
static bool
flush_mode(struct call *c, bool *lazy)
{
    *lazy = c->server->config->lazyfree_lazy_user_flush;
    if (c->argc == 1)
        return true;
    if (c->argc == 2 && call_is(c, 1, "async")) {
        *lazy = true;
        return true;
    }
    if (c->argc == 2 && call_is(c, 1, "sync")) {
        *lazy = false;
        return true;
    }
    call_syntax_error(c);
    return false;
}

/* Listeners hear of a whole database while they can still look at it. */
static void
database_event(struct db *db, const char *event)
{
    db_event(db, B(""), EVENT_GENERIC, event);
}

static void
cmd_flushall(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    bool lazy;
    int i;

    if (!flush_mode(c, &lazy))
        return;
    for (i = 0; i < keyspace_databases(ks); i++)
        database_event(keyspace_db(ks, i), "flushall");
    keyspace_add_dirty(ks, (int64_t)keyspace_flush(ks, -1, lazy));
    reply_ok(c->out);
}

static void
cmd_flushdb(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    bool lazy;

    if (!flush_mode(c, &lazy))
        return;
    database_event(c->db, "flushdb");
    keyspace_add_dirty(ks, (int64_t)keyspace_flush(ks, db_index(c->db), lazy));
    reply_ok(c->out);
}

static bool
swap_index(struct call *c, int i, const char *error, int *out)
{
    int64_t n;

    if (!num_parse_i64(c->argv[i], &n) || n < INT_MIN || n > INT_MAX) {
        reply_error(c->out, error);
        return false;
    }
    *out = (int)n;
    return true;
}

static void
cmd_swapdb(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    int count = keyspace_databases(ks);
    int a, b;

    if (!swap_index(c, 1, "ERR invalid first DB index", &a)
        || !swap_index(c, 2, "ERR invalid second DB index", &b))
        return;
    if (a < 0 || a >= count || b < 0 || b >= count) {
        reply_error(c->out, "ERR DB index is out of range");
        return;
    }
    if (a != b) {
        database_event(keyspace_db(ks, a), "swapdb");
        database_event(keyspace_db(ks, b), "swapdb");
        db_swap(keyspace_db(ks, a), keyspace_db(ks, b));
    }
    keyspace_add_dirty(ks, 1);
    reply_ok(c->out);
}

static void
cmd_time(struct call *c)
{
    usec now = clock_us_now();

    reply_array(c->out, 2);
    reply_bulk_int(c->out, now / 1000000);
    reply_bulk_int(c->out, now % 1000000);
}

static void
cmd_role(struct call *c)
{
    reply_array(c->out, 3);
    reply_bulk_text(c->out, "master");
    reply_int(c->out, 0);
    reply_array(c->out, 0);
}

static void
cmd_info(struct call *c)
{
    struct text out = { 0 };

    info_report(c->server->info, c->server, c->argv + 1, (size_t)(c->argc - 1), &out);
    reply_verbatim(c->out, "txt", text_view(&out));
    text_free(&out);
}

static void
cmd_monitor(struct call *c)
{
    if (client_is(c->client, CLIENT_IN_EXEC)) {
        reply_error(c->out, "ERR MONITOR isn't allowed for DENY BLOCKING client");
        return;
    }
    clients_set_monitor(c->client, true);
    reply_ok(c->out);
}

/* --- SHUTDOWN --- */

static bool
shutdown_options(struct call *c, unsigned *flags, bool *abort)
{
    static const struct { const char *word; unsigned flag; } words[] = {
        { "nosave", SHUTDOWN_NOSAVE }, { "save", SHUTDOWN_SAVE },
        { "now", SHUTDOWN_NOW }, { "force", SHUTDOWN_FORCE },
    };
    int i;
    size_t w;

    *flags = 0;
    *abort = false;
    for (i = 1; i < c->argc; i++) {
        if (call_is(c, i, "abort")) {
            *abort = true;
            continue;
        }
        for (w = 0; w < sizeof words / sizeof words[0]; w++)
            if (call_is(c, i, words[w].word))
                break;
        if (w == sizeof words / sizeof words[0])
            return false;
        *flags |= words[w].flag;
    }
    if (*abort && *flags)
        return false;
    return !(*flags & SHUTDOWN_NOSAVE) || !(*flags & SHUTDOWN_SAVE);
}

/* A shutdown that works is answered by the connection's end. */
static void
cmd_shutdown(struct call *c)
{
    unsigned flags;
    bool abort;

    if (!shutdown_options(c, &flags, &abort)) {
        call_syntax_error(c);
    } else if (abort) {
        if (shutdown_abort(c->server))
            reply_ok(c->out);
        else
            reply_error(c->out, "ERR No shutdown in progress.");
    } else if (!shutdown_request(c->server, flags)) {
        reply_error(c->out, "ERR Errors trying to SHUTDOWN. Check logs.");
    } else {
        client_kill(c->client);
    }
}

/* --- MODULE --- */

static void
cmd_module_list(struct call *c)
{
    reply_array(c->out, 0);
}

static void
refuse_module(struct call *c)
{
    log_warning("Module %.*s failed to load: this server loads no modules",
                B_ARG(c->argv[2]));
    reply_error(c->out, "ERR Error loading the extension. Please check the server logs.");
}

static void
cmd_module_load(struct call *c)
{
    refuse_module(c);
}

static void
cmd_module_loadex(struct call *c)
{
    refuse_module(c);
}

static void
cmd_module_unload(struct call *c)
{
    reply_error(c->out, "ERR Error unloading module: no such module with that name");
}

static const struct command server_commands[] = {
    { .name = "dbsize", .run = cmd_dbsize, .arity = 1,
      .flags = READONLY | FAST,
      .also = ACL_KEYSPACE,
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Count the keys of the database.",
      .tips = "request_policy:all_shards response_policy:agg_sum" },
    { .name = "flushall", .run = cmd_flushall, .arity = -1,
      .flags = WRITE | NO_KEYS_NEEDED,
      .also = ACL_DANGEROUS | ACL_KEYSPACE,
      .syntax = "[async=(ASYNC@4.0.0|SYNC@6.2.0)]",
      .since = "1.0.0", .cost = "O(n) for n keys in all databases",
      .summary = "Empty all databases.",
      .history = HISTORY({ "4.0.0", "ASYNC frees in the background." },
                         { "6.2.0", "SYNC asks for freeing at once." }),
      .tips = "request_policy:all_shards response_policy:all_succeeded" },
    { .name = "flushdb", .run = cmd_flushdb, .arity = -1,
      .flags = WRITE | NO_KEYS_NEEDED,
      .also = ACL_DANGEROUS | ACL_KEYSPACE,
      .syntax = "[async=(ASYNC@4.0.0|SYNC@6.2.0)]",
      .since = "1.0.0", .cost = "O(n) for n keys in the database",
      .summary = "Empty the selected database.",
      .history = HISTORY({ "4.0.0", "ASYNC frees in the background." },
                         { "6.2.0", "SYNC asks for freeing at once." }),
      .tips = "request_policy:all_shards response_policy:all_succeeded" },
    { .name = "swapdb", .run = cmd_swapdb, .arity = 3,
      .flags = WRITE | FAST | NO_KEYS_NEEDED,
      .also = ACL_DANGEROUS | ACL_KEYSPACE,
      .syntax = "index1:i index2:i",
      .since = "4.0.0",
      .cost = "O(n) for n clients that watch or block on keys of the two",
      .summary = "Exchange the contents of two databases." },
    { .name = "time", .run = cmd_time, .arity = 1,
      .flags = LOADING | STALE | FAST,
      .since = "2.6.0", .cost = "O(1)",
      .summary = "Tell the time of the server: seconds and microseconds.",
      .tips = "nondeterministic_output" },
    { .name = "role", .run = cmd_role, .arity = 1,
      .flags = NOSCRIPT | LOADING | STALE | FAST,
      .also = ACL_ADMIN | ACL_DANGEROUS,
      .since = "2.8.12", .cost = "O(1)",
      .summary = "Tell the part this server plays in replication." },
    { .name = "shutdown", .run = cmd_shutdown, .arity = -1,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY,
      .syntax = "[nosave_save=(NOSAVE|SAVE)] [NOW]@7.0.0 [FORCE]@7.0.0 [ABORT]@7.0.0",
      .since = "1.0.0", .cost = "O(1) without saving; O(n) for n keys to save",
      .summary = "End the server, saving first where that is configured.",
      .history = HISTORY({ "7.0.0", "NOW, FORCE and ABORT came." }) },
    { .name = "module", .arity = -2,
      .since = "4.0.0", .cost = "see the subcommands",
      .summary = "Look at and load modules." },
    { .name = "help", .container = "module", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "5.0.0", .cost = "O(1)",
      .summary = "List the subcommands." },
    { .name = "list", .container = "module", .run = cmd_module_list, .arity = 2,
      .flags = ADMIN | NOSCRIPT | HARMLESS,
      .since = "4.0.0", .cost = "O(n) for n modules",
      .summary = "List the modules that are loaded.",
      .tips = "nondeterministic_output_order" },
    { .name = "load", .container = "module", .run = cmd_module_load, .arity = -3,
      .flags = PROTECTED | ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
      .syntax = "path [arg...]",
      .since = "4.0.0", .cost = "O(1)",
      .summary = "Load a module." },
    { .name = "loadex", .container = "module", .run = cmd_module_loadex, .arity = -3,
      .flags = PROTECTED | ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
      .syntax = "path [CONFIG configs={name value}]... [ARGS args={arg}...]",
      .since = "7.0.0", .cost = "O(1)",
      .summary = "Load a module with configuration." },
    { .name = "unload", .container = "module", .run = cmd_module_unload, .arity = 3,
      .flags = PROTECTED | ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
      .syntax = "name",
      .since = "4.0.0", .cost = "O(1)",
      .summary = "Unload a module." },
    { .name = "info", .run = cmd_info, .arity = -1,
      .flags = LOADING | STALE,
      .also = ACL_DANGEROUS,
      .syntax = "[section...]",
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Report facts and counters of the server, by section.",
      .history = HISTORY({ "7.0.0", "Several sections may be named." }),
      .tips = "nondeterministic_output request_policy:all_shards"
              " response_policy:special" },
    { .name = "monitor", .run = cmd_monitor, .arity = 1,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .since = "1.0.0",
      .summary = "Watch every command the server carries out, as it happens." },
};
const struct family server_family = FAMILY("server", 0, server_commands);
