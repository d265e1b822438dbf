/* SPDX-License-Identifier: MIT
 * command/docs.c - rows as replies: COMMAND INFO, COMMAND DOCS, HELP.
 *
 * Why:        clients ask the server which arguments are keys, redis-cli asks it for
 *             hints; whatever is told here follows from the row that also runs.
 * Invariants: fields come in Redis's order, and in its types (a flag is a status, a
 *             list of flags a set).
 * Left out:   a display text is told only where it differs from the argument's name.
 * Read next:  commands/c_command.c. */
#include "command/docs.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "command/acl.h"
#include "command/syntax.h"

/* --- lists of flags --- */

struct flag_name { uint32_t bit; const char *name; };

/* "movablekeys" is derived; its place among the others is this bit's. */
#define MOVABLE_KEYS (UINT32_C(1) << 31)

/* Flags that COMMAND shows, in its order. */
static const struct flag_name flag_names[] = {
    { WRITE, "write" }, { READONLY, "readonly" }, { DENY_OOM, "denyoom" },
    { MODULE_FLAG, "module" }, { ADMIN, "admin" }, { PUBSUB, "pubsub" },
    { NOSCRIPT, "noscript" }, { BLOCKING, "blocking" }, { LOADING, "loading" },
    { STALE, "stale" }, { SKIP_MONITOR, "skip_monitor" },
    { SKIP_SLOWLOG, "skip_slowlog" }, { ASKING, "asking" }, { FAST, "fast" },
    { NO_AUTH, "no_auth" }, { NO_MANDATORY_KEYS, "no_mandatory_keys" },
    { NO_ASYNC_LOADING, "no_async_loading" }, { NO_MULTI, "no_multi" },
    { MOVABLE_KEYS, "movablekeys" }, { ALLOW_BUSY, "allow_busy" },
};

static const struct flag_name access_names[] = {
    { KEY_RO, "RO" }, { KEY_RW, "RW" }, { KEY_OW, "OW" }, { KEY_RM, "RM" },
    { A_ACCESS, "access" }, { A_UPDATE, "update" }, { A_INSERT, "insert" },
    { A_DELETE, "delete" }, { KEY_NOT_KEY, "not_key" },
    { KEY_INCOMPLETE, "incomplete" }, { KEY_VARIABLE, "variable_flags" },
};

static const struct flag_name argument_flag_names[] = {
    { ARGUMENT_OPTIONAL, "optional" }, { ARGUMENT_MULTIPLE, "multiple" },
    { ARGUMENT_MULTIPLE_TOKEN, "multiple_token" },
};

#define NAMES(table) table, sizeof(table) / sizeof((table)[0])

static void
reply_flags(struct reply *out, uint32_t set, const struct flag_name *names, size_t n)
{
    size_t shown = 0;

    for (size_t i = 0; i < n; i++)
        shown += (set & names[i].bit) != 0;
    reply_set(out, shown);
    for (size_t i = 0; i < n; i++)
        if (set & names[i].bit)
            reply_status(out, names[i].name);
}

void
docs_key_access(struct reply *out, uint16_t access)
{
    reply_flags(out, access, NAMES(access_names));
}

/* --- COMMAND INFO --- */

struct docs_key_range
docs_key_range(const struct command *row)
{
    struct docs_key_range r = { 0 };
    int last = 0;

    for (int i = 0; i < KEY_SPECS_MAX && row->keys[i].shape != KEYS_NONE; i++) {
        const struct key_spec *k = &row->keys[i];

        if (k->shape != KEYS_RANGE || (k->access & KEY_INCOMPLETE)) {
            r.movable = true;
            continue;
        }
        if (r.first == 0) {
            r.first = k->first;
            r.step = k->step;
            last = k->last;
        } else if (r.step == 1 && k->step == 1 && last >= 0 && k->first == last + 1) {
            last = k->last;
        } else {
            r.movable = true;
        }
    }
    r.last = last;
    return r;
}

static void
reply_categories(struct reply *out, uint32_t set)
{
    char name[32] = "@";

    reply_set(out, (size_t)__builtin_popcount(set));
    for (int i = 0; i < ACL_CATEGORIES; i++) {
        const char *word = acl_category_name(i);

        if (!(set & UINT32_C(1) << i))
            continue;
        memcpy(name + 1, word, strlen(word) + 1);
        reply_status(out, name);
    }
}

/* The words of a text as a set of bulk strings. */
static void
reply_words(struct reply *out, const char *text)
{
    size_t n = 0;

    for (const char *at = text; at && *at; at++)
        n += at == text || (at[-1] == ' ' && *at != ' ');
    reply_set(out, n);
    while (n--) {
        size_t len = strcspn(text, " ");

        reply_bulk(out, bytes_view(text, len));
        text += len + strspn(text + len, " ");
    }
}

