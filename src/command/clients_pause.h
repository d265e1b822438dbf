/* SPDX-License-Identifier: MIT
 * command/clients_pause.h - CLIENT PAUSE, and how a session that had to wait goes on. */
#ifndef IGNIS_COMMAND_CLIENTS_PAUSE_H
#define IGNIS_COMMAND_CLIENTS_PAUSE_H
#include <stdbool.h>

#include "base/clock.h"

struct client;
struct clients;

/* Overlapping pauses: the longer deadline and the wider action win. */
enum pause_action { PAUSE_NONE, PAUSE_WRITES, PAUSE_ALL };
void clients_pause(struct clients *all, enum pause_action action, msec until);
/* End it now.  Those who waited go on in the next turn: the caller is a command, and a
 * batch must not run inside another. */
void clients_unpause(struct clients *all);
/* What the gate holds back now. */
enum pause_action clients_paused(const struct clients *all);

/* A client began to wait (on) or goes on (off): CLIENT_POSTPONED and its count. */
void clients_set_postponed(struct client *c, bool on);
/* Its wait is over: run what it sent meanwhile, before the loop sleeps. */
void clients_resume_later(struct client *c);
#endif
