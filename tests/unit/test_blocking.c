/* SPDX-License-Identifier: MIT
 * tests/unit/test_blocking.c - who waited longest is served first, nobody is served
 * twice, and those who are not served cost nothing. */
#include "command/blocking.h"
#include "command/clients_pause.h"
#include "support/house.h"

TestSuite(blocking, .init = house_build, .fini = house_leave);

static uint64_t
visits(void)
{
    return blocking_visits(house.server.blocking);
}

static size_t
waiting(void)
{
    return blocking_clients(house.server.blocking);
}

static size_t
awaited(void)
{
    return blocking_keys(house.server.blocking);
}

/* --- what those cost who are not served --- */

/* `count` clients say this; %d is their number. */
static void
wait_many(int count, const char *format)
{
    char line[128];

    for (int i = 0; i < count; i++) {
        snprintf(line, sizeof line, format, i);
        house_say(house_guest(), "%s", line);
    }
    cr_assert_eq(waiting(), (size_t)count);
}

Test(blocking, looks_at_as_many_waiters_as_it_serves, .timeout = 60)
{
    struct client *c = house_guest();
    uint64_t before;

    wait_many(1000, "BLPOP queue 0");
    cr_expect_eq(awaited(), 1);
    for (int i = 1; i <= 100; i++) {
        before = visits();
        house_say(c, i % 2 ? "RPUSH queue x" : "RPUSH queue x y z");
        cr_assert_eq(visits() - before, i % 2 ? 1 : 3);
    }
    cr_expect_eq(waiting(), 1000 - 200);
}

Test(blocking, looks_at_nobody_for_a_key_that_nobody_waits_for, .timeout = 60)
{
    struct client *c = house_guest();

    wait_many(1000, "BLPOP queue%d 0");
    cr_expect_eq(awaited(), 1000);
    house_say(c, "RPUSH other x");
    house_say(c, "SET queue5 x");
    house_say(c, "DEL queue5");
    cr_expect_eq(visits(), 0);
    house_say(c, "RPUSH queue7 x");
    cr_expect_eq(visits(), 1);
    cr_expect_eq(awaited(), 999);
}

Test(blocking, looks_at_nobody_who_waits_for_another_type, .timeout = 60)
{
    struct client *c = house_guest(), *last;

    wait_many(1000, "BZPOPMIN key 0");
    last = house_guest();
    house_say(last, "BLPOP key 0");
    house_say(c, "RPUSH key a b");
    cr_expect_eq(visits(), 1, "%zu were looked at", (size_t)visits());
    cr_expect_str_eq(house_heard(last), "*2\r\n$3\r\nkey\r\n$1\r\na\r\n");
    for (int i = 0; i < 10; i++)
        house_say(c, "RPUSH key more");
    cr_expect_eq(visits(), 1);
    house_say(c, "DEL key");
    house_say(c, "SADD key member");
    house_say(c, "DEL key");
    cr_expect_eq(visits(), 1);
    house_say(c, "ZADD key 1 m");
    cr_expect_eq(visits(), 2);
    cr_expect_eq(waiting(), 999);
}

Test(blocking, looks_at_nobody_when_a_transaction_takes_back_what_it_pushed)
{
    struct client *c = house_guest();

    wait_many(50, "BLPOP queue 0");
    house_say(c, "MULTI");
    house_say(c, "RPUSH queue a b c");
    house_say(c, "DEL queue");
    house_say(c, "EXEC");
    cr_expect_eq(visits(), 0);
    house_say(c, "FLUSHALL");
    cr_expect_eq(visits(), 0);
    cr_expect_eq(awaited(), 1);
}

/* --- beside a naive model --- */

#define GUESTS 40
#define QUEUES 4

static struct client *guests[GUESTS];
static long since[GUESTS];              /* waits since this step; 0: does not */
static bool waits_for[GUESTS][QUEUES];
static long length[QUEUES];
static int next_value;
static long taken;

/* Who waits longest for the queue, -1: nobody. */
static int
first_for(int q)
{
    int first = -1;

    for (int g = 0; g < GUESTS; g++)
        if (since[g] && waits_for[g][q] && (first < 0 || since[g] < since[first]))
            first = g;
    return first;
}

static void
expect_served(int g, int q)
{
    char start[32];

    snprintf(start, sizeof start, "*2\r\n$2\r\nq%d\r\n", q);
    cr_assert_eq(house_number_in(house_heard(guests[g]), start), 1, "guest %d, queue %d", g,
                 q);
    cr_assert_not(client_is(guests[g], CLIENT_BLOCKED));
    since[g] = 0;
    length[q]--;
    taken++;
}

/* The queue has grown: the oldest waiters take what there is. */
static void
serve(int q)
{
    int g;

    while (length[q] > 0 && (g = first_for(q)) >= 0)
        expect_served(g, q);
}

