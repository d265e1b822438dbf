/* SPDX-License-Identifier: MIT
 * server/crash_facts.h - what the server was doing when it crashed. */
#ifndef IGNIS_SERVER_CRASH_FACTS_H
#define IGNIS_SERVER_CRASH_FACTS_H

struct server;

/* To the log: the call being carried out and its client, INFO, all clients, what options
 * were set to.  Allocates and walks structures, which may be what is broken: the caller
 * survives a fault in here, and has an alarm set. */
void crash_facts(struct server *server);
#endif
