/* SPDX-License-Identifier: MIT
 * command/refuse.c - why a request cannot become a call, in Redis's words.
 *
 * How:       off the fast path, so the command is simply resolved once more to see what
 *            was wrong with it.  What the client sent is quoted in part only: an error
 *            must not be as long as an attacker likes.
 * Read next: command/gates.c, which refuse what could run at another time */
#include "command/refuse.h"

#include <ctype.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "command/call.h"
#include "command/client.h"
#include "command/stats.h"
#include "command/table.h"
#include "command/transaction.h"

#define SHOWN 128               /* bytes of what was sent that an error repeats */
#define ATTACK_LOG_MS 60000     /* who attacks must not fill the log, too */

void
refuse_count(struct call *c)
{
    errorstats_count(c->server->errorstats, reply_last_error());
    c->server->stats->error_replies++;
    if (c->cmd)
        c->cmd->rejected++;
    transaction_refuse(c->client);
}

static void
unknown_command(struct call *c)
{
    struct text args = { 0 };
    size_t shown;

    for (int i = 1; i < c->argc && args.len < SHOWN; i++) {
        shown = SHOWN - args.len;
        if (shown > c->argv[i].len)
            shown = c->argv[i].len;
        text_printf(&args, "'%.*s' ", (int)shown, c->argv[i].at);
    }
    reply_errorf(c->out, "ERR unknown command '%.*s', with args beginning with: %.*s",
                 (int)(c->argv[0].len < SHOWN ? c->argv[0].len : SHOWN), c->argv[0].at,
                 B_ARG(text_view(&args)));
    text_free(&args);
}

static void
unknown_subcommand(struct call *c)
{
    char name[SHOWN];
    size_t n = c->argv[0].len < sizeof name ? c->argv[0].len : sizeof name;

    for (size_t i = 0; i < n; i++)
        name[i] = (char)toupper((unsigned char)c->argv[0].at[i]);
    reply_errorf(c->out, "ERR unknown subcommand '%.*s'. Try %.*s HELP.",
                 (int)(c->argv[1].len < SHOWN ? c->argv[1].len : SHOWN), c->argv[1].at,
                 (int)n, name);
}

/* Answer why no command can be run for these arguments. */
void
refuse_request(struct call *c)
{
    struct registered *container = NULL;
    char why[96];

    c->cmd = command_resolve(c->server->commands, c->argv, c->argc, &container);
    c->client->last_command = c->cmd;
    if (c->cmd && (c->cmd->row->flags & RUNS_QUEUE)) {
        snprintf(why, sizeof why, "ERR wrong number of arguments for '%s' command",
                 c->cmd->full_name);
        transaction_refuse_exec(c, bytes_of_text(why));
    } else if (c->cmd)
        call_wrong_args(c);
    else if (container)
        unknown_subcommand(c);
    else
        unknown_command(c);
    refuse_count(c);
}

bool
refuse_cross_protocol(struct client *c, struct bytes name)
{
    static msec said;

    if (!bytes_is(name, "post") && !bytes_is(name, "host:"))
        return false;
    client_drop(c);
    if (said && clock_ms() - said < ATTACK_LOG_MS && clock_ms() >= said)
        return true;
    said = clock_ms();
    log_warning("Possible SECURITY ATTACK detected. It looks like somebody is sending "
                "POST or Host: commands to Redis. This is likely due to an attacker "
                "attempting to use Cross Protocol Scripting to compromise your Redis "
                "instance. Connection from client aborted.");
    return true;
}
