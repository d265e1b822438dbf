/* SPDX-License-Identifier: MIT
 * command/switches.h - what DEBUG can turn off below the floor it belongs to. */
#ifndef IGNIS_COMMAND_SWITCHES_H
#define IGNIS_COMMAND_SWITCHES_H
#include <stdbool.h>

/* DEBUG PAUSE-CRON: server/cron does nothing while this is on. */
void switches_pause_cron(bool pause);
bool switches_cron_is_paused(void);

#endif
