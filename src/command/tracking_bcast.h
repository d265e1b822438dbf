/* SPDX-License-Identifier: MIT
 * command/tracking_bcast.h - tracking by prefix: which changed keys wait to be told. */
#ifndef IGNIS_COMMAND_TRACKING_BCAST_H
#define IGNIS_COMMAND_TRACKING_BCAST_H
#include <stdint.h>
#include "base/text.h"

struct broadcast;
struct prefix;

/* No prefixes yet; freed with all that are left. */
struct broadcast *broadcast_new(void);
void broadcast_free(struct broadcast *b);
/* How many prefixes somebody follows. */
size_t broadcast_prefixes(const struct broadcast *b);

/* The prefix with one more follower; to be let go of with broadcast_leave. */
struct prefix *broadcast_join(struct broadcast *b, struct bytes name, void *follower);
void broadcast_leave(struct broadcast *b, struct prefix *p, void *follower);
struct bytes prefix_name(const struct prefix *p);
/* What it takes with one follower. */
size_t prefix_memory(const struct prefix *p);

/* A key changed; `actor` (0: nobody) did it. */
void broadcast_note(struct broadcast *b, struct bytes key, uint64_t actor);
/* Everything noted, prefix by prefix, keys in memcmp order, then forgotten.  `who` says
 * whose own changes a follower is not told (0: all are); `send` gets a RESP array. */
typedef uint64_t broadcast_actor_fn(const void *follower);
typedef void broadcast_send_fn(void *follower, struct bytes keys);
void broadcast_send(struct broadcast *b, broadcast_actor_fn *who,
                    broadcast_send_fn *send);

#endif
