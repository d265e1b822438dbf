/* SPDX-License-Identifier: MIT
 * server/listeners.c - from `bind`, `port` and `unixsocket` to sockets.
 *
 * Why:       an address that starts with "-" may be missing from this machine;
 *            any other must open or the server must not start half-deaf.
 * Read next: net/listener.c */
#include "server/listeners.h"

#include <grp.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "config/config.h"
#include "net/listener.h"

#define TCP_MAX 32

struct listeners {
    struct loop *loop;
    void (*accept)(int fd, void *arg);
    void *arg;
    struct listener *tcp[TCP_MAX];
    size_t tcp_count;
    struct listener *local;             /* Unix socket */
};

static void
close_tcp(struct listener **tcp, size_t count)
{
    for (size_t i = 0; i < count; i++)
        listener_free(tcp[i]);
}

/* One `bind` word.  OK with *out NULL: optional and not here. */
static enum status
open_address(struct listeners *all, const char *word, const struct config *config,
             struct listener **out)
{
    bool optional = word[0] == '-', unavailable = false;
    const char *address = word + optional;
    char error[256];

    *out = listener_tcp(all->loop, address, config->port, config->tcp_backlog,
                        all->accept, all->arg, error, sizeof error, &unavailable);
    if (*out || (optional && unavailable))
        return OK;
    log_warning("Warning: Could not create server TCP listening socket %s:%d: %s",
                address, config->port, error);
    return FAILED;
}

static enum status
open_tcp(struct listeners *all, const struct config *config, struct listener **tcp,
         size_t *count)
{
    *count = 0;
    if (config->port == 0)
        return OK;
    for (size_t i = 0; i < config->bind.count && *count < TCP_MAX; i++) {
        struct listener *l;

        if (open_address(all, config->bind.at[i], config, &l) != OK) {
            close_tcp(tcp, *count);
            return FAILED;
        }
        if (l)
            tcp[(*count)++] = l;
    }
    return OK;
}

static enum status
open_local(struct listeners *all, const struct config *config)
{
    char error[256];
    const struct group *group;

    if (config->unixsocket[0] == '\0')
        return OK;
    all->local = listener_unix(all->loop, config->unixsocket,
                               (mode_t)config->unixsocketperm, config->tcp_backlog,
                               all->accept, all->arg, error, sizeof error);
    if (!all->local) {
        log_warning("Failed opening Unix socket: %s", error);
        return FAILED;
    }
    if (config->unixsocketgroup[0] != '\0') {
        group = getgrnam(config->unixsocketgroup);
        if (!group || chown(config->unixsocket, (uid_t)-1, group->gr_gid) != 0) {
            log_warning("Failed to give the Unix socket to group %s",
                        config->unixsocketgroup);
            return FAILED;
        }
    }
    return OK;
}

struct listeners *
listeners_open(struct loop *loop, const struct config *config,
               void (*accept)(int fd, void *arg), void *arg)
{
    struct listeners *all = mem_zalloc(sizeof *all);

    all->loop = loop;
    all->accept = accept;
    all->arg = arg;
    if (open_tcp(all, config, all->tcp, &all->tcp_count) != OK) {
        log_warning("Failed listening on port %d (TCP), aborting.", config->port);
        goto fail;
    }
    if (open_local(all, config) != OK)
        goto fail;
    if (all->tcp_count == 0 && !all->local) {
        log_warning("Configured to not listen anywhere, exiting.");
        goto fail;
    }
    return all;
fail:
    listeners_close(all);
    return NULL;
}

enum status
listeners_reopen(struct listeners *all, const struct config *config)
{
    struct listener *tcp[TCP_MAX];
    size_t count;

    /* The same port on other addresses needs the old sockets out of the way;
     * SO_REUSEADDR does not help against one that listens. */
    struct listener *old[TCP_MAX];
    size_t old_count = all->tcp_count;

    memcpy(old, all->tcp, sizeof old);
    for (size_t i = 0; i < old_count; i++)
        if (config->port == listener_port(old[i])) {
            close_tcp(old, old_count);
            old_count = all->tcp_count = 0;
            break;
        }
    if (open_tcp(all, config, tcp, &count) != OK)
        return FAILED;
    close_tcp(old, old_count);
    memcpy(all->tcp, tcp, sizeof tcp[0] * count);
    all->tcp_count = count;
    return OK;
}

void
listeners_close(struct listeners *all)
{
    close_tcp(all->tcp, all->tcp_count);
    if (all->local) {
        log_notice("Removing the unix socket file.");
        listener_free(all->local);
    }
    mem_free_sized(all, sizeof *all);
}
