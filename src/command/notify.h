/* SPDX-License-Identifier: MIT
 * command/notify.h - changes of keys as messages: notify-keyspace-events. */
#ifndef IGNIS_COMMAND_NOTIFY_H
#define IGNIS_COMMAND_NOTIFY_H

struct server;
/* The option changed: listen to the classes it names.  Nothing is heard, and nothing
 * is spent, while it names none or neither K nor E. */
void notify_configure(struct server *server);

#endif
