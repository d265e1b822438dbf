/* SPDX-License-Identifier: MIT
 * server/info_counters.c - INFO stats, commandstats, errorstats, latencystats. */
#include "server/info_counters.h"
#include "base/text.h"
#include "config/config.h"
#include "keyspace/evict.h"
#include "net/conn.h"
#include "net/loop.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/pubsub.h"
#include "command/stats.h"
#include "command/table.h"
#include "command/tracking.h"

static void
count(struct text *out, const char *name, uint64_t n)
{
    text_printf(out, "%s:%llu\r\n", name, (unsigned long long)n);
}

static void
traffic_fields(struct text *out, struct server *server,
               const struct clients_facts *clients)
{
    const struct stats *stats = server->stats;
    struct conn_facts net;

    conn_facts(&net);
    count(out, "total_connections_received", clients->accepted);
    count(out, "total_commands_processed", stats->commands);
    text_printf(out, "instantaneous_ops_per_sec:%.0f\r\n", stats->ops_per_sec);
    count(out, "total_net_input_bytes", net.read_bytes - stats->read_bytes_base);
    count(out, "total_net_output_bytes", net.written_bytes - stats->written_bytes_base);
    text_printf(out, "total_net_repl_input_bytes:0\r\ntotal_net_repl_output_bytes:0\r\n");
    text_printf(out, "instantaneous_input_kbps:%.2f\r\n", stats->input_kbps);
    text_printf(out, "instantaneous_output_kbps:%.2f\r\n", stats->output_kbps);
    text_printf(out, "instantaneous_input_repl_kbps:0.00\r\n");
    text_printf(out, "instantaneous_output_repl_kbps:0.00\r\n");
    count(out, "rejected_connections", clients->rejected);
    text_printf(out, "sync_full:0\r\nsync_partial_ok:0\r\nsync_partial_err:0\r\n");
}

static void
keyspace_fields(struct text *out, struct server *server,
                const struct clients_facts *clients)
{
    const struct keyspace_stats *ks = keyspace_stats(server->keyspace);
    uint64_t over_us;

    count(out, "expired_keys", ks->expired);
    text_printf(out, "expired_stale_perc:%.2f\r\n", ks->expired_stale_perc);
    count(out, "expired_time_cap_reached_count", ks->expired_time_cap);
    count(out, "expire_cycle_cpu_milliseconds", ks->expire_cycle_us / 1000);
    count(out, "evicted_keys", ks->evicted);
    count(out, "evicted_clients", clients->evicted);
    over_us = (uint64_t)evict_exceeded_us(server->keyspace);
    count(out, "total_eviction_exceeded_time", (ks->evict_exceeded_us + over_us) / 1000);
    count(out, "current_eviction_exceeded_time", over_us / 1000);
    count(out, "keyspace_hits", ks->hits);
    count(out, "keyspace_misses", ks->misses);
}

static void
listener_fields(struct text *out, struct server *server)
{
    count(out, "pubsub_channels", pubsub_channels(server->pubsub, CHANNEL_PLAIN));
    count(out, "pubsub_patterns", pubsub_channels(server->pubsub, CHANNEL_PATTERN));
    count(out, "pubsubshard_channels", pubsub_channels(server->pubsub, CHANNEL_SHARD));
}

static void
tracking_fields(struct text *out, struct server *server)
{
    struct tracking_facts f;

    tracking_facts(server->tracking, &f);
    count(out, "tracking_total_keys", f.keys);
    count(out, "tracking_total_items", f.items);
    count(out, "tracking_total_prefixes", f.prefixes);
}

/* Parts that are not built: what an idle Redis shows. */
static void
idle_fields(struct text *out)
{
    text_printf(out, "latest_fork_usec:0\r\ntotal_forks:0\r\n");
    text_printf(out, "migrate_cached_sockets:0\r\nslave_expires_tracked_keys:0\r\n");
    text_printf(out, "active_defrag_hits:0\r\nactive_defrag_misses:0\r\n");
    text_printf(out, "active_defrag_key_hits:0\r\nactive_defrag_key_misses:0\r\n");
    text_printf(out, "total_active_defrag_time:0\r\ncurrent_active_defrag_time:0\r\n");
}

/* What all commands took. */
static uint64_t
command_us(const struct command_table *table)
{
    uint64_t ticks = 0;

    for (size_t i = 0; i < command_count(table); i++) {
        const struct registered *cmd = command_at(table, i);

        ticks += cmd->ticks;
        for (size_t k = 0; k < cmd->sub_count; k++)
            ticks += cmd->subs[k]->ticks;
    }
    return clock_ticks_to_ns(ticks) / 1000;
}

