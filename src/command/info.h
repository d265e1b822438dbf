/* SPDX-License-Identifier: MIT
 * command/info.h - INFO is a list of sections; whoever owns facts registers one. */
#ifndef IGNIS_COMMAND_INFO_H
#define IGNIS_COMMAND_INFO_H
#include "base/text.h"

struct info;
struct server;
/* Shown when no section is named; for "all"; for "everything" (each includes the
 * ones before). */
enum info_when { INFO_DEFAULT, INFO_ALL, INFO_EVERYTHING };
/* Appends "field:value\r\n" lines; the header is written by info.c. */
typedef void info_fn(struct text *out, struct server *server);

/* No sections yet; the list copies nothing and frees only itself. */
struct info *info_new(void);
void info_free(struct info *info);
/* `title` as in "# Server"; asked for in any case.  Printed in the order of adding. */
void info_add(struct info *info, const char *title, enum info_when when, info_fn *fn);
/* Section names as given by the client; n = 0: the default ones. */
void info_report(const struct info *info, struct server *server,
                 const struct bytes *names, size_t n, struct text *out);
#endif