static void
reply_field_int(struct reply *out, const char *name, int n)
{
    reply_bulk_text(out, name);
    reply_int(out, n);
}

static void
reply_field_text(struct reply *out, const char *name, const char *text)
{
    reply_bulk_text(out, name);
    reply_bulk_text(out, text);
}

/* "begin_search" or "find_keys": a type, then a map of its numbers. */
static void
reply_search(struct reply *out, const char *which, const char *type, size_t numbers)
{
    reply_bulk_text(out, which);
    reply_map(out, 2);
    reply_field_text(out, "type", type);
    reply_bulk_text(out, "spec");
    reply_map(out, numbers);
}

static void
reply_begin_search(struct reply *out, const struct key_spec *k)
{
    if (k->shape == KEYS_UNKNOWN) {
        reply_search(out, "begin_search", "unknown", 0);
    } else if (k->shape == KEYS_KEYWORD) {
        reply_search(out, "begin_search", "keyword", 2);
        reply_field_text(out, "keyword", k->keyword);
        reply_field_int(out, "startfrom", k->first);
    } else {
        reply_search(out, "begin_search", "index", 1);
        reply_field_int(out, "index", k->first);
    }
}

static void
reply_find_keys(struct reply *out, const struct key_spec *k)
{
    bool relative = k->shape == KEYS_RANGE && k->last >= 0;

    if (k->shape == KEYS_UNKNOWN) {
        reply_search(out, "find_keys", "unknown", 0);
    } else if (k->shape == KEYS_COUNT) {
        reply_search(out, "find_keys", "keynum", 3);
        reply_field_int(out, "keynumidx", 0);
        reply_field_int(out, "firstkey", 1);
        reply_field_int(out, "keystep", k->step);
    } else {
        reply_search(out, "find_keys", "range", 3);
        reply_field_int(out, "lastkey", relative ? k->last - k->first : k->last);
        reply_field_int(out, "keystep", k->step);
        reply_field_int(out, "limit", k->limit);
    }
}

static void
reply_key_specs(struct reply *out, const struct command *row)
{
    size_t n = 0;

    while (n < KEY_SPECS_MAX && row->keys[n].shape != KEYS_NONE)
        n++;
    reply_set(out, n);
    for (size_t i = 0; i < n; i++) {
        const struct key_spec *k = &row->keys[i];

        reply_map(out, k->notes ? 4 : 3);
        if (k->notes)
            reply_field_text(out, "notes", k->notes);
        reply_bulk_text(out, "flags");
        docs_key_access(out, k->access);
        reply_begin_search(out, k);
        reply_find_keys(out, k);
    }
}

void
docs_info(struct reply *out, const struct registered *cmd)
{
    const struct command *row = cmd->row;
    struct docs_key_range range = docs_key_range(row);

    reply_array(out, 10);
    reply_bulk_text(out, cmd->full_name);
    reply_int(out, row->arity);
    reply_flags(out, row->flags | (range.movable ? MOVABLE_KEYS : 0), NAMES(flag_names));
    reply_int(out, range.first);
    reply_int(out, range.last);
    reply_int(out, range.step);
    reply_categories(out, cmd->categories);
    reply_words(out, row->tips);
    reply_key_specs(out, row);
    if (cmd->sub_count)
        reply_array(out, cmd->sub_count);
    else
        reply_set(out, 0);
    for (size_t i = 0; i < cmd->sub_count; i++)
        docs_info(out, cmd->subs[i]);
}

/* --- COMMAND DOCS --- */

static void
reply_arguments(struct reply *out, const struct argument *list)
{
    reply_array(out, syntax_count(list));
    for (const struct argument *a = list; a; a = a->next) {
        reply_map(out, 2 + (size_t)((a->key_spec >= 0) + (a->token != NULL) +
                                    (a->display != NULL) + (a->since != NULL) +
                                    (a->deprecated_since != NULL) + (a->flags != 0) +
                                    (a->inside != NULL)));
        reply_field_text(out, "name", a->name);
        reply_field_text(out, "type", syntax_type_name(a->type));
        if (a->display)
            reply_field_text(out, "display_text", a->display);
        if (a->key_spec >= 0)
            reply_field_int(out, "key_spec_index", a->key_spec);
        if (a->token)
            reply_field_text(out, "token", a->token);
        if (a->since)
            reply_field_text(out, "since", a->since);
        if (a->deprecated_since)
            reply_field_text(out, "deprecated_since", a->deprecated_since);
        if (a->flags) {
            reply_bulk_text(out, "flags");
            reply_flags(out, a->flags, NAMES(argument_flag_names));
        }
        if (a->inside) {
            reply_bulk_text(out, "arguments");
            reply_arguments(out, a->inside);
        }
    }
}

