/* SPDX-License-Identifier: MIT
 * commands/c_client.c - CLIENT: looking at sessions, naming, pausing and ending them.
 *
 * How:       LIST and KILL describe the sessions they mean by one `struct filter`.
 * Read next: command/clients.c; commands/c_tracking.c, CLIENT TRACKING and its kin */
#include "base/text.h"
#include "command/blocking.h"
#include "command/call.h"
#include "command/client.h"
#include "command/client_describe.h"
#include "command/clients.h"
#include "command/clients_pause.h"
#include "command/docs.h"
#include "commands/families.h"
#include "net/conn.h"

/* Which sessions; zero or empty fields say nothing. */
struct filter {
    uint64_t id;
    struct bytes address, local_address;
    const char *type;
    int64_t min_age_s;
    bool skip_me;
};

static const char *
type_of(const struct client *c)
{
    if (client_is(c, CLIENT_MASTER))
        return "master";
    if (client_is(c, CLIENT_REPLICA) && !client_is(c, CLIENT_MONITOR))
        return "slave";
    return client_is(c, CLIENT_PUBSUB) ? "pubsub" : "normal";
}

/* The name type_of() uses, or NULL and the error is answered. */
static const char *
parse_type(struct call *c, int i)
{
    static const char *const types[] = { "normal", "slave", "pubsub", "master" };

    if (call_is(c, i, "replica"))
        return "slave";
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        if (call_is(c, i, types[t]))
            return types[t];
    reply_errorf(c->out, "ERR Unknown client type '%.*s'", B_ARG(c->argv[i]));
    return NULL;
}

static bool
matches(const struct call *c, const struct filter *f, const struct client *other)
{
    char text[160];

    if (f->skip_me && other == c->client)
        return false;
    if (f->id && other->id != f->id)
        return false;
    if (f->type && strcmp(f->type, type_of(other)) != 0)
        return false;
    if (f->min_age_s && clock_ms() / 1000 - other->created_s < f->min_age_s)
        return false;
    if (f->address.at) {
        conn_address(other->conn, text, sizeof text);
        if (!bytes_equal(f->address, bytes_of_text(text)))
            return false;
    }
    if (f->local_address.at) {
        conn_local_address(other->conn, text, sizeof text);
        if (!bytes_equal(f->local_address, bytes_of_text(text)))
            return false;
    }
    return true;
}

static void
cmd_client_id(struct call *c)
{
    reply_int(c->out, (int64_t)c->client->id);
}

static void
cmd_client_getname(struct call *c)
{
    const char *name = client_name(c->client);

    if (*name)
        reply_bulk_text(c->out, name);
    else
        reply_null(c->out);
}

static void
cmd_client_setname(struct call *c)
{
    if (!client_name_is_valid(c->argv[2])) {
        reply_error(c->out, "ERR Client names cannot contain spaces, newlines or special "
                    "characters.");
        return;
    }
    client_set_name(c->client, c->argv[2]);
    reply_ok(c->out);
}

static void
cmd_client_setinfo(struct call *c)
{
    bool name = call_is(c, 2, "lib-name");

    if (!name && !call_is(c, 2, "lib-ver")) {
        reply_errorf(c->out, "ERR Unrecognized option '%.*s'", B_ARG(c->argv[2]));
        return;
    }
    if (!client_name_is_valid(c->argv[3])) {
        reply_errorf(c->out, "ERR %s cannot contain spaces, newlines or special "
                     "characters.",
                     name ? "lib-name" : "lib-ver");
        return;
    }
    client_set_lib(c->client, !name, c->argv[3]);
    reply_ok(c->out);
}

static void
cmd_client_info(struct call *c)
{
    struct text line = { 0 };

    client_describe(c->client, c, &line);
    text_add_char(&line, '\n');
    reply_verbatim(c->out, "txt", text_view(&line));
    text_free(&line);
}

static void
describe_into(struct text *out, const struct client *c, const struct call *by)
{
    client_describe(c, by, out);
    text_add_char(out, '\n');
}

