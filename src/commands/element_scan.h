/* SPDX-License-Identifier: MIT
 * commands/element_scan.h - what SSCAN, HSCAN and ZSCAN have in common.
 *
 *     e = element_scan_start(c, TYPE_SET, &s);
 *     if (!e || !element_scan_options(c, NULL, &s))
 *         return;
 *     s.cursor = set_scan(entry_value(e), s.cursor, s.count, each, &s);
 *     element_scan_finish(c, &s);
 *
 * where each() asks element_scan_wants() and writes to s.out, counting in s.written. */
#ifndef IGNIS_COMMANDS_ELEMENT_SCAN_H
#define IGNIS_COMMANDS_ELEMENT_SCAN_H
#include "command/call.h"

struct element_scan {
    uint64_t cursor;            /* where to begin; then where to go on */
    size_t count;
    bool flag;                  /* the command's own word was given */
    bool has_pattern;
    struct bytes pattern;
    struct reply out;           /* elements gather here: the cursor goes before them */
    size_t written;
};

/* The cursor, argument 2, and the key, which must be of this type.  NULL: answered,
 * an absent key with an empty step. */
struct entry *element_scan_start(struct call *c, enum type type, struct element_scan *s);
/* Options from argument 3 on: MATCH, COUNT and `word` (NULL: none), which takes
 * nothing.  False: answered. */
bool element_scan_options(struct call *c, const char *word, struct element_scan *s);
/* Answer that argument i is no option here. */
void element_scan_refuse(struct call *c, int i);
/* Does MATCH let this one through? */
bool element_scan_wants(const struct element_scan *s, struct bytes name);
/* Answer the cursor, and behind it what was written into s->out. */
void element_scan_finish(struct call *c, struct element_scan *s);

#endif
