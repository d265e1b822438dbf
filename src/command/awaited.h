/* SPDX-License-Identifier: MIT
 * command/awaited.h - keys that somebody waits for, and the queues before them. */
#ifndef IGNIS_COMMAND_AWAITED_H
#define IGNIS_COMMAND_AWAITED_H
#include "values/value.h"

struct dict;
struct wait;

/* One wait in one key's queue. */
struct place {
    struct wait *wait;
    struct awaited *key;                /* NULL: the wait has another place there */
    struct place *prev, *next;
};

/* What can be waited for: lists, sorted sets, streams. */
#define AWAITED_QUEUES 3
struct awaited_queue { struct place *first, *last; };    /* oldest first */

struct awaited {
    struct awaited_queue queues[AWAITED_QUEUES];
    size_t count;                       /* waits in all of them */
    struct awaited *next_ready;
    int db;
    bool is_ready, is_served;
    size_t len;
    char name[];
};

struct awaited_keys {
    struct dict **by_db;                /* NULL until used */
    int databases;
    size_t count;                       /* keys */
    struct awaited *ready, **ready_end; /* changed, and not served yet */
};

/* No keys yet; at the end nobody waits any more. */
void awaited_start(struct awaited_keys *k, int databases);
void awaited_end(struct awaited_keys *k);
/* Put `w` last into the key's queue for this type.  A key named twice is awaited once:
 * the second place stays empty.  O(1). */
void awaited_enqueue(struct awaited_keys *k, int db, struct bytes name, enum type type,
                     struct wait *w, struct place *p);
/* Take the place out of its queue, which was for this type; an empty one is fine. */
void awaited_dequeue(struct awaited_keys *k, enum type type, struct place *p);
/* Those who wait for values of this type; NULL: nobody ever waits for such. */
struct awaited_queue *awaited_queue(struct awaited *a, enum type type);

/* This key, or every key of the database, has changed: it is ready, if awaited. */
void awaited_note(struct awaited_keys *k, int db, struct bytes name);
void awaited_note_all(struct awaited_keys *k, int db);
/* The key that has been ready for longest, which stays until awaited_served; or NULL. */
struct awaited *awaited_take_ready(struct awaited_keys *k);
void awaited_served(struct awaited_keys *k, struct awaited *a);
#endif
