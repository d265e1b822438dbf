/* SPDX-License-Identifier: MIT
 * tests/oracle/test_collation.c - SORT ALPHA follows the locale of the server's
 * environment as redis-server does.
 *
 * How:        a locale whose order is not that of the bytes is compiled into a scratch
 *             directory, because few machines have one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oracle/twins.h"
#include "support/server.h"

/* False when there is no localedef, or nothing for it to compile. */
static bool
make_locale(const char *dir)
{
    char command[256];

    snprintf(command, sizeof command,
             "localedef --no-archive -i en_US -f UTF-8 %s/en_US.UTF-8 >/dev/null 2>&1", dir);
    return system(command) == 0;
}

static void
remove_locale(const char *dir)
{
    char command[256];

    snprintf(command, sizeof command, "rm -r %s", dir);
    cr_expect_eq(system(command), 0);
}

/* The same reply from both; returns ours, caller frees. */
static char *
ask(struct twins *t, const char *line)
{
    struct text shown = { 0 };
    struct answers a;
    char *ours;
    size_t n;
    struct bytes *words = words_split(bytes_of_text(line), &n);

    twins_ask(t, words, n, &a);
    answers_describe(&a, &shown);
    cr_expect(bytes_equal(answer_view(&a.ours), answer_view(&a.redis)), "%s\n%s", line,
              shown.at);
    ours = a.ours.at;
    a.ours.at = NULL;
    answers_free(&a);
    text_free(&shown);
    words_free(words, n);
    return ours;
}

Test(collation, sort_alpha_answers_in_the_order_of_the_locale, .timeout = 60)
{
    static const char *const lines[] = {
        "SORT l ALPHA", "SORT l ALPHA DESC", "SORT l ALPHA LIMIT 1 3", "SORT_RO l ALPHA",
        "SORT l ALPHA BY w_*", "SORT l ALPHA BY w_* DESC GET #", "SORT l ALPHA STORE to",
        "LRANGE to 0 -1", "SORT l ALPHA BY w_* STORE to", "LRANGE to 0 -1",
        "SORT s ALPHA", "SORT s BY nosort STORE to", "LRANGE to 0 -1",
    };
    char dir[] = "/tmp/ignis-locale-XXXXXX", *reply;
    struct twins t;

    if (!twins_are_possible())
        skip_or_fail("redis-server 7.0");
    cr_assert_not_null(mkdtemp(dir));
    if (!make_locale(dir)) {
        remove_locale(dir);
        cr_skip_test("localedef cannot make a locale here");
    }
    setenv("LOCPATH", dir, 1);
    setenv("LC_ALL", "en_US.UTF-8", 1);
    twins_start(&t, 2, NULL);
    twins_need(&t, "RPUSH l b A a B \xc3\xa4 z Z \"a b\" ab a-c \xc3\x9f s \"\" \xff");
    twins_need(&t, "SADD s b A a B \xc3\xa4 z");
    twins_need(&t, "MSET w_a Z w_b z w_A a w_B A w_z \xc3\xa4");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        free(ask(&t, lines[i]));
    twins_need(&t, "DEL l");
    twins_need(&t, "RPUSH l a B");
    reply = ask(&t, "SORT l ALPHA");
    cr_expect_str_eq(reply, "*2\r\n$1\r\na\r\n$1\r\nB\r\n", "the locale is not in force");
    free(reply);
    twins_stop(&t);
    remove_locale(dir);
}
