/* SPDX-License-Identifier: MIT
 * command/pubsub.h - who listens to which channel, and handing messages out. */
#ifndef IGNIS_COMMAND_PUBSUB_H
#define IGNIS_COMMAND_PUBSUB_H
#include "base/bytes.h"
#include "wire/reply.h"

struct client;
struct dict;
struct pubsub;

/* Shard channels are a name space of their own. */
enum channel_kind { CHANNEL_PLAIN, CHANNEL_PATTERN, CHANNEL_SHARD, CHANNEL_KINDS };

/* Nobody listens to anything. */
struct pubsub *pubsub_new(void);
/* All clients are gone by now. */
void pubsub_free(struct pubsub *p);

/* False when it was subscribed already (unsubscribed: was not).  Names are copied. */
bool pubsub_subscribe(struct pubsub *p, struct client *c, enum channel_kind kind,
                      struct bytes name);
bool pubsub_unsubscribe(struct pubsub *p, struct client *c, enum channel_kind kind,
                        struct bytes name);
/* The client's oldest subscription of this kind; false when there is none.  The name
 * is valid until that one ends. */
bool pubsub_oldest(const struct client *c, enum channel_kind kind, struct bytes *name);
/* All subscriptions end without a word (RESET, disconnect). */
void pubsub_forget(struct pubsub *p, struct client *c);

/* Hand a message to all who listen, CHANNEL_PLAIN or CHANNEL_SHARD: subscribers of the
 * channel first, then those of matching patterns.  Returns how many times it was handed
 * out.  It is encoded once per protocol version; what is large is shared. */
size_t pubsub_publish(struct pubsub *p, enum channel_kind kind, struct bytes channel,
                      struct bytes message);

/* How many times pubsub_publish would hand it out now. */
size_t pubsub_receivers(const struct pubsub *p, enum channel_kind kind,
                        struct bytes channel);

/* How many of this kind the client has. */
size_t pubsub_count_of(const struct client *c, enum channel_kind kind);
/* Channels (or patterns) that somebody listens to, and to one of them how many do. */
size_t pubsub_channels(const struct pubsub *p, enum channel_kind kind);
size_t pubsub_subscribers(const struct pubsub *p, enum channel_kind kind,
                          struct bytes name);
/* Clients that listen to anything. */
size_t pubsub_clients(const struct pubsub *p);
/* How many times a message was encoded, since the start: not for each who gets it. */
uint64_t pubsub_encoded(const struct pubsub *p);
typedef void pubsub_each_fn(struct bytes name, void *arg);
/* In no order; nothing may change meanwhile. */
void pubsub_each(struct pubsub *p, enum channel_kind kind, pubsub_each_fn *each,
                 void *arg);
/* Memory of the client's subscriptions. */
size_t pubsub_memory(const struct client *c);

/* Append to a client from outside its replies: also while those are muted (CLIENT
 * REPLY OFF), never after its last reply.  Returns NULL when nothing may be added; else
 * write to it, then pubsub_push_end. */
struct reply *pubsub_push_begin(struct client *c, bool *was_muted);
void pubsub_push_end(struct client *c, bool was_muted);

#endif
