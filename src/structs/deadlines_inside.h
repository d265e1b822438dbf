/* SPDX-License-Identifier: MIT
 * structs/deadlines_inside.h - private to the index of deadlines: its shape. */
#ifndef IGNIS_STRUCTS_DEADLINES_INSIDE_H
#define IGNIS_STRUCTS_DEADLINES_INSIDE_H
#include <stddef.h>
#include "structs/pairs.h"

struct deadlines {
    void *root;                 /* a leaf when height is 0; NULL when empty */
    struct pairs_leaf *first;
    size_t count, leaves, inners;
    unsigned height;            /* inner nodes above each leaf */
    unsigned __int128 sum;      /* of all times */
};

#endif
