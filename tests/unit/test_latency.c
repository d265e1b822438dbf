/* SPDX-License-Identifier: MIT
 * tests/unit/test_latency.c - spikes by event, a sample a second. */
#include <criterion/criterion.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "command/latency.h"
#include "command/latency_text.h"

static struct latency *
new_monitor(void)
{
    struct latency *l = latency_new();

    clock_start();
    clock_freeze(1000000000);
    latency_configure(l, 10);
    return l;
}

static void
add_at(struct latency *l, int64_t second, const char *event, msec took)
{
    clock_freeze(second * 1000 + 500);
    latency_add(l, event, took);
}

Test(latency, what_is_below_the_threshold_is_not_kept)
{
    struct latency *l = new_monitor();
    struct latency_event e;

    latency_add(l, "command", 9);
    cr_expect_eq(latency_events(l, &e, 1), 0);
    latency_add(l, "command", 10);
    cr_expect_eq(latency_events(l, &e, 1), 1);
    latency_configure(l, 0);
    latency_add(l, "fork", 100000);
    cr_expect_eq(latency_events(l, &e, 1), 1);
    latency_free(l);
}

Test(latency, the_worst_of_a_second_is_its_sample)
{
    struct latency *l = new_monitor();
    struct latency_sample s[LATENCY_SAMPLES];

    add_at(l, 100, "command", 20);
    add_at(l, 100, "command", 50);
    add_at(l, 100, "command", 30);
    add_at(l, 101, "command", 15);
    cr_expect_eq(latency_history(l, B("command"), s), 2);
    cr_expect(s[0].at_s == 100 && s[0].took == 50);
    cr_expect(s[1].at_s == 101 && s[1].took == 15);
    latency_free(l);
}

Test(latency, the_maximum_outlives_its_sample)
{
    struct latency *l = new_monitor();
    struct latency_sample s[LATENCY_SAMPLES];
    struct latency_event e;

    add_at(l, 1, "command", 999);
    for (int i = 2; i < 400; i++)
        add_at(l, i, "command", 10 + i);
    cr_expect_eq(latency_history(l, B("command"), s), LATENCY_SAMPLES);
    for (int i = 0; i < LATENCY_SAMPLES; i++)
        cr_expect(s[i].at_s == 240 + i && s[i].took == 250 + (uint32_t)i);
    latency_events(l, &e, 1);
    cr_expect_str_eq(e.name, "command");
    cr_expect_eq(e.max, 999);
    cr_expect_eq(e.latest.took, 409);
    latency_free(l);
}

Test(latency, events_are_apart_and_forgotten_by_name_or_all)
{
    struct latency *l = new_monitor();
    struct latency_event e[4];
    struct latency_sample s[LATENCY_SAMPLES];

    latency_add(l, "fork", 30);
    latency_add(l, "command", 40);
    latency_add(l, "expire-cycle", 50);
    cr_expect_eq(latency_events(l, e, 4), 3);
    cr_expect_str_eq(e[0].name, "fork");
    cr_expect_str_eq(e[1].name, "command");
    cr_expect_eq(latency_reset(l, B("no-such-event")), 0);
    cr_expect_eq(latency_reset(l, B("command")), 1);
    cr_expect_eq(latency_history(l, B("command"), s), 0);
    cr_expect_eq(latency_history(l, B("expire-cycle"), s), 1);
    cr_expect_eq(latency_reset(l, B("")), 2);
    cr_expect_eq(latency_events(l, e, 4), 0);
    latency_free(l);
}

Test(latency, a_graph_has_twelve_heights_and_says_how_long_ago)
{
    struct latency *l = new_monitor();
    struct text t = { 0 };

    cr_expect_not(latency_graph(l, B("command"), &t));
    add_at(l, 1000, "command", 22);
    add_at(l, 87000, "command", 67);
    add_at(l, 90500, "command", 88);
    add_at(l, 90541, "command", 10);
    clock_freeze(90600 * 1000);
    cr_expect(latency_graph(l, B("command"), &t));
    cr_expect_str_eq(t.at,
        "command - high 88 ms, low 10 ms (all time high 88 ms)\n"
        "----------------------------------------------------------------------------"
        "----\n"
        "  # \n"
        " #| \n"
        " || \n"
        "o||_\n"
        "    \n"
        "1115\n"
        "dhm9\n"
        "   s\n");
    text_free(&t);
    latency_free(l);
}

Test(latency, a_long_graph_goes_on_below_after_eighty_columns)
{
    struct latency *l = new_monitor();
    struct text t = { 0 };
    size_t lines = 0;

    for (int i = 1; i <= 100; i++)
        add_at(l, i, "fork", 10 + i);
    latency_graph(l, B("fork"), &t);
    for (size_t i = 0; i < t.len; i++)
        lines += t.at[i] == '\n';
    /* Head, rule; rows, gap and labels ("99s": 3 lines, "1m" shorter) twice. */
    cr_expect_eq(lines, 2 + (4 + 1 + 3) + (4 + 1 + 3));
    text_free(&t);
    latency_free(l);
}

Test(latency, the_doctor_names_each_event_with_its_figures)
{
    struct latency *l = new_monitor();
    struct text t = { 0 };

    latency_configure(l, 0);
    latency_doctor(l, 10000, &t);
    cr_expect_not_null(strstr(t.at, "latency-monitor-threshold"));
    text_clear(&t);
    latency_configure(l, 10);
    latency_doctor(l, 10000, &t);
    cr_expect_not_null(strstr(t.at, "No latency spike"));
    text_clear(&t);
    add_at(l, 100, "command", 20);
    add_at(l, 110, "command", 40);
    add_at(l, 110, "fork", 80);
    clock_freeze(120 * 1000);
    latency_doctor(l, 10000, &t);
    cr_expect_not_null(strstr(t.at, "1. command: 2 latency spikes (average 30ms, mean "
                              "deviation 10ms, period 10.00 sec). Worst all time event "
                              "40ms."));
    cr_expect_not_null(strstr(t.at, "2. fork: 1 latency spikes (average 80ms"));
    cr_expect_not_null(strstr(t.at, "SLOWLOG GET"));
    cr_expect_null(strstr(t.at, "slowlog-log-slower-than"));
    text_clear(&t);
    latency_doctor(l, -1, &t);
    cr_expect_not_null(strstr(t.at, "slowlog-log-slower-than"));
    text_free(&t);
    latency_free(l);
}
