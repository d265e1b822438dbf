/* SPDX-License-Identifier: MIT
 * base/nearest.h - "did you mean": the known name that is most like a given one. */
#ifndef IGNIS_BASE_NEAREST_H
#define IGNIS_BASE_NEAREST_H
#include "base/bytes.h"

struct nearest {
    struct bytes name;          /* what was given */
    const char *meant;          /* the best so far; NULL: none is near enough */
    size_t at_most;             /* edits that the next one may take */
};

void nearest_start(struct nearest *n, struct bytes name);
/* `known` must stay valid.  The first of the nearest wins.  O(length^2). */
void nearest_offer(struct nearest *n, const char *known);

#endif
