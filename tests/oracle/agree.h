/* SPDX-License-Identifier: MIT
 * tests/oracle/agree.h - when two raw replies count as the same. */
#ifndef IGNIS_TESTS_ORACLE_AGREE_H
#define IGNIS_TESTS_ORACLE_AGREE_H
#include "base/bytes.h"

/* Errors are compared byte by byte in every way but ANY. */
enum way {
    EXACT,          /* byte by byte */
    UNORDERED,      /* the elements of the outermost aggregate as a multiset; of a
                     * map its pairs */
    PAIRS,          /* as UNORDERED, but an array is taken as a map of RESP2 */
    SCANNED,        /* SCAN from the start: where both are done, the same keys */
    NEAR,           /* two numbers that differ by no more than a bound */
    SHAPE,          /* the same types and counts all the way down */
    TYPE,           /* the same first byte */
    FIELDS,         /* text of "name:value" or "name=value" words: every name that
                     * Redis has, in its order; ours may have more of them */
    ANY             /* not compared at all */
};

bool agree(enum way way, double bound, struct bytes ours, struct bytes redis);
/* Where the reply that begins at `at` ends. */
const char *reply_end(const char *at, const char *end);

#endif
