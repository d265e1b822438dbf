/* SPDX-License-Identifier: MIT
 * tests/unit/test_config.c - options: their table, the command line and files, CONFIG
 * GET, SET and REWRITE.  Texts of errors are Redis's. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "config/config.h"
#include "config/option.h"

/* Every test runs in a process of its own: it may change its directory. */
static char scratch[] = "/tmp/test_config.XXXXXX";

static void
enter_scratch(void)
{
    cr_assert(mkdtemp(scratch) != NULL);
    cr_assert_eq(chdir(scratch), 0);
}

static void
leave_scratch(void)
{
    char command[64];

    cr_assert_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -r %s", scratch);
    cr_expect_eq(system(command), 0);
}

TestSuite(config, .init = enter_scratch, .fini = leave_scratch);

static void
write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    cr_assert(f != NULL);
    fputs(text, f);
    fclose(f);
}

static char *
read_file(const char *path)
{
    static char text[64 * 1024];
    FILE *f = fopen(path, "r");
    size_t n;

    cr_assert(f != NULL, "%s", path);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

/* --- small words for CONFIG GET and SET --- */

static void
add_pair(const char *name, struct bytes value, void *arg)
{
    text_printf(arg, "%s=%.*s\n", name, B_ARG(value));
}

static const char *
get(const struct config *c, const char *pattern)
{
    static struct text out;
    struct bytes wanted = bytes_of_text(pattern);

    text_clear(&out);
    config_get(c, &wanted, 1, add_pair, &out);
    return out.at ? out.at : "";
}

static const char *
everything(const struct config *c, struct text *out)
{
    struct bytes wanted = B("*");

    text_clear(out);
    config_get(c, &wanted, 1, add_pair, out);
    return out->at;
}

/* "OK" or the error. */
static const char *
set_pairs(struct config *c, const struct bytes *pairs, size_t n)
{
    static struct text error;

    text_clear(&error);
    return config_set(c, pairs, n, false, &error) == OK ? "OK" : error.at;
}

static const char *
set(struct config *c, const char *name, const char *value)
{
    struct bytes pair[] = { bytes_of_text(name), bytes_of_text(value) };

    return set_pairs(c, pair, 1);
}

#define REFUSED(name, why) \
    "ERR CONFIG SET failed (possibly related to argument '" name "') - " why

/* --- the table --- */

Test(config, names_are_unique_and_lower_case)
{
    const struct option *o;
    const char *a, *b;

    for (size_t i = 0; (a = option_name_at(i, &o)); i++) {
        cr_expect_eq(strspn(a, "abcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(a), "%s",
                     a);
        cr_expect_eq(option_find(bytes_of_text(a)), o);
        for (size_t j = 0; j < i; j++) {
            b = option_name_at(j, &o);
            cr_expect_str_neq(a, b);
        }
    }
}

Test(config, an_option_is_found_in_any_case_and_not_by_a_part_of_its_name)
{
    cr_expect(option_find(B("MaxMemory")) == option_find(B("maxmemory")));
    cr_expect(option_find(B("maxmemory")) != option_find(B("maxmemory-policy")));
    cr_expect_null(option_find(B("maxmemor")));
    cr_expect_null(option_find(B("maxmemory\0")));
    cr_expect_null(option_find(B("")));
}

Test(config, defaults_are_what_redis_has_but_for_the_named_exceptions)
{
    struct config *c = config_new();

    cr_expect_eq(c->port, 6380);
    cr_expect(c->lazyfree_lazy_user_del && c->lazyfree_lazy_expire);
    cr_expect_eq(c->sanitize_dump_payload, SANITIZE_YES);
    cr_expect_eq(c->timeout, 0);
    cr_expect_eq(c->max_clients, 10000);
    cr_expect_eq(c->proto_max_bulk_len, (size_t)512 * 1024 * 1024);
    cr_expect_eq(c->max_memory_policy, POLICY_NOEVICTION);
    cr_expect_str_eq(get(c, "save"), "save=3600 1 300 100 60 10000\n");
    cr_expect_str_eq(get(c, "bind"), "bind=* -::*\n");
    cr_expect_str_eq(
        get(c, "client-output-buffer-limit"),
        "client-output-buffer-limit=normal 0 0 0 slave 268435456 67108864 60 "
        "pubsub 33554432 8388608 60\n");
    cr_expect_str_eq(get(c, "latency-tracking-info-percentiles"),
                     "latency-tracking-info-percentiles=50 99 99.9\n");
    cr_expect_str_eq(c->requirepass, "");
    config_free(c);
}

/* --- CONFIG GET --- */

Test(config, get_answers_each_option_once_however_many_patterns_match)
{
    struct config *c = config_new();
    struct bytes wanted[] = { B("maxmemory-p*"), B("MAXMEMORY-POLICY"), B("Port"),
                              B("port"), B("p?rt"), B("nosuch"), B("") };
    struct text out = { 0 };

    config_get(c, wanted, 7, add_pair, &out);
    cr_expect_str_eq(out.at, "maxmemory-policy=noeviction\nPort=6380\n");
    text_free(&out);
    config_free(c);
}

Test(config, get_answers_aliases_as_names_of_their_own)
{
    struct config *c = config_new();

    cr_expect_str_eq(set(c, "slave-read-only", "no"), "OK");
    cr_expect_str_eq(get(c, "*-read-only"), "replica-read-only=no\nslave-read-only=no\n");
    config_free(c);
}

Test(config, get_shows_hidden_options_to_their_exact_name_only)
{
    struct config *c = config_new();

    cr_expect_str_eq(get(c, "watchdog-perio?"), "");
    cr_expect_str_eq(get(c, "watchdog-period"), "watchdog-period=0\n");
    cr_expect_str_eq(get(c, "rename-command"), "");
    config_free(c);
}

/* --- CONFIG SET: values --- */

Test(config, numbers_are_exact_and_inside_their_bounds)
{
    struct config *c = config_new();

    cr_expect_str_eq(set(c, "timeout", "7"), "OK");
    cr_expect_eq(c->timeout, 7);
    cr_expect_str_eq(set(c, "Timeout", "01"),
                     REFUSED("timeout", "argument couldn't be parsed into an integer"));
    cr_expect_str_eq(set(c, "timeout", "2147483648"),
                     REFUSED("timeout",
                             "argument must be between 0 and 2147483647 inclusive"));
    cr_expect_str_eq(
        set(c, "slowlog-log-slower-than", "-2"),
        REFUSED("slowlog-log-slower-than",
                "argument must be between -1 and 9223372036854775807 inclusive"));
    cr_expect_eq(c->timeout, 7);
    cr_expect_str_eq(set(c, "hz", "0"), "OK");
    cr_expect_eq(c->hz, 1);
    cr_expect_str_eq(set(c, "hz", "501"), "OK");
    cr_expect_eq(c->hz, 500);
    config_free(c);
}

Test(config, sizes_have_units_and_do_not_overflow)
{
    struct config *c = config_new();

    cr_expect_str_eq(set(c, "maxmemory", "5GB"), "OK");
    cr_expect_eq(c->max_memory, (size_t)5 << 30);
    cr_expect_str_eq(set(c, "maxmemory", "1k"), "OK");
    cr_expect_eq(c->max_memory, 1000u);
    cr_expect_str_eq(set(c, "maxmemory", ""), "OK");
    cr_expect_eq(c->max_memory, 0u);
    cr_expect_str_eq(set(c, "maxmemory", "99999999999999999999"), "OK");
    cr_expect_eq(c->max_memory, SIZE_MAX);
    cr_expect_str_eq(set(c, "maxmemory", "99999999999999999999gb"),
                     REFUSED("maxmemory", "argument must be a memory value"));
    cr_expect_str_eq(set(c, "maxmemory", "-1"),
                     REFUSED("maxmemory", "argument must be a memory value"));
    cr_expect_str_eq(set(c, "proto-max-bulk-len", "1"),
                     REFUSED("proto-max-bulk-len", "argument must be between 1048576 and "
                                                   "9223372036854775807 inclusive"));
    config_free(c);
}

Test(config, maxmemory_may_be_a_share_of_the_machine)
{
    struct config *c = config_new();
    size_t half;

    cr_expect_str_eq(set(c, "maxmemory", "50%"), "OK");
    half = c->max_memory;
    cr_expect_eq(c->max_memory_percent, 50);
    cr_expect_str_eq(set(c, "maxmemory", "100%"), "OK");
    cr_expect_eq(c->max_memory, half * 2);
    cr_expect_gt(half, 0u);
    cr_expect_str_neq(set(c, "maxmemory", "0%"), "OK");
    cr_expect_str_neq(set(c, "maxmemory", "101%"), "OK");
    cr_expect_str_eq(set(c, "maxmemory", "1mb"), "OK");
    cr_expect_eq(c->max_memory_percent, 0);
    config_free(c);
}

Test(config, client_memory_is_bytes_or_a_negative_percentage)
{
    struct config *c = config_new();

    cr_expect_str_eq(set(c, "maxmemory-clients", "5%"), "OK");
    cr_expect_eq(c->max_memory_clients, -5);
    cr_expect_str_eq(get(c, "maxmemory-clients"), "maxmemory-clients=5%\n");
    cr_expect_str_eq(set(c, "maxmemory-clients", "101%"),
                     REFUSED("maxmemory-clients",
                             "percentage argument must be less or equal to 100"));
    cr_expect_str_eq(set(c, "maxmemory-clients", "-5%"),
                     REFUSED("maxmemory-clients",
                             "argument must be a memory or percent value"));
    config_free(c);
}

Test(config, words_are_taken_in_any_case_and_errors_list_them)
{
    struct config *c = config_new();

    cr_expect_str_eq(set(c, "appendfsync", "ALWAYS"), "OK");
    cr_expect_eq(c->appendfsync, FSYNC_ALWAYS);
    cr_expect_str_eq(set(c, "appendfsync", "never"),
                     REFUSED("appendfsync", "argument(s) must be one of the following: "
                             "everysec, always, no"));
    cr_expect_str_eq(set(c, "protected-mode", "1"),
                     REFUSED("protected-mode", "argument must be 'yes' or 'no'"));
    cr_expect_str_eq(set(c, "shutdown-on-sigint", "Force now"), "OK");
    cr_expect_str_eq(get(c, "shutdown-on-sigint"), "shutdown-on-sigint=now force\n");
    cr_expect_str_eq(set(c, "shutdown-on-sigint", "save nosave"),
                     REFUSED("shutdown-on-sigint", "shutdown options SAVE and NOSAVE "
                             "can't be used simultaneously"));
    config_free(c);
}

Test(config, output_limits_change_only_the_classes_that_are_named)
{
    struct config *c = config_new();
    const char *name = "client-output-buffer-limit";

    cr_expect_str_eq(set(c, name, "replica 1mb 2kb 3 normal 4 5 6"), "OK");
    cr_expect_str_eq(get(c, name), "client-output-buffer-limit=normal 4 5 6 "
                     "slave 1048576 2048 3 pubsub 33554432 8388608 60\n");
    cr_expect_str_eq(set(c, name, "normal 7 7 7 master 1 1 1"),
                     REFUSED("client-output-buffer-limit",
                             "Invalid client class specified "
                             "in buffer limit configuration."));
    cr_expect_str_eq(set(c, name, "normal 7 7 -7"),
                     REFUSED("client-output-buffer-limit", "Error in hard, soft or "
                             "soft_seconds setting in buffer limit configuration."));
    cr_expect_str_eq(set(c, name, "normal 7 7"), REFUSED("client-output-buffer-limit",
                                                         "Wrong number of arguments in "
                                                         "buffer limit configuration."));
    cr_expect_eq(c->client_output_buffer_limit[OUTPUT_NORMAL].hard, 4u);
    config_free(c);
}

Test(config, event_letters_come_back_in_one_order_and_A_stands_for_most)
{
    struct config *c = config_new();

    cr_expect_str_eq(set(c, "notify-keyspace-events", "EKdtexzhsl$g"), "OK");
    cr_expect_str_eq(get(c, "notify-keyspace-events"), "notify-keyspace-events=AKE\n");
    cr_expect_str_eq(set(c, "notify-keyspace-events", "mKn"), "OK");
    cr_expect_str_eq(get(c, "notify-keyspace-events"), "notify-keyspace-events=nKm\n");
    cr_expect_str_eq(set(c, "notify-keyspace-events", "Q"),
                     REFUSED("notify-keyspace-events",
                             "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."));
    config_free(c);
}

Test(config, a_text_with_a_nul_inside_is_refused_whole)
{
    struct config *c = config_new();
    struct bytes pair[] = { B("requirepass"), B("se\0cret") };

    cr_expect_str_neq(set_pairs(c, pair, 1), "OK");
    cr_expect_str_eq(c->requirepass, "");
    config_free(c);
}

Test(config, dir_is_changed_to_at_once_and_protected)
{
    struct config *c = config_new();
    char here[256], before[256];

    cr_assert_eq(mkdir("inner", 0700), 0);
    cr_expect_str_eq(set(c, "dir", "inner"),
                     REFUSED("dir", "can't set protected config"));
    c->enable_protected_configs = ACCESS_YES;
    cr_assert(getcwd(before, sizeof before) != NULL);
    cr_expect_str_eq(set(c, "dir", "nosuch"),
                     REFUSED("dir", "No such file or directory"));
    cr_expect_str_eq(set(c, "dir", "inner"), "OK");
    cr_assert(getcwd(here, sizeof here) != NULL);
    cr_expect_eq(strncmp(here, before, strlen(before)), 0);
    cr_expect_str_eq(here + strlen(before), "/inner");
    cr_expect_str_eq(get(c, "dir") + 4 + strlen(before), "/inner\n");
    config_free(c);
}

Test(config, protected_options_are_for_local_clients_when_it_says_local)
{
    struct config *c = config_new();
    struct bytes pair[] = { B("dbfilename"), B("x.rdb") };
    struct text error = { 0 };

    c->enable_protected_configs = ACCESS_LOCAL;
    cr_expect_eq(config_set(c, pair, 1, false, &error), FAILED);
    cr_expect_eq(config_set(c, pair, 1, true, &error), OK);
    cr_expect_str_eq(c->dbfilename, "x.rdb");
    text_free(&error);
    config_free(c);
}

/* --- CONFIG SET: all or none --- */

Test(config, one_bad_pair_leaves_every_option_as_it_was)
{
    struct config *c = config_new();
    struct bytes pairs[] = { B("timeout"), B("9"), B("masterauth"), B("x"),
                             B("dir"), B("/"), B("hz"), B("zz") };
    char before[256], after[256];

    c->enable_protected_configs = ACCESS_YES;
    cr_assert(getcwd(before, sizeof before) != NULL);
    cr_expect_str_eq(set_pairs(c, pairs, 4),
                     REFUSED("hz", "argument couldn't be parsed into an integer"));
    cr_expect_eq(c->timeout, 0);
    cr_expect_str_eq(c->masterauth, "");
    cr_assert(getcwd(after, sizeof after) != NULL);
    cr_expect_str_eq(after, before);
    config_free(c);
}

Test(config, a_name_must_be_known_changeable_and_given_once)
{
    struct config *c = config_new();
    struct bytes twice[] = { B("timeout"), B("1"), B("TIMEOUT"), B("2") };
    struct bytes alias[] = { B("slave-priority"), B("1"), B("replica-priority"), B("2") };

    cr_expect_str_eq(set_pairs(c, twice, 2), REFUSED("TIMEOUT", "duplicate parameter"));
    cr_expect_str_eq(
        set(c, "NoSuch", "1"),
        "ERR Unknown option or number of arguments for CONFIG SET - 'NoSuch'");
    cr_expect_str_eq(set(c, "user", "x"),
                     "ERR Unknown option or number of arguments for CONFIG SET - 'user'");
    cr_expect_str_eq(set(c, "Daemonize", "yes"),
                     REFUSED("Daemonize", "can't set immutable config"));
    cr_expect_str_eq(set_pairs(c, alias, 2), "OK");
    cr_expect_eq(c->replica_priority, 2);
    config_free(c);
}

struct watcher { int calls, timeout_seen; bool refuses; };

static bool
watch_timeout(struct config *c, void *arg, const char **why_not)
{
    struct watcher *w = arg;

    w->calls++;
    w->timeout_seen = c->timeout;
    if (w->refuses)
        *why_not = "not today";
    return !w->refuses;
}

Test(config, a_watcher_is_told_once_for_all_its_changes)
{
    struct config *c = config_new();
    struct watcher w = { 0 };
    struct bytes pairs[] = { B("timeout"), B("9"), B("hz"), B("50"), B("port"), B("1") };

    config_watch(c, "timeout", watch_timeout, &w);
    config_watch(c, "hz", watch_timeout, &w);
    cr_expect_str_eq(set_pairs(c, pairs, 3), "OK");
    cr_expect_eq(w.calls, 1);
    cr_expect_eq(w.timeout_seen, 9);
    cr_expect_str_eq(set(c, "timeout", "9"), "OK");
    cr_expect_eq(w.calls, 1, "a value that stays is no change");
    cr_expect_str_eq(set(c, "maxmemory", "9"), "OK");
    cr_expect_eq(w.calls, 1);
    config_free(c);
}

Test(config, a_watcher_that_refuses_has_everything_taken_back)
{
    struct config *c = config_new();
    struct watcher first = { 0 }, second = { .refuses = true };
    struct bytes pairs[] = { B("masteruser"), B("me"), B("timeout"), B("9"),
                             B("repl-timeout"), B("8") };

    config_watch(c, "timeout", watch_timeout, &first);
    config_watch(c, "timeout", watch_timeout, &second);
    cr_expect_str_eq(set_pairs(c, pairs, 3), REFUSED("timeout", "not today"));
    cr_expect_eq(c->timeout, 0);
    cr_expect_eq(c->repl_timeout, 60);
    cr_expect_str_eq(c->masteruser, "");
    cr_expect_eq(first.calls, 2, "told of the change and of its end");
    cr_expect_eq(first.timeout_seen, 0);
    cr_expect_eq(second.timeout_seen, 0);
    config_free(c);
}

/* --- the command line and files --- */

static enum status
load(struct config *c, struct text *report, int argc, char **argv)
{
    text_clear(report);
    return config_load(c, argc, argv, report);
}

#define LOAD(c, report, ...) \
    load(c, report, sizeof (char *[]){ __VA_ARGS__ } / sizeof (char *), \
         (char *[]){ __VA_ARGS__ })

Test(config, options_of_the_command_line_win_over_the_file)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("x.conf",
               "# a comment\n\n\tTIMEOUT 5  \nhz 20\nrequirepass \"a \\x41\\n\"\n"
               "masterauth 'it''\n");
    cr_expect_eq(LOAD(c, &report, "x.conf"), FAILED);
    config_free(c);
    c = config_new();
    write_file("x.conf",
               "# a comment\n\n\tTIMEOUT 5  \nhz 20\nrequirepass \"a \\x41\\n\"\n"
               "masterauth 'it\\'s'");
    cr_expect_eq(LOAD(c, &report, "x.conf", "--hz", "30", "--bind", "127.0.0.1 ::1",
                      "--save", "--port", "7"),
                 OK);
    cr_expect_eq(c->timeout, 5);
    cr_expect_eq(c->hz, 30);
    cr_expect_eq(c->port, 7);
    cr_expect_str_eq(c->requirepass, "a A\n");
    cr_expect_str_eq(c->masterauth, "it's");
    cr_expect_eq(c->bind.count, 2u);
    cr_expect_str_eq(c->bind.at[1], "::1");
    cr_expect_eq(c->save.count, 0u);
    cr_expect_eq(config_file(c)[0], '/');
    text_free(&report);
    config_free(c);
}

Test(config, a_value_may_begin_with_two_dashes)
{
    struct config *c = config_new();
    struct text report = { 0 };

    cr_expect_eq(LOAD(c, &report, "--proc-title-template", "--x", "--timeout 4", "--hz",
                      "9"), OK);
    cr_expect_str_eq(c->proc_title_template, "--x");
    cr_expect_eq(c->timeout, 4);
    cr_expect_eq(c->hz, 9);
    text_free(&report);
    config_free(c);
}

Test(config, standard_input_is_a_file_before_the_options)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("in", "hz 40\ntimeout 3");
    cr_assert(freopen("in", "r", stdin) != NULL);
    cr_expect_eq(LOAD(c, &report, "--hz", "30", "-"), OK);
    cr_expect_eq(c->hz, 30);
    cr_expect_eq(c->timeout, 3);
    text_free(&report);
    config_free(c);
}

