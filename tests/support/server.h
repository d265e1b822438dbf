/* SPDX-License-Identifier: MIT
 * tests/support/server.h - a server of one's own for a test: free port, scratch
 * directory, ended by its own pid. */
#ifndef IGNIS_TESTS_SUPPORT_SERVER_H
#define IGNIS_TESTS_SUPPORT_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TEST_CONNECTIONS 5

struct test_server {
    pid_t pid;
    int port;
    char dir[64];               /* scratch, removed at the end */
    char log[96];               /* what the server said */
    char socket[96];            /* a Unix socket it listens on */
    int *open[TEST_CONNECTIONS];        /* those of server_open; up to NULL */
};

/* Start ignis-server (from $IGNIS_SERVER, else the build directory) or redis-server
 * with `args` (NULL-terminated, may be NULL) after our own ones; waits until it
 * answers PING, at most 20 s.  Aborts the test when it does not. */
struct test_server *server_start(const char *const *args);
struct test_server *server_start_redis(const char *const *args);
/* The same, and a connection into each of the variables that follow, up to a NULL; what
 * they hold at the end is closed by server_stop and server_discard.  Without a
 * redis-server the test is skipped or fails. */
struct test_server *server_open(const char *const *args, ...);
struct test_server *server_open_redis(const char *const *args, ...);
/* A suite whose tests find a server in `server`, made anew by `open` for each: a call of
 * server_open, mostly. */
#define SERVER_SUITE(suite, seconds, open) \
    static struct test_server *server; \
    static void set_up(void) { server = (open); } \
    static void tear_down(void) { server_stop(server); } \
    TestSuite(suite, .init = set_up, .fini = tear_down, .timeout = (seconds))
/* False when redis-server is not installed. */
bool server_has_redis(void);
/* Skip the running test, because `what` is not installed; fail it where CI=true, as
 * all has to be there. */
_Noreturn void skip_or_fail(const char *what);
/* Start without waiting and without --port and friends: exactly these arguments; for
 * command line tests.  Output goes to `log`. */
struct test_server *server_spawn(const char *const *args);
/* A port that nobody listens on, outside the range of which the kernel gives ports to
 * connections: those of other tests cannot take it meanwhile. */
int server_free_port(void);
/* Wait for its end, at most `ms`; the exit status as waitpid gives it, -1 when it
 * still runs. */
int server_wait(struct test_server *s, int ms);
/* SIGTERM, wait, check that it ended with 0 (sanitizers would make it fail), clean up. */
void server_stop(struct test_server *s);
/* The same for one that is expected to be gone already, however it ended. */
void server_discard(struct test_server *s);

/* A connected blocking socket with a 5 s receive timeout; -1 never: aborts. */
int server_connect(const struct test_server *s);
int server_connect_unix(const struct test_server *s);
/* Send all of it. */
void socket_send(int fd, const void *at, size_t len);
void socket_send_text(int fd, const char *text);
/* One whole RESP reply (2 or 3, nested), raw, NUL-terminated; caller frees.  NULL at
 * end of file or after the timeout. */
char *socket_reply(int fd, size_t *len);
/* Send an inline or RESP request text and return its one reply. */
char *socket_ask(int fd, const char *request);
/* True when the peer closed within 5 s (reads and drops what comes before). */
bool socket_is_closed(int fd);
/* Whole file as text, caller frees; NULL when it is not there. */
char *file_text(const char *path);

#endif
