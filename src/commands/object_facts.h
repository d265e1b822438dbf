/* SPDX-License-Identifier: MIT
 * commands/object_facts.h - what OBJECT and DEBUG OBJECT say alike about a value. */
#ifndef IGNIS_COMMANDS_OBJECT_FACTS_H
#define IGNIS_COMMANDS_OBJECT_FACTS_H
#include "keyspace/keyspace.h"

/* The reference count Redis would report: its small integers are shared by all
 * keys (INT_MAX), unless an LRU or LFU limit needs a clock per value. */
int64_t object_refcount(const struct keyspace *ks, const struct entry *e);
/* Bytes of the value in a dump, uncompressed.  O(1) for strings. */
size_t object_serialized_length(const struct entry *e);

#endif
