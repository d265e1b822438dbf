/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include "command/shutdown.h"
#include "config/config.h"
#include "server/cron.h"

Test(cron, ticks_at_the_configured_rate_while_clients_are_few)
{
    struct config *c = config_new();

    c->hz = 10;
    cr_expect_eq(cron_hz(c, 0), 10);
    cr_expect_eq(cron_hz(c, 2000), 10);
    config_free(c);
}

Test(cron, ticks_faster_when_clients_are_many_unless_told_not_to)
{
    struct config *c = config_new();

    c->hz = 10;
    c->dynamic_hz = true;
    cr_expect_eq(cron_hz(c, 10000), 80);
    cr_expect_eq(cron_hz(c, 100000000), 500);
    c->dynamic_hz = false;
    cr_expect_eq(cron_hz(c, 10000), 10);
    config_free(c);
}

Test(cron, keeps_any_rate_within_its_bounds)
{
    struct config *c = config_new();

    c->hz = 0;
    cr_expect_eq(cron_hz(c, 0), 1);
    c->hz = 2000000000;
    cr_expect_eq(cron_hz(c, 0), 500);
    config_free(c);
}

static unsigned asked_with;

static bool
begin(struct server *server, unsigned flags)
{
    (void)server;
    asked_with = flags;
    return !(flags & SHUTDOWN_SAVE);
}

Test(shutdown, is_refused_while_nobody_answers)
{
    cr_expect_not(shutdown_request(NULL, 0));
    cr_expect_not(shutdown_abort(NULL));
}

Test(shutdown, passes_its_flags_on_and_the_answer_back)
{
    shutdown_answer_by(begin, NULL);
    cr_expect(shutdown_request(NULL, SHUTDOWN_NOW));
    cr_expect_eq(asked_with, SHUTDOWN_NOW);
    cr_expect_not(shutdown_request(NULL, SHUTDOWN_SAVE));
    cr_expect_not(shutdown_abort(NULL));
}
