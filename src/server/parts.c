/* SPDX-License-Identifier: MIT
 * server/parts.c - assemble a server bottom-up, take it apart top-down.
 *
 * Why:        this is the one place where all parts are seen together; it reads as the
 *             diagram of the server. Tests that need no process build one here too.
 * How:        each part is made before those that look for it, and freed after them.
 * Read next:  server/main.c (the process around it), command/call.h (struct server) */
#include "server/parts.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rand.h"
#include "command/blocking.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/dispatch.h"
#include "command/info.h"
#include "command/latency.h"
#include "command/portions.h"
#include "command/pubsub.h"
#include "command/slowlog.h"
#include "command/stats.h"
#include "command/table.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "commands/families.h"
#include "config/config.h"
#include "net/loop.h"
#include "server/info.h"
#include "values/v_hash.h"
#include "values/v_list.h"
#include "values/v_set.h"
#include "values/v_string.h"
#include "values/v_zset.h"
#include "wire/resp_write.h"

static const struct family *const families[] = {
    &string_family, &string_many_family, &string_number_family, &string_range_family,
    &lcs_family, &bitmap_family, &bitfield_family, &key_family, &expire_family,
    &scan_family, &object_family, &connection_family, &client_family, &server_family,
    &config_family, &command_family, &memory_family, &slowlog_family, &latency_family,
    &debug_family, &zset_family, &zset_pick_family, &zset_range_family,
    &zset_combine_family, &zset_pop_family, &lolwut_family,
    &hash_family, &hash_number_family, &hash_pick_family, &hash_expire_family,
    &hash_life_family, &set_family, &set_pick_family, &set_algebra_family,
    &transaction_family, &pubsub_family, &tracking_family,
    &list_family, &list_edit_family, &list_move_family, &sort_family,
};

struct command_table *
parts_commands(void)
{
    struct command_table *table = command_table_new();

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        command_table_add(table, families[i]);
    command_table_seal(table);
    return table;
}

void
parts_build(struct server *s)
{
    value_type_register(TYPE_STRING, &string_type);
    value_type_register(TYPE_LIST, &list_type);
    value_type_register(TYPE_SET, &set_type);
    value_type_register(TYPE_ZSET, &zset_type);
    value_type_register(TYPE_HASH, &hash_type);
    s->keyspace = keyspace_new(s->config->databases);
    s->loop = loop_new();
    s->stats = mem_zalloc(sizeof *s->stats);
    s->stats->start_s = clock_ms() / 1000;
    rand_hex(s->stats->run_id, 40);
    rand_hex(s->stats->replication_id, 40);
    s->errorstats = errorstats_new();
    s->expiry = portions_new();
    s->slowlog = slowlog_new();
    s->latency = latency_new();
    s->info = info_new();
    s->commands = parts_commands();
    s->clients = clients_new(s);
    s->pubsub = pubsub_new();
    s->tracking = tracking_new(s);
    s->blocking = blocking_new(s);
    s->watches = watches_new(s);
    info_sections(s->info);
}

void
parts_free(struct server *s)
{
    clients_free(s->clients);
    blocking_free(s->blocking);
    watches_free(s->watches);
    pubsub_free(s->pubsub);
    tracking_free(s->tracking);
    dispatch_stop();
    command_table_free(s->commands);
    info_free(s->info);
    latency_free(s->latency);
    slowlog_free(s->slowlog);
    errorstats_free(s->errorstats);
    portions_free(s->expiry);
    mem_free(s->stats);
    keyspace_free(s->keyspace);
    reply_pool_free();
    loop_free(s->loop);
}
