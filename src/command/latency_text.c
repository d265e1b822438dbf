/* SPDX-License-Identifier: MIT
 * command/latency_text.c - LATENCY GRAPH and LATENCY DOCTOR.
 *
 * How:        a graph is four rows of characters, each row standing for three heights
 *             ("_", "o", "#"), so twelve between the lowest and the highest sample;
 *             what is below a column's top is filled with "|".  Eighty columns a
 *             block, then the next block starts below.
 * Read next:  commands/c_latency.c */
#include "command/latency_text.h"

#include <stdio.h>

#define ROWS 4
#define HEIGHTS (ROWS * 3)
#define COLUMNS 80
#define LABEL_MAX 24

struct column {
    int height;                 /* 0 .. HEIGHTS-1 */
    char label[LABEL_MAX];      /* "32s": how long ago */
};

static void
label_age(char out[LABEL_MAX], int64_t seconds)
{
    int64_t n = seconds < 0 ? 0 : seconds;
    char unit = 's';

    if (n >= 24 * 3600)
        n /= 24 * 3600, unit = 'd';
    else if (n >= 3600)
        n /= 3600, unit = 'h';
    else if (n >= 60)
        n /= 60, unit = 'm';
    snprintf(out, LABEL_MAX, "%lld%c", (long long)n, unit);
}

static void
make_columns(const struct latency_sample *samples, size_t n, struct column *out)
{
    uint32_t min = UINT32_MAX, max = 0;
    int64_t now = clock_ms() / 1000;

    for (size_t i = 0; i < n; i++) {
        min = samples[i].took < min ? samples[i].took : min;
        max = samples[i].took > max ? samples[i].took : max;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t above = samples[i].took - min, range = max - min;

        out[i].height = range ? (int)(above * HEIGHTS / range) : 0;
        if (out[i].height == HEIGHTS)
            out[i].height--;
        label_age(out[i].label, now - samples[i].at_s);
    }
}

static void
draw_block(const struct column *columns, size_t n, struct text *out)
{
    size_t longest = 0;

    for (int row = ROWS - 1; row >= 0; row--) {
        for (size_t i = 0; i < n; i++) {
            int top = columns[i].height / 3;

            text_add_char(out, row > top ? ' ' : row < top ? '|'
                                         : "_o#"[columns[i].height % 3]);
        }
        text_add_char(out, '\n');
    }
    for (size_t i = 0; i < n; i++) {
        text_add_char(out, ' ');
        longest = strlen(columns[i].label) > longest ? strlen(columns[i].label) : longest;
    }
    text_add_char(out, '\n');
    for (size_t line = 0; line < longest; line++) {
        for (size_t i = 0; i < n; i++)
            text_add_char(out, line < strlen(columns[i].label) ? columns[i].label[line]
                                                               : ' ');
        text_add_char(out, '\n');
    }
}

static bool
find_event(const struct latency *l, struct bytes name, struct latency_event *out)
{
    struct latency_event events[LATENCY_EVENTS_MAX];
    size_t n = latency_events(l, events, LATENCY_EVENTS_MAX);

    for (size_t i = 0; i < n && i < LATENCY_EVENTS_MAX; i++) {
        if (!bytes_equal(bytes_of_text(events[i].name), name))
            continue;
        *out = events[i];
        return true;
    }
    return false;
}

bool
latency_graph(const struct latency *l, struct bytes event, struct text *out)
{
    struct latency_sample samples[LATENCY_SAMPLES];
    struct column columns[LATENCY_SAMPLES];
    size_t n = latency_history(l, event, samples);
    uint32_t high = 0, low = UINT32_MAX;
    struct latency_event e;

    if (n == 0 || !find_event(l, event, &e))
        return false;
    for (size_t i = 0; i < n; i++) {
        high = samples[i].took > high ? samples[i].took : high;
        low = samples[i].took < low ? samples[i].took : low;
    }
    text_printf(out, "%s - high %u ms, low %u ms (all time high %u ms)\n",
                e.name, high, low, e.max);
    for (int i = 0; i < COLUMNS; i++)
        text_add_char(out, '-');
    text_add_char(out, '\n');
    make_columns(samples, n, columns);
    for (size_t from = 0; from < n; from += COLUMNS)
        draw_block(columns + from, n - from < COLUMNS ? n - from : COLUMNS, out);
    return true;
}

