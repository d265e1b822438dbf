/* SPDX-License-Identifier: MIT
 * tests/integration/test_process.c - a good citizen: signals, pid file, log file,
 * service manager, crash report, ways to end. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

TestSuite(process, .timeout = 60);

static char *
path_in(const char *dir, const char *name)
{
    static char paths[4][160];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 160, "%s/%s", dir, name);
    return path;
}

/* A scratch directory outside the server's own. */
static const char *
scratch(void)
{
    static char dir[64];

    strcpy(dir, "/tmp/ignis-proc-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    return dir;
}

static void
remove_scratch(const char *dir)
{
    char command[100];

    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    cr_expect_eq(system(command), 0);
}

static void
expect_log(const struct test_server *s, const char *part)
{
    char *log = file_text(s->log);

    cr_expect(strstr(log, part), "no '%s' in %s", part, log);
    free(log);
}

/* --- signals --- */

Test(process, ends_with_0_on_sigterm_and_sigint)
{
    static const int signals[] = { SIGTERM, SIGINT };
    static const char *const words[] = { "Received SIGTERM scheduling shutdown...",
                                         "Received SIGINT scheduling shutdown..." };

    for (int i = 0; i < 2; i++) {
        struct test_server *s = server_start(NULL);
        int fd = server_connect(s);

        expect(fd, "PING", "+PONG");
        kill(s->pid, signals[i]);
        cr_expect_eq(server_wait(s, 10000), 0);
        cr_expect(socket_is_closed(fd));
        expect_log(s, words[i]);
        expect_log(s, "User requested shutdown...");
        expect_log(s, "now ready to exit, bye bye...");
        cr_expect_neq(access(s->socket, F_OK), 0, "the socket file is left");
        close(fd);
        server_discard(s);
    }
}

Test(process, ignores_sighup_and_sigpipe_and_survives_a_storm_of_signals)
{
    struct test_server *s = server_start(NULL);
    int fd = server_connect(s);

    for (int i = 0; i < 1000; i++) {
        kill(s->pid, i % 2 ? SIGHUP : SIGPIPE);
        if (i % 50 == 0)
            cr_expect_eq(ask_number(fd, "INCR n"), i / 50 + 1);
    }
    expect(fd, "PING", "+PONG");
    close(fd);
    server_stop(s);
}

Test(process, ends_once_however_many_signals_ask)
{
    struct test_server *s = server_start(NULL);

    for (int i = 0; i < 50 && kill(s->pid, SIGTERM) == 0; i++)
        continue;
    cr_expect_eq(server_wait(s, 10000), 0);
    server_discard(s);
}

/* Also while a command takes long, which is when people do it. */
Test(process, gives_up_at_once_when_interrupted_twice)
{
    static const char *const args[] = { "--enable-debug-command", "yes", "--pidfile",
                                        "pid", NULL };
    struct test_server *s = server_start(args);
    char *pidfile = path_in(s->dir, "pid");
    int fd = server_connect(s), status;

    socket_send_text(fd, "DEBUG SLEEP 30\r\n");
    test_nap(100);
    kill(s->pid, SIGINT);
    test_nap(100);
    cr_expect_eq(server_wait(s, 0), -1, "it ends at the first");
    kill(s->pid, SIGINT);
    status = server_wait(s, 10000);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x", status);
    expect_log(s, "You insist... exiting now.");
    cr_expect_neq(access(pidfile, F_OK), 0);
    close(fd);
    server_discard(s);
}

/* --- ways to end --- */

Test(process, shutdown_ends_it_without_a_reply)
{
    static const char *const ways[] = { "SHUTDOWN", "shutdown nosave",
                                        "SHUTDOWN NOW FORCE" };

    for (int i = 0; i < 3; i++) {
        struct test_server *s = server_start(NULL);
        int fd = server_connect(s);
        char *rest;

        socket_send_text(fd, ways[i]);
        socket_send_text(fd, "\r\nPING\r\n");
        rest = socket_rest(fd, NULL);
        cr_expect_str_eq(rest, "");
        cr_expect_eq(server_wait(s, 10000), 0);
        free(rest);
        close(fd);
        server_discard(s);
    }
}

Test(process, shutdown_refuses_what_it_does_not_understand)
{
    struct test_server *s = server_start(NULL);
    int fd = server_connect(s);

    expect(fd, "SHUTDOWN x", "-ERR syntax error");
    expect(fd, "SHUTDOWN SAVE NOSAVE", "-ERR syntax error");
    expect(fd, "SHUTDOWN ABORT", "-ERR No shutdown in progress.");
    expect(fd, "SHUTDOWN ABORT NOW", "-ERR syntax error");
    expect(fd, "PING", "+PONG");
    close(fd);
    server_stop(s);
}

Test(process, reports_a_crash_and_dies_of_the_signal)
{
    static const char *const args[] = { "--enable-debug-command", "yes", "--pidfile",
                                        "pid", NULL };
    struct test_server *s = server_start(args);
    char *pidfile = strdup(path_in(s->dir, "pid"));
    int fd = server_connect(s), status;

    cr_expect_eq(access(pidfile, F_OK), 0);
    socket_send_text(fd, "DEBUG SEGFAULT\r\n");
    status = server_wait(s, 10000);
    if (WIFSIGNALED(status)) {          /* a sanitizer would exit instead */
        cr_expect_eq(WTERMSIG(status), SIGSEGV);
        expect_log(s, "=== IGNISDB BUG REPORT START");
        expect_log(s, "crashed by signal: 11");
        expect_log(s, "Accessing address: 0x1\n");
        expect_log(s, "------ STACK TRACE ------");
        expect_log(s, "(debug_segfault");
        expect_log(s, "(main+0x");
        expect_log(s, "------ REGISTERS ------");
        expect_log(s, "=== IGNISDB BUG REPORT END. ===");
        cr_expect_neq(access(pidfile, F_OK), 0, "the pid file is left");
    }
    cr_expect_neq(status, -1);
    cr_expect_neq(status, 0);
    free(pidfile);
    close(fd);
    server_discard(s);
}

/* What was done, by whom, with which options; and no password. */
Test(process, tells_in_the_report_what_the_server_was_doing)
{
    static const char *const args[] = { "--enable-debug-command", "yes", "--timeout",
                                        "4711", "--requirepass", "hush", NULL };
    static const char *const told[] = {
        "\n------ CURRENT CLIENT INFO ------\nid=", "\ncommand: debug\nargc: 2\n",
        "\nargv[0]: \"DEBUG\"\n", "\nargv[1]: \"PANIC\"\n",
        "\n------ INFO OUTPUT ------\n# Server\r\n", "\ncmdstat_set:calls=1,",
        "\n------ CLIENT LIST OUTPUT ------\nid=", " name=bob ",
        "\n------ CONFIG DEBUG OUTPUT ------\n", "\ntimeout \"4711\"\n",
        "\nrequirepass *redacted*\n", "=== IGNISDB BUG REPORT END. ===",
    };
    struct test_server *s = server_start(args);
    int fd = server_connect(s), status;
    char *log;

    expect(fd, "AUTH hush", "+OK");
    expect(fd, "SET k v", "+OK");
    expect(fd, "CLIENT SETNAME bob", "+OK");
    socket_send_text(fd, "DEBUG PANIC\r\n");
    status = server_wait(s, 10000);
    log = file_text(s->log);
    if (WIFSIGNALED(status)) {          /* a sanitizer would exit instead */
        cr_expect_eq(WTERMSIG(status), SIGABRT);
        for (size_t i = 0; i < sizeof told / sizeof *told; i++)
            cr_expect(strstr(log, told[i]), "%s in %s", told[i], log);
        cr_expect_null(strstr(log, "hush"));
        cr_expect_null(strstr(log, "\nmaxmemory-policy "), "it is at its default");
    }
    cr_expect_neq(status, -1);
    cr_expect_neq(status, 0);
    free(log);
    close(fd);
    server_discard(s);
}

/* A signal that was sent has a sender, no address. */
Test(process, names_who_killed_it_in_the_report)
{
    struct test_server *s = server_start(NULL);
    char sender[64];
    int status;

    kill(s->pid, SIGBUS);
    status = server_wait(s, 10000);
    if (WIFSIGNALED(status)) {          /* a sanitizer would exit instead */
        cr_expect_eq(WTERMSIG(status), SIGBUS);
        snprintf(sender, sizeof sender, "Killed by PID: %ld, UID: %ld", (long)getpid(),
                 (long)getuid());
        expect_log(s, sender);
    }
    cr_expect_neq(status, -1);
    cr_expect_neq(status, 0);
    server_discard(s);
}

Test(process, warns_of_an_attack_by_http_once_a_minute)
{
    struct test_server *s = server_start(NULL);
    char *log, *first;
    int fd;

    for (int i = 0; i < 20; i++) {
        fd = server_connect(s);
        socket_send_text(fd, i % 2 ? "POST / HTTP/1.1\r\n" : "Host: localhost\r\n");
        cr_expect(socket_is_closed(fd));
        close(fd);
    }
    log = file_text(s->log);
    first = strstr(log, "SECURITY ATTACK");
    cr_assert(first, "%s", log);
    cr_expect_null(strstr(first + 1, "SECURITY ATTACK"), "%s", log);
    free(log);
    server_stop(s);
}

/* --- what the kernel is told --- */

static char *
oom_score_file(const struct test_server *s)
{
    static char path[64];

    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)s->pid);
    return path;
}

