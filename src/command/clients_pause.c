/* SPDX-License-Identifier: MIT
 * command/clients_pause.c - CLIENT PAUSE, and how a session that had to wait goes on.
 *
 * Why:        what a session sent while it waited (behind a pause, or for a key) has to
 *             run later, and never inside the command that ended the wait: its batch
 *             is still in the dispatcher's hands.
 * How:        a pause ends in a timer's turn: who came first goes on first.  Who waited
 *             for a key goes on before the loop sleeps, in the order the waits ended.
 * Invariants: 1. `waiting` holds each POSTPONED session once, `resuming` each RESUMING
 *                one.
 *             2. no more than half of `waiting` are gaps, a few apart.
 *             3. while a pause lasts, expired keys are hidden and not removed: a
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

#define LOOK_MS 500             /* how late a change of the wall clock is noticed */
#define GAPS 32                 /* in `waiting`, before it is compacted */

static void
queue_add(struct client_queue *q, struct client *c)
{
    if (q->count == q->room) {
        q->room = q->room ? 2 * q->room : 16;
        q->at = mem_realloc(q->at, q->room * sizeof *q->at);
    }
    q->at[q->count++] = c;
}

static void
queue_remove(struct client_queue *q, const struct client *c)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->at[i] == c)
            q->at[i] = NULL;
}

static void
queue_compact(struct client_queue *q)
{
    size_t kept = 0;

    for (size_t i = 0; i < q->count; i++)
        if (q->at[i])
            q->at[kept++] = q->at[i];
    q->count = kept;
}

enum pause_action
clients_paused(const struct clients *all)
{
    return all->paused;
}

/* The end is a time on the wall, whose clock may be set: see blocking.c. */
static void
look_again(struct clients *all)
{
    msec left = all->paused_until - clock_ms();

    timer_start(all->pause_timer, left < LOOK_MS ? (double)left : LOOK_MS, 0);
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
    look_again(all);
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
        if (clock_ms() < all->paused_until) {      /* too early, or the clock was set */
            look_again(all);
            return;
        }
        end_pause(all);
    }
    all->is_resuming = true;
    for (size_t i = 0, n = all->waiting.count; i < n; i++) {
        c = all->waiting.at[i];
        if (!c)
            continue;
        all->waiting.at[i] = NULL;
        all->waiting_count--;
        client_set(c, CLIENT_POSTPONED, false);
        if (!client_is(c, CLIENT_DEAD))         /* killed while it waited */
            dispatch_resume(c);
    }
    all->is_resuming = false;
    queue_compact(&all->waiting);               /* who resumed may have to wait again */
}

/* A pause may be long, and who has to wait may go and come again all the time. */
static void
close_gaps(struct clients *all)
{
    if (!all->is_resuming && all->waiting.count > GAPS
        && all->waiting_count < all->waiting.count / 2)
        queue_compact(&all->waiting);
}

void
clients_set_postponed(struct client *c, bool on)
{
    struct clients *all = c->server->clients;

    if (client_is(c, CLIENT_POSTPONED) == on)
        return;
    client_set(c, CLIENT_POSTPONED, on);
    all->waiting_count += on ? 1 : (size_t)-1;
    if (on)
        queue_add(&all->waiting, c);
    else
        queue_remove(&all->waiting, c);
    close_gaps(all);
}

void
clients_resume_later(struct client *c)
{
    struct clients *all = c->server->clients;

    if (!c->postponed || client_is(c, CLIENT_RESUMING))
        return;
    client_set(c, CLIENT_RESUMING, true);
    queue_add(&all->resuming, c);
}

/* Who goes on may end the wait of others: the queue grows meanwhile. */
void
clients_before_sleep(void *arg)
{
    struct clients *all = arg;
    struct client *c;

    for (size_t i = 0; i < all->resuming.count; i++) {
        c = all->resuming.at[i];
        if (!c)
            continue;
        all->resuming.at[i] = NULL;
        client_set(c, CLIENT_RESUMING, false);
        if (!client_is(c, CLIENT_BLOCKED | CLIENT_POSTPONED | CLIENT_DEAD))
            dispatch_resume(c);
    }
    all->resuming.count = 0;
    clients_turn_ends(all);
}

void
clients_pause_forget(struct client *c)
{
    struct clients *all = c->server->clients;

    clients_set_postponed(c, false);
    if (client_is(c, CLIENT_RESUMING))
        queue_remove(&all->resuming, c);
}
