/* SPDX-License-Identifier: MIT
 * command/latency_text.h - latency samples for human eyes. */
#ifndef IGNIS_COMMAND_LATENCY_TEXT_H
#define IGNIS_COMMAND_LATENCY_TEXT_H
#include "base/text.h"
#include "command/latency.h"

/* LATENCY GRAPH: columns of characters, one per sample, oldest left, and below each
 * how long ago it was.  False when the event did not happen. */
bool latency_graph(const struct latency *l, struct bytes event, struct text *out);

/* LATENCY DOCTOR: what was seen, and what may help.  `slowlog_threshold` as in
 * slowlog_threshold(). */
void latency_doctor(const struct latency *l, usec slowlog_threshold, struct text *out);

#endif
