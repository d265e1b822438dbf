/* SPDX-License-Identifier: MIT
 * command/switches.c - see switches.h. */
#include "command/switches.h"

static bool cron_paused;

void
switches_pause_cron(bool pause)
{
    cron_paused = pause;
}

bool
switches_cron_is_paused(void)
{
    return cron_paused;
}
