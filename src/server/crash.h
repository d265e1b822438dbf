/* SPDX-License-Identifier: MIT
 * server/crash.h - last words: what to log when the process is about to die. */
#ifndef IGNIS_SERVER_CRASH_H
#define IGNIS_SERVER_CRASH_H

struct server;

/* Catch SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT from now on: report where it was and
 * what was being done, remove the pid file, die of the same signal. */
void crash_watch(struct server *server);
/* crash-log-enabled was switched off. */
void crash_unwatch(void);
#endif
