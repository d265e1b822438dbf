/* SPDX-License-Identifier: MIT
 * tests/integration/test_syslog.c - what the server says to syslog: who, how urgent,
 * what.
 *
 * How:        the test becomes a machine of its own as far as /dev is concerned (a
 *             private mount namespace) and listens on /dev/log there.  Where that is
 *             not allowed, there is nothing to be seen, and the tests are skipped. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define WAIT_S 10               /* for one message */
#define MESSAGES 200            /* looked through for the one that is wanted */

static char dir[64];
static int ear = -1;

TestSuite(syslog, .timeout = 60);

/* Over /dev goes a directory with no more in it than `null` and our socket. */
static bool
mount_own_dev(void)
{
    struct timeval wait = { .tv_sec = WAIT_S };
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    char null[80];
    int fd;

    strcpy(dir, "/tmp/ignis-dev-XXXXXX");
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)
        || !mkdtemp(dir))
        return false;
    snprintf(null, sizeof null, "%s/null", dir);
    fd = open(null, O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || mount("/dev/null", null, NULL, MS_BIND, NULL) != 0)
        return false;
    close(fd);
    if (mount(dir, "/dev", NULL, MS_BIND | MS_REC, NULL) != 0)
        return false;
    strcpy(at.sun_path, "/dev/log");
    ear = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(ear, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    return bind(ear, (struct sockaddr *)&at, sizeof at) == 0;
}

static void
remove_dev(void)
{
    char command[160];

    umount2("/dev", MNT_DETACH);
    snprintf(command, sizeof command, "umount '%s/null'; rm -rf '%s'", dir, dir);
    cr_expect_eq(system(command), 0);
    close(ear);
}

/* "<134>Nov 14 22:13:20 ident[123]: text": does one come that says `text`, from `ident`
 * and the server's process, with this priority? */
static void
expect_message(const struct test_server *s, int priority, const char *ident,
               const char *text)
{
    char line[4096], from[128];
    const char *said;

    snprintf(from, sizeof from, " %s[%d]: ", ident, (int)s->pid);
    for (int i = 0; i < MESSAGES; i++) {
        ssize_t n = recv(ear, line, sizeof line - 1, 0);

        cr_assert_gt(n, 0, "nobody said '%s'", text);
        line[n] = '\0';
        said = strstr(line, ": ");
        if (!said || !strstr(said, text))
            continue;
        cr_expect_eq(*line, '<', "%s", line);
        cr_expect_eq(atoi(line + 1), priority, "%s", line);
        cr_expect_not_null(strstr(line, from), "%s", line);
        return;
    }
    cr_assert_fail("nobody said '%s'", text);
}

/* Let it end, hearing it out: whoever speaks to a full socket waits. */
static void
stop(struct test_server *s, int priority, const char *ident)
{
    kill(s->pid, SIGTERM);
    expect_message(s, priority, ident, "bye bye");
    server_stop(s);
    remove_dev();
}

static struct test_server *
start(const char *const *args)
{
    if (!mount_own_dev())
        cr_skip("no /dev of one's own here: %s", strerror(errno));
    return server_start(args);
}

Test(syslog, gets_every_level_with_the_ident_and_facility_of_the_options)
{
    static const char *const args[] = {
        "--syslog-enabled", "yes", "--syslog-ident", "my-ignis", "--syslog-facility",
        "local5", "--loglevel", "debug", NULL
    };
    struct test_server *s = start(args);
    int fd;

    expect_message(s, LOG_LOCAL5 | LOG_WARNING, "my-ignis", "just started");
    expect_message(s, LOG_LOCAL5 | LOG_NOTICE, "my-ignis", "Ready to accept connections");
    fd = server_connect(s);
    socket_send_text(fd, "*1\r\n$x\r\n");
    expect_message(s, LOG_LOCAL5 | LOG_INFO, "my-ignis", "Protocol error");
    expect_message(s, LOG_LOCAL5 | LOG_DEBUG, "my-ignis", "closed: ");
    close(fd);
    stop(s, LOG_LOCAL5 | LOG_WARNING, "my-ignis");
}

Test(syslog, knows_the_server_as_redis_and_local0_unless_told_otherwise)
{
    static const char *const args[] = { "--syslog-enabled", "yes", NULL };
    struct test_server *s = start(args);

    expect_message(s, LOG_LOCAL0 | LOG_WARNING, "redis", "just started");
    stop(s, LOG_LOCAL0 | LOG_WARNING, "redis");
}

Test(syslog, gets_what_passes_the_level_in_the_word_of_the_user_facility)
{
    static const char *const args[] = { "--syslog-enabled", "yes", "--syslog-facility",
                                        "user", "--loglevel", "warning", NULL };
    struct test_server *s = start(args);
    char line[4096];
    ssize_t n;

    expect_message(s, LOG_USER | LOG_WARNING, "redis", "just started");
    server_stop(s);
    while ((n = recv(ear, line, sizeof line - 1, MSG_DONTWAIT)) > 0) {
        line[n] = '\0';
        cr_expect_eq(atoi(line + 1), LOG_USER | LOG_WARNING, "%s", line);
    }
    remove_dev();
}

Test(syslog, hears_nothing_unless_it_is_enabled)
{
    struct test_server *s = start(NULL);
    char line[64];

    server_stop(s);
    cr_expect_lt(recv(ear, line, sizeof line, MSG_DONTWAIT), 0);
    remove_dev();
}
