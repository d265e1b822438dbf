/* SPDX-License-Identifier: MIT
 * structs/lcs.h - the longest common subsequence of two byte strings, and the
 * runs of bytes it consists of.
 *
 *     struct lcs *l = lcs_try_new(B("ohmytext"), B("mynewtext"), true);
 *     lcs_len(l) == 6;  lcs_next(l, &run): "text", then "my", then false */
#ifndef IGNIS_STRUCTS_LCS_H
#define IGNIS_STRUCTS_LCS_H
#include "base/bytes.h"

struct lcs;
/* Bytes equal in both: a[a_at .. a_at + len) and b[b_at ...). */
struct lcs_run { size_t a_at, b_at, len; };

/* Compare `a` and `b`, which must stay in place until lcs_free.  `runs` says
 * that lcs_next will be asked; it costs len(a) * len(b) / 8 bytes.  NULL when
 * memory is not there.  O(len(a) * len(b) / 64). */
struct lcs *lcs_try_new(struct bytes a, struct bytes b, bool runs);
void lcs_free(struct lcs *l);
size_t lcs_len(const struct lcs *l);
/* The runs from the last to the first; false when there are no more.  Where several
 * subsequences are longest, from the ends it rather steps back in `b`. */
bool lcs_next(struct lcs *l, struct lcs_run *run);

#endif
