/* SPDX-License-Identifier: MIT
 * server/process.h - being a well-behaved process: background, pid file, limits,
 * title, the service manager. */
#ifndef IGNIS_SERVER_PROCESS_H
#define IGNIS_SERVER_PROCESS_H
#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct config;

/* Detach from the terminal: fork, new session, null standard files. */
enum status process_daemonize(void) MUST_USE;
/* Written only when daemonized or asked for. */
void process_write_pidfile(const struct config *config);
void process_remove_pidfile(const struct config *config);
/* Room for maxclients and 32 descriptors of our own; lowers maxclients when the
 * system does not allow it.  Says what it did in the log. */
void process_adjust_open_files(struct config *config);
/* Call first in main(), before anything keeps a pointer into argv or environ. */
void process_title_start(int argc, char **argv);
/* From proc-title-template; no-op when set-proc-title is off. */
void process_title_set(const struct config *config);
/* Run the program again in the place of this process, with the arguments it was given,
 * `delay_ms` after all its descriptors but the standard ones were closed.  Returns only
 * when the program is not there to be run. */
void process_restart(int64_t delay_ms);
/* One datagram to $NOTIFY_SOCKET ("READY=1\n"); no-op without it. */
void process_notify(const char *message);
/* True when the service manager is to be told (supervised option). */
bool process_is_supervised(const struct config *config);
/* Settings of the kernel that hurt a database, each a warning in the log;
 * returns how many. */
int process_check_system(const struct config *config);
/* As oom-score-adj says; once it says no, what was there before returns, and is left to
 * others from then on.  False when the kernel does not let us, which is logged. */
bool process_set_oom_score(const struct config *config);
#endif
