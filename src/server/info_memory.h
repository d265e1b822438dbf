/* SPDX-License-Identifier: MIT
 * server/info_memory.h - INFO memory. */
#ifndef IGNIS_SERVER_INFO_MEMORY_H
#define IGNIS_SERVER_INFO_MEMORY_H

struct server;
struct text;
void info_memory(struct text *out, struct server *server);

#endif
