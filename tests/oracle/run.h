/* SPDX-License-Identifier: MIT
 * tests/oracle/run.h - calls made one after the other, compared, and what is told when
 * replies differ. */
#ifndef IGNIS_TESTS_ORACLE_RUN_H
#define IGNIS_TESTS_ORACLE_RUN_H
#include "base/text.h"
#include "oracle/generate.h"
#include "oracle/twins.h"

#define REMEMBERED 200          /* calls that may have led to a difference */
#define REPORTS 12
#define QUEUE_MAX 64

struct run {
    struct twins twins;
    struct source *all;
    size_t n;
    size_t calls, errors, differences;
    struct text past[REMEMBERED];
    struct text report;
    int proto;
    bool queueing;              /* between MULTI and EXEC */
    struct made queue[QUEUE_MAX];
    size_t queued;
};

/* Both servers, and the rows that both know.  Skips the test without redis-server. */
void run_start(struct run *r, int proto);
/* Expects that nothing differed. */
void run_stop(struct run *r);
/* A row at random; in a transaction EXEC soon comes. */
const struct source *run_choose(const struct run *r);
/* Ask both and compare, as explained.c says; what EXEC answers call by call.  False when
 * they differ: then both have been emptied. */
bool run_compare(struct run *r, const struct made *m);
/* Compare the digests of all that both hold.  Outside of transactions. */
void run_compare_state(struct run *r);
/* Empty both, so that one finding does not make others. */
void run_start_anew(struct run *r);
/* The past call that is the newest, as a line. */
const char *run_last_call(const struct run *r);
/* A number of the environment. */
uint64_t run_setting(const char *name, uint64_t otherwise);

#endif
