/* SPDX-License-Identifier: MIT
 * config/config_set.c - CONFIG SET: all pairs or none.
 *
 * How:        first every name is checked, then every value is parsed and put in
 *             place with the old one kept aside, then those who watch a changed
 *             option are told, each once.  Whoever refuses, a parser or a watcher,
 *             has the old values put back; watchers that were told already are told
 *             again, so that their effects follow.
 * Invariants: an option that keeps its value is not announced (CONFIG SET bind to what
 *             it is must not close and open sockets).
 * Read next:  config_rewrite.c */
#include "base/alloc.h"
#include "base/log.h"
#include "config/config_own.h"
#include "config/option_types.h"

struct change {
    const struct option *option;
    const char *name;                   /* an alias stays an alias */
    union option_space old;             /* owned: the value before */
    bool is_new;                        /* differs from it */
};

/* All changes of one CONFIG SET. */
struct changes {
    struct config *config;
    struct change *at;
    size_t count, in_place;             /* named; put into struct config */
    struct text *error;
};

static bool
fail(struct changes *all, struct bytes name, const char *why)
{
    text_printf(all->error,
                "ERR CONFIG SET failed (possibly related to argument '%.*s') - %s",
                B_ARG(name), why);
    return false;
}

static bool
is_protected(const struct config *c, const struct option *o, bool is_local)
{
    if (!(o->flags & PROTECTED) || c->enable_protected_configs == ACCESS_YES)
        return false;
    return c->enable_protected_configs == ACCESS_NO || !is_local;
}

/* Find the option of each pair; no name twice. */
static bool
name_changes(struct changes *all, const struct bytes *pairs, size_t npairs,
             bool is_local)
{
    for (size_t i = 0; i < npairs; i++) {
        struct bytes name = pairs[2 * i];
        const struct option *o = option_find(name);
        struct change *change;

        if (!o || o->flags & REPEATED) {
            text_printf(all->error, "ERR Unknown option or number of arguments "
                        "for CONFIG SET - '%.*s'", B_ARG(name));
            return false;
        }
        if (o->flags & FIXED)
            return fail(all, name, "can't set immutable config");
        if (is_protected(all->config, o, is_local))
            return fail(all, name, "can't set protected config");
        for (size_t j = 0; j < all->count; j++)
            if (all->at[j].name == option_name(name))
                return fail(all, name, "duplicate parameter");
        change = &all->at[all->count++];
        *change = (struct change){ .option = o, .name = option_name(name) };
    }
    return true;
}

/* --- values --- */

/* Exchange the value in struct config with the one in the change. */
static void
exchange(struct config *c, struct change *change)
{
    union option_space space;
    void *field = option_field(change->option, c);
    size_t size = change->option->type->size;

    memcpy(&space, field, size);
    memcpy(field, &change->old, size);
    memcpy(&change->old, &space, size);
}

/* A number says more than its text: "KEAmn" is shown as "AKEm". */
static bool
is_different(const struct option *o, const void *a, const void *b)
{
    struct text one = { 0 }, other = { 0 };
    bool different;

    if (!o->type->release)
        return memcmp(a, b, o->type->size) != 0;
    o->type->format(o, a, &one);
    o->type->format(o, b, &other);
    different = !bytes_equal(text_view(&one), text_view(&other));
    text_free(&one);
    text_free(&other);
    return different;
}

static bool
put_in_place(struct changes *all, const struct bytes *pairs)
{
    for (size_t i = 0; i < all->count; i++) {
        struct change *change = &all->at[i];
        const struct option *o = change->option;
        const void *now = option_value(o, all->config);
        struct text why = { 0 };
        bool ok;

        ok = option_parse(o, FROM_SET, &pairs[2 * i + 1], 1, now, &change->old, &why);
        if (ok && o->type->apply && !o->type->apply(&change->old, &why)) {
            option_release(o, &change->old);
            ok = false;
        }
        if (!ok) {
            fail(all, bytes_of_text(change->name), why.at);
            text_free(&why);
            return false;
        }
        change->is_new = is_different(o, now, &change->old);
        exchange(all->config, change);
        all->in_place++;
    }
    return true;
}