static void
cmd_client_list(struct call *c)
{
    struct filter f = { 0 };
    struct text out = { 0 };
    struct client *other;
    int64_t id;

    if (c->argc == 4 && call_is(c, 2, "type")) {
        f.type = parse_type(c, 3);
        if (!f.type)
            return;
    } else if (c->argc > 3 && call_is(c, 2, "id")) {
        for (int i = 3; i < c->argc; i++) {
            if (!num_parse_i64(c->argv[i], &id)) {
                reply_error(c->out, "ERR Invalid client ID");
                text_free(&out);
                return;
            }
            other = clients_by_id(c->server->clients, (uint64_t)id);
            if (other)
                describe_into(&out, other, c);
        }
        goto answer;
    } else if (c->argc != 2) {
        call_syntax_error(c);
        return;
    }
    for (other = clients_first(c->server->clients); other; other = other->next)
        if (!client_is(other, CLIENT_DEAD) && matches(c, &f, other))
            describe_into(&out, other, c);
answer:
    reply_verbatim(c->out, "txt", text_view(&out));
    text_free(&out);
}

/* One "option value" pair of CLIENT KILL's new form. */
static bool
parse_kill_option(struct call *c, int i, struct filter *f)
{
    int64_t id;

    if (call_is(c, i, "id")) {
        if (!num_parse_i64(c->argv[i + 1], &id) || id < 1) {
            reply_error(c->out, "ERR client-id should be greater than 0");
            return false;
        }
        f->id = (uint64_t)id;
    } else if (call_is(c, i, "maxage")) {
        if (!num_parse_i64(c->argv[i + 1], &f->min_age_s)) {
            reply_error(c->out, "ERR maxage is not an integer or out of range");
            return false;
        }
        if (f->min_age_s < 1) {
            reply_error(c->out, "ERR maxage should be greater than 0");
            return false;
        }
    } else if (call_is(c, i, "type")) {
        f->type = parse_type(c, i + 1);
        return f->type != NULL;
    } else if (call_is(c, i, "addr"))
        f->address = c->argv[i + 1];
    else if (call_is(c, i, "laddr"))
        f->local_address = c->argv[i + 1];
    else if (call_is(c, i, "user")) {
        if (!bytes_equal(c->argv[i + 1], B("default"))) {
            reply_errorf(c->out, "ERR No such user '%.*s'", B_ARG(c->argv[i + 1]));
            return false;
        }
    } else if (call_is(c, i, "skipme") && call_is(c, i + 1, "yes"))
        f->skip_me = true;
    else if (call_is(c, i, "skipme") && call_is(c, i + 1, "no"))
        f->skip_me = false;
    else {
        call_syntax_error(c);
        return false;
    }
    return true;
}

static size_t
kill_matching(struct call *c, const struct filter *f)
{
    struct client *other, *next;
    size_t killed = 0;

    for (other = clients_first(c->server->clients); other; other = next) {
        next = other->next;
        if (client_is(other, CLIENT_DEAD) || !matches(c, f, other))
            continue;
        client_kill(other);
        killed++;
    }
    return killed;
}

/* The call was answered: who killed itself within EXEC is told no more of it. */
static void
fall_silent(struct call *c)
{
    if (client_is(c->client, CLIENT_CLOSE_AFTER_REPLY)
        && client_is(c->client, CLIENT_IN_EXEC))
        c->out->muted = true;
}

static void
cmd_client_kill(struct call *c)
{
    struct filter f = { .skip_me = true };

    if (c->argc == 3) {                 /* CLIENT KILL addr */
        f = (struct filter){ .address = c->argv[2] };
        if (kill_matching(c, &f))
            reply_ok(c->out);
        else
            reply_error(c->out, "ERR No such client");
        fall_silent(c);
        return;
    }
    for (int i = 2; i < c->argc; i += 2) {
        if (i + 1 >= c->argc) {
            call_syntax_error(c);
            return;
        }
        if (!parse_kill_option(c, i, &f))
            return;
    }
    reply_int(c->out, (int64_t)kill_matching(c, &f));
    fall_silent(c);
}

