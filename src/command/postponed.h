/* SPDX-License-Identifier: MIT
 * command/postponed.h - requests of a client that must wait, as they came. */
#ifndef IGNIS_COMMAND_POSTPONED_H
#define IGNIS_COMMAND_POSTPONED_H
#include <stdbool.h>

#include "base/text.h"

struct client;
struct request;

/* Keep these bytes until the client may go on; copies.  Checks its input limit. */
void postponed_add(struct client *c, struct bytes raw);
/* The same for a request whose beginning is in an earlier read: back into wire form. */
void postponed_add_request(struct client *c, const struct request *r);
/* Hand out all that is kept, in order, and keep nothing; false when nothing was kept.
 * The caller frees `raw`. */
bool postponed_take(struct client *c, struct text *raw);
/* Bytes that are kept; memory they take. */
size_t postponed_bytes(const struct client *c);
size_t postponed_memory(const struct client *c);
#endif
