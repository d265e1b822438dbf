/* SPDX-License-Identifier: MIT
 * command/slowlog.h - the slowest calls, kept in memory, newest first. */
#ifndef IGNIS_COMMAND_SLOWLOG_H
#define IGNIS_COMMAND_SLOWLOG_H
#include "base/bytes.h"
#include "base/clock.h"

struct slowlog;
struct slowlog_entry {
    int64_t id;
    int64_t at_s;               /* wall seconds */
    usec took;
    int argc;                   /* stored arguments, trimmed: a remark says how much
                                 * is missing of one, or of their number */
    struct bytes *argv;
    char *peer, *name;
};
/* Empty and off until configured. */
struct slowlog *slowlog_new(void);
void slowlog_free(struct slowlog *s);
/* Keep calls that took `slower_than` or more (-1: none), at most `max_len`: drops the
 * oldest at once. */
void slowlog_configure(struct slowlog *s, usec slower_than, size_t max_len);
/* From now on keep at most `args` arguments (2 or more; at first 32), of each at most
 * `arg_bytes` bytes (at first 128). */
void slowlog_trim(struct slowlog *s, int args, size_t arg_bytes);
/* Copies what it keeps, trimmed. */
void slowlog_add(struct slowlog *s, usec took, const struct bytes *argv, int argc,
                 const char *peer, const char *name);
static inline bool
slowlog_wants(usec threshold, usec took)
{
    return threshold >= 0 && took >= threshold;
}
usec slowlog_threshold(const struct slowlog *s);        /* -1: off */
size_t slowlog_len(const struct slowlog *s);
void slowlog_clear(struct slowlog *s);
/* i = 0 is the newest; NULL past the end. */
const struct slowlog_entry *slowlog_at(const struct slowlog *s, size_t i);
#endif