static void
cmd_client_pause(struct call *c)
{
    enum pause_action action = PAUSE_ALL;
    int64_t ms;

    if (c->argc > 4) {
        call_wrong_subcommand(c, "CLIENT");
        return;
    }
    if (c->argc == 4 && call_is(c, 3, "write"))
        action = PAUSE_WRITES;
    else if (c->argc == 4 && !call_is(c, 3, "all")) {
        reply_error(c->out, "ERR CLIENT PAUSE mode must be WRITE or ALL");
        return;
    }
    if (!num_parse_i64(c->argv[2], &ms)) {
        reply_error(c->out, "ERR timeout is not an integer or out of range");
        return;
    }
    if (ms < 0) {
        reply_error(c->out, "ERR timeout is negative");
        return;
    }
    if (!num_add_i64(ms, clock_ms(), &ms)) {
        reply_error(c->out, "ERR timeout is out of range");
        return;
    }
    clients_pause(c->server->clients, action, ms);
    reply_ok(c->out);
}

static void
cmd_client_unpause(struct call *c)
{
    clients_unpause(c->server->clients);
    reply_ok(c->out);
}

static void
cmd_client_reply(struct call *c)
{
    struct client *client = c->client;

    if (call_is(c, 2, "on")) {
        client->flags &= ~(uint32_t)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP);
        c->out->muted = client_is(client, CLIENT_CLOSE_AFTER_REPLY);   /* it fell silent */
        reply_ok(c->out);
    } else if (call_is(c, 2, "off")) {
        client_set(client, CLIENT_REPLY_OFF, true);
        if (client_is(client, CLIENT_IN_EXEC))
            c->out->muted = true;       /* else from the next command on */
    } else if (call_is(c, 2, "skip")) {
        if (!client_is(client, CLIENT_REPLY_OFF))
            client_set(client, CLIENT_REPLY_SKIP_NEXT, true);
    } else {
        call_syntax_error(c);
    }
}

/* NO-EVICT and NO-TOUCH: ON or OFF. */
static void
switch_flag(struct call *c, enum client_flag flag)
{
    bool on = call_is(c, 2, "on");

    if (!on && !call_is(c, 2, "off")) {
        call_syntax_error(c);
        return;
    }
    client_set(c->client, flag, on);
    reply_ok(c->out);
}

static void
cmd_client_no_evict(struct call *c)
{
    switch_flag(c, CLIENT_NO_EVICT);
}

static void
cmd_client_no_touch(struct call *c)
{
    switch_flag(c, CLIENT_NO_TOUCH);
}

