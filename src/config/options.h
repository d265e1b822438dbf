/* SPDX-License-Identifier: MIT
 * config/options.h - struct config: one plain field per row of options.def.
 *
 * Read the fields freely, on hot paths too; only src/config/ writes them, and
 * code that owns a fact (tests apart) asks config_watch to hear of a change. */
#ifndef IGNIS_CONFIG_OPTIONS_H
#define IGNIS_CONFIG_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

/* --- words of the enum options: W(word, value), in the order of error texts --- */
enum local_access { ACCESS_NO, ACCESS_YES, ACCESS_LOCAL };
#define WORDS_local_access(W) \
    W("no", ACCESS_NO) W("yes", ACCESS_YES) W("local", ACCESS_LOCAL)
enum tls_auth { TLS_AUTH_NO, TLS_AUTH_YES, TLS_AUTH_OPTIONAL };
#define WORDS_tls_auth(W) \
    W("no", TLS_AUTH_NO) W("yes", TLS_AUTH_YES) W("optional", TLS_AUTH_OPTIONAL)
enum supervision {
    SUPERVISED_NO, SUPERVISED_AUTO, SUPERVISED_SYSTEMD, SUPERVISED_UPSTART
};
#define WORDS_supervision(W) \
    W("upstart", SUPERVISED_UPSTART) W("systemd", SUPERVISED_SYSTEMD) \
    W("auto", SUPERVISED_AUTO) W("no", SUPERVISED_NO)
/* Values of enum log_level (base/log.h). */
#define WORDS_log_levels(W) W("debug", 0) W("verbose", 1) W("notice", 2) W("warning", 3)
enum log_form { LOG_FORM_LEGACY, LOG_FORM_LOGFMT };
#define WORDS_log_formats(W) W("legacy", LOG_FORM_LEGACY) W("logfmt", LOG_FORM_LOGFMT)
enum log_timestamp { LOG_TIME_LEGACY, LOG_TIME_ISO8601, LOG_TIME_MILLISECONDS };
#define WORDS_log_timestamps(W) \
    W("legacy", LOG_TIME_LEGACY) W("iso8601", LOG_TIME_ISO8601) \
    W("milliseconds", LOG_TIME_MILLISECONDS)
/* Values of LOG_USER, LOG_LOCAL0 ... in <syslog.h>. */
#define WORDS_syslog_facilities(W) \
    W("user", 1 << 3) W("local0", 16 << 3) W("local1", 17 << 3) W("local2", 18 << 3) \
    W("local3", 19 << 3) W("local4", 20 << 3) W("local5", 21 << 3) W("local6", 22 << 3) \
    W("local7", 23 << 3)
enum sanitize { SANITIZE_NO, SANITIZE_YES, SANITIZE_CLIENTS };
#define WORDS_sanitize(W) \
    W("no", SANITIZE_NO) W("yes", SANITIZE_YES) W("clients", SANITIZE_CLIENTS)
enum diskless_load {
    DISKLESS_LOAD_DISABLED, DISKLESS_LOAD_EMPTY_DB, DISKLESS_LOAD_SWAPDB
};
#define WORDS_diskless_load(W) \
    W("disabled", DISKLESS_LOAD_DISABLED) W("on-empty-db", DISKLESS_LOAD_EMPTY_DB) \
    W("swapdb", DISKLESS_LOAD_SWAPDB)
enum propagation {
    PROPAGATION_IGNORE, PROPAGATION_PANIC, PROPAGATION_PANIC_ON_REPLICAS
};
#define WORDS_propagation(W) \
    W("ignore", PROPAGATION_IGNORE) W("panic", PROPAGATION_PANIC) \
    W("panic-on-replicas", PROPAGATION_PANIC_ON_REPLICAS)
enum acl_channels { ACL_CHANNELS_NONE, ACL_CHANNELS_ALL };
#define WORDS_acl_channels(W) \
    W("allchannels", ACL_CHANNELS_ALL) W("resetchannels", ACL_CHANNELS_NONE)
/* Same values as enum evict_policy (keyspace/evict.h), which is a floor above. */
enum max_memory_policy {
    POLICY_VOLATILE_LRU, POLICY_ALLKEYS_LRU, POLICY_VOLATILE_LFU, POLICY_ALLKEYS_LFU,
    POLICY_VOLATILE_RANDOM, POLICY_ALLKEYS_RANDOM, POLICY_VOLATILE_TTL, POLICY_NOEVICTION
};
#define WORDS_policy(W) \
    W("volatile-lru", POLICY_VOLATILE_LRU) W("volatile-lfu", POLICY_VOLATILE_LFU) \
    W("volatile-random", POLICY_VOLATILE_RANDOM) W("volatile-ttl", POLICY_VOLATILE_TTL) \
    W("allkeys-lru", POLICY_ALLKEYS_LRU) W("allkeys-lfu", POLICY_ALLKEYS_LFU) \
    W("allkeys-random", POLICY_ALLKEYS_RANDOM) W("noeviction", POLICY_NOEVICTION)
