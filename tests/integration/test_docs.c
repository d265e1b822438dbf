/* SPDX-License-Identifier: MIT
 * tests/integration/test_docs.c - what COMMAND tells about our commands is what
 * redis-server tells, prose excepted.
 *
 * How:        both servers are asked about every command that we have, and the two
 *             replies are walked side by side.  Subcommands are matched by name, for
 *             Redis lists them in random order.  Where we know more than 7.0 does
 *             (newer options), the command is on a list with the reason. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "support/server.h"

/* A reply as a tree.  A map's keys and values alternate in `item`. */
struct node {
    char kind;                  /* the byte it began with: + - : $ * % ~ _ */
    char *text;                 /* of what is no list */
    size_t count;
    struct node **item;
};

struct two {
    struct test_server *ours, *redis;
    int a, b;
};

/* What differs on purpose: the path of a reply, or its beginning. */
static const char *const explained[] = {
    "set.history", "set.arguments",             /* IFEQ and relatives, 8.x */
    "zrank", "zrevrank",                        /* WITHSCORE, 7.2 */
    "hscan",                                    /* NOVALUES, 7.4 */
    "client|kill.history", "client|kill.arguments",     /* MAXAGE, 7.4 */
    "multi",                                    /* ROLLBACK, ours */
};

static size_t differences;

/* --- asking --- */

static struct node *
parse(const char **at)
{
    struct node *n = calloc(1, sizeof *n);
    const char *end = strstr(*at, "\r\n");
    long len = strtol(*at + 1, NULL, 10);

    cr_assert_not_null(end);
    n->kind = **at;
    if (strchr("*%~", n->kind)) {
        *at = end + 2;
        n->count = len < 0 ? 0 : (size_t)len * (n->kind == '%' ? 2 : 1);
        n->item = calloc(n->count + 1, sizeof *n->item);
        for (size_t i = 0; i < n->count; i++)
            n->item[i] = parse(at);
    } else if (n->kind == '$' && len >= 0) {
        n->text = strndup(end + 2, (size_t)len);
        *at = end + 2 + len + 2;
    } else {
        n->text = strndup(*at + 1, (size_t)(end - *at - 1));
        *at = end + 2;
    }
    return n;
}

static void
drop(struct node *n)
{
    for (size_t i = 0; i < n->count; i++)
        drop(n->item[i]);
    free(n->item);
    free(n->text);
    free(n);
}

static struct node *
ask(int fd, const char *command, const char *word)
{
    char request[256];
    const char *at;
    struct node *n;
    char *raw;

    snprintf(request, sizeof request, "%s%s\r\n", command, word);
    raw = socket_ask(fd, request);
    cr_assert_not_null(raw, "no reply to %s", request);
    at = raw;
    n = parse(&at);
    free(raw);
    return n;
}

static bool
open_two(struct two *t, const char *hello)
{
    static const char *const quiet[] = { "--save", "", NULL };

    if (!server_has_redis())
        return false;
    t->ours = server_start(NULL);
    t->redis = server_start_redis(quiet);
    t->a = server_connect(t->ours);
    t->b = server_connect(t->redis);
    drop(ask(t->a, "HELLO ", hello));
    drop(ask(t->b, "HELLO ", hello));
    return true;
}

static void
close_two(struct two *t)
{
    close(t->a);
    close(t->b);
    server_stop(t->ours);
    server_stop(t->redis);
}

/* --- comparing --- */

static void
differ(const char *path, const char *why)
{
    for (size_t i = 0; i < sizeof explained / sizeof *explained; i++)
        if (strncmp(path, explained[i], strlen(explained[i])) == 0)
            return;
    differences++;
    fprintf(stderr, "%s: %s\n", path, why);
}

static bool
is_prose(const struct node *key)
{
    static const char *const names[] = {
        "summary", "complexity", "replaced_by", "notes",
    };

    for (size_t i = 0; key->text && i < sizeof names / sizeof *names; i++)
        if (strcmp(key->text, names[i]) == 0)
            return true;
    return false;
}

/* The value of a name in a map; NULL: none. */
static const struct node *
field(const struct node *map, const char *name)
{
    for (size_t i = 0; i + 1 < map->count; i += 2)
        if (map->item[i]->text && strcmp(map->item[i]->text, name) == 0)
            return map->item[i + 1];
    return NULL;
}

static void compare(const char *path, const struct node *a, const struct node *b);

static void
compare_at(const char *path, const char *name, const struct node *a, const struct node *b)
{
    char longer[512];

    snprintf(longer, sizeof longer, "%s.%s", path, name);
    compare(longer, a, b);
}

static void compare_doc(const char *path, const struct node *a, const struct node *b);

static void
compare_subcommand_docs(const struct node *a, const struct node *b)
{
    for (size_t i = 0; i + 1 < a->count; i += 2) {
        const struct node *same = field(b, a->item[i]->text);

        if (same)
            compare_doc(a->item[i]->text, a->item[i + 1], same);
    }
}

/* Versions only: the texts are our own. */
static void
compare_history(const char *path, const struct node *a, const struct node *b)
{
    char longer[512];

    snprintf(longer, sizeof longer, "%s.history", path);
    if (a->kind != b->kind || a->count != b->count)
        differ(longer, "other lengths");
    for (size_t i = 0; i < a->count && i < b->count; i++)
        compare(longer, a->item[i]->item[0], b->item[i]->item[0]);
}

