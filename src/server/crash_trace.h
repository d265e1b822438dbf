/* SPDX-License-Identifier: MIT
 * server/crash_trace.h - where the process was when it crashed. */
#ifndef IGNIS_SERVER_CRASH_TRACE_H
#define IGNIS_SERVER_CRASH_TRACE_H

/* Load now what a crash must not have to load. */
void crash_trace_prepare(void);
/* The stack and the registers, to the log.  `context` is what a signal handler got. */
void crash_trace(const void *context);
#endif
