/* SPDX-License-Identifier: MIT
 * server/effects.c - which option moves which part: one table.
 *
 * Why:        options that are plain facts are read where they are used; these
 *             few must be told to somebody when CONFIG SET changes them.
 * Read next:  config/config_set.c calls the watchers */
#include "server/effects.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/log.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/dispatch_call.h"
#include "command/gates.h"
#include "command/latency.h"
#include "command/notify.h"
#include "command/slowlog.h"
#include "command/tracking.h"
#include "config/config.h"
#include "keyspace/evict.h"
#include "net/listener.h"
#include "net/loop.h"
#include "server/crash.h"
#include "server/listeners.h"
#include "server/process.h"

static struct listeners *listening;

_Static_assert((int)POLICY_NOEVICTION == (int)EVICT_NONE
               && (int)POLICY_VOLATILE_TTL == (int)EVICT_VOLATILE_TTL
               && (int)POLICY_ALLKEYS_LFU == (int)EVICT_ALLKEYS_LFU,
               "options.h and evict.h number the policies alike");

_Static_assert((int)LOG_TIME_LEGACY == (int)LOG_STAMP_DATE
               && (int)LOG_TIME_ISO8601 == (int)LOG_STAMP_ISO8601
               && (int)LOG_TIME_MILLISECONDS == (int)LOG_STAMP_MS,
               "options.h and log.h number the forms of times alike");

static bool
apply_log(struct config *c, void *server, const char **why)
{
    (void)server, (void)why;
    log_set_level((enum log_level)c->loglevel);
    log_set_form(c->log_format == LOG_FORM_LOGFMT,
                 (enum log_stamp)c->log_timestamp_format);
    log_hide_user_data(c->hide_user_data_from_log);
    return true;
}

static bool
apply_memory(struct config *c, void *arg, const char **why)
{
    struct server *server = arg;
    struct evict_settings s = {
        .limit = c->max_memory, .policy = (enum evict_policy)c->max_memory_policy,
        .samples = c->max_memory_samples, .tenacity = c->max_memory_eviction_tenacity,
        .lfu_log_factor = c->lfu_log_factor, .lfu_decay_minutes = c->lfu_decay_time,
        .lazy = c->lazyfree_lazy_eviction,
    };

    (void)why;
    evict_configure(server->keyspace, &s);
    gate_arm(GATE_MEMORY, s.limit != 0);
    keyspace_set_lazy_expire(server->keyspace, c->lazyfree_lazy_expire);
    return true;
}

static bool
apply_allocator(struct config *c, void *arg, const char **why)
{
    (void)arg, (void)why;
    if (!mem_purge_in_background(c->jemalloc_bg_thread))
        log_notice("This allocator has no threads of its own: jemalloc-bg-thread has no "
                   "effect.");
    return true;
}

static bool
apply_accept(struct config *c, void *arg, const char **why)
{
    (void)arg, (void)why;
    listener_set_turn(c->max_new_connections_per_cycle);
    return true;
}

static bool
apply_gather(struct config *c, void *arg, const char **why)
{
    struct server *server = arg;

    (void)why;
    loop_gather(server->loop, c->gather_interval);
    return true;
}

static bool
apply_clients(struct config *c, void *arg, const char **why)
{
    struct server *server = arg;

    (void)c, (void)why;
    clients_configure(server->clients);
    return true;
}

static bool
apply_max_clients(struct config *c, void *arg, const char **why)
{
    static char text[128];
    int64_t asked = c->max_clients;

    (void)arg;
    process_adjust_open_files(c);
    if (c->max_clients == asked)
        return true;
    snprintf(text, sizeof text, "The operating system is not able to handle the "
             "specified number of clients, try with %lld", (long long)c->max_clients);
    *why = text;
    return false;
}

static bool
apply_watching(struct config *c, void *arg, const char **why)
{
    struct server *server = arg;

    (void)why;
    slowlog_configure(server->slowlog, c->slowlog_log_slower_than,
                      (size_t)c->slowlog_max_len);
    slowlog_trim(server->slowlog, c->slowlog_entry_max_argc,
                 (size_t)c->slowlog_entry_max_string_len);
    latency_configure(server->latency, c->latency_monitor_threshold);
    dispatch_configure(server);
    return true;
}

static bool
apply_notify(struct config *c, void *arg, const char **why)
{
    (void)c, (void)why;
    notify_configure(arg);
    return true;
}

static bool
apply_tracking(struct config *c, void *arg, const char **why)
{
    struct server *server = arg;

    (void)c, (void)why;
    tracking_limit(server->tracking);
    return true;
}

