/* SPDX-License-Identifier: MIT
 * net/loop_inside.h - the loop as the other files of this floor see it.  Only
 * src/net includes this, and <ev.h> with it. */
#ifndef IGNIS_NET_LOOP_INSIDE_H
#define IGNIS_NET_LOOP_INSIDE_H
#include <ev.h>

#include "net/gather.h"
#include "net/loop.h"

#define LOOP_BUFFER (64 * 1024)         /* one read's worth */
#define LOOP_HOOKS 16

struct conn;
struct hook { loop_fn *fn; void *arg; };
struct loop_signal;
/* A socket that became readable this turn, and what is to be done with it. */
struct arrival { loop_fn *serve; void *arg; };

struct loop {
    struct ev_loop *ev;
    ev_prepare prepare;                 /* before sleep */
    ev_check check;                     /* after sleep */
    ev_check arrived;                   /* after all events of the turn */
    struct arrival *arrivals;           /* a stack: the first to be served on top */
    unsigned arrival_count, arrival_room;
    struct hook hooks[LOOP_HOOKS];      /* before sleep */
    unsigned hook_count;
    struct conn *turn_first, *turn_last;        /* conns with something to do before sleep */
    unsigned turn_listed;               /* how many */
    uint64_t turn_since;                /* clock_ticks when the first of them came */
    struct loop_signal *signals;
    struct gather gather;
    double spacing;                     /* seconds between turns that gather; 0 = never */
    unsigned reads;                     /* sockets read this turn */
    uint64_t woke_at, busy, turns;      /* clock_ticks; busy ones; count */
    bool buffer_is_lent;                /* a callback is using `buffer` */
    char buffer[LOOP_BUFFER];
};

/* To be called by the watcher of a readable socket instead of reading: libev calls the
 * watchers of a turn last come, first served.  `serve` is called later in this turn, in
 * the order in which the sockets became readable.  Returns its place, above 0. */
unsigned loop_arrive(struct loop *loop, loop_fn *serve, void *arg);
/* It will not be served: for who goes away in between. */
void loop_leave(struct loop *loop, unsigned place);

/* conn.c: flush and close what asked for it so far. */
void conn_end_turn(struct loop *loop);

#endif
