/* SPDX-License-Identifier: MIT
 * commands/c_debug.c - DEBUG: look inside, disturb, crash.
 *
 * Why:        tests of clients and of this server need what nobody else may do;
 *             enable-debug-command keeps it away from everybody else.
 * How:        DEBUG has no subcommands in the table of commands (Redis has none
 *             either, and COMMAND shows it): words are rows of a table here.
 * Left out:   what belongs to parts that are not built (RELOAD, LOADAOF and other
 *             persistence, REPLICATE, scripts, cluster links).  They are unknown words,
 *             not ones without effect.
 * Read next:  commands/debug_data.c */
#include "base/alloc.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/text.h"
#include "structs/dict.h"
#include "config/config.h"
#include "command/call.h"
#include "command/client.h"
#include "command/shutdown.h"
#include "command/stats.h"
#include "command/switches.h"
#include "commands/debug_data.h"
#include "commands/debug_layout.h"
#include "commands/debug_reply.h"
#include "commands/families.h"
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* Numbers as atoi reads them: what is no number is 0. */
static int64_t
lenient_int(struct bytes text)
{
    int64_t n = 0;

    num_parse_i64(text, &n);
    return n;
}

/* --- ends of the process --- */

/* A real fault, so that the report has an address. */
static void
debug_segfault(struct call *c)
{
    volatile uintptr_t nowhere = 1;

    (void)c;
    *(volatile char *)nowhere = 'x';
}

static void
debug_panic(struct call *c)
{
    (void)c;
    log_warning("DEBUG PANIC was called: ending the process");
    abort();
}

static void
debug_assert(struct call *c)
{
    (void)c;
    log_warning("=== ASSERTION FAILED === DEBUG ASSERT was called");
    abort();
}

/* More than any machine has: the allocator ends the process with its message. */
static void
debug_oom(struct call *c)
{
    mem_free(mem_alloc(SIZE_MAX / 4));
    reply_ok(c->out);
}

static void
restart(struct call *c, bool gracefully)
{
    int64_t delay = 0;

    if (c->argc > 2 && !call_int(c, 2, &delay))
        return;
    restart_request(c->server, gracefully, delay > 0 ? delay : 0);
    reply_error(c->out, "ERR failed to restart the server. Check server logs.");
}

static void
debug_restart(struct call *c)
{
    restart(c, true);
}

static void
debug_crash_and_recover(struct call *c)
{
    restart(c, false);
}

/* --- time and background work --- */

static void
debug_sleep(struct call *c)
{
    double seconds = 0, whole;
    struct timespec left;

    num_parse_double(c->argv[2], &seconds);
    if (seconds > 0) {
        seconds = fmin(seconds, INT32_MAX);
        left.tv_nsec = (long)(modf(seconds, &whole) * 1e9);
        left.tv_sec = (time_t)whole;
        while (nanosleep(&left, &left) != 0)
            ;
        if (!client_is(c->client, CLIENT_IN_EXEC))  /* all of it is one instant */
            clock_tick();
    }
    reply_ok(c->out);
}

static void
debug_set_active_expire(struct call *c)
{
    keyspace_set_active_expire(c->server->keyspace, lenient_int(c->argv[2]) != 0);
    reply_ok(c->out);
}

static void
debug_pause_cron(struct call *c)
{
    switches_pause_cron(lenient_int(c->argv[2]) != 0);
    reply_ok(c->out);
}

static void
debug_dict_resizing(struct call *c)
{
    dict_hold_resize(lenient_int(c->argv[2]) == 0);
    reply_ok(c->out);
}

/* Nobody replicates from here yet, but INFO shows the id. */
static void
debug_change_repl_id(struct call *c)
{
    rand_hex(c->server->stats->replication_id, 40);
    reply_ok(c->out);
}

/* --- the allocator --- */

static void
debug_mallctl(struct call *c)
{
    char *name;
    int64_t old, set;
    int error;

    if (c->argc > 3 && !call_int(c, 3, &set))
        return;
    name = bytes_copy_text(c->argv[2]);
    error = mem_knob(name, &old, c->argc > 3 ? &set : NULL);
    mem_free(name);
    if (error)
        reply_errorf(c->out, "ERR %s", strerror(error));
    else
        reply_int(c->out, old);
}

/* A number taken for the address of a text would end the process: only knobs that are
 * known to be texts. */
