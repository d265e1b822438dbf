/* SPDX-License-Identifier: MIT
 * net/conn_address.c - where a connection comes from, as the kernel knows it.
 *
 * How:        nothing is kept: who asks for an address is rare enough to pay for a call
 *             of the kernel, and an idle connection needs no bytes for it.
 * Read next:  net/conn.c */
#include "net/conn_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "net/conn.h"

bool
conn_is_local(const struct conn *c)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;

    if (conn_is_unix(c))
        return true;
    if (getpeername(conn_fd(c), (struct sockaddr *)&peer, &len) < 0)
        return false;
    if (peer.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&peer;

        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    return peer.ss_family == AF_INET6
           && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&peer)->sin6_addr);
}

static void
print_ip(const struct sockaddr_storage *ss, char *out, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "?";

    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

        inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip);
        snprintf(out, size, "%s:%d", ip, ntohs(in->sin_port));
        return;
    }
    if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;

        inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof ip);
        snprintf(out, size, "[%s]:%d", ip, ntohs(in6->sin6_port));
        return;
    }
    snprintf(out, size, "?:0");
}

/* Both ends of a Unix connection are called after the listening socket's path. */
static void
print_own(const struct conn *c, char *out, size_t size)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof own;

    memset(&own, 0, sizeof own);
    if (getsockname(conn_fd(c), (struct sockaddr *)&own, &len) < 0) {
        snprintf(out, size, "?:0");
        return;
    }
    if (own.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&own;

        snprintf(out, size, "%.*s:0", (int)sizeof un->sun_path, un->sun_path);
        return;
    }
    print_ip(&own, out, size);
}

void
conn_local_address(const struct conn *c, char *out, size_t size)
{
    print_own(c, out, size);
}

void
conn_address(const struct conn *c, char *out, size_t size)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;

    if (conn_is_unix(c)) {
        print_own(c, out, size);
        return;
    }
    if (getpeername(conn_fd(c), (struct sockaddr *)&peer, &len) < 0) {
        snprintf(out, size, "?:0");
        return;
    }
    print_ip(&peer, out, size);
}

/* Probe after `seconds` of silence, then three times a third of it apart. */
void
conn_set_keepalive(struct conn *c, int seconds)
{
    int on = seconds > 0, gap = seconds / 3 ? seconds / 3 : 1, probes = 3;

    if (conn_is_unix(c) || conn_fd(c) < 0)
        return;
    setsockopt(conn_fd(c), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (!on)
        return;
    setsockopt(conn_fd(c), IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(conn_fd(c), IPPROTO_TCP, TCP_KEEPINTVL, &gap, sizeof gap);
    setsockopt(conn_fd(c), IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}
