/* SPDX-License-Identifier: MIT
 * tests/oracle/test_scripts.c - every script of tests/oracle/scripts gets the same
 * replies from ignis-server and from redis-server, in RESP2 and in RESP3.
 *
 * How:        one test per script and protocol, each with two fresh servers. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oracle/script.h"
#include "support/server.h"

#define SCRIPTS_MAX 100

struct parameter { char name[NAME_MAX + 1]; int proto; };

static void
scripts_path(char *path, size_t room, const char *name)
{
    const char *source = getenv("IGNIS_SOURCE");

    snprintf(path, room, "%s/tests/oracle/scripts/%s", source ? source : ".", name);
}

static int
is_script(const struct dirent *e)
{
    size_t len = strlen(e->d_name);

    return len > 4 && strcmp(e->d_name + len - 4, ".txt") == 0;
}

ParameterizedTestParameters(oracle, script_gets_the_replies_of_redis)
{
    static struct parameter all[2 * SCRIPTS_MAX];
    struct dirent **names = NULL;
    char path[4096];
    size_t count = 0;
    int n;

    scripts_path(path, sizeof path, "");
    n = scandir(path, &names, is_script, alphasort);
    for (int i = 0; i < n && i < SCRIPTS_MAX; i++) {
        for (int proto = 2; proto <= 3; proto++) {
            snprintf(all[count].name, sizeof all->name, "%s", names[i]->d_name);
            all[count++].proto = proto;
        }
        free(names[i]);
    }
    free(names);
    return cr_make_param_array(struct parameter, all, count);
}

ParameterizedTest(struct parameter *p, oracle, script_gets_the_replies_of_redis,
                  .timeout = 120)
{
    struct verdict v = { 0 };
    struct script script;
    char path[4096];
    struct twins t;

    if (!twins_are_possible())
        skip_or_fail("redis-server 7.0");
    scripts_path(path, sizeof path, p->name);
    cr_assert(script_load(&script, path), "cannot read %s", path);
    twins_start(&t, p->proto, script.args);
    if (script.needs && !twin_knows(t.now->ours, script.needs)) {
        twins_stop(&t);
        script_free(&script);
        cr_skip_test("%s needs a command that is not there yet", p->name);
    }
    script_run(&script, &t, &v);
    cr_expect_eq(v.differences, 0, "%s in RESP%d: %zu of %zu replies differ\n%s", p->name,
                 p->proto, v.differences, v.commands, v.report.at ? v.report.at : "");
    twins_stop(&t);
    text_free(&v.report);
    script_free(&script);
}

/* A directory that is not found would leave nothing to fail. */
Test(oracle, scripts_are_found)
{
    char path[4096];
    DIR *dir;
    int found = 0;

    scripts_path(path, sizeof path, "");
    dir = opendir(path);
    cr_assert_not_null(dir, "%s", path);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        found += is_script(e);
    closedir(dir);
    cr_expect_gt(found, 20, "%s", path);
}
