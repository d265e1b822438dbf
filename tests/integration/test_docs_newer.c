/* SPDX-License-Identifier: MIT
 * tests/integration/test_docs_newer.c - what COMMAND tells about commands that the
 * installed redis-server does not have: the deadlines of fields, from Redis 7.4 and 8.0.
 *
 * How:        replies as one line, lists in parentheses, beside what Redis documents.
 * Read next:  test_docs.c, for all the others */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/server.h"
#include "support/talk.h"

static int fd;

SERVER_SUITE(docs_newer, 60, server_open(NULL, &fd, NULL));

#define ARG(name, type) "(name " name " type " type ")"
#define TOKEN(name, token) "(name " name " type pure-token token " token ")"
#define TIMED(name, type, token) "(name " name " type " type " token " token ")"
#define ONE_OF(name, which) \
    " (name " name " type oneof flags (optional) arguments (" which "))"
#define CONDITION \
    ONE_OF("condition", TOKEN("nx", "NX") " " TOKEN("xx", "XX") " " TOKEN("gt", "GT") " " \
           TOKEN("lt", "LT"))
#define EXPIRATION(last) \
    ONE_OF("expiration", TIMED("seconds", "integer", "EX") " " \
           TIMED("milliseconds", "integer", "PX") " " \
           TIMED("unix-time-seconds", "unix-time", "EXAT") " " \
           TIMED("unix-time-milliseconds", "unix-time", "PXAT") " " last)
#define BLOCK(what) \
    " (name fields type block token FIELDS arguments (" ARG("numfields", "integer") " " what \
    "))"
#define FIELDS BLOCK("(name field type string flags (multiple))")
#define PAIRS \
    BLOCK("(name data type block flags (multiple) arguments (" ARG("field", "string") " " \
          ARG("value", "string") "))")

static const struct row {
    const char *name;
    int arity;
    const char *flags, *key, *tips;
    const char *since, *arguments;      /* after the key */
    const char *notes;                  /* on the key, with the word */
} rows[] = {
    { "hexpire", -6, "write fast", "RW update", "", "7.4.0",
      " " ARG("seconds", "integer") CONDITION FIELDS, NULL },
    { "hpexpire", -6, "write fast", "RW update", "", "7.4.0",
      " " ARG("milliseconds", "integer") CONDITION FIELDS, NULL },
    { "hexpireat", -6, "write fast", "RW update", "", "7.4.0",
      " " ARG("unix-time-seconds", "unix-time") CONDITION FIELDS, NULL },
    { "hpexpireat", -6, "write fast", "RW update", "", "7.4.0",
      " " ARG("unix-time-milliseconds", "unix-time") CONDITION FIELDS, NULL },
    { "httl", -5, "readonly fast", "RO access", "nondeterministic_output", "7.4.0", FIELDS, NULL },
    { "hpttl", -5, "readonly fast", "RO access", "nondeterministic_output", "7.4.0", FIELDS, NULL },
    { "hexpiretime", -5, "readonly fast", "RO access", "", "7.4.0", FIELDS, NULL },
    { "hpexpiretime", -5, "readonly fast", "RO access", "", "7.4.0", FIELDS, NULL },
    { "hpersist", -5, "write fast", "RW update", "", "7.4.0", FIELDS, NULL },
    { "hgetex", -5, "write fast", "RW access update", "", "8.0.0",
      EXPIRATION(TOKEN("persist", "PERSIST")) FIELDS,
      "notes written to, because deadlines may change " },
    { "hgetdel", -5, "write fast", "RW access delete", "", "8.0.0", FIELDS, NULL },
    { "hsetex", -6, "write denyoom fast", "RW update", "", "8.0.0",
      ONE_OF("condition", TOKEN("fnx", "FNX") " " TOKEN("fxx", "FXX"))
      EXPIRATION(TOKEN("keepttl", "KEEPTTL")) PAIRS, NULL },
};

/* One reply of RESP2; returns what follows it. */
static const char *
print(FILE *to, const char *raw)
{
    const char *rest = strstr(raw, "\r\n") + 2;
    long n = strtol(raw + 1, NULL, 10);

    switch (*raw) {
    case '*':
        fputc('(', to);
        for (long i = 0; i < n; i++) {
            if (i > 0)
                fputc(' ', to);
            rest = print(to, rest);
        }
        fputc(')', to);
        return rest;
    case '$':
        fprintf(to, "%.*s", (int)n, rest);
        return rest + n + 2;
    default:
        fprintf(to, "%.*s", (int)(rest - 2 - raw - 1), raw + 1);
        return rest;
    }
}

