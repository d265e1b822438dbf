/* SPDX-License-Identifier: MIT
 * tests/integration/test_command_line.c - what the program does with its arguments
 * and its configuration, and with which status it ends. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/version.h"
#include "support/server.h"
#include "support/talk.h"

static char dir[64];

static void
set_up(void)
{
    strcpy(dir, "/tmp/ignis-line-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    setenv("T", dir, 1);
}

static void
tear_down(void)
{
    cr_expect_eq(system("rm -rf \"$T\""), 0);
}

TestSuite(command_line, .init = set_up, .fini = tear_down, .timeout = 60);

/* Run `ignis-server ARGS` in a shell in $T until it ends; output and status. */
static int
run(const char *args, char *out, size_t size)
{
    const char *path = getenv("IGNIS_SERVER");
    char command[1024], full[512];
    size_t n;
    FILE *p;
    int status;

    if (!realpath(path ? path : "./ignis-server", full))
        cr_assert_fail("no server at %s", path);
    snprintf(command, sizeof command, "cd \"$T\" && exec timeout 20 %s %s", full, args);
    p = popen(command, "r");
    n = fread(out, 1, size - 1, p);
    out[n] = '\0';
    status = pclose(p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
expect_run(const char *args, int status, const char *part)
{
    char out[65536];
    int got = run(args, out, sizeof out);

    cr_expect_eq(got, status, "%s ends with %d: %s", args, got, out);
    cr_expect(strstr(out, part), "%s: no '%s' in %s", args, part, out);
}

static void
write_file(const char *name, const char *text)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

Test(command_line, tells_its_version_in_one_line)
{
    char out[4096];

    cr_expect_eq(run("--version", out, sizeof out), 0);
    cr_expect_eq(strncmp(out, "IgnisDB server v=7.2.4 sha=", 27), 0, "%s", out);
    cr_expect(strstr(out, " sha=00000000:0 malloc="), "%s", out);
    cr_expect(strstr(out, " bits=64 build="), "%s", out);
    cr_expect(strstr(out, " ignisdb=" VERSION_IGNIS "\n"), "%s", out);
    cr_expect_eq(strcspn(out, "\n"), strlen(out) - 1);
    expect_run("-v", 0, "IgnisDB server v=7.2.4 ");
}

Test(command_line, helps_on_standard_error_with_status_1)
{
    expect_run("--help 2>&1", 1,
               "Usage: ignis-server [/path/to/ignis.conf] [options] [-]");
    expect_run("-h 2>&1", 1, "--check-config <file>");
    expect_run("--help 2>/dev/null", 1, "");
}

Test(command_line, refuses_what_is_no_option_or_value)
{
    expect_run("--nosuch 1 2>&1", 1, "*** FATAL CONFIG FILE ERROR");
    expect_run("--nosuch 1 2>&1", 1, "Bad directive or wrong number of arguments");
    expect_run("--port x 2>&1", 1, ">>> 'port \"x\"'");
    expect_run("--port 70000 2>&1", 1, "argument must be between 0 and 65535 inclusive");
    expect_run("--maxmemory-policy nosuch 2>&1", 1,
               "argument(s) must be one of the following");
    expect_run("--appendonly maybe 2>&1", 1, "argument must be 'yes' or 'no'");
    expect_run("none.conf 2>/dev/null", 1, "# Fatal error, can't open config file '");
    expect_run("none.conf", 1, "/none.conf': No such file or directory\n");
    expect_run("none.conf", 1, ":C ");
    expect_run("--dir /nosuch/dir 2>&1", 1, "No such file or directory");
    expect_run("--logfile /nosuch/log 2>&1", 1, "Can't open the log file");
    expect_run("--bind 127.0.0.1 --port 0 2>&1", 1, "Configured to not listen anywhere");
    expect_run("--port 0 --unixsocket /nosuch/s 2>&1", 1, "Unix socket");
}

Test(command_line, names_the_line_of_a_mistake_in_a_file)
{
    write_file("bad.conf", "port 0\n\n# fine\nmaxmemry 1gb\n");
    expect_run("bad.conf 2>&1", 1,
               "Reading the configuration file, at line 4\n>>> 'maxmemry 1gb'");
    write_file("quote.conf", "dir \"/tmp\n");
    expect_run("quote.conf 2>&1", 1, "at line 1\n>>> 'dir \"/tmp'\nUnbalanced quotes");
}

Test(command_line, checks_a_file_and_reports_every_mistake)
{
    write_file("good.conf", "port 7777\nmaxmemory 1gb\n");
    write_file("bad.conf", "port 7777\nmaxmemry 1gb\nport x\nhz 10\nsave a\n");
    expect_run("--check-config good.conf 2>&1", 0, "");
    expect_run("--check-config bad.conf 2>&1", 1, "maxmemory");
    expect_run("--check-config bad.conf 2>&1", 1, "3");
    expect_run("--check-config bad.conf 2>&1", 1, "save");
    expect_run("--check-config none.conf 2>&1", 1, "none.conf");
    expect_run("--check-config 2>&1", 1, "Usage");
}

/* Start-up and --check-config refuse the one line alike. */
static void
expect_refused(const char *text, const char *started, const char *checked)
{
    write_file("x.conf", text);
    expect_run("x.conf --port 0 2>&1", 1, started);
    expect_run("--check-config x.conf 2>&1", 1, checked);
}

Test(command_line, refuses_a_rename_that_cannot_be_done)
{
    const char *head = "*** FATAL CONFIG FILE ERROR";
    char out[4096];

    expect_refused("# c\nrename-command foo g\n",
                   "Reading the configuration file, at line 2\n"
                   ">>> 'rename-command foo g'\nNo such command in rename-command\n",
                   "x.conf:2: rename-command foo g: No such command in rename-command\n");
    expect_refused("rename-command get set\n",
                   ">>> 'rename-command get set'\nTarget command name already exists\n",
                   "x.conf:1: rename-command get set: Target command name already ");
    expect_refused("rename-command get a\nrename-command get b\n",
                   "at line 2\n>>> 'rename-command get b'\nNo such command in rename-",
                   "x.conf:2: rename-command get b: No such command in rename-command\n");
    expect_refused("rename-command flushal x\n", head, "; did you mean 'flushall'?\n");
    write_file("x.conf", "rename-command get \"\"\nrename-command set get\n"
                         "rename-command eval \"\"\nrename-command sync get2\n");
    expect_run("--check-config x.conf 2>&1", 0, "");
    cr_expect_eq(run("x.conf --port 0 2>&1", out, sizeof out), 1);
    cr_expect(strstr(out, "not listen anywhere") && !strstr(out, head), "%s", out);
}

Test(command_line, refuses_users_that_would_leave_the_server_open)
{
    const char *open = "would leave the server open";

    expect_refused("user default off\n", open, open);
    expect_refused("user default\n", open, open);
    expect_refused("user default on >pw ~* &* +@all\n", open, open);
    expect_refused("user default on nopass ~* &* +@all -flushall\n", open, open);
    expect_refused("user default on nopass ~* &* +@all reset\n", open, open);
    expect_refused("user default on nopass ~a* &* +@all\n", open, open);
    expect_refused("user default on nopass ~* &* +@all resetpass\n",
                   "at line 1\n>>> 'user \"(redacted)\"'\nError in user declaration "
                   "'default': ", "x.conf:1: user \"(redacted)\": Error in user decl");
    write_file("x.conf", "user default ON nopass ALLKEYS &* +@all (~x +@read)\n"
                         "user joe on >pw <pw %RW~a* &b* +get +config|get -@write\n");
    expect_run("--check-config x.conf 2>&1", 0, "");
}

Test(command_line, refuses_users_that_are_malformed)
{
    expect_refused("user joe foo\n", "Error in user declaration 'user': Syntax error\n",
                   "'user': Syntax error\n");
    expect_refused("user joe >pw on x\n", "'(redacted)': Syntax", "'(redacted)': Syntax");
    expect_refused("user joe on >pw x\n", "'on'", "x.conf:1: user \"(redacted)\": ");
    expect_refused("user joe on (~x +@read\n",
                   "'joe': Unknown command or category name in ACL\n", "'joe': Unknown");
    expect_refused("user joe (on)\n", "'user': Syntax error", "'user': Syntax error");
    expect_refused("user joe on +@nope\n", "Unknown command or cat", "Unknown command");
    expect_refused("user joe on +config|nope\n", "Unknown command or", "Unknown comm");
    expect_refused("user joe on #zz\n", "exactly 64 characters", "exactly 64 characters");
    expect_refused("user joe on ~* ~x\n", "'on': Adding a pattern after the *", "Adding");
    expect_refused("user joe on <pw\n", "you are trying to remove", "does not exist\n");
    expect_refused("user joe on\nuser joe off\n",
                   "at line 2\n>>> 'user \"(redacted)\"'\n"
                   "Error in user declaration 'joe': Duplicate user found. A user can "
                   "only be defined once in config files\n", "x.conf:2: ");
}

Test(command_line, refuses_files_of_users_and_modules_that_are_missing_or_wrong)
{
    expect_refused("\naclfile /nosuch/x.acl\n",
                   "# Aborting IgnisDB startup because of ACL errors: Error loading ACLs, "
                   "opening file '/nosuch/x.acl': No such file or directory\n",
                   "x.conf:2: aclfile /nosuch/x.acl: Error loading ACLs, opening file");
    write_file("x.acl", "\nuser joe on +@all\nuser default off\n");
    expect_refused("aclfile x.acl\n", "x.acl:3 ", "leave the server open");
    write_file("x.acl", "junk\n");
    expect_refused("aclfile x.acl\n", "x.acl:1 should start with user keyword followed "
                   "by the username. WARNING: ACL errors detected", "should start with");
    write_file("x.acl", "");
    write_file("x.conf", "aclfile x.acl\n");
    expect_run("--check-config x.conf 2>&1", 0, "");
    expect_refused("aclfile x.acl\nuser joe on\n", "only one of them can be right",
                   "only one of them can be right");
    expect_refused("loadmodule /nosuch/x.so a\n",
                   "# Module /nosuch/x.so failed to load: /nosuch/x.so: cannot open shared "
                   "object file: No such file or directory\n",
                   "x.conf:1: loadmodule /nosuch/x.so a: Module /nosuch/x.so failed");
    expect_run("x.conf --port 0 2>&1", 1,
               "# Can't load module from /nosuch/x.so: server aborting\n");
    expect_refused("loadmodule x.conf\n", "It does not have execute permissions.",
                   "It does not have execute permissions.");
}

Test(command_line, checks_addresses_and_groups_as_far_as_they_can_be_known)
{
    write_file("x.conf", "bind 127.0.0.1 300.1.1.1\nbind -::1 -1:2:3\nport 1\n"
                         "unixsocketgroup no-such-group\n");
    expect_run("--check-config x.conf 2>&1", 1,
               "x.conf:1: bind 127.0.0.1 300.1.1.1: '300.1.1.1' is no address\n"
               "x.conf:2: bind -::1 -1:2:3: '-1:2:3' is no address\n"
               "x.conf:4: unixsocketgroup no-such-group: no such group\n");
    write_file("x.conf", "bind 127.1 -::1 * -::* some.host fe80::1%lo -10.0.0.1\n"
                         "bind \"127.0.0.1 ::1\"\nbind \"\"\n");
    expect_run("--check-config x.conf 2>&1", 0, "");
}

Test(command_line, tests_memory_and_says_what_it_found)
{
    expect_run("--test-memory 3", 0, "[1/7] own address\n[2/7] ");
    expect_run("--test-memory 1", 0, "1 megabytes passed");
    expect_run("--test-memory 99999999999 2>&1", 1, "Unable to allocate");
    expect_run("--test-memory 2>&1", 1, "Please specify the amount of memory");
    expect_run("--test-memory 0 2>&1", 1, "Please specify the amount of memory");
    expect_run("--test-memory 1 2 2>&1", 1, "Please specify the amount of memory");
    expect_run("--help 2>&1", 1, "--test-memory <megabytes>");
}

Test(command_line, refuses_to_be_a_sentinel)
{
    write_file("x.conf", "port 0\n");
    expect_run("--sentinel 2>&1", 1, "Sentinel mode is not supported");
    expect_run("x.conf --sentinel 2>&1", 1, "Sentinel mode is not supported");
    expect_run("--help 2>&1", 1, "--sentinel is refused");
}

/* A running server with only these arguments, asked over its Unix socket $T/s. */
static struct test_server *
start_line(const char *const *args)
{
    struct test_server *s = server_spawn(args);

    snprintf(s->socket, sizeof s->socket, "%s/s", dir);
    for (long long end = test_ms() + 20000; access(s->socket, F_OK) != 0;) {
        cr_assert(server_wait(s, 10) == -1 && test_ms() < end, "%s", file_text(s->log));
    }
    return s;
}

static void
expect_option(const struct test_server *s, const char *name, const char *value)
{
    char request[100], part[200];
    int fd = server_connect_unix(s);

    snprintf(request, sizeof request, "CONFIG GET %s", name);
    snprintf(part, sizeof part, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s", strlen(name), name,
             strlen(value), value);
    expect(fd, request, part);
    close(fd);
}

static const char *
in_dir(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 128, "%s/%s", dir, name);
    return path;
}

Test(command_line, options_come_after_the_file_and_the_last_one_wins)
{
    const char *args[] = { in_dir("my.conf"), "--port", "0", "--unixsocket", in_dir("s"),
                           "--maxmemory", "2mb", "--hz", "20", "--hz", "30", "--save",
                           "--bind", "127.0.0.1", "-::1", NULL };
    struct test_server *s;

    write_file("my.conf",
               "maxmemory 1gb\ntimeout 77\n include \"$T/none*.conf\"\nport 1\n");
    s = start_line(args);
    expect_option(s, "maxmemory", "2097152");
    expect_option(s, "timeout", "77");
    expect_option(s, "hz", "30");
    expect_option(s, "save", "");
    expect_option(s, "bind", "127.0.0.1 -::1");
    server_stop(s);
}

Test(command_line, reads_a_configuration_from_standard_input)
{
    const char *args[] = { "--unixsocket", in_dir("s"), "--port", "0", "-", NULL };
    struct test_server *s;

    write_file("in", "maxmemory 3mb\ntimeout 5\n");
    cr_assert_not_null(freopen(in_dir("in"), "r", stdin));
    s = start_line(args);
    expect_option(s, "maxmemory", "3145728");
    expect_option(s, "timeout", "5");
    server_stop(s);
}

Test(command_line, splits_one_quoted_argument_into_words)
{
    const char *args[] = { "--unixsocket", in_dir("s"), "--port", "0", "--bind",
                           "127.0.0.1 -::1", "--save", "900 1 300 10", NULL };
    struct test_server *s = start_line(args);

    expect_option(s, "bind", "127.0.0.1 -::1");
    expect_option(s, "save", "900 1 300 10");
    server_stop(s);
}

Test(command_line, takes_a_role)
{
    const char *args[] = { "--role", "slave", "--unixsocket", in_dir("s"), "--port",
                           "0",      NULL };
    struct test_server *s = start_line(args);

    expect_option(s, "replicaof", "127.0.0.1 6380");
    server_stop(s);
    args[1] = "nosuch";
    expect_run("--role nosuch 2>&1", 1, "role");
}

/* What one server says of itself, another one starts with. */
Test(command_line, every_option_of_config_get_is_taken_from_a_file)
{
    static const char *const same[] = { "bind", "port", "unixsocket", "dir", "logfile",
                                        "pidfile", "enable-debug-command", NULL };
    const char *first[] = { "--unixsocket", in_dir("s"), "--port", "0", NULL };
    const char *second[] = {
        in_dir("all.conf"), "--unixsocket", in_dir("s"), "--port", "0", NULL
    };
    struct test_server *s = start_line(first);
    int fd = server_connect_unix(s), count = 0;
    char *all, *again, *at, *end;
    FILE *f = fopen(in_dir("all.conf"), "w");

    all = socket_ask(fd, "CONFIG GET *");
    for (at = strchr(all, '$'); at; at = strchr(end + 2, '$')) {
        char *name = strstr(at, "\r\n") + 2, *value;
        bool skip = false;

        name[strcspn(name, "\r")] = '\0';
        value = strstr(name + strlen(name) + 1, "\r\n") + 2;
        end = strstr(value, "\r\n");
        *end = '\0';
        for (int i = 0; same[i]; i++)
            skip |= strcmp(same[i], name) == 0;
        if (!skip && (*value || strcmp(name, "save") == 0))
            fprintf(f, strpbrk(value, " \"") && strcmp(name, "client-output-buffer-limit")
                    && strcmp(name, "save") && strcmp(name, "oom-score-adj-values")
                    ? "%s '%s'\n" : *value ? "%s %s\n" : "%s \"\"\n", name, value);
        count++;
    }
    fclose(f);
    close(fd);
    cr_expect_gt(count, 170);
    server_stop(s);
    s = start_line(second);
    fd = server_connect_unix(s);
    again = socket_ask(fd, "CONFIG GET *");
    cr_expect_eq(again[1], '0' + count * 2 / 100 % 10);
    free(again);
    free(all);
    close(fd);
    server_stop(s);
}
