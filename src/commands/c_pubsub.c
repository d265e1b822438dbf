/* SPDX-License-Identifier: MIT
 * commands/c_pubsub.c - joining channels, publishing, and asking who listens.
 *
 * How:        each subscription is confirmed by a push of its own: what happened, the
 *             name, and how many are left.  Shard channels are counted apart.  Within a
 *             transaction with rollback messages wait in the journal for its end.
 * Read next:  command/pubsub.c */
#include "command/call.h"
#include "command/client.h"
#include "command/docs.h"
#include "command/pubsub.h"
#include "commands/families.h"
#include "base/alloc.h"
#include "base/glob.h"
#include "keyspace/journal.h"

static const char *const joined[] = { "subscribe", "psubscribe", "ssubscribe" };
static const char *const left[] = { "unsubscribe", "punsubscribe", "sunsubscribe" };

static int64_t
count_beside(const struct client *c, enum channel_kind kind)
{
    if (kind == CHANNEL_SHARD)
        return (int64_t)pubsub_count_of(c, CHANNEL_SHARD);
    return (int64_t)(pubsub_count_of(c, CHANNEL_PLAIN)
                     + pubsub_count_of(c, CHANNEL_PATTERN));
}

/* Confirmations are pushes: CLIENT REPLY OFF does not stop them, but who killed itself
 * within EXEC hears nothing more. */
static bool
unmute(struct call *c)
{
    bool was_muted = c->out->muted;

    c->out->muted = was_muted && client_is(c->client, CLIENT_CLOSE_AFTER_REPLY);
    return was_muted;
}

static void
subscribe(struct call *c, enum channel_kind kind)
{
    bool was_muted = unmute(c);

    for (int i = 1; i < c->argc; i++) {
        pubsub_subscribe(c->server->pubsub, c->client, kind, c->argv[i]);
        reply_push(c->out, 3);
        reply_bulk_text(c->out, joined[kind]);
        reply_bulk(c->out, c->argv[i]);
        reply_int(c->out, count_beside(c->client, kind));
    }
    c->out->muted = was_muted;
}

static void
leave_one(struct call *c, enum channel_kind kind, struct bytes name)
{
    reply_push(c->out, 3);
    reply_bulk_text(c->out, left[kind]);
    reply_bulk(c->out, name);           /* may lie in what ends now */
    pubsub_unsubscribe(c->server->pubsub, c->client, kind, name);
    reply_int(c->out, count_beside(c->client, kind));
}

static void
unsubscribe(struct call *c, enum channel_kind kind)
{
    bool was_muted = unmute(c);
    struct bytes name;

    for (int i = 1; i < c->argc; i++)
        leave_one(c, kind, c->argv[i]);
    if (c->argc == 1 && !pubsub_oldest(c->client, kind, &name)) {
        reply_push(c->out, 3);
        reply_bulk_text(c->out, left[kind]);
        reply_null(c->out);
        reply_int(c->out, count_beside(c->client, kind));
    }
    while (c->argc == 1 && pubsub_oldest(c->client, kind, &name))
        leave_one(c, kind, name);
    c->out->muted = was_muted;
}

static void
cmd_subscribe(struct call *c)
{
    subscribe(c, CHANNEL_PLAIN);
}

static void
cmd_psubscribe(struct call *c)
{
    subscribe(c, CHANNEL_PATTERN);
}