static void
loop_fields(struct text *out, struct server *server)
{
    const struct stats *stats = server->stats;
    struct loop_facts loop;

    loop_facts(server->loop, &loop);
    count(out, "eventloop_cycles", loop.turns - stats->turns_base);
    count(out, "eventloop_duration_sum", loop.busy_us - stats->busy_us_base);
    count(out, "eventloop_duration_cmd_sum", command_us(server->commands));
    text_printf(out, "instantaneous_eventloop_cycles_per_sec:%.0f\r\n",
                stats->turns_per_sec);
    text_printf(out, "instantaneous_eventloop_duration_usec:%.0f\r\n",
                stats->us_per_turn);
}

/* The last lines are of later versions. */
void
info_counters_stats(struct text *out, struct server *server)
{
    struct clients_facts clients;
    struct conn_facts net;

    clients_facts(server->clients, &clients);
    conn_facts(&net);
    traffic_fields(out, server, &clients);
    keyspace_fields(out, server, &clients);
    listener_fields(out, server);
    idle_fields(out);
    tracking_fields(out, server);
    count(out, "unexpected_error_replies", server->stats->unexpected_errors);
    count(out, "total_error_replies", server->stats->error_replies);
    text_printf(out, "dump_payload_sanitizations:0\r\n");
    count(out, "total_reads_processed", net.reads - server->stats->reads_base);
    count(out, "total_writes_processed", net.writes - server->stats->writes_base);
    text_printf(out, "io_threaded_reads_processed:0\r\n");
    text_printf(out, "io_threaded_writes_processed:0\r\n");
    text_printf(out, "reply_buffer_shrinks:0\r\nreply_buffer_expands:0\r\n");
    count(out, "client_query_buffer_limit_disconnections", clients.query_limit_closed);
    count(out, "client_output_buffer_limit_disconnections", clients.output_limit_closed);
    loop_fields(out, server);
    count(out, "expired_subkeys", keyspace_stats(server->keyspace)->expired_elements);
}

/* --- per command --- */

typedef void command_line_fn(struct text *out, const struct registered *cmd,
                             const struct config *config);

static void
each_command(struct text *out, struct server *server, command_line_fn *line)
{
    size_t i, k;

    for (i = 0; i < command_count(server->commands); i++) {
        const struct registered *cmd = command_at(server->commands, i);

        line(out, cmd, server->config);
        for (k = 0; k < cmd->sub_count; k++)
            line(out, cmd->subs[k], server->config);
    }
}

static void
command_line(struct text *out, const struct registered *cmd, const struct config *config)
{
    double usec = (double)clock_ticks_to_ns(cmd->ticks) / 1000;

    (void)config;
    if (!cmd->calls && !cmd->failed && !cmd->rejected)
        return;
    text_printf(out, "cmdstat_%s:calls=%llu,usec=%.0f,usec_per_call=%.2f,"
                "rejected_calls=%llu,failed_calls=%llu\r\n", cmd->full_name,
                (unsigned long long)cmd->calls, usec,
                cmd->calls ? usec / (double)cmd->calls : 0,
                (unsigned long long)cmd->rejected, (unsigned long long)cmd->failed);
}

void
info_counters_commands(struct text *out, struct server *server)
{
    each_command(out, server, command_line);
}

static void
latency_line(struct text *out, const struct registered *cmd, const struct config *config)
{
    const struct percentiles *p = &config->latency_tracking_info_percentiles;
    size_t i;

    if (!cmd->latency || !latency_histogram_count(cmd->latency))
        return;
    text_printf(out, "latency_percentiles_usec_%s:", cmd->full_name);
    for (i = 0; i < p->count; i++)
        text_printf(out, "%sp%.10g=%.3f", i ? "," : "", p->at[i],
                    (double)latency_histogram_at(cmd->latency, p->at[i]) / 1000);
    text_add_text(out, "\r\n");
}

void
info_counters_latency(struct text *out, struct server *server)
{
    each_command(out, server, latency_line);
}

static void
error_line(struct bytes code, uint64_t n, void *arg)
{
    text_printf(arg, "errorstat_%.*s:count=%llu\r\n", B_ARG(code), (unsigned long long)n);
}

void
info_counters_errors(struct text *out, struct server *server)
{
    errorstats_each(server->errorstats, error_line, out);
}
