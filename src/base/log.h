/* SPDX-License-Identifier: MIT
 * base/log.h - log lines in Redis's classic form:
 *   PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL message
 * or, when asked for, as logfmt:
 *   pid=PID role=primary timestamp="..." level=notice message="..."
 * The file is opened, appended to and closed for every line, so that any
 * logrotate works without a signal. */
#ifndef IGNIS_BASE_LOG_H
#define IGNIS_BASE_LOG_H
#include <stdbool.h>
#include "base/status.h"

enum log_level {
    LOG_LEVEL_DEBUG, LOG_LEVEL_VERBOSE, LOG_LEVEL_NOTICE, LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTHING
};

/* Empty or NULL path = standard output.  Copied. */
void log_to_file(const char *path);
void log_to_syslog(bool on, const char *ident, int facility);
void log_set_level(enum log_level least);
void log_set_role(char role);           /* M S C X */
/* The two choices of newer Redis: lines as `key=value` pairs, and how time is
 * written: "14 Nov 2023 22:13:20.123", ISO 8601 or milliseconds since 1970. */
enum log_stamp { LOG_STAMP_DATE, LOG_STAMP_ISO8601, LOG_STAMP_MS };
void log_set_form(bool logfmt, enum log_stamp stamp);
/* hide-user-data-from-log: whoever puts names, keys, values or addresses of clients
 * into a line asks first. */
void log_hide_user_data(bool hide);
bool log_hides_user_data(void);
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_verbose(...) log_line(LOG_LEVEL_VERBOSE, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
/* Async-signal-safe: for crash reports.  Writes the bytes as they are. */
void log_raw(const char *at, unsigned long len);

#endif
