/* SPDX-License-Identifier: MIT
 * commands/debug_layout.c - how a collection lies in memory, for DEBUG.
 *
 * How:        Redis prints such structures to its standard output and answers that it
 *             did; here they go to the log, which is the standard output of a server
 *             without a logfile.
 * Left out:   single elements: DUMP and the commands of the type show them. */
#include "commands/debug_layout.h"

#include "base/log.h"
#include "config/config.h"
#include "values/v_list.h"
#include "command/switches.h"

/* The value of argument 2, if its form has this name, or with "ex" behind it, as that of
 * hashes with deadlines has; else answers. */
static bool
value_of_form(struct call *c, const char *form, struct value *out)
{
    struct key key = call_key(c, 2);
    struct entry *e = db_peek(c->db, &key);
    const char *name;

    if (!e) {
        call_no_such_key(c);
        return false;
    }
    *out = entry_value(e);
    name = value_type_of(out->type)->encoding_name(*out);
    if (strncmp(name, form, strlen(form)) == 0)
        return true;
    reply_errorf(c->out, "ERR Not a %s encoded object.", form);
    return false;
}

void
debug_listpack(struct call *c)
{
    const struct value_type *type;
    struct value v;

    if (!value_of_form(c, "listpack", &v))
        return;
    type = value_type_of(v.type);
    log_warning("DEBUG LISTPACK %.*s: %zu elements in %zu bytes", B_ARG(c->argv[2]),
                (size_t)type->length(v), type->memory(v, 0));
    reply_status(c->out, "Listpack structure printed on stdout");
}

void
debug_quicklist(struct call *c)
{
    struct text line = { 0 };
    struct value v;

    if (!value_of_form(c, "quicklist", &v))
        return;
    debug_add_list_facts(&line, c, v);
    log_warning("DEBUG QUICKLIST %.*s: %llu elements,%s", B_ARG(c->argv[2]),
                (unsigned long long)list_length(v), line.at);
    text_free(&line);
    reply_status(c->out, "Quicklist structure printed on stdout");
}

#define THRESHOLD_MAX ((1ull << 32) - (1ull << 20))

/* For lists as they are changed from now on. */
void
debug_quicklist_packed_threshold(struct call *c)
{
    uint64_t size;

    if (!config_read_size(c->argv[2], &size) || size > THRESHOLD_MAX) {
        reply_error(c->out, "ERR argument must be a memory value bigger than 1 and smaller"
                            " than 4gb");
        return;
    }
    switches_set_list_alone(size);
    reply_ok(c->out);
}

void
debug_add_list_facts(struct text *line, struct call *c, struct value v)
{
    const struct config *config = c->server->config;
    struct list_facts f;

    if (v.type != TYPE_LIST || v.encoding != LIST_CHAIN)
        return;
    f = list_facts(v);
    text_printf(line, " ql_nodes:%llu ql_avg_node:%.2f ql_listpack_max:%d"
                " ql_compressed:%d ql_uncompressed_size:%llu",
                (unsigned long long)f.nodes,
                f.nodes ? (double)list_length(v) / (double)f.nodes : 0,
                config->list_max_listpack_size, config->list_compress_depth != 0,
                (unsigned long long)f.bytes);
}
