/* SPDX-License-Identifier: MIT
 * command/info.c - the sections of INFO, each owned by who knows its facts.
 *
 * How:        a list in the order of printing.  A section is shown when its name is
 *             asked for, or one of the words default, all, everything covers it; asked
 *             for twice it is still shown once.
 * Read next:  server/info.c */
#include "command/info.h"

#include <assert.h>

#include "base/alloc.h"

struct section {
    const char *title;
    enum info_when when;
    info_fn *fn;
};

struct info {
    struct section *sections;
    size_t count, room;
};

struct info *
info_new(void)
{
    return mem_zalloc(sizeof(struct info));
}

void
info_free(struct info *info)
{
    if (!info)
        return;
    mem_free(info->sections);
    mem_free(info);
}

void
info_add(struct info *info, const char *title, enum info_when when, info_fn *fn)
{
    assert(title && fn);
    if (info->count == info->room) {
        info->room = info->room ? info->room * 2 : 16;
        info->sections = mem_realloc(info->sections, info->room * sizeof *info->sections);
    }
    info->sections[info->count++] = (struct section){ title, when, fn };
}

static bool
is_asked_for(const struct section *s, const struct bytes *names, size_t n)
{
    if (n == 0)
        return s->when == INFO_DEFAULT;
    for (size_t i = 0; i < n; i++) {
        if (bytes_is(names[i], "everything") || bytes_is(names[i], s->title))
            return true;
        if (bytes_is(names[i], "all") && s->when != INFO_EVERYTHING)
            return true;
        if (bytes_is(names[i], "default") && s->when == INFO_DEFAULT)
            return true;
    }
    return false;
}

void
info_report(const struct info *info, struct server *server,
            const struct bytes *names, size_t n, struct text *out)
{
    bool any = false;

    for (size_t i = 0; i < info->count; i++) {
        const struct section *s = &info->sections[i];

        if (!is_asked_for(s, names, n))
            continue;
        text_printf(out, "%s# %s\r\n", any ? "\r\n" : "", s->title);
        s->fn(out, server);
        any = true;
    }
}