static int
oom_score(const struct test_server *s)
{
    char *text = file_text(oom_score_file(s));
    int score;

    cr_assert_not_null(text);
    score = atoi(text);
    free(text);
    return score;
}

static void
give_oom_score(const struct test_server *s, int score)
{
    FILE *f = fopen(oom_score_file(s), "w");

    cr_assert_not_null(f);
    cr_assert(fprintf(f, "%d\n", score) > 0 && fclose(f) == 0);
}

/* Scores are only raised here: that is allowed to everybody. */
Test(process, leaves_its_oom_score_to_others_while_it_is_not_asked_to_set_it)
{
    struct test_server *s = server_start(NULL);
    int fd = server_connect(s), start = oom_score(s);

    if (start > 970) {
        server_stop(s);
        cr_skip_test("no room to raise the score in");
    }
    give_oom_score(s, start + 2);
    expect(fd, "CONFIG SET oom-score-adj-values '9 9 9'", "+OK");
    cr_expect_eq(oom_score(s), start + 2);
    expect(fd, "CONFIG SET oom-score-adj yes", "+OK");
    cr_expect_eq(oom_score(s), start + 11);
    expect(fd, "CONFIG SET oom-score-adj-values '15 9 9'", "+OK");
    cr_expect_eq(oom_score(s), start + 17);
    expect(fd, "CONFIG SET oom-score-adj no", "+OK");
    cr_expect_eq(oom_score(s), start + 2, "as it was");
    give_oom_score(s, start + 4);
    expect(fd, "CONFIG SET oom-score-adj-values '20 9 9'", "+OK");
    cr_expect_eq(oom_score(s), start + 4);
    expect(fd, "CONFIG SET oom-score-adj relative", "+OK");
    cr_expect_eq(oom_score(s), start + 24);
    expect(fd, "CONFIG SET oom-score-adj no", "+OK");
    cr_expect_eq(oom_score(s), start + 4);
    close(fd);
    server_stop(s);
}

