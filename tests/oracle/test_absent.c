/* SPDX-License-Identifier: MIT
 * tests/oracle/test_absent.c - the commands that may be renamed though they are not here
 * are those that redis-server has and ignis-server does not: no more, no fewer.
 *
 * Why:        the list is kept by hand.  One too many, and the rename of a command that
 *             was built meanwhile would be taken for done; one too few, and a hardened
 *             configuration that starts Redis would not start us. */
#include "server/judge.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "oracle/twins.h"
#include "support/server.h"

/* Is it an element of this array of bulks? */
static bool
has_name(const struct answer *list, const char *name)
{
    char bulk[128];

    snprintf(bulk, sizeof bulk, "\r\n$%zu\r\n%s\r\n", strlen(name), name);
    return strstr(list->at, bulk) != NULL;
}

static bool
is_listed(const char *name)
{
    for (size_t i = 0; judges_absent(i); i++)
        if (strcmp(name, judges_absent(i)) == 0)
            return true;
    return false;
}

static void
expect_nothing_stale(const struct answers *lists)
{
    const char *name;

    for (size_t i = 0; (name = judges_absent(i)); i++) {
        cr_expect(has_name(&lists->redis, name), "%s is no command of Redis", name);
        cr_expect_not(has_name(&lists->ours, name), "%s is not absent", name);
    }
}

/* Commands only; their subcommands cannot be renamed. */
static void
expect_nothing_missing(const struct answers *lists)
{
    const char *at = lists->redis.at;
    char name[64];
    size_t names;

    for (names = 0; (at = strstr(at, "\r\n$")); names++) {
        at = strchr(at + 3, '\n') + 1;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "\r"), at);
        cr_expect(strchr(name, '|') || has_name(&lists->ours, name) || is_listed(name),
                  "%s is absent, but not listed", name);
    }
    cr_expect_gt(names, 200);
}

Test(absent, commands_that_can_be_renamed_are_those_of_redis_that_we_lack, .timeout = 60)
{
    const struct bytes words[] = { B("COMMAND"), B("LIST") };
    struct answers lists;
    struct twins t;

    if (!twins_are_possible())
        skip_or_fail("redis-server 7.0");
    twins_start(&t, 2, NULL);
    twins_ask(&t, words, 2, &lists);
    cr_assert(lists.ours.at && lists.redis.at);
    expect_nothing_stale(&lists);
    expect_nothing_missing(&lists);
    answers_free(&lists);
    twins_stop(&t);
}
