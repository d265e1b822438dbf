/* SPDX-License-Identifier: MIT
 * command/postponed.c - requests of a client that must wait, as they came.
 *
 * Why:       a blocked or paused client may send on.  Its bytes are kept unparsed: a
 *            command must be resolved when it runs, with the limits that hold then.
 * Read next: command/clients_pause.c, which says when they run */
#include "command/postponed.h"

#include "base/alloc.h"
#include "command/client.h"
#include "command/clients_limits.h"
#include "wire/resp_read.h"

struct postponed { struct text raw; };

void
postponed_add(struct client *c, struct bytes raw)
{
    if (!c->postponed)
        c->postponed = mem_zalloc(sizeof *c->postponed);
    text_add(&c->postponed->raw, raw);
    clients_input_check(c, c->postponed->raw.len);
}

void
postponed_add_request(struct client *c, const struct request *r)
{
    struct text raw = { 0 };

    text_printf(&raw, "*%d\r\n", r->argc);
    for (int i = 0; i < r->argc; i++) {
        text_printf(&raw, "$%zu\r\n", r->argv[i].len);
        text_add(&raw, r->argv[i]);
        text_add(&raw, B("\r\n"));
    }
    postponed_add(c, text_view(&raw));
    text_free(&raw);
}

bool
postponed_take(struct client *c, struct text *raw)
{
    struct postponed *p = c->postponed;

    if (!p)
        return false;
    *raw = p->raw;
    mem_free_sized(p, sizeof *p);
    c->postponed = NULL;
    return true;
}

size_t
postponed_bytes(const struct client *c)
{
    return c->postponed ? c->postponed->raw.len : 0;
}

size_t
postponed_memory(const struct client *c)
{
    return c->postponed ? mem_class(c->postponed->raw.room) + sizeof *c->postponed : 0;
}
