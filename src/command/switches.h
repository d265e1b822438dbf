/* SPDX-License-Identifier: MIT
 * command/switches.h - what DEBUG can turn for parts that have no way to ask it. */
#ifndef IGNIS_COMMAND_SWITCHES_H
#define IGNIS_COMMAND_SWITCHES_H
#include <stdbool.h>
#include <stdint.h>

/* DEBUG PAUSE-CRON: server/cron does nothing while this is on. */
void switches_pause_cron(bool pause);
bool switches_cron_is_paused(void);

/* DEBUG QUICKLIST-PACKED-THRESHOLD: list elements of this length and more get a node
 * of their own from now on (struct list_limits); 0: as usual. */
void switches_set_list_alone(uint64_t len);
uint64_t switches_list_alone(void);

#endif
