/* SPDX-License-Identifier: MIT
 * keyspace/journal.h - how things were: what a transaction that may be taken back
 * touches is copied first.
 *
 * Between journal_begin and its end, the first touch of a key for writing keeps a
 * copy of it, and events are held back.  journal_commit sends the events;
 * journal_rollback puts every key back (value, deadline, access clock), drops the
 * events and restores the dirty counter.  Others may hold back what they do, too.
 * Cost: a copy of each touched value. */
#ifndef IGNIS_KEYSPACE_JOURNAL_H
#define IGNIS_KEYSPACE_JOURNAL_H
#include "keyspace/keyspace.h"

/* At most one journal is open at a time; each begin has one of the two ends. */
void journal_begin(struct keyspace *ks);
void journal_commit(struct keyspace *ks);
void journal_rollback(struct keyspace *ks);

bool journal_is_open(const struct keyspace *ks);
/* What waits for the end: `happened` when the journal is committed, else it must leave no
 * trace.  Either way `held` is the callee's to free. */
typedef void journal_end_fn(void *held, bool happened);
/* The journal is open.  Called once at its end, when it is closed and the keys are as
 * they stay: in the order of the calls, events of keys among them. */
void journal_at_end(struct keyspace *ks, journal_end_fn *fn, void *held);

#endif
