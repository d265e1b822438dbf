/* SPDX-License-Identifier: MIT
 * commands/c_tracking.c - CLIENT TRACKING and its kin.
 *
 * Read next: command/tracking.c */
#include "base/alloc.h"
#include "command/call.h"
#include "command/client.h"
#include "command/clients.h"
#include "command/tracking.h"
#include "commands/families.h"

/* CLIENT TRACKING's options.  Prefixes are views of the arguments. */
struct wish {
    unsigned options;
    uint64_t redirect;
    struct bytes *prefixes;
    size_t count;
};

static bool
parse_redirect(struct call *c, int i, struct wish *w)
{
    int64_t id;

    if (w->redirect) {
        reply_error(c->out, "ERR A client can only redirect to a single other client");
        return false;
    }
    if (!call_int(c, i, &id))
        return false;
    if (!clients_by_id(c->server->clients, (uint64_t)id)) {
        reply_error(c->out, "ERR The client ID you want redirect to does not exist");
        return false;
    }
    w->redirect = (uint64_t)id;
    return true;
}

static bool
parse_wish(struct call *c, struct wish *w)
{
    static const struct { const char *word; unsigned option; } words[] = {
        { "bcast", TRACKING_BCAST }, { "optin", TRACKING_OPTIN },
        { "optout", TRACKING_OPTOUT }, { "noloop", TRACKING_NOLOOP },
    };
    size_t k;

    for (int i = 3; i < c->argc; i++) {
        for (k = 0; k < sizeof words / sizeof words[0]; k++)
            if (call_is(c, i, words[k].word))
                break;
        if (k < sizeof words / sizeof words[0]) {
            w->options |= words[k].option;
        } else if (call_is(c, i, "redirect") && i + 1 < c->argc) {
            if (!parse_redirect(c, ++i, w))
                return false;
        } else if (call_is(c, i, "prefix") && i + 1 < c->argc) {
            w->prefixes[w->count++] = c->argv[++i];
        } else {
            call_syntax_error(c);
            return false;
        }
    }
    return true;
}

static bool
prefixes_are_apart(struct call *c, const struct wish *w)
{
    struct bytes other;

    for (size_t i = 0; i < w->count; i++) {
        if (tracking_overlap(c->client, w->prefixes[i], &other)) {
            reply_errorf(c->out, "ERR Prefix '%.*s' overlaps with an existing prefix "
                         "'%.*s'. Prefixes for a single client must not overlap.",
                         B_ARG(w->prefixes[i]), B_ARG(other));
            return false;
        }
        for (size_t j = i + 1; j < w->count; j++) {
            if (!tracking_prefixes_overlap(w->prefixes[i], w->prefixes[j]))
                continue;
            reply_errorf(c->out, "ERR Prefix '%.*s' overlaps with another provided "
                         "prefix '%.*s'. Prefixes for a single client must not overlap.",
                         B_ARG(w->prefixes[i]), B_ARG(w->prefixes[j]));
            return false;
        }
    }
    return true;
}

/* NULL, or why these options do not go together, or with those of before. */
static const char *
contradiction(const struct client *client, const struct wish *w)
{
    unsigned both = TRACKING_OPTIN | TRACKING_OPTOUT;
    unsigned old = tracking_options(client);

    if (w->count && !(w->options & TRACKING_BCAST))
        return "ERR PREFIX option requires BCAST mode to be enabled";
    if (client_is(client, CLIENT_TRACKING) && ((old ^ w->options) & TRACKING_BCAST))
        return "ERR You can't switch BCAST mode on/off before disabling tracking for "
               "this client, and then re-enabling it with a different mode.";
    if ((w->options & TRACKING_BCAST) && (w->options & both))
        return "ERR OPTIN and OPTOUT are not compatible with BCAST";
    if ((w->options & both) == both)
        return "ERR You can't specify both OPTIN mode and OPTOUT mode";
    if (((w->options | old) & both) == both)
        return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for "
               "this client, and then re-enabling it with a different mode.";
    return NULL;
}

static void
turn_on(struct call *c, const struct wish *w)
{
    const char *why = contradiction(c->client, w);

    if (why) {
        reply_error(c->out, why);
        return;
    }
    if (!prefixes_are_apart(c, w))
        return;
    tracking_start(c->client, w->options, w->redirect, w->prefixes, w->count);
    reply_ok(c->out);
}

