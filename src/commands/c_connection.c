/* SPDX-License-Identifier: MIT
 * commands/c_connection.c - a session's first words: AUTH, HELLO, SELECT, PING.
 *
 * Why:       these change the session itself, never a key.
 * How:       HELLO checks every option before it changes anything: a client
 *            that gets an error is left as it was (but a successful AUTH stays).
 * Read next: commands/c_client.c, command/client.c */
#include "base/version.h"
#include "command/call.h"
#include "command/client.h"
#include "command/clients.h"
#include "commands/families.h"
#include "config/config.h"
#include "keyspace/keyspace.h"
#include <limits.h>

static void
cmd_ping(struct call *c)
{
    if (c->argc > 2)
        call_wrong_args(c);
    else if (client_is(c->client, CLIENT_PUBSUB) && c->out->proto == 2) {
        reply_array(c->out, 2);         /* in the form of a message */
        reply_bulk(c->out, B("pong"));
        reply_bulk(c->out, c->argc == 2 ? c->argv[1] : B(""));
    } else if (c->argc == 2)
        reply_bulk(c->out, c->argv[1]);
    else
        reply_status(c->out, "PONG");
}

static void
cmd_echo(struct call *c)
{
    reply_bulk(c->out, c->argv[1]);
}

static void
cmd_select(struct call *c)
{
    int64_t index;

    if (!call_int(c, 1, &index))
        return;
    if (index < INT_MIN || index > INT_MAX) {
        reply_errorf(c->out, "ERR value is out of range, value must between %d and %d",
                     INT_MIN, INT_MAX);
        return;
    }
    if (index < 0 || index >= keyspace_databases(c->server->keyspace)) {
        reply_error(c->out, "ERR DB index is out of range");
        return;
    }
    c->client->db = keyspace_db(c->server->keyspace, (int)index);
    reply_ok(c->out);
}

/* The session is closed once the reply has left; in silence that never comes, and Redis
 * leaves it open then. */
static void
cmd_quit(struct call *c)
{
    reply_ok(c->out);
    client_set(c->client, CLIENT_DEAF, c->out->muted);
    client_kill(c->client);
}

static void
cmd_reset(struct call *c)
{
    client_reset(c->client);
    reply_status(c->out, "RESET");
}

/* True and the session is authenticated, or the error is answered. */
static bool
authenticate(struct call *c, struct bytes user, struct bytes password)
{
    if (bytes_equal(user, B("default"))
        && clients_password_is(c->server->clients, password)) {
        client_set(c->client, CLIENT_AUTHENTICATED, true);
        return true;
    }
    reply_error(c->out, "WRONGPASS invalid username-password pair or user is disabled.");
    return false;
}

static void
cmd_auth(struct call *c)
{
    struct bytes user = c->argc == 3 ? c->argv[1] : B("default");

    call_redact(c, 1);
    call_redact(c, 2);
    if (c->argc > 3) {
        call_syntax_error(c);
        return;
    }
    if (c->argc == 2 && clients_need_no_password(c->server->clients)) {
        reply_error(c->out, "ERR AUTH <password> called without any password configured "
                    "for the default user. Are you sure your configuration is correct?");
        return;
    }
    if (authenticate(c, user, c->argv[c->argc - 1]))
        reply_ok(c->out);
}

struct hello { int64_t version; int auth, name; };      /* arguments, 0 = not given */

static bool
parse_hello(struct call *c, struct hello *h)
{
    *h = (struct hello){ .version = c->out->proto };
    if (c->argc == 1)
        return true;
    if (!num_parse_i64(c->argv[1], &h->version)) {
        reply_error(c->out, "ERR Protocol version is not an integer or out of range");
        return false;
    }
    if (h->version < 2 || h->version > 3) {
        reply_error(c->out, "NOPROTO unsupported protocol version");
        return false;
    }
    for (int i = 2; i < c->argc; i++) {
        int left = c->argc - 1 - i;

        if (call_is(c, i, "auth") && left >= 2) {
            h->auth = i + 1;
            call_redact(c, i + 1);
            call_redact(c, i + 2);
            i += 2;
        } else if (call_is(c, i, "setname") && left >= 1) {
            h->name = ++i;
            if (!client_name_is_valid(c->argv[i])) {
                reply_error(c->out, "ERR Client names cannot contain spaces, newlines or "
                            "special characters.");
                return false;
            }
        } else {
            reply_errorf(c->out, "ERR Syntax error in HELLO option '%.*s'",
                         B_ARG(c->argv[i]));
            return false;
        }
    }
    return true;
}

