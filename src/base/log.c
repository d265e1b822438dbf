/* SPDX-License-Identifier: MIT
 * base/log.c - one line to a file, to the terminal, to syslog.
 *
 * How:        a line is put together on the stack and leaves in one write(2), so
 *             that lines of parent and children never mix.  The calendar is
 *             computed here because localtime_r() takes a lock, which a child
 *             forked while another thread held it would wait for forever; only
 *             the process that first logged asks for the zone's offset.
 * Cost:       open, write, close per line: microseconds; nothing when the level
 *             is too low.
 * Read next:  base/text.c */
#include "base/log.h"
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/clock.h"

#define LINE_ROOM 2048

static char file[PATH_MAX];         /* empty: standard output */
static enum log_level threshold = LOG_LEVEL_NOTICE;
static char role = 'M';
static bool to_syslog;
static char syslog_ident[64];
static bool as_logfmt, hides_user_data;
static enum log_stamp stamp = LOG_STAMP_DATE;

void
log_to_file(const char *path)
{
    snprintf(file, sizeof file, "%s", path != NULL ? path : "");
}

void
log_to_syslog(bool on, const char *ident, int facility)
{
    if (to_syslog)
        closelog();
    to_syslog = on;
    if (!on)
        return;
    snprintf(syslog_ident, sizeof syslog_ident, "%s", ident);
    openlog(syslog_ident, LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility);
}

void
log_set_level(enum log_level least)
{
    threshold = least;
}

void
log_set_role(char new_role)
{
    role = new_role;
}

void
log_set_form(bool logfmt, enum log_stamp new_stamp)
{
    as_logfmt = logfmt;
    stamp = new_stamp;
}

void
log_hide_user_data(bool hide)
{
    hides_user_data = hide;
}

bool
log_hides_user_data(void)
{
    return hides_user_data;
}

/* Seconds east of Greenwich, looked up anew every quarter of an hour, because
 * clocks change on such boundaries. */
static long
zone_offset(time_t now)
{
    static pid_t home;
    static time_t quarter = -1;
    static long offset;
    struct tm local;

    if (home == 0)
        home = getpid();
    if (now / 900 != quarter && getpid() == home) {
        quarter = now / 900;
        if (localtime_r(&now, &local) != NULL)
            offset = local.tm_gmtoff;
    }
    return offset;
}

struct date { int year, month, day; };

/* The date `days` after 1970-01-01, counting years from March so that the leap
 * day comes last. */
static struct date
date_of(long days)
{
    long day = days + 719468;                       /* since 0000-03-01 */
    long era = (day >= 0 ? day : day - 146096) / 146097;
    long in_era = day - era * 146097;
    long year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    long in_year = in_era - (365 * year + year / 4 - year / 100);
    long month = (5 * in_year + 2) / 153;

    return (struct date){
        .day = (int)(in_year - (153 * month + 2) / 5 + 1),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .year = (int)(year + era * 400 + (month >= 10)),
    };
}

/* "14 Nov 2023 22:13:20.123", "2023-11-14T22:13:20.123+00:00" or "1700000000123". */
static int
put_stamp(char *out, size_t room)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    usec us = clock_us_now();
    time_t now = us / 1000000;
    long zone = zone_offset(now), local = now + zone;
    long days = local / 86400 - (local % 86400 < 0);
    int second = (int)(local - days * 86400), ms = (int)(us / 1000 % 1000);
    struct date date = date_of(days);

    if (stamp == LOG_STAMP_MS)
        return snprintf(out, room, "%lld", (long long)(us / 1000));
    if (stamp == LOG_STAMP_ISO8601)
        return snprintf(out, room, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02ld:%02ld",
                        date.year, date.month, date.day, second / 3600,
                        second / 60 % 60, second % 60, ms, zone < 0 ? '-' : '+',
                        labs(zone) / 3600, labs(zone) / 60 % 60);
    return snprintf(out, room, "%02d %.3s %04d %02d:%02d:%02d.%03d", date.day,
                    names + 3 * (date.month - 1), date.year, second / 3600,
                    second / 60 % 60, second % 60, ms);
}

static const char *
role_name(void)
{
    switch (role) {
    case 'S': return "replica";
    case 'C': return "RDB/AOF";
    case 'X': return "sentinel";
    default: return "primary";
    }
}

/* What comes before the message. */
static int
put_prefix(char *out, size_t room, enum log_level level)
{
    static const char *const levels[] = { "debug", "info", "notice", "warning" };
    char when[96];

    put_stamp(when, sizeof when);
    if (as_logfmt)
        return snprintf(out, room, "pid=%d role=%s timestamp=\"%s\" level=%s message=\"",
                        (int)getpid(), role_name(), when, levels[level]);
    return snprintf(out, room, "%d:%c %s %c ", (int)getpid(), role, when, ".-*#"[level]);
}

/* A message must not end its quotes nor its line. */
static void
tame(char *message, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (message[i] == '"')
            message[i] = '\'';
        else if ((unsigned char)message[i] < ' ')
            message[i] = ' ';
}

static void
put_line(struct iovec *parts, int count)
{
    int fd = STDOUT_FILENO;

    if (file[0] != '\0')
        fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    if (writev(fd, parts, count) < 0) {
        /* Nowhere to complain to. */
    }
    if (file[0] != '\0')
        close(fd);
}

static void
put_message(enum log_level level, char *message, size_t len)
{
    static const int priority[] = { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING };
    char prefix[200];
    int prefix_len = put_prefix(prefix, sizeof prefix, level);
    struct iovec parts[] = {
        { prefix, (size_t)prefix_len },
        { message, len },
        { as_logfmt ? "\"\n" : "\n", as_logfmt ? 2 : 1 },
    };

    if (to_syslog)
        syslog(priority[level], "%s", message);
    if (as_logfmt)
        tame(message, len);
    put_line(parts, 3);
}

void
log_line(enum log_level level, const char *format, ...)
{
    char local[LINE_ROOM], *message = local;
    va_list args;
    int len;

    if (level < threshold || level >= LOG_LEVEL_NOTHING)
        return;
    va_start(args, format);
    len = vsnprintf(local, sizeof local, format, args);
    va_end(args);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof local) {
        message = mem_try_alloc((size_t)len + 1);
        if (message == NULL)
            return;
        va_start(args, format);
        vsnprintf(message, (size_t)len + 1, format, args);
        va_end(args);
    }
    put_message(level, message, (size_t)len);
    if (message != local)
        mem_free(message);
}

void
log_raw(const char *at, unsigned long len)
{
    put_line(&(struct iovec){ (char *)at, len }, 1);
}
