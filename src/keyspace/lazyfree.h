/* SPDX-License-Identifier: MIT
 * keyspace/lazyfree.h - one background thread that frees what is large. */
#ifndef IGNIS_KEYSPACE_LAZYFREE_H
#define IGNIS_KEYSPACE_LAZYFREE_H
#include "values/value.h"

struct dict;
struct deadlines;
/* Freeing a value with more effort than this, or of more bytes, goes to the thread. */
#define LAZYFREE_EFFORT 64
#define LAZYFREE_BYTES (4 << 20)

/* Start the thread; without it everything is freed where it is handed over. */
void lazyfree_start(void);
/* Waits until everything queued is freed, ends the thread. */
void lazyfree_stop(void);
/* Block until the queue is empty (tests, DEBUG). */
void lazyfree_wait(void);
/* Free here or there, whichever is cheaper for the caller. */
void lazyfree_value(struct value v);
/* A whole database's tables, entries included; either may be NULL. */
void lazyfree_tables(struct dict *entries, struct deadlines *deadlines);
/* Any function that frees `p`. */
void lazyfree_call(void (*fn)(void *p), void *p, size_t objects);
/* For code that frees in either thread: a blob that is still being sent must go back
 * to the executing thread, which drops it in lazyfree_collect (cron, stop, wait). */
bool lazyfree_is_background(void);
void lazyfree_hand_back(struct blob *blob);
void lazyfree_collect(void);
/* Objects queued or being freed; objects freed since the last reset. */
uint64_t lazyfree_pending(void);
uint64_t lazyfree_done(void);
void lazyfree_reset_done(void);

#endif
