/* SPDX-License-Identifier: MIT
 * When turns are spaced: simulated clients, simulated time. */
#include <criterion/criterion.h>

#include "net/gather.h"

#define US 1000u
#define MS 1000000u
#define TURN (100 * US)                 /* a spaced turn */

/* `clients` that ask again `think` ns after their reply, each costing `cost` ns. */
struct crowd {
    struct gather g;
    uint64_t now, reads;
    unsigned clients;
    uint64_t think, cost;
    bool is_spaced;
};

/* One turn: wait for the first client or for the turn's time, serve who is ready. */
static void
turn(struct crowd *c)
{
    uint64_t spent = c->is_spaced ? TURN : c->think / c->clients + 2 * US;
    uint64_t ready = c->clients * spent / (c->think + c->cost);

    if (ready < 1)
        ready = 1;
    if (ready > c->clients)
        ready = c->clients;
    if (ready * c->cost > spent)
        spent = ready * c->cost;
    c->now += spent;
    c->reads += ready;
    c->is_spaced = gather_turn(&c->g, (unsigned)ready, c->now);
}

static void
run(struct crowd *c, uint64_t ns)
{
    uint64_t end = c->now + ns;

    while (c->now < end)
        turn(c);
}

static struct crowd
crowd_of(unsigned clients, uint64_t think, uint64_t cost)
{
    return (struct crowd){ .now = MS, .clients = clients, .think = think, .cost = cost };
}

Test(gather, spaces_turns_while_many_clients_send)
{
    struct crowd c = crowd_of(50, 500 * US, 5 * US);

    run(&c, 20 * MS);
    cr_assert(c.is_spaced);
    run(&c, 1000 * MS);
    cr_assert(c.is_spaced);
}

Test(gather, leaves_a_quiet_server_alone)
{
    struct crowd c = crowd_of(50, 20 * MS, 5 * US);

    for (int i = 0; i < 1000; i++) {
        turn(&c);
        cr_assert_not(c.is_spaced);
    }
}

Test(gather, ends_with_the_first_window_without_company)
{
    struct crowd c = crowd_of(50, 500 * US, 5 * US);

    run(&c, 20 * MS);
    cr_assert(c.is_spaced);
    for (int i = 0; i < 10; i++)
        c.is_spaced = gather_turn(&c.g, 1, c.now += MS);
    cr_assert_not(c.is_spaced);
}

Test(gather, begins_again_soon_after_a_quiet_window)
{
    struct crowd c = crowd_of(50, 500 * US, 5 * US);

    run(&c, 20 * MS);
    for (int i = 0; i < 10; i++)
        c.is_spaced = gather_turn(&c.g, 1, c.now += MS);
    run(&c, 60 * MS);
    cr_assert(c.is_spaced);
}

/* A few clients in lock step: each spaced turn serves only them where many would have
 * had time.  Over two seconds the loss has to stay small. */
static void
expect_little_loss(unsigned clients)
{
    struct crowd with = crowd_of(clients, 30 * US, 5 * US), without = with;
    unsigned spaced = 0;

    while (with.now < 2000 * MS) {
        turn(&with);
        spaced += with.is_spaced;
    }
    while (without.now < 2000 * MS) {
        without.is_spaced = false;
        turn(&without);
    }
    cr_assert_gt(spaced, 0u, "%u: was tried", clients);
    cr_assert_gt(with.reads, without.reads * 97 / 100, "%u: %ju of %ju", clients,
                 (uintmax_t)with.reads, (uintmax_t)without.reads);
}

Test(gather, does_not_slow_a_few_clients_that_wait_for_replies)
{
    for (unsigned clients = 1; clients <= 4; clients++)
        expect_little_loss(clients);
}

Test(gather, stops_when_turns_have_no_company)
{
    struct gather g = { 0 };
    uint64_t now = MS;
    bool on = false;

    /* 25,000 reads a second whatever is done: an open loop of thin traffic */
    for (int i = 0; i < 400 && !on; i++)
        on = gather_turn(&g, 1, now += 40 * US);
    cr_assert(on);
    for (int i = 0; i < 400 && on; i++)
        on = gather_turn(&g, i % 2 ? 2 : 3, now += 100 * US);
    cr_assert_not(on, "2.5 reads a turn are not worth it");
}
