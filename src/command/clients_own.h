/* SPDX-License-Identifier: MIT
 * command/clients_own.h - what a struct clients remembers, by the file that minds it.
 * Private to clients*.c. */
#ifndef IGNIS_COMMAND_CLIENTS_OWN_H
#define IGNIS_COMMAND_CLIENTS_OWN_H
#include "command/clients.h"
#include "command/clients_pause.h"

struct dict;
struct timer;

#define CLIENTS_RECENT_S 8              /* what "recent" means in INFO clients */

/* Sessions in order; NULL where one left. */
struct client_queue {
    struct client **at;
    size_t count, room;
};

struct clients {
    struct server *server;
    struct clients_facts facts;         /* only what is counted as it happens */

    /* clients.c: who is here */
    struct client *first, *last;
    struct dict *by_id;
    uint64_t next_id;

    /* clients_monitor.c */
    struct client **monitors;
    size_t monitor_count;

    /* clients_pause.c */
    enum pause_action paused;
    msec paused_until;
    struct timer *pause_timer;
    struct client_queue waiting;        /* CLIENT_POSTPONED sessions, */
    size_t waiting_count;               /* how many they are */
    bool is_resuming;                   /* `waiting` is walked */
    struct client_queue resuming;       /* CLIENT_RESUMING sessions */

    /* clients_limits.c */
    struct client *visit;               /* where cron goes on */
    size_t memory_sum;                  /* of counted_memory */
    bool is_over;                       /* the limit, with nobody left to evict */
    bool has_grown;                     /* above the limit, by what was pushed */
    int64_t peak_s;                     /* the second that the last peaks belong to */
    size_t peak_input[CLIENTS_RECENT_S];        /* by second */
    size_t peak_output[CLIENTS_RECENT_S];
};

/* timer_fn and loop hook: what waited behind a pause that is over goes on, and so do
 * sessions whose own wait ended this turn.  `all` is the struct clients. */
void clients_pause_over(void *all);
void clients_before_sleep(void *all);
/* It is closed or no longer waits: take it off both counts. */
void clients_pause_forget(struct client *c);

/* The session is freed: cron must not look at it. */
void clients_visit_other(const struct client *c);
/* It is DEAD, or leaves: what it holds counts no longer. */
void clients_uncount_memory(struct client *c);
/* Another limit holds, maybe the first: count all of them now. */
void clients_count_again(struct clients *all);
/* Nothing runs now: judge what was pushed. */
void clients_turn_ends(struct clients *all);
/* The greatest of one of the two rings of peaks. */
size_t clients_peak(const size_t peaks[CLIENTS_RECENT_S]);
#endif