Test(config, further_save_lines_add_and_an_empty_one_forgets)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("x.conf", "save 1 1\nsave \"2 2 3 3\"\n");
    cr_expect_eq(LOAD(c, &report, "x.conf", "--save", "4", "4"), OK);
    cr_expect_str_eq(get(c, "save"), "save=1 1 2 2 3 3 4 4\n");
    config_free(c);
    c = config_new();
    cr_expect_eq(LOAD(c, &report, "x.conf", "--save", "", "--save", "5 5"), OK);
    cr_expect_str_eq(get(c, "save"), "save=5 5\n");
    text_free(&report);
    config_free(c);
}

Test(config, includes_are_patterns_read_in_place)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("a.inc", "hz 11\ntimeout 1\n");
    write_file("b.inc", "hz 12\n");
    write_file("x.conf", "timeout 5\ninclude *.inc\nport 9\ninclude none-*.inc\n");
    cr_expect_eq(LOAD(c, &report, "x.conf"), OK);
    cr_expect_eq(c->hz, 12);
    cr_expect_eq(c->timeout, 1);
    cr_expect_eq(c->port, 9);
    write_file("x.conf", "include x.conf\n");
    cr_expect_eq(LOAD(c, &report, "x.conf"), FAILED, "a file that includes itself");
    write_file("x.conf", "include nosuch\n");
    cr_expect_eq(LOAD(c, &report, "x.conf"), FAILED_IO);
    cr_expect_str_eq(report.at, "Fatal error, can't open config file 'nosuch': "
                                "No such file or directory");
    text_free(&report);
    config_free(c);
}

