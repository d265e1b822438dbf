/* SPDX-License-Identifier: MIT
 * config/config_check.c - --check-config: every mistake of a file at once.
 *
 * How:        the file is applied to a configuration nobody uses, with the same judges
 *             as at start-up, and the process returns to its directory afterwards.
 * Cost:       an unknown name is compared with every known one: O(names * length^2).
 * Read next:  config_get.c */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/nearest.h"
#include "config/config_own.h"

/* The nearest known name, if it is near enough to be what was meant. */
static const char *
nearest_name(struct bytes name)
{
    const struct option *o;
    struct nearest nearest;
    const char *known;

    nearest_start(&nearest, name);
    for (size_t i = 0; (known = option_name_at(i, &o)); i++)
        if (!(o->flags & HIDDEN))
            nearest_offer(&nearest, known);
    return nearest.meant;
}

struct check { const char *path; struct text *report; size_t mistakes; };

static bool
note_mistake(const struct config_mistake *m, void *arg)
{
    struct check *check = arg;
    const char *meant = m->is_unknown ? nearest_name(m->name) : m->meant;

    check->mistakes++;
    text_printf(check->report, "%s:%zu: ", m->file ? m->file : check->path,
                m->line_number);
    if (m->is_unreadable) {
        text_printf(check->report, "can't open '%.*s': %s\n", B_ARG(m->line), m->why);
        return true;
    }
    config_add_line(check->report, m->line, m->name);
    text_printf(check->report, ": %s",
                m->is_unknown ? "unknown option" : m->why);
    if (meant)
        text_printf(check->report, "; did you mean '%s'?", meant);
    text_add_char(check->report, '\n');
    return true;
}

size_t
config_check_file(struct config *c, const char *path, struct text *report)
{
    struct check check = { .path = path, .report = report };
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
    return check.mistakes;
}