/* Caller frees. */
static char *
ask_line(const char *question, const char *name)
{
    char request[128], *raw, *line = NULL;
    size_t len;
    FILE *f = open_memstream(&line, &len);

    sprintf(request, "%s %s\r\n", question, name);
    raw = socket_ask(fd, request);
    cr_assert_not_null(raw, "%s", request);
    print(f, raw);
    fclose(f);
    free(raw);
    return line;
}

Test(docs_newer, command_info_tells_how_fields_with_deadlines_are_used)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        char *line = ask_line("COMMAND INFO", r->name), expected[512];

        snprintf(expected, sizeof expected,
                 "((%s %d (%s) 1 1 1 (@%s @hash @fast) (%s) ((%sflags (%s) begin_search "
                 "(type index spec (index 1)) find_keys (type range spec (lastkey 0 "
                 "keystep 1 limit 0)))) ()))", r->name, r->arity, r->flags,
                 r->flags[0] == 'w' ? "write" : "read", r->tips,
                 r->notes ? r->notes : "", r->key);
        cr_expect_str_eq(line, expected);
        free(line);
    }
}

/* Without the prose. */
Test(docs_newer, command_docs_tells_the_arguments_of_fields_with_deadlines)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        char *line = ask_line("COMMAND DOCS", r->name), expected[2048], start[64], since[64];
        const char *arguments = strstr(line, " arguments ");

        snprintf(start, sizeof start, "(%s (summary ", r->name);
        snprintf(since, sizeof since, " since %s group hash complexity ", r->since);
        snprintf(expected, sizeof expected,
                 " arguments ((name key type key key_spec_index 0)%s)))", r->arguments);
        cr_expect_eq(strncmp(line, start, strlen(start)), 0, "%s", line);
        cr_expect_not_null(strstr(line, since), "%s", line);
        cr_assert_not_null(arguments, "%s", line);
        cr_expect_str_eq(arguments, expected);
        free(line);
    }
}

/* What COMMAND DOCS says ends like this, and has that part before. */
static void
expect_docs(const char *name, const char *part, const char *end)
{
    char *line = ask_line("COMMAND DOCS", name);
    size_t len = strlen(line), of_end = strlen(end);

    cr_expect(len > of_end && strcmp(line + len - of_end, end) == 0, "%s", line);
    cr_expect_not_null(strstr(line, part), "%s", line);
    free(line);
}

#define OPTIONAL(name, token) \
    "(name " name " type pure-token token " token " flags (optional)))))"

Test(docs_newer, older_commands_have_their_newer_options)
{
    char *line = ask_line("COMMAND INFO", "CLIENT|SETINFO");

    expect_docs("HSCAN", " since 2.8.0 group hash ", OPTIONAL("novalues", "NOVALUES"));
    expect_docs("ZRANK", " history ((7.2.0 ", OPTIONAL("withscore", "WITHSCORE"));
    expect_docs("ZREVRANK", " history ((7.2.0 ", OPTIONAL("withscore", "WITHSCORE"));
    expect_docs("CLIENT|KILL", " (7.4.0 ",
                "(name maxage type integer token MAXAGE since 7.4.0 flags (optional)))"
                "))))))");
    cr_expect_not_null(strstr(line, "(request_policy:all_nodes "
                                    "response_policy:all_succeeded)"), "%s", line);
    free(line);
}

/* Flags of keys depend on the row as well. */
Test(docs_newer, command_getkeysandflags_finds_the_hash)
{
    expect(fd, "COMMAND GETKEYSANDFLAGS HEXPIRE h 10 NX FIELDS 1 f",
           "*1\r\n*2\r\n$1\r\nh\r\n*2\r\n+RW\r\n+update");
    expect(fd, "COMMAND GETKEYSANDFLAGS HGETDEL h FIELDS 1 f",
           "*1\r\n*2\r\n$1\r\nh\r\n*3\r\n+RW\r\n+access\r\n+delete");
}
