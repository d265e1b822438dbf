/* SPDX-License-Identifier: MIT
 * base/nearest.c - how many edits lie between two names.
 *
 * Why:        who mistypes a name is helped most by the one that was meant.
 * How:        Levenshtein's distance in any case, one row of the matrix at a time; a
 *             third of the letters may be wrong, and one more. */
#include "base/nearest.h"

#include <stdint.h>

#define NAME_MOST 64                    /* longer ones are like nobody's */

static size_t
least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t
distance(struct bytes a, const char *b, size_t b_len)
{
    size_t row[NAME_MOST + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            bool same = lower(a.at[i - 1]) == lower(b[j - 1]);

            row[j] = least(above + 1, row[j - 1] + 1, diagonal + !same);
            diagonal = above;
        }
    }
    return row[b_len];
}

void
nearest_start(struct nearest *n, struct bytes name)
{
    *n = (struct nearest){ .name = name, .at_most = name.len / 3 + 1 };
}

void
nearest_offer(struct nearest *n, const char *known)
{
    size_t len = strlen(known), d;

    if (n->name.len > NAME_MOST || len > NAME_MOST || (n->meant && n->at_most == 0))
        return;
    d = distance(n->name, known, len);
    if (d > n->at_most)
        return;
    n->meant = known;
    n->at_most = d - (d > 0);
}
