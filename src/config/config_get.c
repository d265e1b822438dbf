/* SPDX-License-Identifier: MIT
 * config/config_get.c - CONFIG GET: names and patterns to values.
 *
 * A name is answered as it was spelled, a pattern with the table's names; aliases
 * are names of their own.  Hidden options need their exact name.
 * Read next:  config_set.c */
#include "base/alloc.h"
#include "base/glob.h"
#include "config/config_own.h"

/* How many names there are, aliases included. */
static size_t
count_names(void)
{
    const struct option *o;
    size_t n = 0;

    while (option_name_at(n, &o))
        n++;
    return n;
}

static bool
is_pattern(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '*' || text.at[i] == '?' || text.at[i] == '[')
            return true;
    return false;
}

struct getting {
    const struct config *config;
    bool *seen;                         /* by index of option_name_at */
    config_each_fn *each;
    void *arg;
};

static void
give(const struct getting *g, const char *shown, const struct option *o)
{
    struct text value = { 0 };

    o->type->format(o, option_value(o, g->config), &value);
    g->each(shown, text_view(&value), g->arg);
    text_free(&value);
}

static void
give_matching(const struct getting *g, struct bytes wanted)
{
    bool pattern = is_pattern(wanted);
    const struct option *o;
    const char *name;

    for (size_t i = 0; (name = option_name_at(i, &o)); i++) {
        if (g->seen[i] || o->flags & REPEATED
            || (pattern && o->flags & (HIDDEN | UNLISTED)))
            continue;
        if (pattern ? !glob_match(wanted, bytes_of_text(name), true)
                    : !bytes_is(wanted, name))
            continue;
        g->seen[i] = true;
        if (pattern) {
            give(g, name, o);
        } else {
            char *spelled = bytes_copy_text(wanted);

            give(g, spelled, o);
            mem_free(spelled);
            return;
        }
    }
}

void
config_get(const struct config *c, const struct bytes *patterns, size_t n,
           config_each_fn *each, void *arg)
{
    struct getting g = { .config = c, .each = each, .arg = arg };

    g.seen = mem_zalloc(count_names() * sizeof *g.seen);
    for (size_t i = 0; i < n; i++)
        give_matching(&g, patterns[i]);
    mem_free(g.seen);
}
