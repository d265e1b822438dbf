/* SPDX-License-Identifier: MIT
 * tests/support/server.c - spawn, ask, end. */
#include "support/server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 64
#define START_MS 20000
#define STOP_MS 20000

static void
nap_ms(int ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

    nanosleep(&t, NULL);
}

int
server_free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    static unsigned tried;
    int fd, port, rc, on = 1;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 1000; i++) {
        port = 10000 + (int)(((unsigned)getpid() * 131 + tried++ * 1009) % 22000);
        a.sin_port = htons((uint16_t)port);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        cr_assert_geq(fd, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        rc = bind(fd, (struct sockaddr *)&a, sizeof a);
        close(fd);
        if (rc == 0)
            return port;
    }
    cr_assert(false, "no free port");
    return 0;
}

static const char *
ignis_path(void)
{
    const char *path = getenv("IGNIS_SERVER");

    return path ? path : "./ignis-server";
}

static struct test_server *
launch(const char *program, char *const *argv, struct test_server *s)
{
    s->pid = fork();
    cr_assert(s->pid >= 0);
    if (s->pid == 0) {
        int fd = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        prctl(PR_SET_PDEATHSIG, SIGKILL);       /* a test that fails leaves no server */
        dup2(fd, 1);
        dup2(fd, 2);
        close(fd);
        execvp(program, argv);
        _exit(127);
    }
    return s;
}

static struct test_server *
new_server(void)
{
    struct test_server *s = calloc(1, sizeof *s);

    strcpy(s->dir, "/tmp/ignis-test-XXXXXX");
    cr_assert(mkdtemp(s->dir) != NULL);
    snprintf(s->log, sizeof s->log, "%s/log", s->dir);
    snprintf(s->socket, sizeof s->socket, "%s/socket", s->dir);
    s->port = server_free_port();
    return s;
}

static bool
answers(const struct test_server *s)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)s->port) };
    struct timeval limit = { 2, 0 };
    char got[256];
    bool yes = false;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0
        && send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6)
        yes = recv(fd, got, sizeof got, 0) > 0;         /* +PONG, or an error: up */
    close(fd);
    return yes;
}

static struct test_server *
start(const char *program, const char *const *args)
{
    struct test_server *s = new_server();
    char port[16];
    char *argv[ARGS_MAX] = { (char *)program, "--port", port, "--bind", "127.0.0.1",
                             "--dir", s->dir, "--unixsocket", s->socket, "--save", "" };
    int n = 11;

    snprintf(port, sizeof port, "%d", s->port);
    for (; args && *args; args++) {
        cr_assert(n < ARGS_MAX - 1);
        argv[n++] = (char *)*args;
    }
    launch(program, argv, s);
    for (int waited = 0; waited < START_MS; waited += 10) {
        if (answers(s))
            return s;
        if (server_wait(s, 0) != -1)
            break;
        nap_ms(10);
    }
    cr_assert(false, "%s did not start: %s", program, file_text(s->log));
    return NULL;
}

struct test_server *
server_start(const char *const *args)
{
    return start(ignis_path(), args);
}

struct test_server *
server_start_redis(const char *const *args)
{
    return start("redis-server", args);
}

bool
server_has_redis(void)
{
    return access("/usr/bin/redis-server", X_OK) == 0;
}

void
skip_or_fail(const char *what)
{
    const char *ci = getenv("CI");

    if (ci && strcmp(ci, "true") == 0)
        cr_assert_fail("%s is not installed", what);
    cr_skip("%s is not installed", what);
}

struct test_server *
server_spawn(const char *const *args)
{
    struct test_server *s = new_server();
    char *argv[ARGS_MAX] = { (char *)ignis_path() };
    int n = 1;

    for (; args && *args; args++)
        argv[n++] = (char *)*args;
    return launch(ignis_path(), argv, s);
}

int
server_wait(struct test_server *s, int ms)
{
    int status;

    if (s->pid <= 0)
        return -1;
    for (int waited = 0;; waited += 5) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            s->pid = 0;
            return status;
        }
        if (waited >= ms)
            return -1;
        nap_ms(5);
    }
}

static void
remove_dir(const char *dir)
{
    char command[160];

    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command) != 0)
        fprintf(stderr, "could not remove %s\n", dir);
}

static void
close_connections(struct test_server *s)
{
    for (int i = 0; s->open[i]; i++)
        close(*s->open[i]);
    s->open[0] = NULL;
}

void
server_discard(struct test_server *s)
{
    close_connections(s);
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    remove_dir(s->dir);
    free(s);
}

void
server_stop(struct test_server *s)
{
    int status;

    close_connections(s);
    kill(s->pid, SIGTERM);
    status = server_wait(s, STOP_MS);
    cr_expect(status != -1, "the server did not stop");
    cr_expect(status == 0, "the server ended with status %#x: %s", status,
              file_text(s->log));
    server_discard(s);
}

