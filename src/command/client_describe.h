/* SPDX-License-Identifier: MIT
 * command/client_describe.h - a session as a line of text. */
#ifndef IGNIS_COMMAND_CLIENT_DESCRIBE_H
#define IGNIS_COMMAND_CLIENT_DESCRIBE_H

struct call;
struct client;
struct text;

/* A line of CLIENT LIST without its newline.  `by` is the call that asks: its
 * arguments are argv-mem of its own client; NULL: the log asks.  They and qbuf lie in
 * the buffer that all reads share, so that tot-mem does not count them; what others have
 * sent of half a request lies in their own memory, and it does. */
void client_describe(const struct client *c, const struct call *by, struct text *out);
#endif
