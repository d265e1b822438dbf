/* SPDX-License-Identifier: MIT
 * tests/unit/test_info.c - which sections of INFO are shown, and in what order. */
#include <criterion/criterion.h>
#include "command/info.h"

static void
write_one(struct text *out, struct server *server)
{
    (void)server;
    text_add_text(out, "one:1\r\n");
}

static void
write_two(struct text *out, struct server *server)
{
    (void)server;
    text_add_text(out, "two:2\r\n");
}

static void
expect_report(const struct bytes *names, size_t n, const char *want)
{
    struct info *info = info_new();
    struct text out = { 0 };

    info_add(info, "One", INFO_DEFAULT, write_one);
    info_add(info, "Two", INFO_ALL, write_two);
    info_add(info, "Three", INFO_EVERYTHING, write_one);
    info_report(info, NULL, names, n, &out);
    cr_expect_str_eq(out.at ? out.at : "", want);
    text_free(&out);
    info_free(info);
}

#define ONE "# One\r\none:1\r\n"
#define TWO "# Two\r\ntwo:2\r\n"
#define THREE "# Three\r\none:1\r\n"

Test(info, without_a_name_the_default_sections_are_shown)
{
    expect_report(NULL, 0, ONE);
    expect_report(&B("default"), 1, ONE);
}

Test(info, all_leaves_out_what_only_everything_shows)
{
    expect_report(&B("all"), 1, ONE "\r\n" TWO);
    expect_report(&B("EVERYTHING"), 1, ONE "\r\n" TWO "\r\n" THREE);
}

Test(info, named_sections_come_once_and_in_the_servers_order)
{
    struct bytes names[] = { B("three"), B("nope"), B("TWO"), B("two") };
    struct bytes mixed[] = { B("two"), B("default") };

    expect_report(names, 4, TWO "\r\n" THREE);
    expect_report(mixed, 2, ONE "\r\n" TWO);
    expect_report(names + 1, 1, "");
}
