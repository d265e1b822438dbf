/* SPDX-License-Identifier: MIT
 * tests/unit/test_crash.c - a crash report ends, whatever happens while it is written. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "command/call.h"
#include "command/client.h"
#include "command/dispatch_call.h"
#include "command/info.h"
#include "command/table.h"
#include "config/config.h"
#include "server/crash.h"
#include "server/parts.h"

TestSuite(crash, .timeout = 60);

static void
section_that_faults(struct text *out, struct server *server)
{
    (void)out, (void)server;
    raise(SIGFPE);
}

/* As one that waits for a lock; the alarm is made to ring soon. */
static void
section_that_hangs(struct text *out, struct server *server)
{
    (void)out, (void)server;
    alarm(1);
    for (;;)
        pause();
}

static void
run_and_fault(struct call *c)
{
    call_redact(c, 2);
    raise(SIGBUS);
}

/* Crash while a command runs; `extra` arguments follow its four. */
static void
crash_in_command(struct server *server, int extra)
{
    static const struct command row = { .name = "boom", .run = run_and_fault };
    static char name[] = "boom";
    struct registered cmd = { .row = &row, .full_name = name };
    struct reply out;
    struct client c = { .out = &out, .server = server,
                        .db = keyspace_db(server->keyspace, 0), .last_command = &cmd };
    struct bytes argv[64] = { B("BOOM"), B("a\"\n"), B("hush"), { 0 } };
    struct call call = { .out = &out, .db = c.db, .argv = argv, .argc = 4 + extra,
                         .client = &c, .server = server, .cmd = &cmd };
    static char big[200];

    memset(big, 'x', sizeof big);
    argv[3] = bytes_view(big, sizeof big);
    for (int i = 0; i < extra; i++)
        argv[4 + i] = B("more");
    reply_start(&out);
    dispatch_inner(&call);
}

/* A process with this section of INFO crashes by SIGBUS; what it logged. */
static char *
report_of(info_fn *section, int *status)
{
    char path[] = "/tmp/ignis-crash-XXXXXX";
    static char text[65536];
    struct server server = { 0 };
    int fd = mkstemp(path);
    ssize_t n;
    pid_t pid;

    cr_assert_geq(fd, 0);
    pid = fork();
    if (pid == 0) {
        clock_start();
        log_to_file(path);
        server.config = config_new();
        parts_build(&server);
        if (section)
            info_add(server.info, "Broken", INFO_EVERYTHING, section);
        crash_watch(&server);
        crash_in_command(&server, 30);
        _exit(0);
    }
    cr_assert_eq(waitpid(pid, status, 0), pid);
    n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    unlink(path);
    return text;
}

Test(crash, shows_the_command_in_part_and_without_what_is_secret)
{
    int status;
    char *report = report_of(NULL, &status);

    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    cr_expect(strstr(report, "\ncommand: boom\nargc: 34\nargv[0]: \"BOOM\"\n"
                             "argv[1]: \"a\\\"\\n\"\n"), "%s", report);
    cr_expect_null(strstr(report, "hush"));
    cr_expect(strstr(report, "xxx\"... (72 more bytes)\n"));
    cr_expect(strstr(report, "\nargv[31]: \"more\"\n... (2 more arguments)\n"));
    cr_expect(strstr(report, "------ CONFIG DEBUG OUTPUT ------"));
}

Test(crash, ends_a_report_that_crashes_and_dies_of_the_first_signal)
{
    int status;
    char *report = report_of(section_that_faults, &status);

    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    cr_expect(strstr(report, "------ INFO OUTPUT ------"));
    cr_expect(strstr(report, "Crashed while reporting"), "%s", report);
    cr_expect(strstr(report, "BUG REPORT END"));
    cr_expect_null(strstr(report, "------ CLIENT LIST OUTPUT ------"));
}

Test(crash, ends_a_report_that_hangs)
{
    int status;
    char *report = report_of(section_that_hangs, &status);

    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    cr_expect(strstr(report, "takes too long"), "%s", report);
    cr_expect(strstr(report, "BUG REPORT END"));
}