static bool
is_text_knob(struct bytes name)
{
    static const char *const texts[] = {
        "version", "config.malloc_conf", "opt.dss", "opt.junk", "opt.metadata_thp",
        "opt.percpu_arena", "opt.prof_prefix", "opt.stats_interval_opts",
        "opt.stats_print_opts", "opt.thp", "opt.zero_realloc", "arena.0.dss",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (bytes_equal(name, bytes_of_text(texts[i])))
            return true;
    return false;
}

static void
debug_mallctl_str(struct call *c)
{
    char *name = bytes_copy_text(c->argv[2]);
    bool is_call = c->argc > 3 && bytes_equal(c->argv[3], B("VOID"));
    char *set = c->argc > 3 && !is_call ? bytes_copy_text(c->argv[3]) : NULL;
    const char *old = NULL;
    int64_t number;
    int error = is_text_knob(c->argv[2]) ? mem_knob_text(name, &old, set)
                                         : mem_knob(name, &number, NULL);

    if (!error && !old)
        error = EINVAL;                 /* it is a number */
    if (error == EPERM && is_call)      /* no value to be read */
        error = mem_knob_call(name);
    if (error)
        reply_errorf(c->out, "ERR %s", strerror(error));
    else if (old)
        reply_bulk(c->out, bytes_of_text(old));
    else
        reply_ok(c->out);
    mem_free(name);
    mem_free(set);
}

/* --- the rest --- */

static void
debug_config_rewrite(struct call *c)
{
    struct text error = { 0 };

    if (config_rewrite_all(c->server->config, &error) == OK)
        reply_ok(c->out);
    else
        reply_error_bytes(c->out, text_view(&error));
    text_free(&error);
}

/* Only its look is that of an error: it counts nowhere. */
static void
debug_error(struct call *c)
{
    struct text line = { 0 };

    text_add_char(&line, '-');
    text_add(&line, c->argv[2]);
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] == '\r' || line.at[i] == '\n')
            line.at[i] = ' ';
    text_add_text(&line, "\r\n");
    reply_raw(c->out, text_view(&line));
    text_free(&line);
}

static void
debug_log(struct call *c)
{
    log_warning("DEBUG LOG: %.*s", B_ARG(c->argv[2]));
    reply_ok(c->out);
}

/* On purpose: what leak checkers must find. */
static void
debug_leak(struct call *c)
{
    char *volatile lost = bytes_copy_text(c->argv[2]);

    lost = NULL;
    (void)lost;
    reply_ok(c->out);
}

/* Random patterns against random texts: the matcher must neither hang nor read
 * what is not its own. */
static void
debug_stringmatch_test(struct call *c)
{
    static const char alphabet[] = "*?[]^-\\abc";
    char pattern[32], text[32];
    size_t matches = 0;
    int round, i;

    for (round = 0; round < 200000; round++) {
        size_t plen = rand_below(sizeof pattern), tlen = rand_below(sizeof text);

        for (i = 0; i < (int)sizeof pattern; i++) {
            pattern[i] = alphabet[rand_below(sizeof alphabet - 1)];
            text[i] = alphabet[rand_below(sizeof alphabet - 1)];
        }
        matches += glob_match(bytes_view(pattern, plen), bytes_view(text, tlen),
                              round & 1);
    }
    log_notice("DEBUG STRINGMATCH-TEST: %zu of %d random patterns matched", matches,
               round);
    reply_status(c->out, "Apparently Redis did not crash: test passed");
}

/* Redis keeps a buffer beside each client and fits its size to the replies; the two
 * settings say when.  Here a reply at rest has no buffer, so both hold already: they are
 * taken because suites of tests begin with them. */
static void
debug_replybuffer(struct call *c)
{
    int64_t ms;

    if (call_is(c, 2, "resizing"))
        reply_ok(c->out);
    else if (!call_is(c, 2, "peak-reset-time"))
        call_wrong_subcommand(c, "DEBUG");
    else if (call_is(c, 3, "never") || call_is(c, 3, "reset") || call_int(c, 3, &ms))
        reply_ok(c->out);
}

static void
debug_protocol(struct call *c)
{
    debug_reply_protocol(c->out, c->argv[2]);
}

static void debug_help(struct call *c);

