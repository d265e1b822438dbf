/* SPDX-License-Identifier: MIT
 * tests/oracle/script.c - run a file of commands against both servers. */
#include "oracle/script.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "oracle/explained.h"
#include "support/server.h"

/* What the words with '@' of one line asked for. */
struct plan {
    const char *at;             /* "@type" ...; the last of them */
    bool has_way, dead, both_dead, half;
    enum way way;
    double bound;
    long times;
    struct bytes want, raw;
    bool ours, is_raw;
    struct bytes *words;        /* the command */
    size_t n;
};

static const struct { const char *word; enum way way; double bound; } ways[] = {
    { "@exact", EXACT, 0 }, { "@unordered", UNORDERED, 0 }, { "@pairs", PAIRS, 0 },
    { "@shape", SHAPE, 0 }, { "@type", TYPE, 0 }, { "@fields", FIELDS, 0 },
    { "@ignore", ANY, 0 }, { "@scanned", SCANNED, 0 }, { "@float", NEAR, 1 },
    { "@near", NEAR, 1 },
};

static struct bytes
trim(struct bytes line)
{
    while (line.len > 0 && strchr(" \t\r", line.at[line.len - 1]))
        line.len--;
    while (line.len > 0 && strchr(" \t", line.at[0]))
        line.at++, line.len--;
    return line;
}

/* --- loading --- */

/* @server and @needs hold for the whole file. */
static void
read_header(struct script *s)
{
    size_t n, used = 2;

    s->args[0] = strdup("--enable-debug-command");
    s->args[1] = strdup("yes");

    for (size_t i = 0; i < s->count; i++) {
        struct bytes *words;

        if (s->line[i].len == 0 || s->line[i].at[0] != '@')
            continue;
        words = words_split(s->line[i], &n);
        cr_assert(words, "line %zu: unbalanced quotes", i + 1);
        if (n > 1 && bytes_is(words[0], "@needs"))
            s->needs = strdup(words[1].at);
        for (size_t j = 1; n > 1 && bytes_is(words[0], "@server") && j < n; j++) {
            cr_assert_lt(used, sizeof s->args / sizeof *s->args - 1);
            s->args[used++] = strdup(words[j].at);
        }
        words_free(words, n);
    }
}

bool
script_load(struct script *s, const char *path)
{
    const char *at, *lf;

    memset(s, 0, sizeof *s);
    s->content = file_text(path);
    if (!s->content)
        return false;
    s->line = calloc(strlen(s->content) + 1, sizeof *s->line);
    for (at = s->content; *at; at = lf + (*lf == '\n')) {
        lf = strchrnul(at, '\n');
        s->line[s->count++] = trim(bytes_view(at, (size_t)(lf - at)));
    }
    read_header(s);
    return true;
}

void
script_free(struct script *s)
{
    for (size_t i = 0; s->args[i]; i++)
        free((char *)s->args[i]);
    free((char *)s->needs);
    free(s->line);
    free(s->content);
}

/* --- running --- */

static void
nap(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    cr_assert(ms >= 0 && ms <= 1000, "@sleep %ld is too long", ms);
    nanosleep(&t, NULL);
}

static void
drop_words(struct plan *p, size_t n)
{
    cr_assert(p->n >= n, "a word is missing after %s", p->at);
    p->words += n;
    p->n -= n;
}

/* Take the '@' words off the line. */
static void
read_plan(struct plan *p)
{
    while (p->n > 0 && p->words[0].len > 1 && p->words[0].at[0] == '@') {
        p->at = p->words[0].at;
        p->both_dead |= strcmp(p->at, "@both-dead") == 0;
        p->dead |= strcmp(p->at, "@dead") == 0;
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            if (strcmp(p->at, ways[i].word) != 0)
                continue;
            p->has_way = true;
            p->way = ways[i].way;
            p->bound = ways[i].bound;
        }
        drop_words(p, 1);
        if (strcmp(p->at, "@near") == 0) {
            p->bound = strtod(p->words[0].at, NULL);
            drop_words(p, 1);
        } else if (strcmp(p->at, "@times") == 0) {
            p->times = strtol(p->words[0].at, NULL, 10);
            drop_words(p, 1);
        } else if (strcmp(p->at, "@ours") == 0) {
            p->ours = true;
            p->want = p->words[0];
            drop_words(p, 1);
        } else if (strcmp(p->at, "@raw") == 0 || strcmp(p->at, "@half") == 0) {
            p->is_raw = true;
            p->half = p->at[1] == 'h';
            p->raw = p->words[0];
            drop_words(p, 1);
        }
    }
}

