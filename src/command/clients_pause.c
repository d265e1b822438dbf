/* SPDX-License-Identifier: MIT
 * command/clients_pause.c - CLIENT PAUSE, and how a session that had to wait goes on.
 *
 * Why:        what a session sent while it waited (behind a pause, or for a key) has to
 *             run later, and never inside the command that ended the wait: its batch
 *             is still in the dispatcher's hands.
 * How:        a pause ends in a timer's turn; who waited for a key is queued as RESUMING
 *             and goes on before the loop sleeps, the first whose wait ended first.
 * Invariants: 1. `waiting` counts the POSTPONED sessions, so that the walk below ends
 *                early; `resuming` holds each RESUMING session once.
 *             2. while a pause lasts, expired keys are hidden and not removed: a
 *                removal is a write.
 * Read next:  command/postponed.c, where the requests of such a session lie */
#include "command/clients_pause.h"

#include "base/alloc.h"
#include "command/call.h"
#include "command/client.h"
#include "command/clients_own.h"
#include "command/dispatch.h"
#include "command/gates.h"
#include "keyspace/keyspace.h"
#include "net/loop.h"

enum pause_action
clients_paused(const struct clients *all)
{
    return all->paused;
}

void
clients_pause(struct clients *all, enum pause_action action, msec until)
{
    if (action > all->paused)
        all->paused = action;
    if (until > all->paused_until)
        all->paused_until = until;
    gate_arm(GATE_PAUSE, true);
    keyspace_set_hide_expired_only(all->server->keyspace, true);
    timer_start(all->pause_timer, (double)(all->paused_until - clock_ms()), 0);
}

static void
end_pause(struct clients *all)
{
    all->paused = PAUSE_NONE;
    all->paused_until = 0;
    timer_stop(all->pause_timer);
    gate_arm(GATE_PAUSE, false);
    keyspace_set_hide_expired_only(all->server->keyspace, false);
}

void
clients_unpause(struct clients *all)
{
    if (all->paused == PAUSE_NONE)
        return;
    end_pause(all);
    timer_start(all->pause_timer, 0, 0);
}

void
clients_pause_over(void *arg)
{
    struct clients *all = arg;
    struct client *c;

    if (all->paused != PAUSE_NONE) {
        clock_tick();
        if (clock_ms() < all->paused_until) {   /* the timer came a little early */
            timer_start(all->pause_timer, (double)(all->paused_until - clock_ms()), 0);
            return;
        }
        end_pause(all);
    }
    for (c = all->first; c && all->waiting; c = c->next)
        if (client_is(c, CLIENT_POSTPONED)) {
            clients_set_postponed(c, false);
            if (!client_is(c, CLIENT_DEAD))     /* killed while it waited */
                dispatch_resume(c);
        }
}

void
clients_set_postponed(struct client *c, bool on)
{
    if (client_is(c, CLIENT_POSTPONED) == on)
        return;
    client_set(c, CLIENT_POSTPONED, on);
    c->server->clients->waiting += on ? 1 : (size_t)-1;
}

void
clients_resume_later(struct client *c)
{
    struct clients *all = c->server->clients;

    if (!c->postponed || client_is(c, CLIENT_RESUMING))
        return;
    client_set(c, CLIENT_RESUMING, true);
    if (all->resuming_count == all->resuming_room) {
        all->resuming_room = all->resuming_room ? 2 * all->resuming_room : 16;
        all->resuming = mem_realloc(all->resuming,
                                    all->resuming_room * sizeof *all->resuming);
    }
    all->resuming[all->resuming_count++] = c;
}

/* Who goes on may end the wait of others: the queue grows meanwhile. */
void
clients_before_sleep(void *arg)
{
    struct clients *all = arg;
    struct client *c;

    for (size_t i = 0; i < all->resuming_count; i++) {
        c = all->resuming[i];
        if (!c)
            continue;
        all->resuming[i] = NULL;
        client_set(c, CLIENT_RESUMING, false);
        if (!client_is(c, CLIENT_BLOCKED | CLIENT_POSTPONED | CLIENT_DEAD))
            dispatch_resume(c);
    }
    all->resuming_count = 0;
}

void
clients_pause_forget(struct client *c)
{
    struct clients *all = c->server->clients;

    clients_set_postponed(c, false);
    for (size_t i = 0; client_is(c, CLIENT_RESUMING) && i < all->resuming_count; i++)
        if (all->resuming[i] == c)
            all->resuming[i] = NULL;
}
