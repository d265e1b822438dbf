/* SPDX-License-Identifier: MIT
 * commands/string_edit.c - what the commands on strings and bitmaps share.
 *
 * Why:       the type check and the length limit must come in the same order and
 *            the same words everywhere; a limit forgotten once is a hole.
 * Read next: commands/c_string_range.c */
#include "commands/string_edit.h"

#include "command/client.h"
#include "config/config.h"
#include "values/v_string.h"

bool
string_read(struct call *c, int i, struct entry **e)
{
    return call_read(c, i, TYPE_STRING, e);
}

bool
string_slot(struct call *c, int i, struct slot *s)
{
    return call_slot(c, i, TYPE_STRING, s);
}

uint64_t
string_length_max(const struct call *c)
{
    if (client_is(c->client, CLIENT_MASTER))
        return INT64_MAX;
    return (uint64_t)c->server->config->proto_max_bulk_len;
}

bool
string_length_ok(struct call *c, uint64_t size, uint64_t more)
{
    uint64_t total;

    if (!__builtin_add_overflow(size, more, &total) && total <= string_length_max(c))
        return true;
    reply_error(c->out, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    return false;
}

char *
string_edit(struct call *c, struct slot *s, size_t len)
{
    char *at = slot_string_edit(s, len);

    if (!at)
        reply_error(c->out, "OOM not enough memory for a string of this length");
    return at;
}

size_t
string_slot_len(const struct slot *s)
{
    return s->entry ? string_len(entry_value(s->entry)) : 0;
}
