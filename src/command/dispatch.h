/* SPDX-License-Identifier: MIT
 * command/dispatch.h - from bytes to replies: parse a read's requests as one
 * batch, hash and prefetch their keys, run them in order. */
#ifndef IGNIS_COMMAND_DISPATCH_H
#define IGNIS_COMMAND_DISPATCH_H
#include <stddef.h>

struct client;

/* Bytes arrived for this client: run all complete requests among them. */
void dispatch_bytes(struct client *c, char *at, size_t len);
/* Where the client's next bytes go (conn_events.room). */
char *dispatch_room(struct client *c, size_t *len);
/* The client may go on: run what was postponed. */
void dispatch_resume(struct client *c);
/* Free what is held for this client (partial and postponed requests). */
void dispatch_forget(struct client *c);
/* Bytes of its input that are being run, or that wait for the rest of a request. */
size_t dispatch_input_bytes(const struct client *c);
/* Clients hold too much memory: see who goes before the next command of the batch. */
void dispatch_judge_clients(void);
/* Free what the dispatcher keeps (shutdown). */
void dispatch_stop(void);
#endif
