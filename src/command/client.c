/* SPDX-License-Identifier: MIT
 * command/client.c - one session: its name, its flags, its end.
 *
 * Why:       a server holds ten thousand of these, most of them idle; what few
 *            sessions use (names, postponed requests) is allocated when used.
 * Read next: command/clients.c, which keeps them all */
#include "command/client.h"

#include "base/alloc.h"
#include "command/blocking.h"
#include "command/clients.h"
#include "command/call.h"
#include "command/clients_limits.h"
#include "command/clients_monitor.h"
#include "command/postponed.h"
#include "command/pubsub.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "config/config.h"
#include "keyspace/keyspace.h"
#include "net/conn.h"
#include "wire/resp_read.h"

static const char *
or_empty(const char *text)
{
    return text ? text : "";
}

const char *
client_name(const struct client *c)
{
    return or_empty(c->extra ? c->extra->name : NULL);
}

const char *
client_lib_name(const struct client *c)
{
    return or_empty(c->extra ? c->extra->lib_name : NULL);
}

const char *
client_lib_version(const struct client *c)
{
    return or_empty(c->extra ? c->extra->lib_version : NULL);
}

static size_t
text_memory(const char *text)
{
    return text ? mem_class(strlen(text) + 1) : 0;
}

static void
set_text(struct client_extra *extra, char **place, struct bytes text)
{
    extra->memory -= text_memory(*place);
    mem_free(*place);
    *place = text.len ? bytes_copy_text(text) : NULL;
    extra->memory += text_memory(*place);
}

static struct client_extra *
extra_of(struct client *c)
{
    if (!c->extra)
        c->extra = mem_zalloc(sizeof *c->extra);
    return c->extra;
}

void
client_set_name(struct client *c, struct bytes name)
{
    struct client_extra *extra = c->extra || name.len ? extra_of(c) : NULL;

    if (extra)
        set_text(extra, &extra->name, name);
}

void
client_set_lib(struct client *c, bool version, struct bytes text)
{
    struct client_extra *extra = extra_of(c);

    set_text(extra, version ? &extra->lib_version : &extra->lib_name, text);
}

bool
client_name_is_valid(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] < '!' || name.at[i] > '~')
            return false;
    return true;
}

const char *
client_user(const struct client *c)
{
    (void)c;                            /* one user until there are ACLs */
    return "default";
}

size_t
client_memory(const struct client *c)
{
    size_t n = mem_class(sizeof *c) + postponed_memory(c);

    n += c->conn ? conn_memory(c->conn) : reply_memory(c->out);     /* it holds `out` */
    n += transaction_memory(c) + watch_memory(c) + blocking_memory(c);
    n += pubsub_memory(c) + tracking_memory(c);
    if (c->reader)
        n += request_memory(c->reader);
    if (c->extra)
        n += mem_class(sizeof *c->extra) + c->extra->memory;
    return n;
}

void
client_reset(struct client *c)
{
    transaction_drop(c);
    pubsub_forget(c->server->pubsub, c);
    tracking_stop(c);
    if (client_is(c, CLIENT_MONITOR))
        clients_set_monitor(c, false);
    c->db = keyspace_db(c->server->keyspace, 0);
    c->out->proto = 2;
    c->out->muted = client_is(c, CLIENT_REPLY_SKIP);    /* after OFF, +RESET is heard */
    c->flags &= ~(uint32_t)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_REPLY_SKIP_NEXT
                            | CLIENT_NO_EVICT | CLIENT_NO_TOUCH | CLIENT_MULTI
                            | CLIENT_READONLY);
    client_set(c, CLIENT_AUTHENTICATED, clients_need_no_password(c->server->clients));
    client_set_name(c, B(""));
}

void
client_kill(struct client *c)
{
    if (client_is(c, CLIENT_RUNNING))
        client_set(c, CLIENT_CLOSE_AFTER_REPLY, true);
    else if (c->conn) {
        conn_flush(c->conn);
        client_drop(c);
        clients_withdraw(c);
    }
}

void
client_drop(struct client *c)
{
    if (client_is(c, CLIENT_DEAD) || !c->conn)
        return;
    client_set(c, CLIENT_DEAD, true);
    if (client_is(c, CLIENT_RUNNING))
        return;
    reply_drop(c->out);                 /* its memory is what is wanted back */
    conn_close_soon(c->conn);
}

void
client_pushed(struct client *c)
{
    if (c->conn && !client_is(c, CLIENT_DEAD)) {
        conn_flush_later(c->conn);
        clients_push_check(c);
    }
}
