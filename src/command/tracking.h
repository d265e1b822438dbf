/* SPDX-License-Identifier: MIT
 * command/tracking.h - clients that keep copies of keys, and hear when those change. */
#ifndef IGNIS_COMMAND_TRACKING_H
#define IGNIS_COMMAND_TRACKING_H
#include "command/call.h"

struct tracking;
/* Nobody tracks; one key listener serves all, while somebody does. */
struct tracking *tracking_new(struct server *server);
/* All clients are gone by now. */
void tracking_free(struct tracking *all);

enum tracking_option {
    TRACKING_BCAST = 1 << 0,            /* told by prefix, whatever was read */
    TRACKING_OPTIN = 1 << 1,            /* remembers only after CLIENT CACHING YES */
    TRACKING_OPTOUT = 1 << 2,           /* all but after CLIENT CACHING NO */
    TRACKING_NOLOOP = 1 << 3            /* not told of its own changes */
};

/* CLIENT TRACKING ON: with these options from now on; `redirect` (0: nobody) is the id
 * of the client that is told instead.  Prefixes are added to those it has; the caller
 * has asked tracking_overlap. */
void tracking_start(struct client *c, unsigned options, uint64_t redirect,
                    const struct bytes *prefixes, size_t count);
/* CLIENT TRACKING OFF, RESET, disconnect: forgets all; fine when it was off. */
void tracking_stop(struct client *c);
/* The client's prefix that overlaps with `prefix`; false when none does. */
bool tracking_overlap(const struct client *c, struct bytes prefix, struct bytes *with);
bool tracking_prefixes_overlap(struct bytes a, struct bytes b);

/* Its options, 0 when off; the redirection: -1 off, 0 nobody; whether that is gone. */
unsigned tracking_options(const struct client *c);
int64_t tracking_redirect(const struct client *c);
bool tracking_is_broken(const struct client *c);
/* Prefix i in memcmp order; false when there is none. */
bool tracking_prefix(const struct client *c, size_t i, struct bytes *out);
size_t tracking_memory(const struct client *c);

/* --- the dispatcher's side, for clients with CLIENT_TRACKING only --- */
/* Between the two, what the client is to be told waits for the end of its reply. */
void tracking_begin(struct client *c);
void tracking_end(struct client *c);
/* A command was run: remember the keys it read. */
void tracking_remember(struct call *c);
/* tracking-table-max-keys changed. */
void tracking_limit(struct tracking *all);

struct tracking_facts { size_t keys, items, prefixes; };
/* For INFO: what is remembered, and how many clients track. */
void tracking_facts(const struct tracking *all, struct tracking_facts *out);
size_t tracking_clients(const struct tracking *all);

#endif
