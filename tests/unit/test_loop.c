/* SPDX-License-Identifier: MIT
 * The loop: hooks, timers and signals, in the order that was promised. */
#include "net/loop.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "unit/ear.h"

struct diary { struct loop *loop; struct text text; struct timer *timer; };

static void
note_a(void *arg)
{
    text_add_char(&((struct diary *)arg)->text, 'a');
}

static void
note_b(void *arg)
{
    text_add_char(&((struct diary *)arg)->text, 'b');
}

static void
note_c(void *arg)
{
    text_add_char(&((struct diary *)arg)->text, 'c');
}

static void
note_and_stop(void *arg)
{
    note_c(arg);
    loop_stop(((struct diary *)arg)->loop);
}

Test(loop, runs_hooks_in_the_order_added)
{
    struct diary d = { .loop = start() };

    loop_before_sleep(d.loop, note_b, &d);
    loop_before_sleep(d.loop, note_a, &d);
    loop_turn(d.loop);
    cr_expect(bytes_equal(text_view(&d.text), B("ba")));
    text_free(&d.text);
    loop_free(d.loop);
}

Test(loop, runs_timers_by_their_delay_until_stopped)
{
    struct diary d = { .loop = start() };
    struct timer *late = timer_new(d.loop, note_and_stop, &d);
    struct timer *early = timer_new(d.loop, note_a, &d);
    struct timer *never = timer_new(d.loop, note_b, &d);

    timer_start(late, 20, 0);
    timer_start(never, 1, 0);
    timer_start(early, 2, 0);
    timer_stop(never);
    loop_run(d.loop);
    cr_expect(bytes_equal(text_view(&d.text), B("ac")));
    timer_free(late);
    timer_free(early);
    timer_free(never);
    text_free(&d.text);
    loop_free(d.loop);
}

static void
free_own_timer(void *arg)
{
    struct diary *d = arg;

    timer_free(d->timer);
    loop_stop(d->loop);
}

Test(loop, lets_a_timer_free_itself)
{
    struct diary d = { .loop = start() };

    d.timer = timer_new(d.loop, free_own_timer, &d);
    timer_start(d.timer, 0, 1);
    loop_run(d.loop);
    loop_turn(d.loop);
    loop_free(d.loop);
}

static void
note_signal(int signum, void *arg)
{
    struct diary *d = arg;

    text_printf(&d->text, "%d", signum);
    loop_stop(d->loop);
}

Test(loop, handles_signals_as_events)
{
    struct diary d = { .loop = start() };
    char wanted[16];

    loop_on_signal(d.loop, SIGUSR1, note_signal, &d);
    raise(SIGUSR1);
    loop_run(d.loop);
    snprintf(wanted, sizeof wanted, "%d", SIGUSR1);
    cr_expect_str_eq(d.text.at, wanted);
    text_free(&d.text);
    loop_free(d.loop);
}
