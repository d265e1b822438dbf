/* SPDX-License-Identifier: MIT
 * net/loop.h - the event loop, timers, signals: libev behind a few calls, so
 * that no higher floor includes <ev.h>. */
#ifndef IGNIS_NET_LOOP_H
#define IGNIS_NET_LOOP_H
#include <stdbool.h>
#include "base/clock.h"

struct loop;
struct timer;
typedef void loop_fn(void *arg);
typedef void loop_signal_fn(int signum, void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *loop);
/* Run until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Handle what is ready now and return (long commands, loading, DEBUG SLEEP no). */
void loop_turn(struct loop *loop);
/* While many clients send at once, let turns begin no sooner than `us` after the last
 * one: fewer turns, each for more clients (gather.h).  0, the default: never. */
void loop_gather(struct loop *loop, int us);
const char *loop_backend(const struct loop *loop);      /* "epoll" */

/* Called before the loop sleeps, every turn, in the order added. */
void loop_before_sleep(struct loop *loop, loop_fn *fn, void *arg);

/* `fn` after `delay` ms, then every `repeat` ms (0 = once).  Monotonic. */
struct timer *timer_new(struct loop *loop, loop_fn *fn, void *arg);
void timer_start(struct timer *t, double delay_ms, double repeat_ms);
void timer_stop(struct timer *t);
void timer_free(struct timer *t);

/* Run `fn` in the loop when the signal came.  One handler per signal. */
void loop_on_signal(struct loop *loop, int signum, loop_signal_fn *fn, void *arg);

/* Counters for INFO. */
struct loop_facts { uint64_t turns; uint64_t busy_us; };
void loop_facts(const struct loop *loop, struct loop_facts *out);

#endif
