/* SPDX-License-Identifier: MIT
 * server/info_memory.h - INFO memory. */
#ifndef IGNIS_SERVER_INFO_MEMORY_H
#define IGNIS_SERVER_INFO_MEMORY_H

struct server;
struct text;
/* An info_fn (command/info.h): appends the lines of "# Memory". */
void info_memory(struct text *out, struct server *server);

#endif
