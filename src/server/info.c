/* SPDX-License-Identifier: MIT
 * server/info.c - INFO: who we are, who is connected, what is kept.
 *
 * Why:        dashboards, exporters and clients read these fields by name, some
 *             by their place; the order and the names are Redis 7.0's.
 * How:        a section is a function that appends lines.  Fields of parts that
 *             are not built yet show what an idle Redis shows.
 * Invariants: redis-cli --stat takes the first match of some names, therefore no
 *             field before `loading:` or `used_memory:` may contain those words.
 *             No value holds both ',' and '=' unless all of it is k=v items.
 * Read next:  server/info_memory.c, server/info_counters.c */
#include "server/info.h"
#include "base/hash.h"
#include "base/rand.h"
#include "base/version.h"
#include "structs/dict.h"
#include "config/config.h"
#include "keyspace/evict.h"
#include "net/loop.h"
#include "command/blocking.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/info.h"
#include "command/portions.h"
#include "command/stats.h"
#include "command/pubsub.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "server/cron.h"
#include "server/info_counters.h"
#include "server/info_memory.h"
#include "server/process.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NO_REPLICATION_ID "0000000000000000000000000000000000000000"

/* Drawn once. */
static struct {
    char build_id[17], executable[PATH_MAX];
    struct utsname os;
} fixed;

static const char *
supervisor(const struct config *config)
{
    if (process_is_supervised(config))
        return "systemd";
    return config->supervised == SUPERVISED_UPSTART ? "upstart" : "no";
}

static void
version_fields(struct text *out)
{
    text_printf(out, "redis_version:%s\r\n", VERSION_REDIS);
    text_printf(out, "server_name:ignisdb\r\n");
    text_printf(out, "ignisdb_version:%s\r\n", VERSION_IGNIS);
    text_printf(out, "redis_git_sha1:00000000\r\nredis_git_dirty:0\r\n");
    text_printf(out, "redis_build_id:%s\r\n", fixed.build_id);
    text_printf(out, "redis_mode:standalone\r\n");
    text_printf(out, "os:%s %s %s\r\n", fixed.os.sysname, fixed.os.release,
                fixed.os.machine);
    text_printf(out, "arch_bits:%zu\r\n", sizeof(void *) * CHAR_BIT);
}

static void
section_server(struct text *out, struct server *server)
{
    const struct config *config = server->config;
    usec now = clock_us_now();
    int64_t up = now / 1000000 - server->stats->start_s;

    version_fields(out);
    text_printf(out, "monotonic_clock:%s\r\n", clock_description());
    text_printf(out, "multiplexing_api:%s\r\n", loop_backend(server->loop));
    text_printf(out, "atomicvar_api:c11-builtin\r\n");
    text_printf(out, "gcc_version:%d.%d.%d\r\n", __GNUC__, __GNUC_MINOR__,
                __GNUC_PATCHLEVEL__);
    text_printf(out, "process_id:%ld\r\n", (long)getpid());
    text_printf(out, "process_supervised:%s\r\n", supervisor(config));
    text_printf(out, "run_id:%s\r\n", server->stats->run_id);
    text_printf(out, "tcp_port:%d\r\n", config->port);
    text_printf(out, "server_time_usec:%lld\r\n", (long long)now);
    text_printf(out, "uptime_in_seconds:%lld\r\n", (long long)up);
    text_printf(out, "uptime_in_days:%lld\r\n", (long long)up / 86400);
    text_printf(out, "hz:%d\r\n", cron_hz(config, clients_count(server->clients)));
    text_printf(out, "configured_hz:%d\r\n", config->hz);
    text_printf(out, "lru_clock:%u\r\n", evict_lru_now());
    text_printf(out, "executable:%s\r\n", fixed.executable);
    text_printf(out, "config_file:%s\r\n", config_file(config));
    text_printf(out, "io_threads_active:0\r\n");
}