/* The report from its second line on: the first has our version. */
static const char *
report_of(const char *file)
{
    static struct text report;
    struct config *c = config_new();
    const char *rest;

    write_file("x.conf", file);
    cr_assert_eq(LOAD(c, &report, "x.conf"), FAILED, "%s", file);
    config_free(c);
    cr_assert(strncmp(report.at, "\n*** FATAL CONFIG FILE ERROR (IgnisDB ", 38) == 0);
    rest = strchr(report.at + 1, '\n');
    return rest ? rest + 1 : "";
}

Test(config, a_mistake_is_reported_as_redis_reports_it)
{
    cr_expect_str_eq(report_of("port 0\n nosuch   5 \n"),
                     "Reading the configuration file, at line 2\n>>> 'nosuch   5'\n"
                     "Bad directive or wrong number of arguments\n");
    cr_expect_str_eq(report_of("timeout"),
                     "Reading the configuration file, at line 1\n>>> 'timeout'\n"
                     "wrong number of arguments\n");
    cr_expect_str_eq(report_of("timeout \"1\"x"),
                     "Reading the configuration file, at line 1\n>>> 'timeout \"1\"x'\n"
                     "Unbalanced quotes in configuration line\n");
    cr_expect_str_eq(
        report_of("unixsocketperm 778"),
        "Reading the configuration file, at line 1\n>>> 'unixsocketperm 778'\n"
        "argument couldn't be parsed as an octal number\n");
    cr_expect_str_eq(report_of("role slave"),
                     "Reading the configuration file, at line 1\n>>> 'role slave'\n"
                     "Bad directive or wrong number of arguments\n");
}

