/* SPDX-License-Identifier: MIT
 * config/config_template.c - ignis.conf itself, from the same rows.
 *
 * Every option is there as a comment with its default, so that the file shows what
 * can be said; a few are said, because a fresh installation should start that way.
 * Read next:  utils/make-conf.c */
#include "config/config.h"
#include "config/option.h"

#define WIDTH 78

/* What the shipped file says that the program's defaults do not. */
static const struct { const char *name, *value; } shipped[] = {
    { "bind", "127.0.0.1 -::1" },       /* nobody outside before somebody decides so */
};

static const char head[] =
    "# The configuration of ignis-server.\n"
    "#\n"
    "#     ignis-server /path/to/ignis.conf [--option value ...]\n"
    "#\n"
    "# One option a line: its name and its value. Values with blanks go into quotes.\n"
    "# Sizes: 1k is 1000 bytes, 1kb 1024, and so on with m, mb, g and gb.\n"
    "# A line like the next one takes in another file; the last of several lines of\n"
    "# the same option counts.\n"
    "#\n"
    "#include /path/to/local.conf\n"
    "#\n"
    "# Lines that begin with '# ' explain, those with '#' alone show a default: take\n"
    "# the '#' away to change it. Where a default differs from Redis's, it says so.\n"
    "# 'Not built yet' means that the option is kept and shown but has no effect.\n"
    "# Written by utils/make-conf from src/config/options.def.\n";

static void
add_rule(struct text *out, const char *heading)
{
    size_t len = strlen(heading) + 7;

    text_printf(out, "\n# ---- %s ", heading);
    for (; len < WIDTH; len++)
        text_add_char(out, '-');
    text_add_char(out, '\n');
}

/* Words in lines that begin with "# ". */
static void
add_wrapped(struct text *out, const char *words)
{
    size_t column = 0;

    while (*words) {
        size_t len = strcspn(words, " ");

        if (column > 0 && column + 1 + len > WIDTH) {
            text_add_char(out, '\n');
            column = 0;
        }
        text_add_text(out, column == 0 ? "# " : " ");
        text_add(out, bytes_view(words, len));
        column += (column == 0 ? 2 : 1) + len;
        words += len;
        words += *words == ' ';
    }
    text_add_char(out, '\n');
}

static void
add_option(struct text *out, const struct option *o)
{
    struct text words = { 0 };

    text_printf(&words, "%s%s", o->summary,
                o->flags & NOT_BUILT ? " (Not built yet.)" : "");
    text_add_char(out, '\n');
    add_wrapped(out, words.at);
    text_free(&words);
    text_printf(out, "#%s %s\n", o->name, o->flags & REPEATED ? "..." : o->fallback);
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++)
        if (strcmp(shipped[i].name, o->name) == 0)
            text_printf(out, "%s %s\n", o->name, shipped[i].value);
}

void
config_template(struct text *out)
{
    const char *group = "";

    text_add_text(out, head);
    for (size_t i = 0; i < option_count(); i++) {
        const struct option *o = option_at(i);

        if (o->flags & HIDDEN)
            continue;
        if (strcmp(o->group, group) != 0)
            add_rule(out, o->group);
        group = o->group;
        add_option(out, o);
    }
}
