/* SPDX-License-Identifier: MIT
 * command/refuse.h - why a request cannot become a call, in Redis's words. */
#ifndef IGNIS_COMMAND_REFUSE_H
#define IGNIS_COMMAND_REFUSE_H
#include <stdbool.h>

#include "base/bytes.h"

struct call;
struct client;

/* Answer why no command can be run for these arguments: unknown, or a wrong number. */
void refuse_request(struct call *c);
/* An error was answered before the handler ran: count it, and break off its MULTI. */
void refuse_count(struct call *c);
/* Is this the name of a line that a tricked browser sends?  Then the client is dropped,
 * without an answer, and true returned. */
bool refuse_cross_protocol(struct client *c, struct bytes name);
#endif