Test(config, a_report_counts_options_as_lines_after_the_file)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("x.conf", "port 0\n");
    cr_expect_eq(LOAD(c, &report, "x.conf", "--hz", "5", "--nosuch", "1"), FAILED);
    cr_expect(strstr(report.at, "at line 4\n>>> 'nosuch \"1\"'\n") != NULL, "%s",
              report.at);
    text_free(&report);
    config_free(c);
}

Test(config, a_report_never_shows_a_secret)
{
    const char *report = report_of("requirepass hunter2 hunter3");

    cr_expect_null(strstr(report, "hunter"));
    cr_expect(strstr(report, "'requirepass \"(redacted)\"'") != NULL);
    cr_expect(config_is_secret(B("MasterAuth")));
    cr_expect_not(config_is_secret(B("port")));
}

Test(config, a_slave_follows_6380_unless_told_whom)
{
    struct config *c = config_new();
    struct text report = { 0 };

    cr_expect_eq(LOAD(c, &report, "--role", "slave"), OK);
    cr_expect_str_eq(get(c, "replicaof"), "replicaof=127.0.0.1 6380\n");
    config_free(c);
    c = config_new();
    cr_expect_eq(LOAD(c, &report, "--role", "slave", "--replicaof", "10.0.0.1 7"), OK);
    cr_expect_str_eq(get(c, "slaveof"), "slaveof=10.0.0.1 7\n");
    cr_expect_eq(LOAD(c, &report, "--role", "master"), OK);
    cr_expect_str_eq(get(c, "replicaof"), "replicaof=\n");
    cr_expect_eq(LOAD(c, &report, "--role", "king"), FAILED);
    text_free(&report);
    config_free(c);
}

