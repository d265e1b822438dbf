/* SPDX-License-Identifier: MIT
 * command/stats.h - what is counted per process, error and latency. */
#ifndef IGNIS_COMMAND_STATS_H
#define IGNIS_COMMAND_STATS_H
#include <stdint.h>
#include "base/bytes.h"

struct stats {
    uint64_t commands;                  /* total_commands_processed */
    uint64_t error_replies;             /* total_error_replies */
    uint64_t unexpected_errors;
    uint64_t peak_memory;
    int64_t start_s;                    /* wall seconds the server started */
    /* what others had counted at the last RESETSTAT */
    uint64_t read_bytes_base, written_bytes_base, reads_base, writes_base;
    uint64_t turns_base, busy_us_base;
    /* instantaneous_*: filled by cron from samples */
    double ops_per_sec, input_kbps, output_kbps;
    double turns_per_sec, us_per_turn;
    char run_id[41], replication_id[41];
};

/* Counts by error code ("ERR", "WRONGTYPE"): INFO errorstats.  128 codes are told
 * apart; errors with further ones count as ERRORSTATS_OVERFLOW. */
struct errorstats;
struct errorstats *errorstats_new(void);
void errorstats_free(struct errorstats *e);
/* The text of an error reply without its "-". */
void errorstats_count(struct errorstats *e, struct bytes error_text);
void errorstats_reset(struct errorstats *e);
/* In alphabetical order of codes. */
typedef void errorstats_fn(struct bytes code, uint64_t count, void *arg);
void errorstats_each(const struct errorstats *e, errorstats_fn *each, void *arg);

/* Log-linear histogram of durations in ns, up to 4.3 s, in steps 1.6 % wide. */
struct latency_histogram;
struct latency_histogram *latency_histogram_new(void);
void latency_histogram_free(struct latency_histogram *h);
void latency_histogram_add(struct latency_histogram *h, uint64_t ns);   /* ~2 ns */
uint64_t latency_histogram_count(const struct latency_histogram *h);
/* The value at a percentile (0..100), in ns: at most one step high, never above the
 * maximum.  0 when nothing was added. */
uint64_t latency_histogram_at(const struct latency_histogram *h, double percentile);
/* How many were <= limit ns; the step that holds the limit counts whole. */
uint64_t latency_histogram_up_to(const struct latency_histogram *h, uint64_t limit);
#endif
