/* SPDX-License-Identifier: MIT
 * commands/debug_reply.h - what DEBUG's words answer, and the errors they share. */
#ifndef IGNIS_COMMANDS_DEBUG_REPLY_H
#define IGNIS_COMMANDS_DEBUG_REPLY_H
#include "base/text.h"
#include "command/call.h"

struct clients;
struct dict;

/* Argument i as a number >= 0; else answers "value is out of range, must be
 * positive", for what is no number too. */
bool debug_positive(struct call *c, int i, int64_t *out);
/* As 40 hex digits. */
void debug_reply_digest(struct reply *out, const unsigned char digest[20]);
/* A sample of the type named, in the protocol of the reply. */
void debug_reply_protocol(struct reply *out, struct bytes type);
/* HTSTATS-KEY: the shape of one hash table. */
void debug_describe_table(struct text *out, const struct dict *d);
/* HTSTATS: the tables of keys and of deadlines. */
void debug_describe_tables(struct text *out, struct db *db);
/* CLIENT-EVICTION: how many sessions take how much memory, by powers of two. */
void debug_describe_clients(struct text *out, const struct clients *all);

#endif