/* --- files --- */

Test(process, writes_its_pid_and_takes_the_file_away)
{
    static const char *const args[] = { "--pidfile", "my.pid", NULL };
    struct test_server *s = server_start(args);
    char *path = path_in(s->dir, "my.pid"), *text = file_text(path);

    cr_assert_not_null(text);
    cr_expect_eq(atoi(text), s->pid);
    free(text);
    kill(s->pid, SIGTERM);
    cr_expect_eq(server_wait(s, 10000), 0);
    cr_expect_neq(access(path, F_OK), 0);
    server_discard(s);
}

Test(process, daemonizes_into_the_background_with_a_pid_file)
{
    const char *dir = scratch();
    const char *args[] = { "--daemonize", "yes", "--port", "0", "--dir", dir, "--pidfile",
                           path_in(dir, "pid"), "--unixsocket", path_in(dir, "s"),
                           "--logfile", path_in(dir, "log"), NULL };
    struct test_server *s = server_spawn(args);
    char *text = NULL;
    int fd;

    cr_expect_eq(server_wait(s, 10000), 0, "the first process stays");
    for (int i = 0; i < 1000 && (!text || !*text); i++) {
        test_nap(10);
        free(text);
        text = file_text(path_in(dir, "pid"));
    }
    cr_assert(text && atoi(text) > 1);
    snprintf(s->socket, sizeof s->socket, "%s/s", dir);
    fd = server_connect_unix(s);
    cr_expect_eq(info_number(fd, "process_id"), atoi(text));
    cr_expect_eq(getsid(atoi(text)), atoi(text), "it is in our session");
    socket_send_text(fd, "SHUTDOWN NOSAVE\r\n");
    cr_expect(socket_is_closed(fd));
    for (int i = 0; i < 1000 && kill(atoi(text), 0) == 0; i++)
        test_nap(10);
    cr_expect_neq(access(path_in(dir, "pid"), F_OK), 0);
    free(text);
    close(fd);
    server_discard(s);
    remove_scratch(dir);
}

