/* SPDX-License-Identifier: MIT
 * config/config.c - the values, who watches them, and which are only kept.
 *
 * Why:        options are read everywhere and changed in one place; the owner of an
 *             effect asks to be told instead of being called from a table.
 * How:        struct config is plain fields; what belongs to the mechanism is apart
 *             in struct config_own.
 * Read next:  config_load.c, config_set.c */
#include "config/config.h"

#include "base/alloc.h"
#include "config/config_own.h"

struct config *
config_new(void)
{
    struct config *c = mem_zalloc(sizeof *c);

    c->own = mem_zalloc(sizeof *c->own);
    c->own->file = mem_copy_text("");
    c->own->given = mem_zalloc(option_count() * sizeof *c->own->given);
    c->own->judges = mem_zalloc(option_count() * sizeof *c->own->judges);
    for (size_t i = 0; i < option_count(); i++)
        option_set_default(option_at(i), c);
    return c;
}

void
config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < option_count(); i++)
        option_release(option_at(i), option_field(option_at(i), c));
    mem_free(c->own->watches);
    mem_free(c->own->judges);
    mem_free(c->own->given);
    mem_free(c->own->file);
    mem_free(c->own);
    mem_free(c);
}

const char *
config_file(const struct config *c)
{
    return c->own->file;
}

bool
config_is_secret(struct bytes name)
{
    const struct option *o = option_find(name);

    return o && o->flags & SECRET;
}

void
config_watch(struct config *c, const char *name, config_watch_fn *fn, void *arg)
{
    struct config_own *own = c->own;
    const struct option *o = option_find(bytes_of_text(name));

    if (!o)
        return;
    own->watches = mem_realloc(own->watches,
                               (own->watch_count + 1) * sizeof *own->watches);
    own->watches[own->watch_count++] = (struct watch){ o, fn, arg };
}

void
config_judge(struct config *c, const char *name, config_judge_fn *fn, void *arg)
{
    const struct option *o = option_find(bytes_of_text(name));

    if (o)
        c->own->judges[o - option_at(0)] = (struct judge){ fn, arg };
}

/* "", "no" and "0" ask for nothing, so nothing is missing. */
static bool
asks_for_nothing(struct bytes value)
{
    return value.len == 0 || bytes_is(value, "no") || bytes_is(value, "0");
}

bool
config_is_missed(const struct config *c, const struct option *o)
{
    struct text value = { 0 };
    bool missed;

    if (!(o->flags & NOT_BUILT) || option_is_default(o, option_value(o, c)))
        return false;
    o->type->format(o, option_value(o, c), &value);
    missed = !asks_for_nothing(text_view(&value));
    text_free(&value);
    return missed;
}

void
config_unbuilt(const struct config *c, struct text *out)
{
    for (size_t i = 0; i < option_count(); i++)
        if (config_is_missed(c, option_at(i)))
            text_printf(out, "%s%s", out->len > 0 ? " " : "", option_at(i)->name);
}
