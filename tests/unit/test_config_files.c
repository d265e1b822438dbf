/* SPDX-License-Identifier: MIT
 * tests/unit/test_config_files.c - options from the command line and from files, CONFIG
 * REWRITE, and ignis.conf.  Texts of errors are Redis's. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rand.h"
#include "config/config.h"
#include "config/option.h"
#include "unit/config_words.h"

TestSuite(config_files, .init = enter_scratch, .fini = leave_scratch);

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

Test(config_files, options_of_the_command_line_win_over_the_file)
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
    cr_expect_str_eq(c->requirepass.at, "a A\n");
    cr_expect_str_eq(c->masterauth.at, "it's");
    cr_expect_eq(c->bind.count, 2u);
    cr_expect_str_eq(c->bind.at[1], "::1");
    cr_expect_eq(c->save.count, 0u);
    cr_expect_eq(config_file(c)[0], '/');
    text_free(&report);
    config_free(c);
}

Test(config_files, a_secret_is_any_bytes_also_when_it_is_written_back)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("x.conf", "requirepass \"\\x00a b\\xff\"\nhash-seed \"s\\x00t\"\n");
    cr_assert_eq(LOAD(c, &report, "x.conf"), OK, "%s", report.at);
    cr_expect_eq(c->requirepass.len, 5u);
    cr_expect_eq(memcmp(c->requirepass.at, "\0a b\xff", 5), 0);
    cr_assert_eq(config_rewrite(c, &report), OK, "%s", report.at);
    config_free(c);
    c = config_new();
    cr_assert_eq(LOAD(c, &report, "x.conf"), OK, "%s", report.at);
    cr_expect_eq(c->requirepass.len, 5u);
    cr_expect(bytes_equal(text_view(&c->hash_seed), B("s\0t")));
    text_free(&report);
    config_free(c);
}

/* Not so in CONFIG SET, which splits at each blank and knows no quotes. */
Test(config_files, a_lonely_word_of_a_series_is_split_as_a_line_is)
{
    struct config *c = config_new();
    struct text report = { 0 };

    write_file("x.conf",
               "bind \"'127.0.0.1'  \\\"::1\\\"\"\nsave \"3600\\t1\"\n"
               "client-output-buffer-limit \"'normal' 1 2 3\"\n"
               "shutdown-on-sigterm 'save  now'\n");
    cr_assert_eq(LOAD(c, &report, "x.conf", "--oom-score-adj-values", "'1' 2\t3"), OK,
                 "%s", report.at);
    cr_expect_eq(c->bind.count, 2u);
    cr_expect_str_eq(c->bind.at[0], "127.0.0.1");
    cr_expect_str_eq(c->bind.at[1], "::1");
    cr_expect_eq(c->save.count, 1u);
    cr_expect_eq(c->client_output_buffer_limit[OUTPUT_NORMAL].hard, 1u);
    cr_expect_eq(c->oom_score_adj_values[2], 3);
    cr_expect_eq(LOAD(c, &report, "--save", " "), OK);
    cr_expect_eq(c->save.count, 0u);
    cr_expect_eq(LOAD(c, &report, "--save", "\"3600 1"), FAILED);
    cr_expect(strstr(report.at, "Unbalanced quotes in configuration line") != NULL, "%s",
              report.at);
    text_free(&report);
    config_free(c);
}

Test(config_files, a_value_may_begin_with_two_dashes)
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

Test(config_files, a_first_argument_that_is_empty_is_no_file)
{
    struct config *c = config_new();
    struct text report = { 0 };

    cr_expect_eq(LOAD(c, &report, ""), OK);
    cr_expect_str_eq(config_file(c), "");
    cr_expect_eq(LOAD(c, &report, "", "--hz", "9"), OK);
    cr_expect_eq(c->hz, 9);
    cr_expect_eq(LOAD(c, &report, "", ""), FAILED);
    cr_expect_eq(LOAD(c, &report, "--hz", "8", ""), FAILED);
    text_free(&report);
    config_free(c);
}

Test(config_files, standard_input_is_a_file_before_the_options)
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

Test(config_files, further_save_lines_add_and_an_empty_one_forgets)
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

