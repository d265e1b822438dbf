/* SPDX-License-Identifier: MIT
 * commands/c_latency.c - LATENCY: spikes by event, and how long calls take.
 *
 * Read next:  command/latency.c, command/stats.c */
#include "command/call.h"
#include "command/docs.h"
#include "command/latency.h"
#include "command/latency_text.h"
#include "command/slowlog.h"
#include "command/stats.h"
#include "command/table.h"
#include "commands/families.h"

/* --- spikes --- */

static void
cmd_latency_latest(struct call *c)
{
    struct latency_event events[LATENCY_EVENTS_MAX];
    size_t n = latency_events(c->server->latency, events, LATENCY_EVENTS_MAX);

    reply_array(c->out, n);
    for (size_t i = 0; i < n; i++) {
        reply_array(c->out, 4);
        reply_bulk_text(c->out, events[i].name);
        reply_int(c->out, events[i].latest.at_s);
        reply_int(c->out, events[i].latest.took);
        reply_int(c->out, events[i].max);
    }
}

static void
cmd_latency_history(struct call *c)
{
    struct latency_sample samples[LATENCY_SAMPLES];
    size_t n = latency_history(c->server->latency, c->argv[2], samples);

    reply_array(c->out, n);
    for (size_t i = 0; i < n; i++) {
        reply_array(c->out, 2);
        reply_int(c->out, samples[i].at_s);
        reply_int(c->out, samples[i].took);
    }
}

static void
cmd_latency_reset(struct call *c)
{
    size_t n = 0;

    if (c->argc == 2)
        n = latency_reset(c->server->latency, B(""));
    for (int i = 2; i < c->argc; i++)
        if (c->argv[i].len > 0)         /* an empty name would mean all */
            n += latency_reset(c->server->latency, c->argv[i]);
    reply_int(c->out, (int64_t)n);
}

static void
cmd_latency_graph(struct call *c)
{
    struct text graph = { 0 };

    if (latency_graph(c->server->latency, c->argv[2], &graph))
        reply_verbatim(c->out, "txt", text_view(&graph));
    else
        reply_errorf(c->out, "ERR No samples available for event '%.*s'",
                     B_ARG(c->argv[2]));
    text_free(&graph);
}

static void
cmd_latency_doctor(struct call *c)
{
    struct text report = { 0 };

    latency_doctor(c->server->latency, slowlog_threshold(c->server->slowlog), &report);
    reply_verbatim(c->out, "txt", text_view(&report));
    text_free(&report);
}

/* --- durations of calls --- */

/* The bounds of LATENCY HISTOGRAM double; each is the upper end of a step that is
 * 1/128 of its power of two wide, which is where Redis's histogram has them. */
static uint64_t
bound_ns(int i)
{
    return (UINT64_C(1024) << i) + (UINT64_C(8) << i) - 1;
}

static void
reply_histogram(struct reply *out, const struct registered *cmd)
{
    const struct latency_histogram *h = cmd->latency;
    uint64_t total = latency_histogram_count(h), seen = 0;
    struct reply_later mark;
    size_t n = 0;

    reply_bulk_text(out, cmd->full_name);
    reply_map(out, 2);
    reply_bulk_text(out, "calls");
    reply_int(out, (int64_t)total);
    reply_bulk_text(out, "histogram_usec");
    mark = reply_later(out);
    for (int i = 0; seen < total; i++) {
        uint64_t up_to = latency_histogram_up_to(h, bound_ns(i));

        if (up_to == seen)
            continue;
        reply_int(out, (int64_t)(bound_ns(i) / 1000));
        reply_int(out, (int64_t)up_to);
        seen = up_to;
        n++;
    }
    reply_later_set(out, mark, '%', n);
}

/* A command and, of a container, its subcommands; how many had something to tell. */
static size_t
reply_histograms(struct reply *out, const struct registered *cmd)
{
    size_t n = 0;

    if (cmd->latency && latency_histogram_count(cmd->latency) > 0) {
        reply_histogram(out, cmd);
        n++;
    }
    for (size_t i = 0; i < cmd->sub_count; i++)
        n += reply_histograms(out, cmd->subs[i]);
    return n;
}

static void
cmd_latency_histogram(struct call *c)
{
    const struct command_table *t = c->server->commands;
    struct reply_later mark = reply_later(c->out);
    size_t n = 0;

    if (c->argc == 2)
        for (size_t i = 0; i < command_count(t); i++)
            n += reply_histograms(c->out, command_at(t, i));
    for (int i = 2; i < c->argc; i++) {
        struct registered *cmd = command_by_full_name(t, c->argv[i]);

        if (cmd)
            n += reply_histograms(c->out, cmd);
    }
    reply_later_set(c->out, mark, '%', n);
}

#define WATCHER ADMIN | NOSCRIPT | LOADING | STALE
#define WATCHER_TIPS "nondeterministic_output request_policy:all_nodes " \
                     "response_policy:special"

static const struct command latency_commands[] = {
    { .name = "latency", .arity = -2,
      .since = "2.8.13", .cost = "see the subcommands",
      .summary = "Look at latency spikes and at how long calls take." },
    { .name = "doctor", .container = "latency", .run = cmd_latency_doctor, .arity = 2,
      .flags = WATCHER | HARMLESS,
      .since = "2.8.13", .cost = "O(1)",
      .summary = "Say in words which spikes there were and what may help.",
      .tips = WATCHER_TIPS },
    { .name = "graph", .container = "latency", .run = cmd_latency_graph, .arity = 3,
      .flags = WATCHER | HARMLESS,
      .syntax = "event",
      .since = "2.8.13", .cost = "O(1)",
      .summary = "Draw the samples of an event.",
      .tips = WATCHER_TIPS },
    { .name = "help", .container = "latency", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "2.8.13", .cost = "O(1)",
      .summary = "List the subcommands." },
    { .name = "histogram", .container = "latency", .run = cmd_latency_histogram,
      .arity = -2, .flags = WATCHER | HARMLESS,
      .syntax = "[command...]",
      .since = "7.0.0", .cost = "O(n) for n commands that were called",
      .summary = "Show how long calls took, by command: how many up to which time.",
      .tips = WATCHER_TIPS },
    { .name = "history", .container = "latency", .run = cmd_latency_history, .arity = 3,
      .flags = WATCHER | HARMLESS,
      .syntax = "event",
      .since = "2.8.13", .cost = "O(1)",
      .summary = "List the samples of an event with their times.",
      .tips = WATCHER_TIPS },
    { .name = "latest", .container = "latency", .run = cmd_latency_latest, .arity = 2,
      .flags = WATCHER | HARMLESS,
      .since = "2.8.13", .cost = "O(1)",
      .summary = "List all events with their latest and their worst sample.",
      .tips = WATCHER_TIPS },
    { .name = "reset", .container = "latency", .run = cmd_latency_reset, .arity = -2,
      .flags = WATCHER,
      .syntax = "[event...]",
      .since = "2.8.13", .cost = "O(1)",
      .summary = "Forget the samples of the named events, or of all.",
      .tips = "request_policy:all_nodes response_policy:all_succeeded" },
};
const struct family latency_family = FAMILY("server", 0, latency_commands);
