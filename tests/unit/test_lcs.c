/* SPDX-License-Identifier: MIT
 * tests/unit/test_lcs.c - structs/lcs.c against the textbook table. */
#include "structs/lcs.h"

#include <criterion/criterion.h>

#include "base/rand.h"

#define LONGEST 200

static unsigned table[LONGEST + 1][LONGEST + 1];

static void
fill_table(struct bytes a, struct bytes b)
{
    size_t i, j;

    for (i = 0; i <= a.len; i++)
        for (j = 0; j <= b.len; j++)
            if (i == 0 || j == 0)
                table[i][j] = 0;
            else if (a.at[i - 1] == b.at[j - 1])
                table[i][j] = table[i - 1][j - 1] + 1;
            else if (table[i - 1][j] > table[i][j - 1])
                table[i][j] = table[i - 1][j];
            else
                table[i][j] = table[i][j - 1];
}

/* The next run by the table, from (*i, *j) back. */
static struct lcs_run
table_run(struct bytes a, struct bytes b, size_t *i, size_t *j)
{
    size_t end;

    while (*i > 0 && *j > 0 && a.at[*i - 1] != b.at[*j - 1])
        if (table[*i - 1][*j] > table[*i][*j - 1])
            --*i;
        else
            --*j;
    for (end = *i; *i > 0 && *j > 0 && a.at[*i - 1] == b.at[*j - 1]; --*i)
        --*j;
    return (struct lcs_run){ *i, *j, end - *i };
}

static struct bytes
random_text(char *room, unsigned letters)
{
    size_t i, len = rand_below(LONGEST + 1);

    for (i = 0; i < len; i++)
        room[i] = (char)('a' + rand_below(letters));
    return bytes_view(room, len);
}

Test(lcs, finds_the_same_length_and_runs_as_the_full_table)
{
    char aroom[LONGEST], broom[LONGEST];
    struct lcs_run run, want;
    struct bytes a, b;
    struct lcs *l, *only_len;
    size_t i, j;
    int round;

    rand_seed(5);
    for (round = 0; round < 1000; round++) {
        a = random_text(aroom, 1 + (unsigned)rand_below(20));
        b = random_text(broom, 1 + (unsigned)rand_below(20));
        fill_table(a, b);
        l = lcs_try_new(a, b, true);
        only_len = lcs_try_new(a, b, false);
        cr_assert_eq(lcs_len(l), table[a.len][b.len]);
        cr_assert_eq(lcs_len(only_len), table[a.len][b.len]);
        i = a.len;
        j = b.len;
        while (lcs_next(l, &run)) {
            want = table_run(a, b, &i, &j);
            cr_assert_eq(run.a_at, want.a_at);
            cr_assert_eq(run.b_at, want.b_at);
            cr_assert_eq(run.len, want.len);
        }
        cr_assert_eq(table_run(a, b, &i, &j).len, 0);
        lcs_free(only_len);
        lcs_free(l);
    }
}

Test(lcs, strings_without_a_common_byte_have_nothing_in_common)
{
    struct lcs *l = lcs_try_new(B("abc"), B("xyz"), true);
    struct lcs_run run;

    cr_expect_eq(lcs_len(l), 0);
    cr_expect_not(lcs_next(l, &run));
    lcs_free(l);
    l = lcs_try_new(B(""), B("xyz"), true);
    cr_expect_eq(lcs_len(l), 0);
    cr_expect_not(lcs_next(l, &run));
    lcs_free(l);
}

Test(lcs, the_runs_come_last_first)
{
    struct lcs *l = lcs_try_new(B("ohmytext"), B("mynewtext"), true);
    struct lcs_run run;

    cr_expect_eq(lcs_len(l), 6);
    cr_assert(lcs_next(l, &run));
    cr_expect(run.a_at == 4 && run.b_at == 5 && run.len == 4);
    cr_assert(lcs_next(l, &run));
    cr_expect(run.a_at == 2 && run.b_at == 0 && run.len == 2);
    cr_expect_not(lcs_next(l, &run));
    lcs_free(l);
}