static void
reply_history(struct reply *out, const struct history *history)
{
    size_t n = 0;

    while (history[n].since)
        n++;
    reply_bulk_text(out, "history");
    reply_set(out, n);
    for (size_t i = 0; i < n; i++) {
        reply_array(out, 2);
        reply_bulk_text(out, history[i].since);
        reply_bulk_text(out, history[i].what);
    }
}

static void
reply_doc_flags(struct reply *out, const struct command *row)
{
    bool deprecated = row->deprecated_since != NULL;
    bool internal = row->doc_flags & DOC_SYSCMD;

    if (!deprecated && !internal)
        return;
    reply_bulk_text(out, "doc_flags");
    reply_set(out, (size_t)deprecated + internal);
    if (deprecated)
        reply_status(out, "deprecated");
    if (internal)
        reply_status(out, "syscmd");
}

static void
reply_subcommands(struct reply *out, const struct registered *cmd)
{
    reply_bulk_text(out, "subcommands");
    reply_map(out, cmd->sub_count);
    for (size_t i = 0; i < cmd->sub_count; i++) {
        reply_bulk_text(out, cmd->subs[i]->full_name);
        docs_describe(out, cmd->subs[i]);
    }
}

static void
reply_field_if(struct reply *out, const char *name, const char *text)
{
    if (text)
        reply_field_text(out, name, text);
}

void
docs_describe(struct reply *out, const struct registered *cmd)
{
    const struct command *row = cmd->row;
    const char *error, *group = cmd->family->group;
    struct argument *arguments = syntax_parse(row->syntax, &error);
    bool has_doc_flags = row->deprecated_since || (row->doc_flags & DOC_SYSCMD);

    reply_map(out, 1 + (size_t)((row->summary != NULL) + (row->since != NULL) +
                                (row->cost != NULL) + has_doc_flags +
                                (row->deprecated_since != NULL) +
                                (row->use_instead != NULL) + (row->history != NULL) +
                                (arguments != NULL) + (cmd->sub_count > 0)));
    reply_field_if(out, "summary", row->summary);
    reply_field_if(out, "since", row->since);
    reply_field_text(out, "group", group);
    reply_field_if(out, "complexity", row->cost);
    reply_doc_flags(out, row);
    reply_field_if(out, "deprecated_since", row->deprecated_since);
    reply_field_if(out, "replaced_by", row->use_instead);
    if (row->history)
        reply_history(out, row->history);
    if (arguments) {
        reply_bulk_text(out, "arguments");
        reply_arguments(out, arguments);
    }
    if (cmd->sub_count)
        reply_subcommands(out, cmd);
    syntax_free(arguments);
}

/* --- HELP --- */

/* In capitals; what would end a status line becomes a blank. */
static void
add_upper(struct text *out, struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.at[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        text_add_char(out, c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
    }
}

static void
reply_line(struct reply *out, struct text *line)
{
    text_add_char(line, '\0');
    reply_status(out, line->at);
    text_clear(line);
}

/* The usage line of a subcommand and, indented, its summary. */
static void
reply_help_of(struct reply *out, const struct command *row, struct text *line)
{
    const char *error;
    struct argument *arguments = syntax_parse(row->syntax, &error);

    add_upper(line, bytes_of_text(row->name));
    if (arguments) {
        text_add_char(line, ' ');
        syntax_usage(arguments, line);
    }
    reply_line(out, line);
    text_printf(line, "    %s", row->summary ? row->summary : "");
    reply_line(out, line);
    syntax_free(arguments);
}

static int
compare_names(const void *a, const void *b)
{
    const struct registered *const *x = a, *const *y = b;

    return strcmp((*x)->row->name, (*y)->row->name);
}

void
command_help(struct call *call)
{
    const struct registered *container = call->cmd->parent;
    size_t n = container->sub_count, size = n * sizeof *container->subs;
    struct registered **sorted = mem_alloc(size);
    struct text line = { 0 };
    bool alone = container->row->run != NULL;

    memcpy(sorted, container->subs, size);
    qsort(sorted, n, sizeof *sorted, compare_names);
    reply_array(call->out, 1 + 2 * (n + alone));
    add_upper(&line, call->argv[0]);    /* it may have been renamed */
    text_add_text(&line, " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    reply_line(call->out, &line);
    if (alone) {
        reply_status(call->out, "(no subcommand)");
        text_printf(&line, "    %s", container->row->summary);
        reply_line(call->out, &line);
    }
    for (size_t i = 0; i < n; i++)
        if (sorted[i] != call->cmd)
            reply_help_of(call->out, sorted[i]->row, &line);
    reply_status(call->out, "HELP");
    reply_status(call->out, "    Prints this help.");
    text_free(&line);
    mem_free(sorted);
}