static void
reply_hello(struct call *c)
{
    reply_map(c->out, 7);
    reply_bulk_text(c->out, "server");
    reply_bulk_text(c->out, "redis");
    reply_bulk_text(c->out, "version");
    reply_bulk_text(c->out, VERSION_REDIS);
    reply_bulk_text(c->out, "proto");
    reply_int(c->out, c->out->proto);
    reply_bulk_text(c->out, "id");
    reply_int(c->out, (int64_t)c->client->id);
    reply_bulk_text(c->out, "mode");
    reply_bulk_text(c->out, "standalone");
    reply_bulk_text(c->out, "role");
    reply_bulk_text(c->out, "master");
    reply_bulk_text(c->out, "modules");
    reply_array(c->out, 0);
}

static void
cmd_hello(struct call *c)
{
    struct hello h;

    if (!parse_hello(c, &h))
        return;
    if (h.auth && !authenticate(c, c->argv[h.auth], c->argv[h.auth + 1]))
        return;
    if (!client_is(c->client, CLIENT_AUTHENTICATED)) {
        reply_error(c->out, "NOAUTH HELLO must be called with the client already "
                    "authenticated, otherwise the HELLO AUTH <user> <pass> option can be "
                    "used to authenticate the client and select the RESP protocol "
                    "version at the same time");
        return;
    }
    if (h.name)
        client_set_name(c->client, c->argv[h.name]);
    c->out->proto = (uint8_t)h.version;
    reply_hello(c);
}

static const struct command connection_commands[] = {
    { .name = "ping", .run = cmd_ping, .arity = -1,
      .flags = FAST | WHILE_SUBSCRIBED,
      .syntax = "[message]",
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Answer PONG, or the message: is anybody there?",
      .tips = "request_policy:all_shards response_policy:all_succeeded" },
    { .name = "echo", .run = cmd_echo, .arity = 2,
      .flags = LOADING | STALE | FAST,
      .syntax = "message",
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Give the message back." },
    { .name = "select", .run = cmd_select, .arity = 2,
      .flags = LOADING | STALE | FAST,
      .syntax = "index:i",
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Use another database from now on." },
    { .name = "quit", .run = cmd_quit, .arity = -1,
      .flags = NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NOT_QUEUED
               | WHILE_SUBSCRIBED,
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Answer OK and close the connection." },
    { .name = "reset", .run = cmd_reset, .arity = 1,
      .flags = NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NOT_QUEUED
               | WHILE_SUBSCRIBED,
      .since = "6.2.0", .cost = "O(1)",
      .summary = "Make the session as new as it was after connecting." },
    { .name = "auth", .run = cmd_auth, .arity = -2,
      .flags = NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NOT_UNDONE,
      .syntax = "[username]@6.0.0 password",
      .since = "1.0.0", .cost = "O(n) for n passwords of the user",
      .summary = "Prove who you are.",
      .history = HISTORY({ "6.0.0", "A user name may come before the password." }) },
    { .name = "hello", .run = cmd_hello, .arity = -1,
      .flags = NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NOT_UNDONE,
      .syntax = "[arguments={protover:i [AUTH username_password={username password}] "
                "[SETNAME clientname]}]",
      .since = "6.0.0", .cost = "O(1)",
      .summary = "Agree on a protocol version; may log in and name the session as well.",
      .history = HISTORY({ "6.2.0", "The protocol version may be left out." }) },
};
const struct family connection_family =
    FAMILY("connection", ACL_CONNECTION, connection_commands);