/* --- the doctor --- */

/* Advice, by what the event's name starts with; all lines of all events that
 * happened are given, each once. */
struct advice { const char *event, *text; };
static const struct advice advices[] = {
    { "command", "Some calls take long by themselves: SLOWLOG GET lists them with their "
                 "arguments." },
    { "command", "Reading, deleting or overwriting very large values holds everybody up: "
                 "spread them over several keys, or delete them with UNLINK." },
    { "fast-command", "Calls that take constant time were slow, so the machine itself "
                      "pauses: look for a busy hypervisor, swapping, transparent huge "
                      "pages and competing processes (redis-cli --intrinsic-latency "
                      "measures it)." },
    { "expire-", "Many keys reach their deadline in the same moment: add a random part "
                 "to their time to live." },
    { "eviction-", "Eviction cannot keep up with writes: raise maxmemory, lower "
                   "maxmemory-eviction-tenacity, or turn lazyfree-lazy-eviction on." },
    { "active-defrag-", "Defragmentation takes long turns: lower its CPU limits." },
    { "fork", "Copying page tables for a child takes long: keep the data set smaller "
              "per process, and prefer hardware virtualisation." },
    { "aof-", "The disk is slower than the log that is written to it: use a faster or "
              "less shared one, or a looser appendfsync." },
    { "rdb-", "Files of snapshots are slow to handle: check the disk." },
    { "rehash", "A table grew in one long step." },
};

static void
describe_event(const struct latency *l, const struct latency_event *e, size_t number,
               struct text *out)
{
    struct latency_sample samples[LATENCY_SAMPLES];
    size_t n = latency_history(l, bytes_of_text(e->name), samples);
    double sum = 0, deviation = 0, average, period;

    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        sum += samples[i].took;
    average = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        deviation += samples[i].took > average ? samples[i].took - average
                                               : average - samples[i].took;
    period = (double)(clock_ms() / 1000 - samples[0].at_s) / (double)n;
    text_printf(out, "%zu. %s: %zu latency spikes (average %.0fms, mean deviation "
                "%.0fms, period %.2f sec). Worst all time event %ums.\n", number, e->name,
                n, average, deviation / (double)n, period > 0 ? period : 1.0, e->max);
}

static bool
has_event_like(const struct latency_event *events, size_t n, const char *start)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(events[i].name, start, strlen(start)) == 0)
            return true;
    return false;
}

void
latency_doctor(const struct latency *l, usec slowlog_threshold, struct text *out)
{
    struct latency_event events[LATENCY_EVENTS_MAX];
    size_t n = latency_events(l, events, LATENCY_EVENTS_MAX);

    n = n < LATENCY_EVENTS_MAX ? n : LATENCY_EVENTS_MAX;
    if (n == 0) {
        text_add_text(out, latency_threshold(l)
            ? "No latency spike was seen since monitoring started.\n"
            : "Latency monitoring is off. Turn it on with \"CONFIG SET "
              "latency-monitor-threshold <milliseconds>\".\n");
        return;
    }
    text_add_text(out, "Latency spikes were observed in this instance.\n\n");
    for (size_t i = 0; i < n; i++)
        describe_event(l, &events[i], i + 1, out);
    text_add_text(out, "\nWhat may help:\n\n");
    if (has_event_like(events, n, "command") &&
        (slowlog_threshold < 0 || slowlog_threshold > latency_threshold(l) * 1000))
        text_add_text(out, "- The slow log is off, or keeps only calls slower than what "
                      "is a spike here: lower slowlog-log-slower-than.\n");
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (has_event_like(events, n, advices[i].event))
            text_printf(out, "- %s\n", advices[i].text);
}
