/* SPDX-License-Identifier: MIT
 * command/transaction.h - MULTI, EXEC and WATCH: commands that are queued and then
 * run with nobody in between; on request all of them or none. */
#ifndef IGNIS_COMMAND_TRANSACTION_H
#define IGNIS_COMMAND_TRANSACTION_H
#include "command/call.h"

struct watches;

/* --- the queue --- */
/* MULTI: from now on commands are queued.  `rollback`: an error inside EXEC undoes
 * everything the transaction did. */
void transaction_begin(struct client *c, bool rollback);
/* The gate in front of queueing clients: answers QUEUED, or an error when the command
 * cannot be part of this transaction (which is then refused as a whole). */
void transaction_queue(struct call *c);
/* The command changes nothing, or the journal or the transaction can take it back: it
 * may be queued in a transaction with rollback. */
bool transaction_may_undo(const struct command *row);
/* A command could not be queued: EXEC will refuse. */
void transaction_refuse(struct client *c);
/* Some queued command has one of these flags. */
bool transaction_has_flag(const struct client *c, uint32_t flags);
/* EXEC and DISCARD; the reply included.  Nothing is watched afterwards. */
void transaction_exec(struct call *c);
/* EXEC itself was refused: answer so, drop the transaction. */
void transaction_refuse_exec(struct call *c, struct bytes why);
/* Drop the queue and the watches (DISCARD, RESET, disconnect). */
void transaction_drop(struct client *c);
/* For CLIENT LIST: queued commands, -1 outside of MULTI; and their memory. */
int transaction_length(const struct client *c);
size_t transaction_memory(const struct client *c);

/* --- WATCH --- */
/* Nobody watches yet; one key listener serves all, while somebody does. */
struct watches *watches_new(struct server *server);
/* No client may watch any more. */
void watches_free(struct watches *w);
/* WATCH one key, argument `arg`, in the client's database; once is enough.  O(1). */
void watch_key(struct call *c, int arg);
/* UNWATCH: nothing is watched, nothing is broken.  O(its keys). */
void watch_forget_all(struct client *c);
/* What its watches take; a key that others watch too counts for each.  O(1). */
size_t watch_memory(const struct client *c);
/* A watched key was changed, or is over by its deadline. */
bool watch_is_broken(struct client *c);
/* For INFO: clients that watch, and keys that are watched by anybody. */
size_t watches_clients(const struct watches *w);
size_t watches_keys(const struct watches *w);

#endif