static void
block(int g, long step)
{
    int keys[3] = { (int)rand_below(QUEUES), (int)rand_below(QUEUES),
                    (int)rand_below(QUEUES) };

    house_say(guests[g], "BLPOP q%d q%d q%d 0", keys[0], keys[1], keys[2]);
    for (int i = 0; i < 3; i++)
        if (length[keys[i]] > 0) {
            expect_served(g, keys[i]);
            return;
        }
    cr_assert(client_is(guests[g], CLIENT_BLOCKED));
    memset(waits_for[g], 0, sizeof waits_for[g]);
    for (int i = 0; i < 3; i++)
        waits_for[g][keys[i]] = true;
    since[g] = step;
}

static int
someone_free(void)
{
    for (int tries = 0; tries < 1000; tries++) {
        int g = (int)rand_below(GUESTS);

        if (!since[g])
            return g;
    }
    return -1;
}

static void
push(int g)
{
    int q = (int)rand_below(QUEUES), n = 1 + (int)rand_below(4);

    for (int i = 0; i < n; i++)
        length[q]++;
    house_say(guests[g], n == 1 ? "RPUSH q%d %d" : n == 2 ? "RPUSH q%d %d x"
              : n == 3 ? "RPUSH q%d %d x y" : "RPUSH q%d %d x y z", q, next_value++);
    house_heard(guests[g]);
    serve(q);
}

/* A queue that is given another's name. */
static void
rename_queue(int g)
{
    int from = (int)rand_below(QUEUES), to = (int)rand_below(QUEUES);

    if (length[from] == 0 || from == to)
        return;
    house_say(guests[g], "RENAME q%d q%d", from, to);
    house_heard(guests[g]);
    taken += length[to];                /* what was there is gone */
    length[to] = length[from];
    length[from] = 0;
    serve(to);
}

static void
end_wait(int g)
{
    if (!since[g])
        return;
    cr_assert(blocking_unblock(guests[g], rand_below(2)));
    cr_assert_neq(house_heard(guests[g])[0], '\0');
    since[g] = 0;
}

static void
leave(int g)
{
    blocking_forget(guests[g]);
    since[g] = 0;
    house_heard(guests[g]);
}

Test(blocking, serves_in_the_order_of_coming_whatever_happens, .timeout = 120)
{
    for (int g = 0; g < GUESTS; g++)
        guests[g] = house_guest();
    for (long step = 1; step <= 20000; step++) {
        int g = someone_free();
        size_t now = 0;

        if (g < 0 || rand_below(20) == 0)
            end_wait((int)rand_below(GUESTS));
        else if (rand_below(20) == 0)
            leave((int)rand_below(GUESTS));
        else if (rand_below(12) == 0)
            rename_queue(g);
        else if (rand_below(3) == 0)
            push(g);
        else
            block(g, step);
        for (int i = 0; i < GUESTS; i++)
            now += since[i] > 0;
        cr_assert_eq(waiting(), now);
        cr_assert(now > 0 || awaited() == 0);
    }
    cr_expect_gt(taken, 3000, "%ld taken", taken);
}

Test(blocking, ends_waits_at_their_time_and_not_before)
{
    struct client *a = house_guest(), *b = house_guest();

    house_say(a, "BLPOP q 0.1");
    house_say(b, "BLPOP q 0");
    cr_expect_eq(blocking_timeouts(house.server.blocking), 1);
    for (int i = 0; i < 3; i++)
        house_turn();
    cr_expect_eq(waiting(), 2);
    clock_freeze(HOUSE_NOON + 100);
    usleep(110000);                     /* the timer is that of the loop */
    house_turn();
    cr_expect_eq(waiting(), 1);
    cr_expect(client_is(b, CLIENT_BLOCKED));
    cr_expect_eq(blocking_timeouts(house.server.blocking), 0);
}

Test(blocking, ends_waits_by_the_wall_clock_even_if_that_is_set)
{
    struct client *a = house_guest();

    house_say(a, "BLPOP q 0.1");
    clock_freeze(HOUSE_NOON - 3600000);
    usleep(110000);
    house_turn();
    cr_expect_eq(waiting(), 1, "it was set back: the time is not there yet");
    clock_freeze(HOUSE_NOON + 100);
    usleep(510000);
    house_turn();
    cr_expect_eq(waiting(), 0);
}

Test(blocking, ends_a_pause_by_the_wall_clock_even_if_that_is_set)
{
    house_guest();
    clients_pause(house.server.clients, PAUSE_WRITES, HOUSE_NOON + 100);
    clock_freeze(HOUSE_NOON - 3600000);
    usleep(110000);
    house_turn();
    cr_expect_eq(clients_paused(house.server.clients), PAUSE_WRITES,
                 "it was set back: the time is not there yet");
    clock_freeze(HOUSE_NOON + 100);
    usleep(510000);
    house_turn();
    cr_expect_eq(clients_paused(house.server.clients), PAUSE_NONE);
}
