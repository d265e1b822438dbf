/* SPDX-License-Identifier: MIT
 * tests/unit/fair.h - is what chance picked, picked fairly? */
#ifndef IGNIS_TESTS_UNIT_FAIR_H
#define IGNIS_TESTS_UNIT_FAIR_H
#include <stddef.h>

/* How far `n` counts of hits are from the `expected` one. */
static inline double
chi_square(const unsigned *hits, size_t n, double expected)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (hits[i] - expected) * (hits[i] - expected) / expected;
    return sum;
}

/* Further than this come `n` counts once in 10,000 fair runs (by Wilson and Hilferty);
 * seeds are fixed. */
static inline double
chi_limit(size_t n)
{
    double freedom = (double)n - 1;
    double c = 2.0 / (9.0 * freedom), root = 1.0 - c + 3.719 * __builtin_sqrt(c);

    return freedom * root * root * root;
}

#endif
