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
many_picks_count(struct call *c, int i, int64_t *out)
{
    if (!call_int(c, i, out))
        return false;
    if (*out >= -INT64_MAX)
        return true;
    reply_error(c->out, "ERR value is out of range, value must between "
                        "-9223372036854775807 and 9223372036854775807");
    return false;
}