static void
ask_ours(const struct plan *p, struct twins *t, struct answers *a, bool *same)
{
    twins_ask_ours(t, p->words, p->n, &a->ours);
    a->redis.at = strndup(p->want.at, p->want.len);
    a->redis.len = p->want.len;
    *same = a->ours.at && (p->want.len > 0 ? bytes_equal(answer_view(&a->ours), p->want)
                                           : a->ours.at[0] != '-');
}

static bool
ask_both(const struct plan *p, struct twins *t, struct answers *a)
{
    struct explained mine = { .way = p->way, .bound = p->bound };

    if (p->is_raw)
        twins_ask_raw(t, p->raw, a);
    else
        twins_ask(t, p->words, p->n, a);
    if (p->has_way)
        return explained_agree(&mine, a);
    return explained_agree(p->is_raw ? NULL : explained_for(p->words, p->n), a);
}

static void
tell(struct verdict *v, size_t number, struct bytes line, const struct answers *a,
     const char *what)
{
    v->differences++;
    if (v->differences > 20)
        return;
    text_printf(&v->report, "line %zu: %.*s%s\n", number, B_ARG(line), what);
    if (a)
        answers_describe(a, &v->report);
}

/* A line that commands something else than a command; false: it is one. */
static bool
run_order(struct twins *t, const struct bytes *words, size_t n)
{
    if (bytes_is(words[0], "@server") || bytes_is(words[0], "@needs"))
        return true;
    if (n == 2 && bytes_is(words[0], "@client")) {
        twins_switch(t, words[1].at);
        return true;
    }
    if (n == 2 && bytes_is(words[0], "@sleep")) {
        nap(strtol(words[1].at, NULL, 10));
        return true;
    }
    return false;
}

static void
run_plan(struct plan *p, struct twins *t, struct verdict *v, size_t number,
         struct bytes line)
{
    struct answers a = { { 0 }, { 0 } };
    bool same = true;

    v->commands++;
    if (p->half) {
        for (long i = 0; i == 0 || i < p->times; i++) {
            socket_send(t->now->ours, p->raw.at, p->raw.len);
            socket_send(t->now->redis, p->raw.at, p->raw.len);
        }
    } else if (p->ours) {
        ask_ours(p, t, &a, &same);
    } else {
        same = ask_both(p, t, &a);
    }
    if (!same || (!p->half && !p->ours && !p->dead && !a.redis.at))
        tell(v, number, line, &a, "");
    if ((p->dead || p->both_dead) && !twins_are_closed(t))
        tell(v, number, line, NULL, "\n    not closed by both");
    if (p->dead || p->both_dead || (!p->half && !a.ours.at))
        twins_reconnect(t);
    answers_free(&a);
}

static void
run_line(struct twins *t, struct verdict *v, size_t number, struct bytes line)
{
    struct plan p = { 0 };
    struct bytes *words;
    size_t n;

    if (line.len == 0 || line.at[0] == '#')
        return;
    words = words_split(line, &n);
    cr_assert(words, "line %zu: unbalanced quotes", number);
    if (!run_order(t, words, n)) {
        p.words = words;
        p.n = n;
        read_plan(&p);
        if (p.n > 0 || p.is_raw)
            run_plan(&p, t, v, number, line);
        else
            cr_assert(false, "line %zu has no command: %.*s", number, B_ARG(line));
    }
    words_free(words, n);
}

void
script_run(const struct script *s, struct twins *t, struct verdict *v)
{
    for (size_t i = 0; i < s->count; i++)
        run_line(t, v, i + 1, s->line[i]);
}