/* PID:M DD Mon YYYY HH:MM:SS.mmm * text */
static void
expect_log_form(const char *line, pid_t pid)
{
    static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int got, day, year, h, m, sec, ms, at = 0;
    char role, month[4], level;

    cr_expect_eq(sscanf(line, "%d:%c %2d %3s %4d %2d:%2d:%2d.%3d %c %n", &got, &role,
                        &day, month, &year, &h, &m, &sec, &ms, &level, &at),
                 10, "%s", line);
    cr_expect_eq(got, pid);
    cr_expect(strchr("MC", role), "%s", line);
    cr_expect(strstr(months, month) && strchr(".-*#", level), "%s", line);
    cr_expect(at > 0 && line[at] > ' ', "%s", line);
}

Test(process, logs_lines_of_the_known_form_and_follows_a_renamed_file)
{
    static const char *const args[] = { "--logfile", "my.log", "--loglevel", "debug",
                                        NULL };
    struct test_server *s = server_start(args);
    char *path = strdup(path_in(s->dir, "my.log")),
         *old = strdup(path_in(s->dir, "my.log.1"));
    char *text = file_text(path), *line;
    int fd = server_connect(s);

    cr_assert_not_null(strstr(text, "Ready to accept connections"), "%s", text);
    for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        expect_log_form(line, s->pid);
    free(text);
    cr_expect_eq(rename(path, old), 0);
    expect(fd, "CONFIG SET loglevel notice loglevel notice", "-ERR CONFIG SET failed "
           "(possibly related to argument 'loglevel') - duplicate parameter");
    kill(s->pid, SIGTERM);
    cr_expect_eq(server_wait(s, 10000), 0);
    text = file_text(path);
    cr_assert_not_null(text, "no new file under the old name");
    cr_expect_not_null(strstr(text, "bye bye"), "%s", text);
    free(text);
    free(path);
    free(old);
    close(fd);
    server_discard(s);
}

/* --- the service manager --- */

Test(process, tells_systemd_when_it_is_ready_and_when_it_stops)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    static const char *const args[] = { "--supervised", "systemd", NULL };
    char got[512], all[4096] = "";
    struct test_server *s;
    const char *dir = scratch();
    ssize_t n;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    snprintf(a.sun_path, sizeof a.sun_path, "%s/notify", dir);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    setenv("NOTIFY_SOCKET", a.sun_path, 1);
    s = server_start(args);
    unsetenv("NOTIFY_SOCKET");
    socket_patience(fd, 1000);
    while (!strstr(all, "READY=1") && (n = recv(fd, got, sizeof got - 1, 0)) > 0)
        strncat(all, got, (size_t)n);
    cr_expect(strstr(all, "STATUS=Ready to accept connections\n"), "%s", all);
    cr_expect(strstr(all, "READY=1\n"), "%s", all);
    kill(s->pid, SIGTERM);
    cr_expect_eq(server_wait(s, 10000), 0);
    while (!strstr(all, "STOPPING=1") && (n = recv(fd, got, sizeof got - 1, 0)) > 0)
        strncat(all, got, (size_t)n);
    cr_expect(strstr(all, "STOPPING=1\n"), "%s", all);
    close(fd);
    server_discard(s);
    remove_scratch(dir);
}

/* --- descriptors --- */

/* The hard limit cannot be raised again: it ends with this test's process. */
Test(process, lowers_maxclients_to_what_descriptors_allow)
{
    struct rlimit low = { 100, 100 };
    struct test_server *s;
    int fd;

    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    s = server_start(NULL);
    fd = server_connect(s);
    expect(fd, "CONFIG GET maxclients", "*2\r\n$10\r\nmaxclients\r\n$2\r\n68");
    expect_log(s,
               "Current maximum open files is 100. maxclients has been reduced to 68 to "
               "compensate for low ulimit.");
    expect_start(
        fd, "CONFIG SET maxclients 5000",
        "-ERR CONFIG SET failed (possibly related to "
        "argument 'maxclients') - The operating system is not able to handle the "
        "specified number of clients");
    expect(fd, "CONFIG GET maxclients", "*2\r\n$10\r\nmaxclients\r\n$2\r\n68");
    close(fd);
    server_stop(s);
}
