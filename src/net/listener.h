/* SPDX-License-Identifier: MIT
 * net/listener.h - listening sockets. */
#ifndef IGNIS_NET_LISTENER_H
#define IGNIS_NET_LISTENER_H
#include <stdbool.h>
#include <sys/types.h>
#include "base/status.h"

struct listener;
struct loop;
/* `fd` is the accepted socket (non-blocking, close-on-exec, nodelay); the callee
 * owns it. */
typedef void accept_fn(int fd, void *arg);

/* From now on all listeners accept at most so many connections, each per turn of the
 * loop (at first 10). */
void listener_set_turn(int connections);

/* Listen on one address ("127.0.0.1", "::1", "*", "::*", names are not
 * resolved).  NULL and a message in `error` when it cannot.  *unavailable is
 * set when the address does not exist on this machine (optional "-" binds). */
struct listener *listener_tcp(struct loop *loop, const char *address, int port,
                              int backlog, accept_fn *fn, void *arg, char *error,
                              size_t error_size, bool *unavailable);
/* Made under umask, so that nobody can connect before the mode is right.
 * `mode` 0 leaves the umask's. */
struct listener *listener_unix(struct loop *loop, const char *path, mode_t mode,
                               int backlog, accept_fn *fn, void *arg, char *error,
                               size_t error_size);
/* Stops listening, removes a Unix socket's file. */
void listener_free(struct listener *l);
/* The port in use, for port 0. */
int listener_port(const struct listener *l);

#endif
