/* SPDX-License-Identifier: MIT
 * net/loop.c - libev behind a few calls.
 *
 * Why:        one thread waits for everything: sockets, timers, signals.  Higher
 *             floors must not know which library waits.
 * How:        one turn is
 *
 *                 sleep -> events -> arrivals -> before-sleep hooks
 *                   ^                                |
 *                   +-- conns flush and close -------+
 *
 *             so whatever a command or a hook appended leaves in the same turn.  The
 *             events of a turn come to us in reverse.  For timers that does not matter;
 *             sockets are put on a stack and taken off it, which turns them round.
 *             While many clients send all the time, turns are spaced a little
 *             (gather.c): fewer, fuller ones.
 * Invariants: 1. Of two sockets, that which became readable first is served first.
 *             2. Hooks run in the order they were added; conns come after the last.
 *             3. `buffer` is lent to at most one callback; a nested turn reads
 *                elsewhere.
 * Read next:  net/conn.c */
#include "net/loop.h"

#include <assert.h>
#include <sys/prctl.h>

#include "base/alloc.h"
#include "net/loop_inside.h"

struct timer {
    ev_timer ev;
    struct loop *loop;
    loop_fn *fn;
    void *arg;
};

struct loop_signal {
    ev_signal ev;
    struct loop_signal *next;
    loop_signal_fn *fn;
    void *arg;
};

/* libev then waits until this long after the last turn began before it asks. */
static void
space_turns(struct loop *loop, uint64_t now)
{
    bool was_on = loop->gather.on_for > 0;
    bool is_on = gather_turn(&loop->gather, loop->reads, clock_ticks_to_ns(now));

    loop->reads = 0;
    if (is_on != was_on)
        ev_set_io_collect_interval(loop->ev, is_on ? loop->spacing : 0.);
}

static void
on_prepare(struct ev_loop *ev, ev_prepare *w, int events)
{
    struct loop *loop = w->data;
    uint64_t now;
    unsigned i;

    (void)ev;
    (void)events;
    for (i = 0; i < loop->hook_count; i++)
        loop->hooks[i].fn(loop->hooks[i].arg);
    conn_end_turn(loop);
    now = clock_ticks();
    loop->busy += now - loop->woke_at;
    if (loop->spacing > 0.)
        space_turns(loop, now);
}

static void
on_check(struct ev_loop *ev, ev_check *w, int events)
{
    struct loop *loop = w->data;

    (void)ev;
    (void)events;
    loop->turns++;
    loop->woke_at = clock_ticks();
}

/* --- arrivals --- */

unsigned
loop_arrive(struct loop *loop, loop_fn *serve, void *arg)
{
    if (loop->arrival_count == loop->arrival_room) {
        loop->arrival_room = loop->arrival_room ? 2 * loop->arrival_room : 64;
        loop->arrivals = mem_realloc(loop->arrivals,
                                     loop->arrival_room * sizeof *loop->arrivals);
    }
    loop->arrivals[loop->arrival_count++] = (struct arrival){ serve, arg };
    return loop->arrival_count;
}

void
loop_leave(struct loop *loop, unsigned place)
{
    loop->arrivals[place - 1].serve = NULL;
}

/* A turn inside of one of them goes on with the others. */
static void
on_arrived(struct ev_loop *ev, ev_check *w, int events)
{
    struct loop *loop = w->data;
    struct arrival next;

    (void)ev;
    (void)events;
    while (loop->arrival_count > 0) {
        next = loop->arrivals[--loop->arrival_count];
        if (next.serve)
            next.serve(next.arg);
    }
}

/* --- life --- */

struct loop *
loop_new(void)
{
    struct loop *loop = mem_alloc(sizeof *loop);

    *loop = (struct loop){ .woke_at = clock_ticks() };
    loop->ev = ev_loop_new(EVFLAG_NOENV);
    assert(loop->ev != NULL);
    ev_prepare_init(&loop->prepare, on_prepare);
    loop->prepare.data = loop;
    ev_prepare_start(loop->ev, &loop->prepare);
    ev_check_init(&loop->check, on_check);
    loop->check.data = loop;
    ev_set_priority(&loop->check, EV_MAXPRI);       /* before the events it woke for */
    ev_check_start(loop->ev, &loop->check);
    ev_check_init(&loop->arrived, on_arrived);
    loop->arrived.data = loop;
    ev_set_priority(&loop->arrived, EV_MINPRI);     /* after those events */
    ev_check_start(loop->ev, &loop->arrived);
    return loop;
}