/* What 7.0 does not have is where 7.2 and 7.4 show it. */
static void
section_clients(struct text *out, struct server *server)
{
    struct clients_facts f;

    clients_facts(server->clients, &f);
    text_printf(out, "connected_clients:%zu\r\n", f.connected);
    text_printf(out, "cluster_connections:0\r\n");
    text_printf(out, "maxclients:%lld\r\n", (long long)server->config->max_clients);
    text_printf(out, "client_recent_max_input_buffer:%zu\r\n", f.biggest_input);
    text_printf(out, "client_recent_max_output_buffer:%zu\r\n", f.biggest_output);
    text_printf(out, "blocked_clients:%zu\r\n", f.blocked);
    text_printf(out, "tracking_clients:%zu\r\n", tracking_clients(server->tracking));
    text_printf(out, "pubsub_clients:%zu\r\n", pubsub_clients(server->pubsub));
    text_printf(out, "watching_clients:%zu\r\n", watches_clients(server->watches));
    text_printf(out, "clients_in_timeout_table:%zu\r\n",
                blocking_timeouts(server->blocking));
    text_printf(out, "total_watched_keys:%zu\r\n", watches_keys(server->watches));
    text_printf(out, "total_blocking_keys:%zu\r\n", blocking_keys(server->blocking));
    text_printf(out, "total_blocking_keys_on_nokey:0\r\n");
}

static void
snapshot_fields(struct text *out, struct server *server)
{
    text_printf(out, "rdb_changes_since_last_save:%lld\r\n",
                (long long)keyspace_dirty(server->keyspace));
    text_printf(out, "rdb_bgsave_in_progress:0\r\n");
    text_printf(out, "rdb_last_save_time:%lld\r\n", (long long)server->stats->start_s);
    text_printf(out, "rdb_last_bgsave_status:ok\r\n");
    text_printf(out, "rdb_last_bgsave_time_sec:-1\r\n");
    text_printf(out, "rdb_current_bgsave_time_sec:-1\r\n");
    text_printf(out, "rdb_saves:0\r\n");
    text_printf(out, "rdb_last_cow_size:0\r\n");
    text_printf(out, "rdb_last_load_keys_expired:0\r\n");
    text_printf(out, "rdb_last_load_keys_loaded:0\r\n");
}

static void
section_persistence(struct text *out, struct server *server)
{
    text_printf(out, "loading:0\r\nasync_loading:0\r\n");
    text_printf(out, "current_cow_peak:0\r\ncurrent_cow_size:0\r\n");
    text_printf(out, "current_cow_size_age:0\r\ncurrent_fork_perc:0.00\r\n");
    text_printf(out, "current_save_keys_processed:0\r\ncurrent_save_keys_total:0\r\n");
    snapshot_fields(out, server);
    text_printf(out, "aof_enabled:0\r\naof_rewrite_in_progress:0\r\n");
    text_printf(out, "aof_rewrite_scheduled:0\r\naof_last_rewrite_time_sec:-1\r\n");
    text_printf(out, "aof_current_rewrite_time_sec:-1\r\n");
    text_printf(out, "aof_last_bgrewrite_status:ok\r\n");
    text_printf(out, "aof_rewrites:0\r\naof_rewrites_consecutive_failures:0\r\n");
    text_printf(out, "aof_last_write_status:ok\r\naof_last_cow_size:0\r\n");
    text_printf(out, "module_fork_in_progress:0\r\nmodule_fork_last_cow_size:0\r\n");
}

static void
section_replication(struct text *out, struct server *server)
{
    text_printf(out, "role:master\r\nconnected_slaves:0\r\n");
    text_printf(out, "master_failover_state:no-failover\r\n");
    text_printf(out, "master_replid:%s\r\n", server->stats->replication_id);
    text_printf(out, "master_replid2:%s\r\n", NO_REPLICATION_ID);
    text_printf(out, "master_repl_offset:0\r\nsecond_repl_offset:-1\r\n");
    text_printf(out, "repl_backlog_active:0\r\n");
    text_printf(out, "repl_backlog_size:%lld\r\n",
                (long long)server->config->repl_backlog_size);
    text_printf(out, "repl_backlog_first_byte_offset:0\r\nrepl_backlog_histlen:0\r\n");
}

static void
cpu_field(struct text *out, const char *name, struct timeval t)
{
    text_printf(out, "used_cpu_%s:%ld.%06ld\r\n", name, (long)t.tv_sec, (long)t.tv_usec);
}

static void
section_cpu(struct text *out, struct server *server)
{
    struct rusage self, children, thread;

    (void)server;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    getrusage(RUSAGE_THREAD, &thread);
    cpu_field(out, "sys", self.ru_stime);
    cpu_field(out, "user", self.ru_utime);
    cpu_field(out, "sys_children", children.ru_stime);
    cpu_field(out, "user_children", children.ru_utime);
    cpu_field(out, "sys_main_thread", thread.ru_stime);
    cpu_field(out, "user_main_thread", thread.ru_utime);
}

