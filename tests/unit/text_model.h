/* SPDX-License-Identifier: MIT
 * tests/unit/text_model.h - the naive list: an array of texts, each a block of its own. */
#ifndef IGNIS_TESTS_UNIT_TEXT_MODEL_H
#define IGNIS_TESTS_UNIT_TEXT_MODEL_H
#include <criterion/criterion.h>
#include <string.h>
#include "base/alloc.h"
#include "base/bytes.h"

#define MODEL_ROOM 408

struct model {
    struct bytes at[MODEL_ROOM];
    size_t count;
};

static inline void
model_insert(struct model *m, size_t i, struct bytes b)
{
    cr_assert(i <= m->count && m->count < MODEL_ROOM);
    memmove(m->at + i + 1, m->at + i, (m->count - i) * sizeof m->at[0]);
    m->at[i] = bytes_view(memcpy(mem_alloc(b.len + 1), b.at, b.len), b.len);
    m->count++;
}

static inline void
model_delete(struct model *m, size_t i, size_t n)
{
    for (size_t k = i; k < i + n; k++)
        mem_free((char *)m->at[k].at);
    memmove(m->at + i, m->at + i + n, (m->count - i - n) * sizeof m->at[0]);
    m->count -= n;
}

#endif