Test(config, unbuilt_options_are_named_when_they_ask_for_something)
{
    struct config *c = config_new();
    struct text report = { 0 }, names = { 0 };

    config_unbuilt(c, &names);
    cr_expect_eq(names.len, 0u);
    cr_expect_eq(LOAD(c, &report, "--appendonly", "yes", "--save", "",
                      "--cluster-enabled", "no", "--timeout", "5", "--loadmodule",
                      "x.so"),
                 OK);
    config_unbuilt(c, &names);
    cr_expect_str_eq(names.at, "appendonly loadmodule");
    text_free(&names);
    text_free(&report);
    config_free(c);
}

Test(config, check_names_every_mistake_and_what_was_meant)
{
    struct text report = { 0 };
    char before[256], after[256];

    cr_assert(getcwd(before, sizeof before) != NULL);
    write_file("y.inc", "hz x\n");
    write_file("x.conf", "dir /\nmaxmemry 5\ntimeout zz\nrequirepass secret more\n"
                         "qqqqqqqqqqqq 1\nport 1 \"\n");
    cr_expect_eq(config_check_file("x.conf", &report), 5u);
    cr_expect_str_eq(report.at,
                     "x.conf:2: maxmemry 5: unknown option; did you mean 'maxmemory'?\n"
                     "x.conf:3: timeout zz: argument couldn't be parsed into an integer\n"
                     "x.conf:4: requirepass \"(redacted)\": wrong number of arguments\n"
                     "x.conf:5: qqqqqqqqqqqq 1: unknown option\n"
                     "x.conf:6: port 1 \": Unbalanced quotes in configuration line\n");
    cr_assert(getcwd(after, sizeof after) != NULL);
    cr_expect_str_eq(after, before);
    text_clear(&report);
    write_file("x.conf", "include y.inc\nport 1\n");
    cr_expect_eq(config_check_file("x.conf", &report), 1u);
    cr_expect_str_eq(report.at,
                     "y.inc:1: hz x: argument couldn't be parsed into an integer\n");
    cr_expect_eq(config_check_file("nosuch", &report), 1u);
    text_free(&report);
}

