/* SPDX-License-Identifier: MIT
 * server/parts.h - the parts of a server, put together and taken apart. */
#ifndef IGNIS_SERVER_PARTS_H
#define IGNIS_SERVER_PARTS_H

struct command_table;
struct server;

/* A table of every command of this version. */
struct command_table *parts_commands(void);

/* Make every part but the config, which is there already.  All commands are known, no
 * door is open. */
void parts_build(struct server *s);
/* Free them, clients first and the loop last; the config stays.  What could not be
 * freed at once is freed by lazyfree_stop. */
void parts_free(struct server *s);

#endif
