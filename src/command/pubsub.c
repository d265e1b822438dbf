/* SPDX-License-Identifier: MIT
 * command/pubsub.c - channels, patterns, and those who listen.
 *
 * Why:        a message to a thousand subscribers must cost a thousand appends, not a
 *             thousand encodings; joining and leaving must not depend on how many
 *             others there are.
 * How:        a dict per kind from name to channel; a channel has the list of its
 *             subscriptions, a client the list of its own.  One more dict finds the
 *             subscription of a client to a channel by the two pointers.
 *
 *               channel "news"  ->  sub of client 7  ->  sub of client 9
 *               channel "n*"    ->  sub of client 7
 *
 *             Patterns are also in a list of their own, which every PUBLISH walks.
 *             A message becomes a blob, at first need for each protocol version; a
 *             small one is copied to each reply, a large one referred to.
 * Invariants: 1. a channel exactly while somebody listens to it.
 *             2. CLIENT_PUBSUB exactly while client->subscriptions is not NULL.
 * Cost:       56 bytes and a dict slot per subscription.
 * Read next:  commands/c_pubsub.c, command/notify.c */
#include "command/pubsub.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/glob.h"
#include "base/hash.h"
#include "command/client.h"
#include "structs/dict.h"

struct channel;

struct subscription {
    struct client *client;              /* these two are its key in `pairs` */
    struct channel *channel;
    struct subscription *prev, *next;   /* of the channel, oldest first */
    struct subscription *prev_of_client, *next_of_client;
};

struct channel {
    struct subscription *first, *last;
    struct channel *prev, *next;        /* patterns only, oldest first */
    size_t count;
    enum channel_kind kind;
    size_t len;
    char name[];
};

struct subscriptions {
    struct subscription *first[CHANNEL_KINDS], *last[CHANNEL_KINDS];
    size_t count[CHANNEL_KINDS];
    size_t memory;                      /* of all of them */
};

struct pubsub {
    struct dict *channels[CHANNEL_KINDS];
    struct dict *pairs;
    struct channel *first_pattern, *last_pattern;
    size_t clients;
    uint64_t encoded;
};

static struct bytes
name_of(const void *item)
{
    const struct channel *ch = item;

    return bytes_view(ch->name, ch->len);
}

static struct bytes
pair_of_item(const void *item)
{
    return bytes_view(item, offsetof(struct subscription, prev));
}

static const struct dict_ops channel_ops = { .key_of = name_of };
static const struct dict_ops pair_ops = { .key_of = pair_of_item };

static uint64_t
hash_of(struct bytes b)
{
    return hash_bytes(b.at, b.len);
}

/* --- joining and leaving --- */

static struct channel *
channel_find(const struct pubsub *p, enum channel_kind kind, struct bytes name)
{
    return dict_find(p->channels[kind], name, hash_of(name));
}

static struct channel *
channel_new(struct pubsub *p, enum channel_kind kind, struct bytes name)
{
    struct channel *ch = mem_zalloc(sizeof *ch + name.len);

    ch->kind = kind;
    ch->len = name.len;
    memcpy(ch->name, name.at, name.len);
    dict_add(p->channels[kind], ch, hash_of(name));
    if (kind == CHANNEL_PATTERN) {
        ch->prev = p->last_pattern;
        *(ch->prev ? &ch->prev->next : &p->first_pattern) = ch;
        p->last_pattern = ch;
    }
    return ch;
}

static void
channel_free(struct pubsub *p, struct channel *ch)
{
    dict_remove_item(p->channels[ch->kind], ch, hash_of(name_of(ch)));
    if (ch->kind == CHANNEL_PATTERN) {
        *(ch->prev ? &ch->prev->next : &p->first_pattern) = ch->next;
        *(ch->next ? &ch->next->prev : &p->last_pattern) = ch->prev;
    }
    mem_free(ch);
}

static struct subscription *
find(const struct pubsub *p, struct client *c, struct channel *ch)
{
    struct subscription wanted = { .client = c, .channel = ch };
    struct bytes key = pair_of_item(&wanted);

    return ch ? dict_find(p->pairs, key, hash_of(key)) : NULL;
}

/* Of one subscription and its places in the two tables.  The channel counts for each of
 * its subscribers: who leaves last frees it. */
static size_t
memory_to(const struct channel *ch)
{
    return mem_class(sizeof(struct subscription)) + mem_class(sizeof *ch + ch->len)
        + 2 * DICT_PLACE_MEMORY;
}