/* COMMAND DOCS: fields in the same order, prose only there or not. */
static void
compare_doc(const char *path, const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->count != b->count)
        differ(path, "other fields");
    for (size_t i = 0; i + 1 < a->count && i + 1 < b->count; i += 2) {
        const char *name = b->item[i]->text;

        compare_at(path, "field", a->item[i], b->item[i]);
        if (strcmp(name, "subcommands") == 0)
            compare_subcommand_docs(a->item[i + 1], b->item[i + 1]);
        else if (strcmp(name, "history") == 0)
            compare_history(path, a->item[i + 1], b->item[i + 1]);
        else if (!is_prose(b->item[i]))
            compare_at(path, name, a->item[i + 1], b->item[i + 1]);
    }
}

/* Any two replies; after a name of prose the next element is not looked at. */
static void
compare(const char *path, const struct node *a, const struct node *b)
{
    char why[300];

    snprintf(why, sizeof why, "%c%zu %.100s is not %c%zu %.100s", a->kind, a->count,
             a->text ? a->text : "", b->kind, b->count, b->text ? b->text : "");
    if (a->kind != b->kind || a->count != b->count || !a->text != !b->text ||
        (a->text && strcmp(a->text, b->text) != 0))
        differ(path, why);
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (i == 0 || !is_prose(b->item[i - 1]))
            compare(path, a->item[i], b->item[i]);
}

/* Where only one of the two has notes on a key, so be it: they are prose. */
static void
drop_notes(struct node *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct node *spec = keys->item[i];

        if (strcmp(spec->item[0]->text, "notes") != 0)
            continue;
        drop(spec->item[0]);
        drop(spec->item[1]);
        spec->count -= 2;
        memmove(spec->item, spec->item + 2, spec->count * sizeof *spec->item);
    }
}

/* COMMAND INFO: nine fields side by side, then the subcommands both know. */
static void
compare_info(struct node *a, struct node *b)
{
    static const char *const names[] = {
        "name", "arity", "flags", "first", "last", "step", "categories", "tips", "keys",
    };
    const char *name = a->item[0]->text;

    cr_assert(a->count == 10 && b->count == 10, "%s", name);
    drop_notes(a->item[8]);
    drop_notes(b->item[8]);
    for (size_t i = 0; i < 9; i++)
        compare_at(name, names[i], a->item[i], b->item[i]);
    if (a->item[9]->kind != b->item[9]->kind)
        differ(name, "another kind of list of subcommands");
    for (size_t i = 0; i < a->item[9]->count; i++) {
        struct node *x = a->item[9]->item[i], *y = b->item[9];

        for (size_t j = 0; j < y->count; j++)
            if (strcmp(y->item[j]->item[0]->text, x->item[0]->text) == 0)
                compare_info(x, y->item[j]);
    }
}

/* Every command of ours that redis-server knows; returns how many. */
static size_t
compare_all(struct two *t)
{
    struct node *list = ask(t->a, "COMMAND", "");
    size_t compared = 0;

    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->item[i]->item[0]->text;
        struct node *info = ask(t->b, "COMMAND INFO ", name);
        struct node *ours = ask(t->a, "COMMAND DOCS ", name);
        struct node *docs = ask(t->b, "COMMAND DOCS ", name);

        if (docs->count == 2) {
            compare_info(list->item[i], info->item[0]);
            compare_doc(name, ours->item[1], docs->item[1]);
            compared++;
        }
        drop(info);
        drop(ours);
        drop(docs);
    }
    drop(list);
    return compared;
}

static void
expect_equal_docs(const char *hello)
{
    struct two t;

    if (!open_two(&t, hello))
        skip_or_fail("redis-server");
    cr_expect_gt(compare_all(&t), 70);
    cr_expect_eq(differences, 0);
    close_two(&t);
}

Test(docs, command_and_its_docs_equal_redis_in_resp2, .timeout = 120)
{
    expect_equal_docs("2");
}

Test(docs, command_and_its_docs_equal_redis_in_resp3, .timeout = 120)
{
    expect_equal_docs("3");
}

static void
expect_help_shape(int fd, const char *container)
{
    struct node *help = ask(fd, container, " HELP");
    size_t n = help->count;

    cr_assert_gt(n, 2, "%s", container);
    cr_expect_eq(strncasecmp(help->item[0]->text, container, strlen(container)), 0);
    cr_expect_not_null(strstr(help->item[0]->text, " <subcommand> "));
    for (size_t i = 1; i < n; i++) {
        cr_expect_eq(help->item[i]->kind, '+');
        cr_expect_eq(help->item[i]->text[0] == ' ', i % 2 == 0, "%s", container);
    }
    cr_expect_str_eq(help->item[n - 2]->text, "HELP");
    cr_expect_str_eq(help->item[n - 1]->text, "    Prints this help.");
    drop(help);
}

/* A title, usages with what they mean below, and HELP itself at the end. */
Test(docs, help_of_every_container_has_the_shape_of_redis, .timeout = 60)
{
    struct test_server *s = server_start(NULL);
    int fd = server_connect(s);
    struct node *list = ask(fd, "COMMAND", "");
    size_t containers = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->item[i]->item[9]->count == 0)
            continue;
        expect_help_shape(fd, list->item[i]->item[0]->text);
        containers++;
    }
    cr_expect_gt(containers, 5);
    drop(list);
    close(fd);
    server_stop(s);
}