/* --- sockets --- */

static int
connected(int fd, const struct sockaddr *to, socklen_t len)
{
    struct timeval limit = { 5, 0 };
    int on = 1, tries = 200, failed;

    cr_assert(fd >= 0);
    while ((failed = connect(fd, to, len)) != 0 && errno == ECONNREFUSED && tries-- > 0)
        nap_ms(10);                     /* bound, but not listening yet */
    cr_assert(!failed, "connect: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int
server_connect(const struct test_server *s)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)s->port) };

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connected(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a);
}

int
server_connect_unix(const struct test_server *s)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };

    snprintf(a.sun_path, sizeof a.sun_path, "%s", s->socket);
    return connected(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a);
}

static struct test_server *
connect_each(struct test_server *s, va_list variables)
{
    int n = 0;

    while ((s->open[n] = va_arg(variables, int *)) != NULL) {
        *s->open[n] = server_connect(s);
        cr_assert(++n < TEST_CONNECTIONS);
    }
    return s;
}

struct test_server *
server_open(const char *const *args, ...)
{
    struct test_server *s = server_start(args);
    va_list variables;

    va_start(variables, args);
    connect_each(s, variables);
    va_end(variables);
    return s;
}

struct test_server *
server_open_redis(const char *const *args, ...)
{
    struct test_server *s;
    va_list variables;

    if (!server_has_redis())
        skip_or_fail("redis-server");
    s = server_start_redis(args);
    va_start(variables, args);
    connect_each(s, variables);
    va_end(variables);
    return s;
}

void
socket_send(int fd, const void *at, size_t len)
{
    const char *p = at;
    ssize_t n;

    while (len > 0) {
        n = send(fd, p, len, MSG_NOSIGNAL);
        cr_assert(n > 0, "send: %s", strerror(errno));
        p += n;
        len -= (size_t)n;
    }
}

void
socket_send_text(int fd, const char *text)
{
    socket_send(fd, text, strlen(text));
}

struct gather { int fd; char *at; size_t len, room; bool failed; };

static void
take(struct gather *g, size_t n)
{
    ssize_t got;

    while (g->len + n + 1 > g->room) {
        g->room = g->room ? g->room * 2 : 1024;
        g->at = realloc(g->at, g->room);
    }
    while (n > 0 && !g->failed) {
        got = recv(g->fd, g->at + g->len, n, 0);
        if (got <= 0) {
            g->failed = true;
            return;
        }
        g->len += (size_t)got;
        n -= (size_t)got;
    }
}

/* A line with its CRLF; returns where it starts. */
static size_t
take_line(struct gather *g)
{
    size_t start = g->len;
    char ahead[256], *lf;
    ssize_t n;

    do {
        n = recv(g->fd, ahead, sizeof ahead, MSG_PEEK);
        lf = n > 0 ? memchr(ahead, '\n', (size_t)n) : NULL;
        take(g, lf ? (size_t)(lf - ahead) + 1 : n > 0 ? (size_t)n : 1);
    } while (!g->failed && (g->len - start < 2 || g->at[g->len - 1] != '\n'));
    return start;
}

static void
take_reply(struct gather *g)
{
    size_t start = take_line(g);
    long n;
    char kind;

    if (g->failed)
        return;
    kind = g->at[start];
    g->at[g->len] = '\0';
    n = strtol(g->at + start + 1, NULL, 10);
    if (strchr("$=!", kind)) {
        if (n >= 0)
            take(g, (size_t)n + 2);
        return;
    }
    if (!strchr("*%~>|", kind))
        return;
    if (kind == '%' || kind == '|')
        n *= 2;
    while (n-- > 0 && !g->failed)
        take_reply(g);
    if (kind == '|' && !g->failed)
        take_reply(g);                  /* what the attribute belongs to */
}

char *
socket_reply(int fd, size_t *len)
{
    struct gather g = { .fd = fd };

    take_reply(&g);
    if (g.failed) {
        free(g.at);
        return NULL;
    }
    g.at[g.len] = '\0';
    if (len)
        *len = g.len;
    return g.at;
}

char *
socket_ask(int fd, const char *request)
{
    size_t len = strlen(request);

    socket_send(fd, request, len);
    if (len < 1 || request[len - 1] != '\n')
        socket_send(fd, "\r\n", 2);
    return socket_reply(fd, NULL);
}

bool
socket_is_closed(int fd)
{
    char drop[4096];
    ssize_t n;

    while ((n = recv(fd, drop, sizeof drop, 0)) > 0)
        continue;
    return n == 0 || errno == ECONNRESET;
}

char *
file_text(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text;
    size_t n;

    if (!f)
        return NULL;
    text = calloc(1, 1 << 20);
    n = fread(text, 1, (1 << 20) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}