static struct subscriptions *
subscriptions_of(struct pubsub *p, struct client *c)
{
    if (!c->subscriptions) {
        c->subscriptions = mem_zalloc(sizeof *c->subscriptions);
        client_set(c, CLIENT_PUBSUB, true);
        p->clients++;
    }
    return c->subscriptions;
}

bool
pubsub_subscribe(struct pubsub *p, struct client *c, enum channel_kind kind,
                 struct bytes name)
{
    struct channel *ch = channel_find(p, kind, name);
    struct subscriptions *own;
    struct subscription *s;

    if (find(p, c, ch))
        return false;
    if (!ch)
        ch = channel_new(p, kind, name);
    own = subscriptions_of(p, c);
    s = mem_alloc(sizeof *s);
    *s = (struct subscription){ .client = c, .channel = ch, .prev = ch->last,
                                .prev_of_client = own->last[kind] };
    *(ch->last ? &ch->last->next : &ch->first) = s;
    ch->last = s;
    ch->count++;
    *(own->last[kind] ? &own->last[kind]->next_of_client : &own->first[kind]) = s;
    own->last[kind] = s;
    own->count[kind]++;
    own->memory += memory_to(ch);
    dict_add(p->pairs, s, hash_of(pair_of_item(s)));
    return true;
}

static void
end_subscription(struct pubsub *p, struct subscription *s)
{
    struct subscriptions *own = s->client->subscriptions;
    struct channel *ch = s->channel;
    enum channel_kind kind = ch->kind;

    dict_remove_item(p->pairs, s, hash_of(pair_of_item(s)));
    *(s->prev ? &s->prev->next : &ch->first) = s->next;
    *(s->next ? &s->next->prev : &ch->last) = s->prev;
    *(s->prev_of_client ? &s->prev_of_client->next_of_client : &own->first[kind])
        = s->next_of_client;
    *(s->next_of_client ? &s->next_of_client->prev_of_client : &own->last[kind])
        = s->prev_of_client;
    own->count[kind]--;
    own->memory -= memory_to(ch);
    if (--ch->count == 0)
        channel_free(p, ch);
    if (!own->first[CHANNEL_PLAIN] && !own->first[CHANNEL_PATTERN]
        && !own->first[CHANNEL_SHARD]) {
        client_set(s->client, CLIENT_PUBSUB, false);
        s->client->subscriptions = NULL;
        mem_free(own);
        p->clients--;
    }
    mem_free(s);
}

bool
pubsub_unsubscribe(struct pubsub *p, struct client *c, enum channel_kind kind,
                   struct bytes name)
{
    struct subscription *s = find(p, c, channel_find(p, kind, name));

    if (!s)
        return false;
    end_subscription(p, s);
    return true;
}

bool
pubsub_oldest(const struct client *c, enum channel_kind kind, struct bytes *name)
{
    if (!c->subscriptions || !c->subscriptions->first[kind])
        return false;
    *name = name_of(c->subscriptions->first[kind]->channel);
    return true;
}

void
pubsub_forget(struct pubsub *p, struct client *c)
{
    for (int kind = 0; kind < CHANNEL_KINDS; kind++)
        while (c->subscriptions && c->subscriptions->first[kind])
            end_subscription(p, c->subscriptions->first[kind]);
}

/* --- messages --- */

struct reply *
pubsub_push_begin(struct client *c, bool *was_muted)
{
    if (client_is(c, CLIENT_DEAD | CLIENT_CLOSE_AFTER_REPLY))
        return NULL;
    *was_muted = c->out->muted;
    c->out->muted = false;
    return c->out;
}

void
pubsub_push_end(struct client *c, bool was_muted)
{
    c->out->muted = was_muted;
    client_pushed(c);
}

/* What is handed out: up to four bulk strings, encoded when first needed. */
struct message {
    struct bytes parts[4];
    int count;
    struct blob *encoded[2];            /* RESP2, RESP3 */
};

/* NULL when the memory for it is not there. */
static struct blob *
encode(const struct message *m, bool resp3)
{
    size_t len = 4;
    struct blob *blob;
    char head[32], *to;
    int n;

    for (int i = 0; i < m->count; i++)
        len += (size_t)snprintf(head, sizeof head, "$%zu\r\n", m->parts[i].len)
               + m->parts[i].len + 2;
    blob = blob_try_new(len, len);
    if (!blob)
        return NULL;
    to = blob->at;
    to += snprintf(head, sizeof head, "%c%d\r\n", resp3 ? '>' : '*', m->count);
    memcpy(blob->at, head, (size_t)(to - blob->at));
    for (int i = 0; i < m->count; i++) {
        n = snprintf(head, sizeof head, "$%zu\r\n", m->parts[i].len);
        memcpy(to, head, (size_t)n);
        memcpy(to + n, m->parts[i].at, m->parts[i].len);
        to += (size_t)n + m->parts[i].len;
        memcpy(to, "\r\n", 2);
        to += 2;
    }
    return blob;
}