enum oom_mode { OOM_NO, OOM_RELATIVE, OOM_ABSOLUTE };
#define WORDS_oom_modes(W) \
    W("no", OOM_NO) W("yes", OOM_RELATIVE) W("relative", OOM_RELATIVE) \
    W("absolute", OOM_ABSOLUTE)
enum fsync_mode { FSYNC_NO, FSYNC_ALWAYS, FSYNC_EVERYSEC };
#define WORDS_fsync_modes(W) \
    W("everysec", FSYNC_EVERYSEC) W("always", FSYNC_ALWAYS) W("no", FSYNC_NO)
enum endpoint_type { ENDPOINT_IP, ENDPOINT_HOSTNAME, ENDPOINT_UNKNOWN };
#define WORDS_endpoint_types(W) \
    W("ip", ENDPOINT_IP) W("hostname", ENDPOINT_HOSTNAME) \
    W("unknown-endpoint", ENDPOINT_UNKNOWN)
/* Bits of shutdown-on-sigint and shutdown-on-sigterm; 0 is "default". */
enum shutdown_bit {
    SHUTDOWN_ON_SAVE = 1, SHUTDOWN_ON_NOSAVE = 2, SHUTDOWN_ON_NOW = 4,
    SHUTDOWN_ON_FORCE = 8
};
#define WORDS_shutdown_words(W) \
    W("default", 0) W("save", SHUTDOWN_ON_SAVE) W("nosave", SHUTDOWN_ON_NOSAVE) \
    W("now", SHUTDOWN_ON_NOW) W("force", SHUTDOWN_ON_FORCE)

/* --- options of more than one word --- */
struct word_list { char **at; size_t count; };          /* NUL-terminated words */
/* Directives that may be repeated: one word list per line, the name excluded. */
struct config_lines { struct word_list *at; size_t count; };
struct save_point { int64_t seconds; int changes; };
struct save_points { struct save_point *at; size_t count; };
enum output_class { OUTPUT_NORMAL, OUTPUT_REPLICA, OUTPUT_PUBSUB, OUTPUT_CLASSES };
struct output_limit { size_t hard, soft; int64_t soft_seconds; };    /* 0: none */
struct percentiles { double *at; size_t count; };
struct endpoint { char *host; int port; };              /* host "" : none */

/* --- what each type of row is in struct config --- */
#define FIELD_bool(f) bool f;
#define FIELD_int(f) int f;
#define FIELD_rate(f) int f;                    /* 1 to 500 */
#define FIELD_watch(f) int f;                   /* 0, or 200 and more */
#define FIELD_octal(f) int f;
#define FIELD_enum(f) int f;                    /* a value of its words */
#define FIELD_flags(f) int f;                   /* bits of its words */
#define FIELD_long(f) int64_t f;
#define FIELD_msec(f) int64_t f;
#define FIELD_bytes(f) size_t f;
#define FIELD_backlog(f) size_t f;
#define FIELD_memory(f) size_t f; int f##_percent;      /* bytes; 0: given in bytes */
#define FIELD_percent(f) int64_t f;             /* bytes, or minus a percentage */
#define FIELD_text(f) char *f;                  /* never NULL */
#define FIELD_secret(f) struct text f;          /* any bytes */
#define FIELD_words(f) struct word_list f;
#define FIELD_lines(f) struct config_lines f;
#define FIELD_save(f) struct save_points f;
#define FIELD_limits(f) struct output_limit f[OUTPUT_CLASSES];
#define FIELD_oom_values(f) int f[3];
#define FIELD_percentiles(f) struct percentiles f;
/* Bits: K is 1, E is 2, then as enum event_class (keyspace/keyspace.h). */
#define FIELD_events(f) int f;
#define FIELD_endpoint(f) struct endpoint f;
#define FIELD_dir(f) char *f;                   /* absolute */

struct config_own;              /* file, watchers: config_own.h */

struct config {
#define OPTION(type, field, name, default_, min, max, flags, summary) FIELD_##type(field)
#define ALIAS(name, field)
#define GROUP(heading)
#include "config/options.def"
#undef OPTION
#undef ALIAS
#undef GROUP
    struct config_own *own;
};

#endif