void
loop_free(struct loop *loop)
{
    struct loop_signal *s;

    if (!loop)
        return;
    while ((s = loop->signals) != NULL) {
        loop->signals = s->next;
        ev_signal_stop(loop->ev, &s->ev);
        mem_free(s);
    }
    ev_prepare_stop(loop->ev, &loop->prepare);
    ev_check_stop(loop->ev, &loop->check);
    ev_check_stop(loop->ev, &loop->arrived);
    ev_loop_destroy(loop->ev);
    mem_free(loop->arrivals);
    mem_free(loop);
}

void
loop_run(struct loop *loop)
{
    loop->woke_at = clock_ticks();
    ev_run(loop->ev, 0);
}

void
loop_stop(struct loop *loop)
{
    ev_break(loop->ev, EVBREAK_ALL);
}

void
loop_turn(struct loop *loop)
{
    ev_run(loop->ev, EVRUN_NOWAIT);
}

/* The default slack of 50 us would make it twice as long. */
void
loop_gather(struct loop *loop, int us)
{
    if (us > 0)
        prctl(PR_SET_TIMERSLACK, 1000);
    loop->spacing = us / 1e6;
    loop->gather = (struct gather){ 0 };
    ev_set_io_collect_interval(loop->ev, 0.);
}

const char *
loop_backend(const struct loop *loop)
{
    switch (ev_backend(loop->ev)) {
    case EVBACKEND_EPOLL: return "epoll";
    case EVBACKEND_KQUEUE: return "kqueue";
    case EVBACKEND_POLL: return "poll";
    case EVBACKEND_PORT: return "evport";
    default: return "select";
    }
}

void
loop_before_sleep(struct loop *loop, loop_fn *fn, void *arg)
{
    assert(loop->hook_count < LOOP_HOOKS);
    loop->hooks[loop->hook_count++] = (struct hook){ fn, arg };
}

void
loop_facts(const struct loop *loop, struct loop_facts *out)
{
    out->turns = loop->turns;
    out->busy_us = clock_ticks_to_ns(loop->busy) / 1000;
}

/* --- timers --- */

static void
on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
    struct timer *t = w->data;

    (void)ev;
    (void)events;
    t->fn(t->arg);                      /* may have freed `t` */
}

struct timer *
timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
    struct timer *t = mem_alloc(sizeof *t);

    *t = (struct timer){ .loop = loop, .fn = fn, .arg = arg };
    ev_timer_init(&t->ev, on_timer, 0., 0.);
    t->ev.data = t;
    return t;
}

/* libev counts from when the turn began; a long command may lie between. */
void
timer_start(struct timer *t, double delay_ms, double repeat_ms)
{
    ev_timer_stop(t->loop->ev, &t->ev);
    ev_now_update(t->loop->ev);
    ev_timer_set(&t->ev, delay_ms / 1e3, repeat_ms / 1e3);
    ev_timer_start(t->loop->ev, &t->ev);
}

void
timer_stop(struct timer *t)
{
    ev_timer_stop(t->loop->ev, &t->ev);
}

void
timer_free(struct timer *t)
{
    if (!t)
        return;
    timer_stop(t);
    mem_free(t);
}

/* --- signals --- */

static void
on_signal(struct ev_loop *ev, ev_signal *w, int events)
{
    struct loop_signal *s = w->data;

    (void)ev;
    (void)events;
    s->fn(w->signum, s->arg);
}

void
loop_on_signal(struct loop *loop, int signum, loop_signal_fn *fn, void *arg)
{
    struct loop_signal *s;

    for (s = loop->signals; s && s->ev.signum != signum; s = s->next)
        ;
    if (!s) {
        s = mem_zalloc(sizeof *s);
        s->next = loop->signals;
        loop->signals = s;
        ev_signal_init(&s->ev, on_signal, signum);
        s->ev.data = s;
        ev_signal_start(loop->ev, &s->ev);
    }
    s->fn = fn;
    s->arg = arg;
}
