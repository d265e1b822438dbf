/* SPDX-License-Identifier: MIT
 * config/config_check.c - --check-config: every mistake of a file at once.
 *
 * How:        the file is applied to a configuration nobody uses, and the process
 *             returns to its directory afterwards.
 * Cost:       an unknown name is compared with every known one: O(names * length^2).
 * Read next:  config_get.c */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "config/config_own.h"

#define NAME_MOST 64                    /* longer ones are like no option's */

static size_t
least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Levenshtein's distance, one row of the matrix at a time. */
static size_t
distance(struct bytes a, const char *b)
{
    size_t row[NAME_MOST + 1], b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            bool same = lower(a.at[i - 1]) == lower(b[j - 1]);

            row[j] = least(above + 1, row[j - 1] + 1, diagonal + !same);
            diagonal = above;
        }
    }
    return row[b_len];
}

/* The nearest known name, if it is near enough to be what was meant. */
static const char *
nearest_name(struct bytes name)
{
    const char *nearest = NULL, *known;
    const struct option *o;
    size_t best = name.len / 3 + 1;

    if (name.len > NAME_MOST)
        return NULL;
    for (size_t i = 0; (known = option_name_at(i, &o)); i++) {
        size_t d = strlen(known) <= NAME_MOST ? distance(name, known) : SIZE_MAX;

        if (d <= best && !(o->flags & HIDDEN)) {
            nearest = known;
            best = d - (d > 0);         /* the first of the nearest wins */
            if (d == 0)
                break;
        }
    }
    return nearest;
}

struct check { const char *path; struct text *report; size_t mistakes; };

static bool
note_mistake(const struct config_mistake *m, void *arg)
{
    struct check *check = arg;
    const char *meant = m->is_unknown ? nearest_name(m->name) : NULL;

    check->mistakes++;
    if (m->is_unreadable) {
        text_printf(check->report, "%s: can't open '%.*s': %s\n",
                    m->file ? m->file : check->path, B_ARG(m->line), m->why);
        return true;
    }
    text_printf(check->report, "%s:%zu: ", m->file ? m->file : check->path,
                m->line_number);
    config_add_line(check->report, m->line, m->name);
    text_printf(check->report, ": %s",
                m->is_unknown ? "unknown option" : m->why);
    if (meant)
        text_printf(check->report, "; did you mean '%s'?", meant);
    text_add_char(check->report, '\n');
    return true;
}

size_t
config_check_file(const char *path, struct text *report)
{
    struct check check = { .path = path, .report = report };
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct config *c = config_new();
    struct text text = { 0 };

    if (config_read_file(path, &text)) {
        config_apply_text(c, text_view(&text), SIZE_MAX, NULL, note_mistake, &check);
    } else {
        text_printf(report, "%s: can't open: %s\n", path, strerror(errno));
        check.mistakes++;
    }
    if (here >= 0) {
        if (fchdir(here) != 0)
            text_printf(report, "%s: can't return to the directory: %s\n", path,
                        strerror(errno));
        close(here);
    }
    text_free(&text);
    config_free(c);
    return check.mistakes;
}
