/* SPDX-License-Identifier: MIT
 * server/info.h - the sections of INFO, in Redis's order. */
#ifndef IGNIS_SERVER_INFO_H
#define IGNIS_SERVER_INFO_H

struct info;

/* Register all sections.  Call once at start-up: facts that never change, such
 * as the replication id, are drawn here. */
void info_sections(struct info *info);

#endif