static void
cmd_client_unblock(struct call *c)
{
    bool with_error = c->argc == 4 && call_is(c, 3, "error");
    struct client *other;
    int64_t id;

    if (c->argc > 4) {
        call_wrong_subcommand(c, "CLIENT");
        return;
    }
    if (c->argc == 4 && !with_error && !call_is(c, 3, "timeout")) {
        reply_error(c->out, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
        return;
    }
    if (!call_int(c, 2, &id))
        return;
    other = clients_by_id(c->server->clients, (uint64_t)id);
    reply_int(c->out, other && blocking_unblock(other, with_error));
}

static const struct command client_commands[] = {
    { .name = "client", .arity = -2,
      .not_also = ACL_CONNECTION,
      .since = "2.4.0", .cost = "Depends on the subcommand",
      .summary = "Everything about sessions." },
    { .name = "getname", .container = "client", .run = cmd_client_getname, .arity = 2,
      .flags = NOSCRIPT | LOADING | STALE,
      .since = "2.6.9", .cost = "O(1)",
      .summary = "The name this session was given." },
    { .name = "help", .container = "client", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "5.0.0", .cost = "O(1)",
      .summary = "What the subcommands are." },
    { .name = "id", .container = "client", .run = cmd_client_id, .arity = 2,
      .flags = NOSCRIPT | LOADING | STALE,
      .since = "5.0.0", .cost = "O(1)",
      .summary = "The number of this session." },
    { .name = "info", .container = "client", .run = cmd_client_info, .arity = 2,
      .flags = NOSCRIPT | LOADING | STALE,
      .since = "6.2.0", .cost = "O(1)",
      .summary = "Describe this session.",
      .tips = "nondeterministic_output" },
    { .name = "kill", .container = "client", .run = cmd_client_kill, .arity = -3,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .syntax = "filter=(ip:port!2.8.12|new-format=([ID client-id:i]@2.8.12|"
                "[TYPE normal_master_slave_pubsub="
                "(NORMAL|MASTER@3.2.0|SLAVE|REPLICA@5.0.0|PUBSUB)]@2.8.12|[USER "
                "username]|[ADDR ip:port]|[LADDR ip:port]@6.2.0|[SKIPME yes/no]|"
                "[MAXAGE maxage:i]@7.4.0)...)",
      .since = "2.4.0", .cost = "O(n) for n sessions",
      .summary = "End sessions.",
      .history = HISTORY({ "2.8.12", "Pairs of option and value instead of an address." },
                         { "2.8.12", "ID of a session." },
                         { "3.2.0", "TYPE master." },
                         { "5.0.0", "TYPE replica, the same as slave." },
                         { "6.2.0", "LADDR, the address on our side." },
                         { "7.4.0", "MAXAGE in seconds." }) },
    { .name = "list", .container = "client", .run = cmd_client_list, .arity = -2,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE | HARMLESS,
      .syntax = "[TYPE "
                "normal_master_replica_pubsub=(NORMAL|MASTER|REPLICA|PUBSUB)]@5.0.0 [ID "
                "id={client-id:i...}]@6.2.0",
      .since = "2.4.0", .cost = "O(n) for n sessions",
      .summary = "Describe all sessions, a line each.",
      .history = HISTORY({ "2.8.12", "A session has an id." },
                         { "5.0.0", "TYPE picks one kind." },
                         { "6.0.0", "The line names the user." },
                         { "6.2.0", "ID picks sessions; the line has the local "
                                    "address." },
                         { "7.0.0", "The line has the RESP version, multi-mem, rbs and "
                                    "rbp." },
                         { "7.0.3", "The line has ssub." }),
      .tips = "nondeterministic_output" },
    { .name = "no-evict", .container = "client", .run = cmd_client_no_evict, .arity = 3,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .syntax = "enabled=(ON|OFF)",
      .since = "7.0.0", .cost = "O(1)",
      .summary = "Keep this session when memory for clients runs out." },
    { .name = "pause", .container = "client", .run = cmd_client_pause, .arity = -3,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .syntax = "timeout:i [mode=(WRITE|ALL)]@6.2.0",
      .since = "2.9.50", .cost = "O(1)",
      .summary = "Let commands wait for a time.",
      .history = HISTORY({ "6.2.0", "WRITE lets only writes wait." }) },
    { .name = "reply", .container = "client", .run = cmd_client_reply, .arity = 3,
      .flags = NOSCRIPT | LOADING | STALE | NOT_UNDONE,
      .syntax = "on_off_skip=(ON|OFF|SKIP)",
      .since = "3.2.0", .cost = "O(1)",
      .summary = "Whether to send this session its replies." },
    { .name = "setname", .container = "client", .run = cmd_client_setname, .arity = 3,
      .flags = NOSCRIPT | LOADING | STALE | NOT_UNDONE,
      .syntax = "connection-name",
      .since = "2.6.9", .cost = "O(1)",
      .summary = "Name this session." },
    { .name = "unblock", .container = "client", .run = cmd_client_unblock, .arity = -3,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .syntax = "client-id:i [timeout_error=(TIMEOUT|ERROR)]",
      .since = "5.0.0", .cost = "O(log n) for n sessions",
      .summary = "Wake a session that waits in a blocking command." },
    { .name = "unpause", .container = "client", .run = cmd_client_unpause, .arity = 2,
      .flags = ADMIN | NOSCRIPT | LOADING | STALE,
      .since = "6.2.0", .cost = "O(n) for n waiting sessions",
      .summary = "End a pause." },
    { .name = "no-touch", .container = "client", .run = cmd_client_no_touch, .arity = 3,
      .flags = NOSCRIPT | LOADING | STALE | NOT_UNDONE,
      .syntax = "enabled=(ON|OFF)",
      .since = "7.2.0", .cost = "O(1)",
      .summary = "Whether reads of this session leave the access clock of keys alone." },
    { .name = "setinfo", .container = "client", .run = cmd_client_setinfo, .arity = 4,
      .flags = NOSCRIPT | LOADING | STALE | NOT_UNDONE,
      .syntax = "attr=(LIB-NAME libname|LIB-VER libver)",
      .since = "7.2.0", .cost = "O(1)",
      .summary = "Say which client library this is.",
      .tips = "request_policy:all_nodes response_policy:all_succeeded" },
};
const struct family client_family = FAMILY("connection", ACL_CONNECTION, client_commands);