static void
deliver(struct pubsub *p, struct message *m, struct client *c)
{
    bool was_muted, resp3 = c->out->proto == 3;
    struct reply *out = pubsub_push_begin(c, &was_muted);
    struct blob **blob = &m->encoded[resp3];

    if (!out)
        return;
    if (!*blob) {
        *blob = encode(m, resp3);
        p->encoded++;
    }
    if (*blob && (*blob)->len >= REPLY_BY_REFERENCE)
        reply_refer(out, *blob, 0, (*blob)->len);
    else if (*blob)
        reply_raw(out, blob_view(*blob));
    pubsub_push_end(c, was_muted);
}

static size_t
deliver_all(struct pubsub *p, struct message *m, const struct channel *ch)
{
    for (struct subscription *s = ch->first; s; s = s->next)
        deliver(p, m, s->client);
    blob_release(m->encoded[0]);
    blob_release(m->encoded[1]);
    return ch->count;
}

/* This pattern, or the first behind it, that means the channel; NULL when none does. */
static struct channel *
pattern_for(struct channel *pattern, struct bytes channel)
{
    while (pattern && !glob_match(name_of(pattern), channel, false))
        pattern = pattern->next;
    return pattern;
}

size_t
pubsub_publish(struct pubsub *p, enum channel_kind kind, struct bytes channel,
               struct bytes message)
{
    struct bytes what = kind == CHANNEL_SHARD ? B("smessage") : B("message");
    struct message m = { .parts = { what, channel, message }, .count = 3 };
    struct channel *ch = channel_find(p, kind, channel);
    size_t receivers = ch ? deliver_all(p, &m, ch) : 0;

    if (kind == CHANNEL_SHARD)
        return receivers;
    for (ch = pattern_for(p->first_pattern, channel); ch;
         ch = pattern_for(ch->next, channel)) {
        m = (struct message){ .parts = { B("pmessage"), name_of(ch), channel, message },
                              .count = 4 };
        receivers += deliver_all(p, &m, ch);
    }
    return receivers;
}

size_t
pubsub_receivers(const struct pubsub *p, enum channel_kind kind, struct bytes channel)
{
    size_t receivers = pubsub_subscribers(p, kind, channel);
    const struct channel *ch;

    if (kind == CHANNEL_SHARD)
        return receivers;
    for (ch = pattern_for(p->first_pattern, channel); ch;
         ch = pattern_for(ch->next, channel))
        receivers += ch->count;
    return receivers;
}

/* --- facts --- */

size_t
pubsub_count_of(const struct client *c, enum channel_kind kind)
{
    return c->subscriptions ? c->subscriptions->count[kind] : 0;
}

size_t
pubsub_channels(const struct pubsub *p, enum channel_kind kind)
{
    return dict_count(p->channels[kind]);
}

size_t
pubsub_subscribers(const struct pubsub *p, enum channel_kind kind, struct bytes name)
{
    const struct channel *ch = channel_find(p, kind, name);

    return ch ? ch->count : 0;
}

size_t
pubsub_clients(const struct pubsub *p)
{
    return p->clients;
}

uint64_t
pubsub_encoded(const struct pubsub *p)
{
    return p->encoded;
}

void
pubsub_each(struct pubsub *p, enum channel_kind kind, pubsub_each_fn *each, void *arg)
{
    struct dict_iter it;
    struct channel *ch;

    dict_iter_start(&it, p->channels[kind]);
    while ((ch = dict_iter_next(&it)) != NULL)
        each(name_of(ch), arg);
}

size_t
pubsub_memory(const struct client *c)
{
    const struct subscriptions *own = c->subscriptions;

    return own ? mem_class(sizeof *own) + own->memory : 0;
}

/* --- life --- */

struct pubsub *
pubsub_new(void)
{
    struct pubsub *p = mem_zalloc(sizeof *p);

    for (int kind = 0; kind < CHANNEL_KINDS; kind++)
        p->channels[kind] = dict_new(&channel_ops);
    p->pairs = dict_new(&pair_ops);
    return p;
}

void
pubsub_free(struct pubsub *p)
{
    if (!p)
        return;
    for (int kind = 0; kind < CHANNEL_KINDS; kind++)
        dict_free(p->channels[kind]);
    dict_free(p->pairs);
    mem_free(p);
}
