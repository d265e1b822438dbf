/* SPDX-License-Identifier: MIT
 * base/glob.h - glob-style patterns as KEYS, SCAN and CONFIG GET use them:
 * * ? [abc] [^a] [a-z] and backslash escapes, over bytes. */
#ifndef IGNIS_BASE_GLOB_H
#define IGNIS_BASE_GLOB_H
#include "base/bytes.h"

/* Linear memory, no recursion, O(pattern * text) at worst: `*?*?*?...` cannot
 * hang the server.  No match with more than 1000 stars, as in Redis. */
bool glob_match(struct bytes pattern, struct bytes text, bool nocase);
/* True when the pattern has no special byte, so that it names one text. */
bool glob_is_plain(struct bytes pattern);

#endif