/* --- CONFIG REWRITE --- */

static const char *
rewrite(struct config *c)
{
    static struct text error;

    text_clear(&error);
    return config_rewrite(c, &error) == OK ? "OK" : error.at;
}

/* The file without the line of `dir`, which names the scratch directory. */
static const char *
rewritten(const char *path)
{
    char *text = read_file(path), *dir = strstr(text, "\ndir \"");

    if (dir) {
        char *end = strchr(dir + 1, '\n');

        memmove(dir, end, strlen(end) + 1);
    }
    return text;
}

Test(config, rewrite_keeps_comments_and_order_and_adds_below_a_signature)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("x.conf", "# mine\n\n\n  TIMEOUT 5\ntimeout 6\nfoo bar\nslave-priority 3\n"
                         "rename-command GET FETCH\n\n# end\n");
    cr_expect_eq(LOAD(c, &report, "x.conf"), FAILED);
    write_file("x.conf", "# mine\n\n\n  TIMEOUT 5\ntimeout 6\nlist-max-ziplist-value 7\n"
                         "slave-priority 3\nrename-command GET FETCH\n\n# end\n");
    cr_expect_eq(LOAD(c, &report, "x.conf"), OK);
    cr_expect_str_eq(set(c, "timeout", "9"), "OK");
    cr_expect_str_eq(set(c, "maxmemory", "100mb"), "OK");
    cr_expect_str_eq(set(c, "save", "1 1 2 2"), "OK");
    cr_expect_str_eq(rewrite(c), "OK");
    cr_expect_str_eq(rewritten("x.conf"),
                     "# mine\n\ntimeout 9\n\n# ??? list-max-ziplist-value 7\n"
                     "replica-priority 3\nrename-command GET FETCH\n\n# end\n\n"
                     "# Generated by CONFIG REWRITE\nsave 1 1\nsave 2 2\n"
                     "maxmemory 100mb\nlatency-tracking-info-percentiles 50 99 99.9\n");
    cr_expect_str_eq(set(c, "hz", "50"), "OK");
    cr_expect_str_eq(rewrite(c), "OK");
    cr_expect(strstr(read_file("x.conf"), "99.9\nhz 50\n") != NULL,
              "below what is there");
    text_free(&report);
    config_free(c);
}

