/* SPDX-License-Identifier: MIT
 * command/blocking.h - commands that wait for a key: BLPOP, BZPOPMIN, BLMOVE ...
 *
 * A handler that finds nothing to take says call_block() and returns without a
 * reply.  Its arguments are kept.  When one of the keys may hold something, the
 * handler is run again from the start: it replies, or says call_block() again and
 * keeps its place in the queue.  When the time is over, the timeout reply is sent. */
#ifndef IGNIS_COMMAND_BLOCKING_H
#define IGNIS_COMMAND_BLOCKING_H
#include "command/call.h"

/* Argument i, seconds with fraction, as an absolute deadline in ms; 0 means for ever.
 * Answers "ERR timeout is not a float or out of range", "ERR timeout is negative" or
 * "ERR timeout is out of range". */
bool call_timeout(struct call *c, int i, msec *deadline);

enum block_reply { BLOCK_NULL, BLOCK_NULL_ARRAY };

/* Wait for any of the `count` keys at argv[first], argv[first + step] ...  In a
 * transaction or a script nothing waits: the timeout reply is sent at once. */
void call_block(struct call *c, int first, int count, int step, msec deadline,
                enum block_reply on_timeout);

/* --- the service: one per server --- */
struct blocking;
struct blocking *blocking_new(struct server *server);
void blocking_free(struct blocking *b);
/* Some key that is waited for was changed: serve before the next command. */
bool blocking_has_work(const struct blocking *b);
/* Run the commands of those who wait for changed keys, first come first served. */
void blocking_serve(struct blocking *b);
/* So many ticks went into the call that made this client wait. */
void blocking_ran(struct client *c, uint64_t ticks);
/* What the client's wait takes, and how much of it the texts of its arguments are; 0 when
 * it does not wait.  O(1). */
size_t blocking_memory(const struct client *c);
size_t blocking_arguments(const struct client *c);
/* The client goes away: it waits for nothing any more. */
void blocking_forget(struct client *c);
/* CLIENT UNBLOCK: as if the time was over, or with an error.  False: it does not wait. */
bool blocking_unblock(struct client *c, bool with_error);
size_t blocking_clients(const struct blocking *b);
/* Of the clients, those that wait for a limited time. */
size_t blocking_timeouts(const struct blocking *b);
size_t blocking_keys(const struct blocking *b);
/* How many waits were looked at to serve keys, since the start. */
uint64_t blocking_visits(const struct blocking *b);

#endif
