/* SPDX-License-Identifier: MIT
 * tests/unit/test_log.c - log lines have the form that tools parse. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"

static char path[64];
static char content[20000];

static void
start(void)
{
    int fd;

    setenv("TZ", "UTC", 1);
    tzset();
    snprintf(path, sizeof path, "/tmp/ignis-log-XXXXXX");
    fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    log_to_file(path);
}

static void
finish(void)
{
    unlink(path);
}

TestSuite(log, .init = start, .fini = finish);

static const char *
read_log(void)
{
    FILE *f = fopen(path, "r");
    size_t len = 0;

    if (f != NULL) {
        len = fread(content, 1, sizeof content - 1, f);
        fclose(f);
    }
    content[len] = '\0';
    return content;
}

static const char *
behind_pid(const char *line)
{
    char pid[16];
    int len = snprintf(pid, sizeof pid, "%d:", (int)getpid());

    cr_assert_eq(strncmp(line, pid, (size_t)len), 0, "%s", line);
    return line + len;
}

Test(log, a_line_has_pid_role_date_level_and_message)
{
    clock_freeze(1700000000123);
    log_warning("port %d", 6380);
    cr_expect_str_eq(behind_pid(read_log()), "M 14 Nov 2023 22:13:20.123 # port 6380\n");
}

Test(log, roles_and_levels_have_their_letters)
{
    clock_freeze(951782400000);
    log_set_level(LOG_LEVEL_DEBUG);
    log_set_role('C');
    log_debug("d");
    log_verbose("v");
    log_notice("n");
    log_warning("w");
    cr_expect_not_null(strstr(read_log(), "C 29 Feb 2000 00:00:00.000 . d\n"));
    cr_expect_not_null(strstr(content, "C 29 Feb 2000 00:00:00.000 - v\n"));
    cr_expect_not_null(strstr(content, "C 29 Feb 2000 00:00:00.000 * n\n"));
    cr_expect_not_null(strstr(content, "C 29 Feb 2000 00:00:00.000 # w\n"));
}

Test(log, times_come_as_iso8601_or_milliseconds)
{
    setenv("TZ", "XXX-5:30", 1);        /* east of Greenwich by five and a half hours */
    tzset();
    clock_freeze(1700000000123);
    log_set_form(false, LOG_STAMP_ISO8601);
    log_warning("a");
    cr_expect_str_eq(behind_pid(read_log()), "M 2023-11-15T03:43:20.123+05:30 # a\n");
    log_set_form(false, LOG_STAMP_MS);
    log_warning("b");
    cr_expect_not_null(strstr(read_log(), ":M 1700000000123 # b\n"));
}

Test(log, logfmt_names_its_fields_and_keeps_a_message_in_its_quotes)
{
    char want[200];

    clock_freeze(1700000000123);
    log_set_form(true, LOG_STAMP_DATE);
    log_notice("say \"x\"\r\nlevel=y");
    snprintf(want, sizeof want, "pid=%d role=primary timestamp=\"14 Nov 2023 22:13:20.123\" "
             "level=notice message=\"say 'x'  level=y\"\n", (int)getpid());
    cr_expect_str_eq(read_log(), want);
    log_set_role('S');
    log_set_form(true, LOG_STAMP_MS);
    log_warning("w");
    cr_expect_not_null(strstr(read_log(), " role=replica timestamp=\"1700000000123\" "
                              "level=warning message=\"w\"\n"));
}

Test(log, quieter_levels_are_left_out)
{
    log_set_level(LOG_LEVEL_WARNING);
    log_notice("quiet");
    cr_expect_str_eq(read_log(), "");
    log_set_level(LOG_LEVEL_NOTHING);
    log_warning("silent");
    cr_expect_str_eq(read_log(), "");
}

/* What logrotate does while nobody signals anybody. */
Test(log, a_moved_file_is_made_anew)
{
    char moved[80];

    log_warning("before");
    snprintf(moved, sizeof moved, "%s.1", path);
    cr_assert_eq(rename(path, moved), 0);
    log_warning("after");
    cr_expect_null(strstr(read_log(), "before"));
    cr_expect_not_null(strstr(content, "after"));
    unlink(moved);
}

Test(log, long_messages_are_whole)
{
    static char long_text[10001];

    memset(long_text, 'z', sizeof long_text - 1);
    log_warning("%s!", long_text);
    cr_expect_gt(strlen(read_log()), 10000);
    cr_expect_not_null(strstr(content, "z!\n"));
}

Test(log, raw_bytes_stay_raw)
{
    log_raw("=== REPORT ===\n", 15);
    cr_expect_str_eq(read_log(), "=== REPORT ===\n");
}

static void
expect_date(const char *zone, msec ms)
{
    char want[64];
    struct tm local;
    time_t seconds = ms / 1000;
    const char *line;

    setenv("TZ", zone, 1);
    tzset();
    truncate(path, 0) == 0 ? (void)0 : abort();
    clock_freeze(ms);
    log_warning("x");
    localtime_r(&seconds, &local);
    strftime(want, sizeof want, "M %d %b %Y %H:%M:%S.", &local);
    line = behind_pid(read_log());
    cr_expect_eq(strncmp(line, want, strlen(want)), 0, "%s is not %s", line, want);
}

/* Our calendar against libc's, over leap years, centuries and both halves of
 * the year; quarters of an hour are stepped over so that the zone is asked. */
Test(log, dates_are_libcs_dates_in_every_zone)
{
    for (msec day = 0; day < 47000; day += 13)
        expect_date("UTC", day * 86400000 + 86399000 - day * 1000);
    for (msec day = 10000; day < 12000; day++)
        expect_date("Europe/Berlin", day * 86400000 + day % 24 * 3600000);
    for (msec day = 10000; day < 10400; day++)
        expect_date("America/St_Johns", day * 86400000 + 4 * 3600000);
}
