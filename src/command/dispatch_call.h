/* SPDX-License-Identifier: MIT
 * command/dispatch_call.h - carry out one call: ask, run, count. */
#ifndef IGNIS_COMMAND_DISPATCH_CALL_H
#define IGNIS_COMMAND_DISPATCH_CALL_H
#include "command/call.h"

struct client;
struct server;

/* Carry out a call whose command is resolved: gates, handler, counters.  `start` is the
 * tick count now, returned is the one at its end: calls of a batch share a reading.
 * A call that must wait is not run: *held is set and nothing is counted. */
uint64_t dispatch_call_from(struct call *call, uint64_t start, bool *held);
/* A command of a transaction: counted and timed, no gate asked. */
void dispatch_inner(struct call *call);
/* The handler alone, for a client that waits (command/blocking.c).  Its errors are
 * counted; returned are the ticks that it took. */
uint64_t dispatch_again(struct call *call);
/* A call that waited has its reply, after so many ticks of work: they are counted now,
 * and told to the slow log. */
void dispatch_waited(struct call *call, uint64_t ticks);
/* The call whose handler runs, the innermost; NULL between calls.  For crash reports. */
const struct call *dispatch_running(void);
/* slowlog, latency or latency-tracking options changed: call again. */
void dispatch_configure(struct server *server);
#endif
