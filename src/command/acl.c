/* SPDX-License-Identifier: MIT
 * command/acl.c - categories of commands.
 *
 * Why:        nine commands of ten have just the category of their family; what
 *             else ACL CAT shows for them follows from their flags.
 * Left out:   users and their rules.
 * Read next:  command/table.c */
#include "command/acl.h"

#include <assert.h>

static const char *const names[ACL_CATEGORIES] = {
    "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap",
    "hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking",
    "dangerous", "connection", "transaction", "scripting",
};

const char *
acl_category_name(int i)
{
    assert(i >= 0 && i < ACL_CATEGORIES);
    return names[i];
}

uint32_t
acl_category_by_name(struct bytes name)
{
    for (int i = 0; i < ACL_CATEGORIES; i++)
        if (bytes_is(name, names[i]))
            return UINT32_C(1) << i;
    return 0;
}

uint32_t
acl_categories_of(const struct command *row, const struct family *family)
{
    uint32_t set = (family->category & ~row->not_also) | row->also;

    if (row->flags & WRITE)
        set |= ACL_WRITE;
    /* A script may do anything: EVAL_RO is no plain read. */
    if ((row->flags & READONLY) && !(set & ACL_SCRIPTING))
        set |= ACL_READ;
    if (row->flags & ADMIN)
        set |= ACL_ADMIN | ACL_DANGEROUS;
    if (row->flags & PUBSUB)
        set |= ACL_PUBSUB;
    if (row->flags & BLOCKING)
        set |= ACL_BLOCKING;
    return set | (row->flags & FAST ? ACL_FAST : ACL_SLOW);
}
