/* SPDX-License-Identifier: MIT
 * command/switches.c - see switches.h. */
#include "command/switches.h"

static bool cron_paused;
static uint64_t list_alone;

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

void
switches_set_list_alone(uint64_t len)
{
    list_alone = len;
}

uint64_t
switches_list_alone(void)
{
    return list_alone;
}
