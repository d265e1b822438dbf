/* SPDX-License-Identifier: MIT
 * command/latency.c - spikes, by the event that caused them.
 *
 * How:        a few events by name, each with a ring of 160 samples.  Spikes of one
 *             second are one sample, the worst of them: a bad second does not push
 *             yesterday's out.
 * Invariants: samples of an event are at least a second apart; max is the worst since
 *             the event's last reset, also of samples that fell out.
 * Read next:  command/latency_text.c, what LATENCY GRAPH and DOCTOR make of it. */
#include "command/latency.h"

#include <assert.h>

#include "base/alloc.h"

struct event {
    char *name;
    uint32_t max;
    size_t next, count;         /* samples[next] is written next */
    struct latency_sample samples[LATENCY_SAMPLES];
};

struct latency {
    msec threshold;
    struct event **events;      /* in the order they first happened */
    size_t count, room;
};

struct latency *
latency_new(void)
{
    return mem_zalloc(sizeof(struct latency));
}

static void
event_free(struct event *e)
{
    mem_free(e->name);
    mem_free(e);
}

void
latency_free(struct latency *l)
{
    if (!l)
        return;
    latency_reset(l, B(""));
    mem_free(l->events);
    mem_free(l);
}

void
latency_configure(struct latency *l, msec threshold)
{
    l->threshold = threshold > 0 ? threshold : 0;
}

msec
latency_threshold(const struct latency *l)
{
    return l->threshold;
}

static struct event *
find_event(const struct latency *l, struct bytes name)
{
    for (size_t i = 0; i < l->count; i++)
        if (bytes_equal(bytes_of_text(l->events[i]->name), name))
            return l->events[i];
    return NULL;
}

static struct event *
add_event(struct latency *l, const char *name)
{
    struct event *e = mem_zalloc(sizeof *e);

    e->name = mem_copy_text(name);
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : 8;
        l->events = mem_realloc(l->events, l->room * sizeof *l->events);
    }
    l->events[l->count++] = e;
    return e;
}

/* The sample added i-th from the last; 0 is the latest. */
static struct latency_sample *
sample_back(struct event *e, size_t i)
{
    return &e->samples[(e->next + LATENCY_SAMPLES - 1 - i) % LATENCY_SAMPLES];
}

void
latency_add(struct latency *l, const char *event, msec took)
{
    uint32_t ms = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    int64_t now = clock_ms() / 1000;
    struct event *e;

    if (l->threshold == 0 || took < l->threshold)
        return;
    e = find_event(l, bytes_of_text(event));
    if (!e) {
        assert(l->count < LATENCY_EVENTS_MAX);
        e = add_event(l, event);
    }
    if (ms > e->max)
        e->max = ms;
    if (e->count && sample_back(e, 0)->at_s == now) {
        if (ms > sample_back(e, 0)->took)
            sample_back(e, 0)->took = ms;
        return;
    }
    e->samples[e->next] = (struct latency_sample){ now, ms };
    e->next = (e->next + 1) % LATENCY_SAMPLES;
    if (e->count < LATENCY_SAMPLES)
        e->count++;
}

size_t
latency_events(const struct latency *l, struct latency_event *out, size_t max)
{
    for (size_t i = 0; i < l->count && i < max; i++) {
        struct event *e = l->events[i];

        out[i] = (struct latency_event){ e->name, *sample_back(e, 0), e->max };
    }
    return l->count;
}

size_t
latency_history(const struct latency *l, struct bytes event,
                struct latency_sample out[LATENCY_SAMPLES])
{
    struct event *e = find_event(l, event);

    if (!e)
        return 0;
    for (size_t i = 0; i < e->count; i++)
        out[i] = *sample_back(e, e->count - 1 - i);
    return e->count;
}

size_t
latency_reset(struct latency *l, struct bytes event)
{
    size_t kept = 0, gone;

    for (size_t i = 0; i < l->count; i++) {
        struct event *e = l->events[i];

        if (event.len == 0 || bytes_equal(bytes_of_text(e->name), event))
            event_free(e);
        else
            l->events[kept++] = e;
    }
    gone = l->count - kept;
    l->count = kept;
    return gone;
}
