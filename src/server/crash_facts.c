/* SPDX-License-Identifier: MIT
 * server/crash_facts.c - the part of a crash report that only this program can tell.
 *
 * Why:        a stack says where; which request it was, after what history and with
 *             which options, lets somebody else see it again.
 * How:        the same functions as INFO, CLIENT LIST and CONFIG GET use, one text at a
 *             time, logged before the next is begun: what was said is not lost when the
 *             next part fails.
 * Invariants: no password is shown: arguments that a handler redacted, and the values
 *             of secret options, are not.
 * Read next:  server/crash.c */
#include "server/crash_facts.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"
#include "command/call.h"
#include "command/client_describe.h"
#include "command/clients.h"
#include "command/dispatch_call.h"
#include "command/info.h"
#include "command/table.h"
#include "config/config.h"

#define ARGUMENTS_SHOWN 32
#define ARGUMENT_SHOWN 128      /* bytes */

static void
say_text(struct text *t)
{
    log_raw(t->at, t->len);
    text_free(t);
}

static void
say_title(const char *title)
{
    struct text t = { 0 };

    text_printf(&t, "\n------ %s ------\n", title);
    say_text(&t);
}

static void
say_info(struct server *server)
{
    struct bytes all = B("everything");
    struct text t = { 0 };

    say_title("INFO OUTPUT");
    info_report(server->info, server, &all, 1, &t);
    say_text(&t);
}

static void
say_client(const struct client *c, const struct call *by)
{
    struct text t = { 0 };

    if (log_hides_user_data())
        text_printf(&t, "id=%llu *redacted*", (unsigned long long)c->id);
    else
        client_describe(c, by, &t);
    text_add_char(&t, '\n');
    say_text(&t);
}

static void
say_clients(struct server *server, const struct call *call)
{
    say_title("CLIENT LIST OUTPUT");
    for (const struct client *c = clients_first(server->clients); c; c = c->next)
        say_client(c, call);
}

static void
say_argument(const struct call *call, int i)
{
    struct bytes shown = call_shown(call, i);
    size_t more = shown.len > ARGUMENT_SHOWN ? shown.len - ARGUMENT_SHOWN : 0;
    struct text t = { 0 };

    text_printf(&t, "argv[%d]: ", i);
    if (i > 0 && log_hides_user_data()) {
        text_add_text(&t, "*redacted*\n");
    } else {
        text_add_quoted(&t, bytes_view(shown.at, shown.len - more));
        if (more)
            text_printf(&t, "... (%zu more bytes)", more);
        text_add_char(&t, '\n');
    }
    say_text(&t);
}

static void
say_call(const struct call *call)
{
    int shown = call->argc < ARGUMENTS_SHOWN ? call->argc : ARGUMENTS_SHOWN;
    struct text t = { 0 };

    say_title("CURRENT CLIENT INFO");
    say_client(call->client, call);
    text_printf(&t, "command: %s\nargc: %d\n", call->cmd->full_name, call->argc);
    say_text(&t);
    for (int i = 0; i < shown; i++)
        say_argument(call, i);
    if (call->argc > shown) {
        text_printf(&t, "... (%d more arguments)\n", call->argc - shown);
        say_text(&t);
    }
}

/* --- options that are not at their default --- */

struct defaults {
    struct text *values;        /* in the order of config_get */
    size_t count, room, at;
};

static void
note_default(const char *name, struct bytes value, void *arg)
{
    struct defaults *d = arg;

    (void)name;
    if (d->count == d->room) {
        d->room = d->room ? d->room * 2 : 256;
        d->values = mem_realloc(d->values, d->room * sizeof *d->values);
    }
    d->values[d->count] = (struct text){ 0 };
    text_add(&d->values[d->count++], value);
}

static void
say_changed(const char *name, struct bytes value, void *arg)
{
    struct defaults *d = arg;
    struct text t = { 0 };

    if (d->at >= d->count || bytes_equal(text_view(&d->values[d->at++]), value))
        return;
    text_printf(&t, "%s ", name);
    if (config_is_secret(bytes_of_text(name)))
        text_add_text(&t, "*redacted*");
    else
        text_add_quoted(&t, value);
    text_add_char(&t, '\n');
    say_text(&t);
}

/* The process ends soon: what is allocated here is not freed. */
static void
say_config(const struct config *config)
{
    struct defaults d = { 0 };
    struct bytes all = B("*");

    say_title("CONFIG DEBUG OUTPUT");
    config_get(config_new(), &all, 1, note_default, &d);
    config_get(config, &all, 1, say_changed, &d);
}

void
crash_facts(struct server *server)
{
    const struct call *call = dispatch_running();

    if (call)
        say_call(call);
    say_info(server);
    say_clients(server, call);
    say_config(server->config);
}
