/* SPDX-License-Identifier: MIT
 * tests/oracle/explained.h - where our replies may differ from redis-server 7.0.15,
 * and why.  Everything else is to be the same to the byte. */
#ifndef IGNIS_TESTS_ORACLE_EXPLAINED_H
#define IGNIS_TESTS_ORACLE_EXPLAINED_H
#include "oracle/twins.h"

struct explained {
    const char *call;           /* a glob for the call: "client list*", any case */
    enum way way;               /* how its reply is compared */
    double bound;               /* of NEAR */
    const char *regex, *with;   /* or: replaced in both, then compared byte by byte */
    const char *why;
};

/* The first row for this call; NULL: there is none, the replies are to be equal. */
const struct explained *explained_for(const struct bytes *words, size_t n);
/* The same for a call made at random. */
const struct explained *explained_at_random(const struct bytes *words, size_t n);
/* Compare as the row says (NULL: byte by byte). */
bool explained_agree(const struct explained *row, const struct answers *a);

#endif
