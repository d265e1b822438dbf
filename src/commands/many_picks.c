/* SPDX-License-Identifier: MIT
 * commands/many_picks.c - answering as many random elements as a client asks for.
 *
 * Why:        a count of -9223372036854775807 asks for more than any memory holds.
 * How:        now and then the queue of the client is looked at: above its limits, or
 *             above a gigabyte in any case, it is dropped.
 * Read next:  commands/c_set_pick.c */
#include "commands/many_picks.h"

#include "base/log.h"
#include "command/client.h"
#include "command/clients_limits.h"

#define PICKS_PER_LOOK 1024
#define QUEUE_MAX ((size_t)1 << 30)

bool
many_picks_go_on(struct call *c, uint64_t done)
{
    if (LIKELY(done % PICKS_PER_LOOK != 0 || done == 0))
        return true;
    if (c->out->muted || clients_output_check(c->client))
        return false;
    if (reply_pending(c->out) <= QUEUE_MAX)
        return true;
    log_warning("A client asked for more random elements than fit a gigabyte: closed");
    client_drop(c->client);
    return false;
}

bool
many_picks_count(struct call *c, int64_t *count)
{
    if (!call_int(c, 2, count))
        return false;
    if (*count >= -INT64_MAX)
        return true;
    reply_error(c->out, "ERR value is out of range, value must between "
                        "-9223372036854775807 and 9223372036854775807");
    return false;
}

bool
many_picks_args(struct call *c, const char *with, int64_t *count, bool *is_with)
{
    if (!many_picks_count(c, count))
        return false;
    *is_with = c->argc > 3;
    if (c->argc > 4 || (*is_with && !call_is(c, 3, with))) {
        call_syntax_error(c);
        return false;
    }
    if (*is_with && (*count < -(INT64_MAX / 2) || *count > INT64_MAX / 2)) {
        reply_error(c->out, "ERR value is out of range");
        return false;
    }
    return true;
}
