/* SPDX-License-Identifier: MIT
 * net/conn_address.h - where a connection comes from; part of conn.h. */
#ifndef IGNIS_NET_CONN_ADDRESS_H
#define IGNIS_NET_CONN_ADDRESS_H
#include <stdbool.h>
#include <stddef.h>

struct conn;

bool conn_is_local(const struct conn *c);       /* Unix, 127/8 or ::1 */
/* "1.2.3.4:567", "[::1]:6380", "/path/socket:0"; peer and own side. */
void conn_address(const struct conn *c, char *out, size_t size);
void conn_local_address(const struct conn *c, char *out, size_t size);
/* Probe a silent peer after so long, 0 = never; ignored on Unix sockets. */
void conn_set_keepalive(struct conn *c, int seconds);

#endif