/* The older two are let into transactions, as they have always been. */
static void
cmd_ssubscribe(struct call *c)
{
    if (client_is(c->client, CLIENT_IN_EXEC))
        reply_error(c->out, "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
    else
        subscribe(c, CHANNEL_SHARD);
}

static void
cmd_unsubscribe(struct call *c)
{
    unsubscribe(c, CHANNEL_PLAIN);
}

static void
cmd_punsubscribe(struct call *c)
{
    unsubscribe(c, CHANNEL_PATTERN);
}

static void
cmd_sunsubscribe(struct call *c)
{
    unsubscribe(c, CHANNEL_SHARD);
}

/* --- publishing --- */

struct held_message {
    struct pubsub *pubsub;
    enum channel_kind kind;
    struct blob *blob;                  /* of the message, when it is big */
    struct bytes channel, message;
    char text[];
};

static void
end_held(void *held, bool happened)
{
    struct held_message *m = held;

    if (happened)
        pubsub_publish(m->pubsub, m->kind, m->channel, m->message);
    blob_release(m->blob);
    mem_free(m);
}

/* Nobody may hear what could still be taken back. */
static void
hold(struct call *c, enum channel_kind kind)
{
    struct bytes channel = c->argv[1], message = c->argv[2];
    struct blob *blob = c->blobs ? c->blobs[2] : NULL;
    size_t copied = blob ? 0 : message.len;
    struct held_message *m = mem_alloc(sizeof *m + channel.len + copied);

    *m = (struct held_message){ .pubsub = c->server->pubsub, .kind = kind };
    memcpy(m->text, channel.at, channel.len);
    memcpy(m->text + channel.len, message.at, copied);
    m->channel = bytes_view(m->text, channel.len);
    m->message = bytes_view(m->text + channel.len, copied);
    if (blob) {
        m->blob = blob_share(blob);
        m->message = blob_view(m->blob);
    }
    journal_at_end(c->server->keyspace, end_held, m);
}

static void
publish(struct call *c, enum channel_kind kind)
{
    struct pubsub *p = c->server->pubsub;
    size_t n;

    if (journal_is_open(c->server->keyspace)) {
        n = pubsub_receivers(p, kind, c->argv[1]);
        hold(c, kind);
    } else {
        n = pubsub_publish(p, kind, c->argv[1], c->argv[2]);
    }
    reply_int(c->out, (int64_t)n);
}

static void
cmd_publish(struct call *c)
{
    publish(c, CHANNEL_PLAIN);
}

static void
cmd_spublish(struct call *c)
{
    publish(c, CHANNEL_SHARD);
}

/* --- PUBSUB --- */

struct listing { struct reply *out; struct bytes pattern; bool all; size_t n; };

static void
list_channel(struct bytes name, void *arg)
{
    struct listing *l = arg;

    if (!l->all && !glob_match(l->pattern, name, false))
        return;
    reply_bulk(l->out, name);
    l->n++;
}

static void
list_channels(struct call *c, enum channel_kind kind)
{
    struct listing l = { .out = c->out, .all = c->argc == 2 };
    struct reply_later length;

    if (c->argc > 3) {
        call_wrong_subcommand(c, "PUBSUB");
        return;
    }
    if (!l.all)
        l.pattern = c->argv[2];
    length = reply_later(c->out);
    pubsub_each(c->server->pubsub, kind, list_channel, &l);
    reply_later_set(c->out, length, '*', l.n);
}

static void
cmd_pubsub_channels(struct call *c)
{
    list_channels(c, CHANNEL_PLAIN);
}

static void
cmd_pubsub_shardchannels(struct call *c)
{
    list_channels(c, CHANNEL_SHARD);
}

static void
count_subscribers(struct call *c, enum channel_kind kind)
{
    reply_array(c->out, 2 * (size_t)(c->argc - 2));
    for (int i = 2; i < c->argc; i++) {
        reply_bulk(c->out, c->argv[i]);
        reply_int(c->out,
                  (int64_t)pubsub_subscribers(c->server->pubsub, kind, c->argv[i]));
    }
}

static void
cmd_pubsub_numsub(struct call *c)
{
    count_subscribers(c, CHANNEL_PLAIN);
}

static void
cmd_pubsub_shardnumsub(struct call *c)
{
    count_subscribers(c, CHANNEL_SHARD);
}

static void
cmd_pubsub_numpat(struct call *c)
{
    reply_int(c->out, (int64_t)pubsub_channels(c->server->pubsub, CHANNEL_PATTERN));
}

static const struct command pubsub_commands[] = {
    { .name = "subscribe", .run = cmd_subscribe, .arity = -2,
      .flags = PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
      .syntax = "channel...",
      .since = "2.0.0", .cost = "O(n) for n channels",
      .summary = "Hear what is published to channels." },
    { .name = "unsubscribe", .run = cmd_unsubscribe, .arity = -1,
      .flags = PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
      .syntax = "[channel...]",
      .since = "2.0.0", .cost = "O(n) for n channels",
      .summary = "Leave some channels, or all." },
    { .name = "psubscribe", .run = cmd_psubscribe, .arity = -2,
      .flags = PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
      .syntax = "pattern={pattern:p}...",
      .since = "2.0.0", .cost = "O(n) for n patterns",
      .summary = "Hear what is published to channels whose names match." },
    { .name = "punsubscribe", .run = cmd_punsubscribe, .arity = -1,
      .flags = PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
      .syntax = "[pattern:p...]",
      .since = "2.0.0", .cost = "O(n) for n patterns",
      .summary = "Give up some patterns, or all." },
    { .name = "publish", .run = cmd_publish, .arity = 3,
      .flags = PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE | HARMLESS,
      .syntax = "channel message",
      .since = "2.0.0", .cost = "O(n+m) for n subscribers of the channel and m patterns",
      .summary = "Hand a message to all who hear the channel." },
    { .name = "pubsub", .arity = -2,
      .not_also = ACL_PUBSUB,
      .since = "2.8.0", .cost = "Depends on the subcommand",
      .summary = "Who listens to what." },
    { .name = "channels", .container = "pubsub", .run = cmd_pubsub_channels, .arity = -2,
      .flags = PUBSUB | LOADING | STALE | HARMLESS,
      .syntax = "[pattern:p]",
      .since = "2.8.0", .cost = "O(n) for n channels",
      .summary = "The channels that somebody hears." },
    { .name = "help", .container = "pubsub", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .not_also = ACL_PUBSUB,
      .since = "6.2.0", .cost = "O(1)",
      .summary = "What the subcommands are." },
    { .name = "numpat", .container = "pubsub", .run = cmd_pubsub_numpat, .arity = 2,
      .flags = PUBSUB | LOADING | STALE | HARMLESS,
      .since = "2.8.0", .cost = "O(1)",
      .summary = "How many different patterns are subscribed to." },
    { .name = "numsub", .container = "pubsub", .run = cmd_pubsub_numsub, .arity = -2,
      .flags = PUBSUB | LOADING | STALE | HARMLESS,
      .syntax = "[channel...]",
      .since = "2.8.0", .cost = "O(n) for n channels",
      .summary = "How many hear each of these channels, patterns not counted." },
    { .name = "shardchannels", .container = "pubsub", .run = cmd_pubsub_shardchannels,
      .arity = -2,
      .flags = PUBSUB | LOADING | STALE | HARMLESS,
      .syntax = "[pattern:p]",
      .since = "7.0.0", .cost = "O(n) for n shard channels",
      .summary = "The shard channels that somebody hears." },
    { .name = "shardnumsub", .container = "pubsub", .run = cmd_pubsub_shardnumsub,
      .arity = -2,
      .flags = PUBSUB | LOADING | STALE | HARMLESS,
      .syntax = "[shardchannel...]",
      .since = "7.0.0", .cost = "O(n) for n shard channels",
      .summary = "How many hear each of these shard channels." },
    { .name = "ssubscribe", .run = cmd_ssubscribe, .arity = -2,
      .flags = PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
      .syntax = "shardchannel...",
      .keys = { KEYS(1, -1, 1, KEY_NOT_KEY) },
      .since = "7.0.0", .cost = "O(n) for n channels",
      .summary = "Hear what is published to shard channels." },
    { .name = "sunsubscribe", .run = cmd_sunsubscribe, .arity = -1,
      .flags = PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
      .syntax = "[shardchannel...]",
      .keys = { KEYS(1, -1, 1, KEY_NOT_KEY) },
      .since = "7.0.0", .cost = "O(n) for n channels",
      .summary = "Leave some shard channels, or all." },
    { .name = "spublish", .run = cmd_spublish, .arity = 3,
      .flags = PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE | HARMLESS,
      .syntax = "shardchannel message",
      .keys = { KEY(1, KEY_NOT_KEY) },
      .since = "7.0.0", .cost = "O(n) for n subscribers",
      .summary = "Hand a message to all who hear the shard channel." },
};
const struct family pubsub_family = FAMILY("pubsub", ACL_PUBSUB, pubsub_commands);