Test(config_files, includes_are_patterns_read_in_place)
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

Test(config_files, a_mistake_is_reported_as_redis_reports_it)
{
    cr_expect_str_eq(report_of("shutdown-on-sigint\n"),
                     "Reading the configuration file, at line 1\n"
                     ">>> 'shutdown-on-sigint'\nargument(s) must be one of the "
                     "following: default, save, nosave, now, force\n");
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

Test(config_files, a_report_counts_options_as_lines_after_the_file)
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

Test(config_files, a_report_never_shows_a_secret)
{
    const char *report = report_of("requirepass hunter2 hunter3");

    cr_expect_null(strstr(report, "hunter"));
    cr_expect(strstr(report, "'requirepass \"(redacted)\"'") != NULL);
    report = report_of("port 0\n RequirePass \"hunter2");
    cr_expect(strstr(report, "at line 2\n>>> 'requirepass \"(redacted)\"'\n"
                             "Unbalanced quotes") != NULL, "%s", report);
    cr_expect_null(strstr(report_of("\"masterauth\" \"hunter2"), "hunter"));
    cr_expect_null(strstr(report_of("'user joe >hunter2"), "hunter"));
    cr_expect(strstr(report_of("dir \"/x"), ">>> 'dir \"/x'") != NULL);
    cr_expect(config_is_secret(B("MasterAuth")));
    cr_expect_not(config_is_secret(B("port")));
}

Test(config_files, a_slave_follows_6380_unless_told_whom)
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

Test(config_files, unbuilt_options_are_named_when_they_ask_for_something)
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

static size_t
check_file(const char *path, struct text *report)
{
    struct config *c = config_new();
    size_t mistakes = config_check_file(c, path, report);

    config_free(c);
    return mistakes;
}

Test(config_files, check_names_every_mistake_and_what_was_meant)
{
    struct text report = { 0 };
    char before[256], after[256];

    cr_assert(getcwd(before, sizeof before) != NULL);
    write_file("y.inc", "hz x\n");
    write_file("x.conf", "dir /\nmaxmemry 5\ntimeout zz\nrequirepass secret more\n"
                         "qqqqqqqqqqqq 1\nport 1 \"\n");
    cr_expect_eq(check_file("x.conf", &report), 5u);
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
    cr_expect_eq(check_file("x.conf", &report), 1u);
    cr_expect_str_eq(report.at,
                     "y.inc:1: hz x: argument couldn't be parsed into an integer\n");
    cr_expect_eq(check_file("nosuch", &report), 1u);
    text_clear(&report);
    write_file("x.conf", "port 1\ninclude nosuch.inc\n");
    cr_expect_eq(check_file("x.conf", &report), 1u);
    cr_expect_str_eq(report.at, "x.conf:2: can't open 'nosuch.inc': "
                                "No such file or directory\n");
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

Test(config_files, rewrite_keeps_comments_and_order_and_adds_below_a_signature)
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

Test(config_files, rewrite_replaces_the_file_and_keeps_its_mode)
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

Test(config_files, rewrite_says_why_it_could_not)
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
Test(config_files, a_rewritten_file_says_exactly_what_is_in_force)
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
Test(config_files, a_hundred_thousand_random_changes_are_all_or_nothing)
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

Test(config_files, the_shipped_file_is_what_the_table_says)
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
Test(config_files, every_line_of_the_template_can_be_used)
{
    struct text conf = { 0 }, open = { 0 }, report = { 0 };
    char *line, *rest;

    config_template(&conf);
    write_file("x.conf", conf.at);
    cr_expect_eq(check_file("x.conf", &report), 0u, "%s", report.at);
    for (line = strtok_r(conf.at, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (line[0] == '#' && line[1] > ' ' && !strstr(line, "...")
            && strncmp(line, "#include", 8) != 0)
            text_printf(&open, "%s\n", line + 1);
    cr_assert_gt(open.len, 1000u);
    write_file("y.conf", open.at);
    cr_expect_eq(check_file("y.conf", &report), 0u, "%s", report.at);
    text_free(&conf);
    text_free(&open);
    text_free(&report);
}