/* The old values return, the latest change first (a name and its alias may both
 * be in one SET). */
static void
put_back(struct changes *all)
{
    struct text ignored = { 0 };

    for (size_t i = all->in_place; i-- > 0;) {
        const struct option *o = all->at[i].option;

        exchange(all->config, &all->at[i]);
        if (o->type->apply)
            o->type->apply(option_value(o, all->config), &ignored);
    }
    text_free(&ignored);
}

/* --- watchers --- */

/* The change that concerns watch `w`; NULL when none does. */
static const struct change *
change_for(const struct changes *all, const struct watch *w)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].is_new && all->at[i].option == w->option)
            return &all->at[i];
    return NULL;
}

/* Has an earlier watch with the same function and argument a change too? */
static bool
was_told(const struct changes *all, const struct config_own *own, size_t w)
{
    for (size_t i = 0; i < w; i++)
        if (own->watches[i].fn == own->watches[w].fn
            && own->watches[i].arg == own->watches[w].arg
            && change_for(all, &own->watches[i]))
            return true;
    return false;
}

/* The first change in the order of the call that `w`, or a watch that was told with it,
 * waits for. */
static const struct change *
change_to_name(const struct changes *all, const struct config_own *own,
               const struct watch *w)
{
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < own->watch_count; k++)
            if (all->at[i].is_new && own->watches[k].option == all->at[i].option
                && own->watches[k].fn == w->fn && own->watches[k].arg == w->arg)
                return &all->at[i];
    return NULL;
}

/* Tell the watchers below `limit`; returns which refused, or `limit`. */
static size_t
tell_watchers(const struct changes *all, size_t limit, const char **why)
{
    const struct config_own *own = all->config->own;

    for (size_t i = 0; i < limit; i++) {
        const struct watch w = own->watches[i];

        *why = NULL;
        if (change_for(all, &w) && !was_told(all, own, i)
            && !w.fn(all->config, w.arg, why))
            return i;
    }
    return limit;
}

static bool
announce(struct changes *all)
{
    const struct config_own *own = all->config->own;
    const char *why, *ignored;
    size_t refused = tell_watchers(all, own->watch_count, &why);

    if (refused == own->watch_count)
        return true;
    fail(all, bytes_of_text(change_to_name(all, own, &own->watches[refused])->name),
         why ? why : "Unable to apply it");
    put_back(all);
    all->in_place = 0;
    for (size_t i = 0; i <= refused; i++)   /* one by one: a refusal stops none */
        if (change_for(all, &own->watches[i]) && !was_told(all, own, i))
            own->watches[i].fn(all->config, own->watches[i].arg, &ignored);
    return false;
}

/* Whoever sets an option counts on it. */
static void
warn_of_missed(const struct changes *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].is_new && config_is_missed(all->config, all->at[i].option))
            log_warning("WARNING The option %s was set, but its feature is not part of "
                        "this version", all->at[i].name);
}

enum status
config_set(struct config *c, const struct bytes *pairs, size_t npairs, bool is_local,
           struct text *error)
{
    struct changes all = { .config = c, .error = error };
    size_t most = option_count() * 2;   /* more pairs repeat a name and fail before */
    size_t kept;
    bool ok;

    all.at = mem_zalloc((npairs < most ? npairs : most) * sizeof *all.at + 1);
    ok = name_changes(&all, pairs, npairs, is_local) && put_in_place(&all, pairs);
    kept = all.in_place;
    if (!ok)
        put_back(&all);
    else
        ok = announce(&all);
    if (ok)
        warn_of_missed(&all);
    for (size_t i = 0; i < kept; i++)   /* old values, or those that were taken back */
        option_release(all.at[i].option, &all.at[i].old);
    mem_free(all.at);
    return ok ? OK : FAILED;
}

bool
config_read_size(struct bytes text, uint64_t *out)
{
    return option_parse_size(text, out);
}
