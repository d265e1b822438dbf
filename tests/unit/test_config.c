/* SPDX-License-Identifier: MIT
 * tests/unit/test_config.c - options: their table, CONFIG GET and SET.  Texts of errors
 * are Redis's. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/config.h"
#include "config/option.h"
#include "unit/config_words.h"

TestSuite(config, .init = enter_scratch, .fini = leave_scratch);

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
    cr_expect_eq(c->requirepass.len, 0);
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

/* Tools read all options and set them back.  What Redis has not, they do not know to
 * leave out. */
Test(config, get_lists_newer_options_only_if_they_can_be_set)
{
    struct config *c = config_new();

    cr_expect_str_eq(get(c, "unixsocket*"), "unixsocket=\nunixsocketperm=0\n");
    cr_expect_str_eq(get(c, "unixsocketgroup"), "unixsocketgroup=\n");
    cr_expect_str_eq(get(c, "hash-see?"), "");
    cr_expect_str_eq(get(c, "hash-seed"), "hash-seed=\n");
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

Test(config, numbers_too_small_to_be_of_use_become_the_least_that_is)
{
    struct config *c = config_new();

    cr_expect_str_eq(set(c, "watchdog-period", "1"), "OK");
    cr_expect_eq(c->watchdog_period, 200);
    cr_expect_str_eq(set(c, "watchdog-period", "201"), "OK");
    cr_expect_eq(c->watchdog_period, 201);
    cr_expect_str_eq(set(c, "watchdog-period", "0"), "OK");
    cr_expect_eq(c->watchdog_period, 0);
    cr_expect_str_eq(set(c, "repl-backlog-size", "1"), "OK");
    cr_expect_eq(c->repl_backlog_size, 16384u);
    cr_expect_str_eq(set(c, "repl-backlog-size", "17kb"), "OK");
    cr_expect_eq(c->repl_backlog_size, 17 * 1024u);
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
    struct bytes pair[] = { B("masteruser"), B("se\0cret") };

    cr_expect_str_neq(set_pairs(c, pair, 1), "OK");
    cr_expect_str_eq(c->masteruser, "");
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
    cr_expect_eq(c->masterauth.len, 0);
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