/* There are none; the header alone is what Redis shows then. */
static void
section_modules(struct text *out, struct server *server)
{
    (void)out;
    (void)server;
}

static void
section_cluster(struct text *out, struct server *server)
{
    (void)server;
    text_printf(out, "cluster_enabled:0\r\n");
}

static void
section_keyspace(struct text *out, struct server *server)
{
    struct keyspace *ks = server->keyspace;
    int i;

    for (i = 0; i < keyspace_databases(ks); i++) {
        struct db *db = keyspace_db(ks, i);

        if (!db_count(db))
            continue;
        text_printf(out, "db%d:keys=%zu,expires=%zu,avg_ttl=%lld", i, db_count(db),
                    db_count_expiring(db), (long long)db_average_ttl(db));
        /* exporters know fields by their places, and take a fourth for another */
        if (db_count_elements_expiring(db))
            text_printf(out, ",subexpiry=%zu", db_count_elements_expiring(db));
        text_add_text(out, "\r\n");
    }
}

static void
times_field(struct text *out, const char *clock, const struct portion_times *t)
{
    text_printf(out, "expire_portion_%s_usec:median=%.1f,p99=%.1f,longest=%.1f,"
                "longest_turn=%.1f\r\n", clock, (double)t->median / 1e3,
                (double)t->p99 / 1e3, (double)t->longest / 1e3,
                (double)t->longest_turn / 1e3);
}

/* Portions in which something was removed; how long they held the loop, and what of
 * that time the loop's thread computed. */
static void
expiry_fields(struct text *out, struct server *server)
{
    struct portions_facts f;

    portions_facts(server->expiry, &f);
    text_printf(out, "expire_portions:%llu\r\n", (unsigned long long)f.count);
    times_field(out, "wall", &f.wall);
    times_field(out, "cpu", &f.cpu);
}

/* What Redis does not have, at the end and only when asked for. */
static void
section_ignis(struct text *out, struct server *server)
{
    struct keyspace *ks = server->keyspace;
    size_t buckets = 0, chained = 0, growing = 0, bytes = 0;
    struct dict_facts f;
    int i;

    for (i = 0; i < keyspace_databases(ks); i++) {
        struct db *db = keyspace_db(ks, i);

        dict_facts(db_dict(db), &f);
        buckets += f.buckets;
        chained += f.chained;
        growing += f.old_buckets != 0;
        bytes += db_overhead(db);
    }
    text_printf(out, "table_buckets:%zu\r\n", buckets);
    text_printf(out, "table_buckets_chained:%zu\r\n", chained);
    text_printf(out, "table_bytes:%zu\r\n", bytes);
    text_printf(out, "tables_resizing:%zu\r\n", growing);
    expiry_fields(out, server);
}

static void
draw_fixed_facts(void)
{
    static const char build[] = "ignisdb " VERSION_IGNIS " " __VERSION__;
    unsigned char digest[20];
    ssize_t n;

    hash_sha1(build, sizeof build - 1, digest);
    hash_hex(digest, 8, fixed.build_id);
    uname(&fixed.os);
    n = readlink("/proc/self/exe", fixed.executable, sizeof fixed.executable - 1);
    fixed.executable[n > 0 ? n : 0] = '\0';
}

void
info_sections(struct info *info)
{
    draw_fixed_facts();
    info_add(info, "Server", INFO_DEFAULT, section_server);
    info_add(info, "Clients", INFO_DEFAULT, section_clients);
    info_add(info, "Memory", INFO_DEFAULT, info_memory);
    info_add(info, "Persistence", INFO_DEFAULT, section_persistence);
    info_add(info, "Stats", INFO_DEFAULT, info_counters_stats);
    info_add(info, "Replication", INFO_DEFAULT, section_replication);
    info_add(info, "CPU", INFO_DEFAULT, section_cpu);
    info_add(info, "Modules", INFO_DEFAULT, section_modules);
    info_add(info, "Commandstats", INFO_ALL, info_counters_commands);
    info_add(info, "Errorstats", INFO_DEFAULT, info_counters_errors);
    info_add(info, "Latencystats", INFO_ALL, info_counters_latency);
    info_add(info, "Cluster", INFO_DEFAULT, section_cluster);
    info_add(info, "Keyspace", INFO_DEFAULT, section_keyspace);
    info_add(info, "Ignis", INFO_EVERYTHING, section_ignis);
}
