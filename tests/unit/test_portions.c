/* SPDX-License-Identifier: MIT
 * tests/unit/test_portions.c - the longest is remembered, and turns add up. */
#include <criterion/criterion.h>
#include "command/portions.h"

Test(portions, start_with_nothing)
{
    struct portions *p = portions_new();
    struct portions_facts f;

    portions_facts(p, &f);
    cr_expect_eq(f.count, 0);
    cr_expect_eq(f.wall.longest + f.wall.median + f.cpu.longest_turn, 0);
    portions_free(p);
}

Test(portions, show_the_longest_exactly_by_both_clocks)
{
    struct portions *p = portions_new();
    struct portions_facts f;

    for (uint64_t turn = 1; turn <= 100; turn++)
        portions_add(p, turn, 1000, 500);
    portions_add(p, 200, 123456789, 777);
    portions_add(p, 300, 1000, 500);
    portions_facts(p, &f);
    cr_expect_eq(f.count, 102);
    cr_expect_eq(f.wall.longest, 123456789);
    cr_expect_eq(f.wall.longest_turn, 123456789);
    cr_expect_eq(f.cpu.longest, 777);
    cr_expect(f.wall.median >= 1000 && f.wall.median <= 1016);
    cr_expect(f.cpu.p99 >= 500 && f.cpu.p99 <= 508);
    portions_free(p);
}

Test(portions, of_one_turn_add_up)
{
    struct portions *p = portions_new();
    struct portions_facts f;

    portions_add(p, 1, 400, 40);
    portions_add(p, 2, 300, 30);
    portions_add(p, 2, 300, 30);
    portions_add(p, 3, 500, 50);
    portions_facts(p, &f);
    cr_expect_eq(f.wall.longest, 500);
    cr_expect_eq(f.wall.longest_turn, 600);
    cr_expect_eq(f.cpu.longest_turn, 60);
    portions_free(p);
}

Test(portions, are_forgotten_by_a_reset)
{
    struct portions *p = portions_new();
    struct portions_facts f;

    portions_add(p, 1, 400, 40);
    portions_reset(p);
    portions_add(p, 1, 100, 10);
    portions_facts(p, &f);
    cr_expect_eq(f.count, 1);
    cr_expect_eq(f.wall.longest_turn, 100);
    portions_free(p);
}
