/* SPDX-License-Identifier: MIT
 * server/info_counters.h - the sections of INFO that count. */
#ifndef IGNIS_SERVER_INFO_COUNTERS_H
#define IGNIS_SERVER_INFO_COUNTERS_H

struct server;
struct text;
/* Each an info_fn (command/info.h): appends the lines of its section. */
void info_counters_stats(struct text *out, struct server *server);
/* One line per command that was called or refused. */
void info_counters_commands(struct text *out, struct server *server);
void info_counters_errors(struct text *out, struct server *server);
/* Percentiles of the durations of each command, in microseconds. */
void info_counters_latency(struct text *out, struct server *server);

#endif