Test(config, rewrite_replaces_the_file_and_keeps_its_mode)
{
    struct config *c = config_new();
    struct text report = { 0 };
    struct stat before, after;

    write_file("x.conf", "port 1\n");
    cr_assert_eq(chmod("x.conf", 0640), 0);
    cr_assert_eq(symlink("x.conf", "link.conf"), 0);
    cr_assert_eq(stat("x.conf", &before), 0);
    cr_expect_eq(LOAD(c, &report, "link.conf"), OK);
    cr_expect_str_eq(rewrite(c), "OK");
    cr_assert_eq(stat("x.conf", &after), 0);
    cr_expect_eq(after.st_mode & 07777, 0640u);
    cr_expect_neq(after.st_ino, before.st_ino, "renamed into place");
    cr_assert_eq(lstat("link.conf", &after), 0);
    cr_expect(S_ISLNK(after.st_mode));
    cr_expect_eq(system("test $(ls | wc -l) = 2"), 0, "no temporary file is left");
    text_free(&report);
    config_free(c);
}

Test(config, rewrite_says_why_it_could_not)
{
    struct config *c = config_new();
    struct text report = { 0 };

    cr_expect_str_eq(rewrite(c), "ERR The server is running without a config file");
    cr_assert_eq(mkdir("gone", 0700), 0);
    write_file("gone/x.conf", "port 1\n");
    cr_expect_eq(LOAD(c, &report, "gone/x.conf"), OK);
    cr_assert_eq(system("rm -r gone"), 0);
    cr_expect_str_eq(rewrite(c), "ERR Rewriting config file: No such file or directory");
    cr_assert_eq(system("mkdir -p gone/x.conf"), 0);
    cr_expect_str_eq(rewrite(c), "ERR Rewriting config file: Is a directory");
    text_free(&report);
    config_free(c);
}