static bool
reopen(const struct config *c)
{
    if (listeners_reopen(listening, c) != OK)
        return false;
    process_title_set(c);
    return true;
}

static bool
apply_port(struct config *c, void *arg, const char **why)
{
    (void)arg;
    *why = "Unable to listen on this port. Check server logs.";
    return reopen(c);
}

static bool
apply_bind(struct config *c, void *arg, const char **why)
{
    (void)arg;
    *why = "Failed to bind to specified addresses.";
    return reopen(c);
}

static bool
apply_title(struct config *c, void *arg, const char **why)
{
    (void)arg, (void)why;
    process_title_set(c);
    return true;
}

static bool
apply_oom_score(struct config *c, void *arg, const char **why)
{
    (void)arg;
    *why = "Failed to set current oom_score_adj. Check server logs.";
    return process_set_oom_score(c);
}

static bool
apply_crash_log(struct config *c, void *arg, const char **why)
{
    (void)why;
    if (c->crash_log_enabled)
        crash_watch(arg);
    else
        crash_unwatch();
    return true;
}

/* --- what cannot be turned on here; Redis's words for a build without it --- */

static bool
refuse_defrag(struct config *c, void *arg, const char **why)
{
    (void)arg;
    *why = "Active defragmentation cannot be enabled: it requires a Redis server compiled "
           "with a modified Jemalloc like the one shipped by default with the Redis source "
           "distribution";
    return !c->activedefrag;
}

static bool
refuse_append_only(struct config *c, void *arg, const char **why)
{
    (void)arg;
    *why = "Unable to turn on AOF. Check server logs.";
    if (c->appendonly)
        log_warning("appendonly: this version has no append only file.");
    return !c->appendonly;
}

static bool
refuse_tls(struct config *c, void *arg, const char **why)
{
    bool asked = c->tls_port || c->tls_replication || c->tls_cluster;

    (void)arg;
    *why = "Unable to update TLS configuration. Check server logs.";
    if (asked)
        log_warning("tls: this version has no TLS.");
    return !asked;
}

static const struct { const char *option; config_watch_fn *apply; } effects[] = {
    { "loglevel", apply_log },
    { "log-format", apply_log },
    { "log-timestamp-format", apply_log },
    { "hide-user-data-from-log", apply_log },
    { "jemalloc-bg-thread", apply_allocator },
    { "max-new-connections-per-cycle", apply_accept },
    { "gather-interval", apply_gather },
    { "maxmemory", apply_memory },
    { "maxmemory-policy", apply_memory },
    { "maxmemory-samples", apply_memory },
    { "maxmemory-eviction-tenacity", apply_memory },
    { "lfu-log-factor", apply_memory },
    { "lfu-decay-time", apply_memory },
    { "lazyfree-lazy-eviction", apply_memory },
    { "lazyfree-lazy-expire", apply_memory },
    { "requirepass", apply_clients },
    { "maxmemory-clients", apply_clients },
    { "maxclients", apply_max_clients },
    { "slowlog-log-slower-than", apply_watching },
    { "slowlog-max-len", apply_watching },
    { "slowlog-entry-max-argc", apply_watching },
    { "slowlog-entry-max-string-len", apply_watching },
    { "latency-monitor-threshold", apply_watching },
    { "latency-tracking", apply_watching },
    { "notify-keyspace-events", apply_notify },
    { "tracking-table-max-keys", apply_tracking },
    { "port", apply_port },
    { "bind", apply_bind },
    { "proc-title-template", apply_title },
    { "oom-score-adj", apply_oom_score },
    { "oom-score-adj-values", apply_oom_score },
    { "crash-log-enabled", apply_crash_log },
    { "activedefrag", refuse_defrag },
    { "appendonly", refuse_append_only },
    { "tls-port", refuse_tls },
    { "tls-replication", refuse_tls },
    { "tls-cluster", refuse_tls },
};

void
effects_start(struct server *server, struct listeners *listeners)
{
    struct config *c = server->config;
    const char *why;

    listening = listeners;
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        config_watch(c, effects[i].option, effects[i].apply, server);
    apply_log(c, server, &why);
    apply_memory(c, server, &why);
    apply_allocator(c, server, &why);
    apply_accept(c, server, &why);
    apply_gather(c, server, &why);
    apply_clients(c, server, &why);
    apply_watching(c, server, &why);
    apply_notify(c, server, &why);
    apply_title(c, server, &why);
    apply_oom_score(c, server, &why);
    apply_crash_log(c, server, &why);
}
