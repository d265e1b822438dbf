/* SPDX-License-Identifier: MIT
 * commands/debug_data.h - the words of DEBUG that look at keys, or make many of them.
 * Each is a row of the table in c_debug.c, which has counted the arguments. */
#ifndef IGNIS_COMMANDS_DEBUG_DATA_H
#define IGNIS_COMMANDS_DEBUG_DATA_H
#include "command/call.h"

/* DIGEST: over all databases. */
void debug_digest(struct call *c);
/* DIGEST-VALUE key [key ...] */
void debug_digest_value(struct call *c);
/* OBJECT key */
void debug_object(struct call *c);
/* SDSLEN key: lengths and memory of key and value. */
void debug_sdslen(struct call *c);
/* HTSTATS dbid */
void debug_htstats(struct call *c);
/* HTSTATS-KEY key */
void debug_htstats_key(struct call *c);
/* STRUCTSIZE */
void debug_structsize(struct call *c);
/* CLIENT-EVICTION: how many clients take how much. */
void debug_client_eviction(struct call *c);
/* POPULATE count [prefix [size]]: keys prefix:0 ... that are not there yet. */
void debug_populate(struct call *c);
#endif
