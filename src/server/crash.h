/* SPDX-License-Identifier: MIT
 * server/crash.h - last words: what to log when the process is about to die. */
#ifndef IGNIS_SERVER_CRASH_H
#define IGNIS_SERVER_CRASH_H

struct config;

/* Catch SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT from now on: report with a
 * backtrace, remove the pid file, die of the same signal. */
void crash_watch(const struct config *config);
/* crash-log-enabled was switched off. */
void crash_unwatch(void);
#endif
