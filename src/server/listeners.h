/* SPDX-License-Identifier: MIT
 * server/listeners.h - where the server can be reached, as the options say. */
#ifndef IGNIS_SERVER_LISTENERS_H
#define IGNIS_SERVER_LISTENERS_H
#include <stddef.h>
#include "base/status.h"

struct config;
struct listeners;
struct loop;

/* Opens `port` on every `bind` address, and `unixsocket`.  NULL when a required
 * one cannot be opened or none was asked for: the reason is in the log. */
struct listeners *listeners_open(struct loop *loop, const struct config *config,
                                 void (*accept)(int fd, void *arg), void *arg);
/* `port` or `bind` changed: open the new ones, then close the old ones.  On
 * failure everything stays as it was. */
enum status listeners_reopen(struct listeners *all, const struct config *config) MUST_USE;
/* Stops listening and frees. */
void listeners_close(struct listeners *all);
#endif
