/* SPDX-License-Identifier: MIT
 * command/latency.h - spikes by event ("command", "fast-command", "expire-cycle",
 * "eviction-cycle" ...): LATENCY LATEST, HISTORY, RESET, GRAPH, DOCTOR.
 * 160 samples per event, one per second at most, the worst of it kept. */
#ifndef IGNIS_COMMAND_LATENCY_H
#define IGNIS_COMMAND_LATENCY_H
#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"

#define LATENCY_SAMPLES 160
#define LATENCY_EVENTS_MAX 32   /* asserted: event names are ours */

struct latency;
/* Off until configured; forgets everything when freed. */
struct latency *latency_new(void);
void latency_free(struct latency *l);
/* 0 = off. */
void latency_configure(struct latency *l, msec threshold);
msec latency_threshold(const struct latency *l);
/* Kept when `took` >= threshold and that is on. */
void latency_add(struct latency *l, const char *event, msec took);
struct latency_sample { int64_t at_s; uint32_t took; };
struct latency_event { const char *name; struct latency_sample latest; uint32_t max; };
/* Events in the order they first happened.  Returns how many there are; fills up to
 * `max`. */
size_t latency_events(const struct latency *l, struct latency_event *out, size_t max);
/* Oldest first; returns how many, 0 for an event that did not happen. */
size_t latency_history(const struct latency *l, struct bytes event,
                       struct latency_sample out[LATENCY_SAMPLES]);
/* Forget an event, or (empty name) all; returns how many were forgotten. */
size_t latency_reset(struct latency *l, struct bytes event);
#endif