/* Values for random changes: every option that takes one of them gets it. */
static const char *const values[] = {
    "yes",
    "no",
    "0",
    "1",
    "7",
    "100",
    "5000",
    "2mb",
    "37%",
    "",
    "a b",
    "\"q\"\\",
    "x\ny",
    "1 1",
    "1 2 3",
    "50 99.5",
    "KEA",
    "Km",
    "normal 1 2 3",
    "replica 1mb 2k 3",
    "always",
    "everysec",
    "debug",
    "save now",
    "default",
    "allkeys-lru",
    "volatile-ttl",
    "swapdb",
    "optional",
    "local",
    "hostname",
    "absolute",
    "127.0.0.1 -::1",
    "#",
    "'",
    "\t \xff",
};
#define VALUES (sizeof values / sizeof values[0])

static const struct option *
random_option(void)
{
    const struct option *o;

    do
        o = option_at(rand_below(option_count()));
    while (o->type->apply);             /* dir would lead us out of the scratch */
    return o;
}

/* What is rewritten and read again is the same configuration, whatever was set. */
Test(config, a_rewritten_file_says_exactly_what_is_in_force)
{
    struct text report = { 0 }, want = { 0 }, got = { 0 };
    struct config *c = config_new();

    write_file("x.conf", "# mine\nbind ::1\nsave 1 1\nsave 2 2\nmaxmemory 1gb\n");
    cr_assert_eq(LOAD(c, &report, "x.conf"), OK);
    for (int round = 0; round < 300; round++) {
        struct config *again = config_new();

        for (int i = 0; i < 50; i++)
            set(c, random_option()->name, values[rand_below(VALUES)]);
        cr_assert_str_eq(rewrite(c), "OK");
        cr_assert_eq(LOAD(again, &report, "x.conf"), OK, "%s\n%s", report.at,
                     read_file("x.conf"));
        cr_assert_str_eq(everything(again, &got), everything(c, &want));
        config_free(again);
    }
    text_free(&report);
    text_free(&want);
    text_free(&got);
    config_free(c);
}

/* Random SETs of up to four pairs: a refused one changes nothing, an accepted one is
 * seen by GET under every name, and nothing leaks (the sanitizers watch). */
Test(config, a_hundred_thousand_random_changes_are_all_or_nothing)
{
    struct config *c = config_new();
    struct text before = { 0 }, after = { 0 };
    size_t accepted = 0;

    for (int round = 0; round < 100000; round++) {
        struct bytes pairs[8];
        size_t n = 1 + rand_below(4);
        bool looks = round % 100 == 0;

        for (size_t i = 0; i < n; i++) {
            pairs[2 * i] = bytes_of_text(random_option()->name);
            pairs[2 * i + 1] = bytes_of_text(values[rand_below(VALUES)]);
        }
        if (looks)
            everything(c, &before);
        if (strcmp(set_pairs(c, pairs, n), "OK") == 0)
            accepted++;
        else if (looks)
            cr_assert_str_eq(everything(c, &after), before.at);
    }
    cr_expect_gt(accepted, 1000u);
    text_free(&before);
    text_free(&after);
    config_free(c);
}

/* --- ignis.conf --- */

Test(config, the_shipped_file_is_what_the_table_says)
{
    const char *source = getenv("IGNIS_SOURCE");
    struct text path = { 0 }, conf = { 0 };

    if (!source)
        cr_skip_test("IGNIS_SOURCE is not set");
    text_printf(&path, "%s/ignis.conf", source);
    config_template(&conf);
    cr_expect_str_eq(read_file(path.at), conf.at, "run utils/make-conf > ignis.conf");
    text_free(&path);
    text_free(&conf);
}

/* As shipped, and with every commented setting taken at its word. */
Test(config, every_line_of_the_template_can_be_used)
{
    struct text conf = { 0 }, open = { 0 }, report = { 0 };
    char *line, *rest;

    config_template(&conf);
    write_file("x.conf", conf.at);
    cr_expect_eq(config_check_file("x.conf", &report), 0u, "%s", report.at);
    for (line = strtok_r(conf.at, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (line[0] == '#' && line[1] > ' ' && !strstr(line, "...")
            && strncmp(line, "#include", 8) != 0)
            text_printf(&open, "%s\n", line + 1);
    cr_assert_gt(open.len, 1000u);
    write_file("y.conf", open.at);
    cr_expect_eq(config_check_file("y.conf", &report), 0u, "%s", report.at);
    text_free(&conf);
    text_free(&open);
    text_free(&report);
}