static void
cmd_client_tracking(struct call *c)
{
    struct wish w = { .prefixes = mem_alloc((size_t)c->argc * sizeof *w.prefixes) };

    if (!parse_wish(c, &w)) {
        mem_free(w.prefixes);
        return;
    }
    if (call_is(c, 2, "on")) {
        turn_on(c, &w);
    } else if (call_is(c, 2, "off")) {
        tracking_stop(c->client);
        reply_ok(c->out);
    } else {
        call_syntax_error(c);
    }
    mem_free(w.prefixes);
}

static void
cmd_client_caching(struct call *c)
{
    unsigned options = tracking_options(c->client);

    if (!c->client->tracker) {
        reply_error(c->out, "ERR CLIENT CACHING can be called only when the client is in "
                    "tracking mode with OPTIN or OPTOUT mode enabled");
        return;
    }
    if (call_is(c, 2, "yes") && !(options & TRACKING_OPTIN)) {
        reply_error(c->out, "ERR CLIENT CACHING YES is only valid when tracking is "
                    "enabled in OPTIN mode.");
        return;
    }
    if (call_is(c, 2, "no") && !(options & TRACKING_OPTOUT)) {
        reply_error(c->out, "ERR CLIENT CACHING NO is only valid when tracking is "
                    "enabled in OPTOUT mode.");
        return;
    }
    if (!call_is(c, 2, "yes") && !call_is(c, 2, "no")) {
        call_syntax_error(c);
        return;
    }
    client_set(c->client, CLIENT_TRACKING_CACHING, true);
    reply_ok(c->out);
}

static void
cmd_client_getredir(struct call *c)
{
    reply_int(c->out, tracking_redirect(c->client));
}

static void
reply_flags(struct call *c)
{
    struct client *client = c->client;
    unsigned options = tracking_options(client);
    bool caching = client_is(client, CLIENT_TRACKING_CACHING);
    const char *flags[8];
    size_t n = 0;

    flags[n++] = client->tracker ? "on" : "off";
    if (options & TRACKING_BCAST)
        flags[n++] = "bcast";
    if (options & TRACKING_OPTIN)
        flags[n++] = "optin";
    if ((options & TRACKING_OPTIN) && caching)
        flags[n++] = "caching-yes";
    if (options & TRACKING_OPTOUT)
        flags[n++] = "optout";
    if ((options & TRACKING_OPTOUT) && caching)
        flags[n++] = "caching-no";
    if (options & TRACKING_NOLOOP)
        flags[n++] = "noloop";
    if (tracking_is_broken(client))
        flags[n++] = "broken_redirect";
    reply_set(c->out, n);
    for (size_t i = 0; i < n; i++)
        reply_bulk_text(c->out, flags[i]);
}

static void
cmd_client_trackinginfo(struct call *c)
{
    struct bytes name;
    size_t n = 0;

    reply_map(c->out, 3);
    reply_bulk_text(c->out, "flags");
    reply_flags(c);
    reply_bulk_text(c->out, "redirect");
    reply_int(c->out, tracking_redirect(c->client));
    reply_bulk_text(c->out, "prefixes");
    while (tracking_prefix(c->client, n, &name))
        n++;
    reply_array(c->out, n);
    for (size_t i = 0; tracking_prefix(c->client, i, &name); i++)
        reply_bulk(c->out, name);
}

static const struct command tracking_commands[] = {
    { .name = "tracking", .container = "client", .run = cmd_client_tracking, .arity = -3,
      .flags = NOSCRIPT | LOADING | STALE | NOT_UNDONE,
      .syntax = "status=(ON|OFF) [REDIRECT client-id:i] [PREFIX prefix]... [BCAST] "
                "[OPTIN] [OPTOUT] [NOLOOP]",
      .since = "6.0.0", .cost = "O(1)",
      .summary = "Whether to tell this session when keys change that it has read." },
    { .name = "caching", .container = "client", .run = cmd_client_caching, .arity = 3,
      .flags = NOSCRIPT | LOADING | STALE | NOT_UNDONE,
      .syntax = "mode=(YES|NO)",
      .since = "6.0.0", .cost = "O(1)",
      .summary = "Whether the keys of the next command are tracked." },
    { .name = "getredir", .container = "client", .run = cmd_client_getredir, .arity = 2,
      .flags = NOSCRIPT | LOADING | STALE,
      .since = "6.0.0", .cost = "O(1)",
      .summary = "The session that is told of changes in place of this one." },
    { .name = "trackinginfo", .container = "client", .run = cmd_client_trackinginfo,
      .arity = 2,
      .flags = NOSCRIPT | LOADING | STALE,
      .since = "6.2.0", .cost = "O(1)",
      .summary = "How this session tracks keys." },
};
const struct family tracking_family =
    FAMILY("connection", ACL_CONNECTION, tracking_commands);