/* In the order HELP lists them. */
static const struct debug_word {
    const char *name;
    int min, max;               /* arguments after the word; -1 = no bound */
    void (*run)(struct call *c);
    const char *usage, *help;   /* usage: what follows the word */
} debug_words[] = {
    { "assert", 0, 0, debug_assert, "", "End the process as a failed assertion does." },
    { "change-repl-id", 0, 0, debug_change_repl_id, "",
      "Draw a new replication id." },
    { "client-eviction", 0, 0, debug_client_eviction, "",
      "How many clients take how much memory; needs maxmemory-clients." },
    { "config-rewrite-force-all", 0, 0, debug_config_rewrite, "",
      "As CONFIG REWRITE, with a line for every option." },
    { "crash-and-recover", 0, 1, debug_crash_and_recover, " [<milliseconds>]",
      "Start anew in this process's place, after a pause." },
    { "dict-resizing", 1, 1, debug_dict_resizing, " <0|1>",
      "Keep tables at their size, or let them grow and shrink again." },
    { "digest", 0, 0, debug_digest, "", "A checksum over all databases." },
    { "digest-value", 0, -1, debug_digest_value, " <key> [<key> ...]",
      "A checksum of each key's value." },
    { "error", 1, 1, debug_error, " <string>", "Answer this text as an error." },
    { "help", 0, 0, debug_help, NULL, NULL },
    { "htstats", 1, 1, debug_htstats, " <dbid>", "Shape of a database's tables." },
    { "htstats-key", 1, 1, debug_htstats_key, " <key>",
      "Shape of the table that is the value." },
    { "leak", 1, 1, debug_leak, " <string>", "Lose a copy of this text in memory." },
    { "listpack", 1, 1, debug_listpack, " <key>",
      "Write into the log how large a small collection is." },
    { "log", 1, 1, debug_log, " <message>", "Write this text into the server's log." },
    { "mallctl", 1, -1, debug_mallctl, " <key> [<val>]",
      "A number inside the allocator: show it, and set it." },
    { "mallctl-str", 1, -1, debug_mallctl_str, " <key> [<val>]",
      "The same for a text." },
    { "object", 1, 1, debug_object, " <key>", "How the key's value lies in memory." },
    { "oom", 0, 0, debug_oom, "", "End the process as running out of memory does." },
    { "panic", 0, 0, debug_panic, "", "End the process as an internal error does." },
    { "pause-cron", 1, 1, debug_pause_cron, " <0|1>", "Stop periodic work, or go on." },
    { "populate", 1, 3, debug_populate, " <count> [<prefix>] [<size>]",
      "Add keys prefix:0 and so on, each with a string value." },
    { "protocol", 1, 1, debug_protocol, " <type>",
      "A sample reply: string, integer, double, bignum, null, array, set, map,\n"
      "attrib, push, verbatim, true or false." },
    { "quicklist", 1, 2, debug_quicklist, " <key> [<0|1>]",
      "Write into the log of what nodes a long list is made." },
    { "quicklist-packed-threshold", 1, 1, debug_quicklist_packed_threshold, " <size>",
      "Elements of this size and more get a node of their own in a long list; 0: as\n"
      "usual." },
    { "replybuffer", 2, 2, debug_replybuffer, " PEAK-RESET-TIME <NEVER|RESET|time>",
      "Taken, but a reply at rest has no buffer whose size could follow a peak." },
    { "replybuffer", 2, 2, debug_replybuffer, " RESIZING <0|1>", "Likewise." },
    { "restart", 0, 1, debug_restart, " [<milliseconds>]",
      "Rewrite the config file and start anew in this process's place." },
    { "sdslen", 1, 1, debug_sdslen, " <key>", "Lengths and memory of key and value." },
    { "segfault", 0, 0, debug_segfault, "", "End the process with SIGSEGV." },
    { "set-active-expire", 1, 1, debug_set_active_expire, " <0|1>",
      "Leave keys that are due alone until they are looked at, or not." },
    { "sleep", 1, 1, debug_sleep, " <seconds>", "Do nothing for so long; may be 0.1." },
    { "stringmatch-test", 0, 0, debug_stringmatch_test, "",
      "Try random patterns on random texts." },
    { "structsize", 0, 0, debug_structsize, "", "Sizes of some central structs." },
};
#define DEBUG_WORDS (sizeof debug_words / sizeof debug_words[0])

static void
help_word(struct reply *out, const struct debug_word *w, size_t *lines)
{
    struct text line = { 0 };
    const char *at, *end;

    for (at = w->name; *at; at++)
        text_add_char(&line, (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at));
    text_add_text(&line, w->usage);
    reply_status(out, line.at);
    ++*lines;
    for (at = w->help; at; at = end ? end + 1 : NULL) {
        end = strchr(at, '\n');
        text_clear(&line);
        text_add_text(&line, "    ");
        text_add(&line, bytes_view(at, end ? (size_t)(end - at) : strlen(at)));
        reply_status(out, line.at);
        ++*lines;
    }
    text_free(&line);
}

static void
debug_help(struct call *c)
{
    struct reply_later mark = reply_later(c->out);
    size_t lines = 3, i;

    reply_status(c->out,
                 "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (i = 0; i < DEBUG_WORDS; i++)
        if (debug_words[i].help)
            help_word(c->out, &debug_words[i], &lines);
    reply_status(c->out, "HELP");
    reply_status(c->out, "    Prints this help.");
    reply_later_set(c->out, mark, '*', lines);
}

static void
cmd_debug(struct call *c)
{
    int given = c->argc - 2;
    size_t i;

    for (i = 0; i < DEBUG_WORDS; i++) {
        const struct debug_word *w = &debug_words[i];

        if (!call_is(c, 1, w->name))
            continue;
        if (given < w->min || (w->max >= 0 && given > w->max))
            break;
        w->run(c);
        return;
    }
    call_wrong_subcommand(c, "DEBUG");
}

static const struct command debug_commands[] = {
    { .name = "debug", .run = cmd_debug, .arity = -2,
      .flags = PROTECTED | ADMIN | NOSCRIPT | LOADING | STALE,
      .since = "1.0.0", .cost = "see the subcommands",
      .summary = "Inspect, disturb or crash the server; for tests.",
      .doc_flags = DOC_SYSCMD },
};
const struct family debug_family = FAMILY("server", 0, debug_commands);
