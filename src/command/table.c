/* SPDX-License-Identifier: MIT
 * command/table.c - all commands by name.
 *
 * Why:        every request asks for its command by name, in any case of letters.
 * How:        a name is read as two words of 8 bytes, its first and its last, with
 *             bit 5 of every byte set, which folds the case of letters.  The words and
 *             the length pick a slot of a sparse table and are compared with those it
 *             holds.  Bit 5 also folds a few other bytes ("-" and CR, "_" and DEL),
 *             and names beyond 16 bytes have a middle, so slots of such names compare
 *             all bytes once the words agree.
 * Invariants: 1. the table is at most a quarter full, so a probe ends soon;
 *             2. ids are dense and follow the order of adding;
 *             3. a renamed command keeps its row: only the name it is found by
 *                changes, one renamed away is not listed but keeps its id.
 * Cost:       one slot (32 bytes) is touched by nearly every lookup, ~5 ns.
 * Read next:  command/keys.c, command/dispatch.c. */
#include "command/table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"
#include "command/acl.h"
#include "command/gates.h"
#include "command/stats.h"
#include "command/syntax.h"

#define FOLD UINT64_C(0x2020202020202020)

struct slot_name {
    uint64_t head, tail;
    struct registered *cmd;     /* NULL: free */
    uint32_t len;
    uint16_t name;              /* index into the names */
    bool exact;                 /* the words do not say all: compare the bytes */
};

struct known_name {
    char *text;
    struct registered *cmd;
};

struct command_table {
    struct slot_name *slots;    /* NULL until sealed */
    unsigned shift;             /* 64 - log2(slots) */
    size_t slot_count;
    struct known_name *names;   /* top level, in table order */
    size_t name_count, name_room;
    struct registered **all;    /* by id */
    size_t total, room;
};

/* --- names as words --- */

/* `len` > 0.  Equal words and lengths mean equal folded names up to 16 bytes. */
static inline void
fold_name(struct bytes name, uint64_t *head, uint64_t *tail)
{
    const char *at = name.at;
    size_t len = name.len;

    if (len >= 8) {
        *head = bytes_load8(at) | FOLD;
        *tail = bytes_load8(at + len - 8) | FOLD;
    } else if (len >= 4) {
        *head = *tail = (bytes_load4(at) | bytes_load4(at + len - 4) << 32) | FOLD;
    } else {
        *head = *tail = ((uint64_t)(unsigned char)at[0] |
                         (uint64_t)(unsigned char)at[len / 2] << 8 |
                         (uint64_t)(unsigned char)at[len - 1] << 16) | FOLD;
    }
}

static inline size_t
slot_of(const struct command_table *t, uint64_t head, uint64_t tail, size_t len)
{
    uint64_t mixed = (head ^ (tail << 23 | tail >> 41)) + len;

    return (size_t)(mixed * UINT64_C(0x9E3779B97F4A7C15) >> t->shift);
}

static bool
is_all_letters(const char *text)
{
    for (; *text; text++)
        if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')))
            return false;
    return true;
}

static void
index_build(struct command_table *t)
{
    size_t size = 256;

    while (size < t->name_count * 4)
        size *= 2;
    mem_free(t->slots);
    t->slots = mem_zalloc(size * sizeof *t->slots);
    t->slot_count = size;
    t->shift = 64 - (unsigned)__builtin_ctzll(size);
    for (size_t i = 0; i < t->name_count; i++) {
        struct bytes name = bytes_of_text(t->names[i].text);
        struct slot_name s = { .cmd = t->names[i].cmd, .len = (uint32_t)name.len,
                               .name = (uint16_t)i };
        size_t at;

        if (name.len == 0)
            continue;
        fold_name(name, &s.head, &s.tail);
        s.exact = name.len > 16 || !is_all_letters(t->names[i].text);
        at = slot_of(t, s.head, s.tail, name.len);
        while (t->slots[at].cmd)
            at = (at + 1) & (size - 1);
        t->slots[at] = s;
    }
}

struct registered *
command_find(const struct command_table *t, struct bytes name)
{
    uint64_t head, tail;
    size_t at;

    if (UNLIKELY(name.len == 0))
        return NULL;
    fold_name(name, &head, &tail);
    at = slot_of(t, head, tail, name.len);
    for (;;) {
        const struct slot_name *s = &t->slots[at];

        if (LIKELY(s->head == head && s->tail == tail && s->len == name.len) &&
            (!s->exact ||
             bytes_equal_nocase(name, bytes_view(t->names[s->name].text, s->len))))
            return s->cmd;
        if (!s->cmd)
            return NULL;
        at = (at + 1) & (t->slot_count - 1);
    }
}

static struct registered *
find_sub(const struct registered *container, struct bytes name)
{
    for (size_t i = 0; i < container->sub_count; i++)
        if (bytes_is(name, container->subs[i]->row->name))
            return container->subs[i];
    return NULL;
}

struct registered *
command_resolve(const struct command_table *t, const struct bytes *argv, int argc,
                struct registered **container)
{
    struct registered *cmd, *sub;

    *container = NULL;
    if (argc < 1)
        return NULL;
    cmd = command_find(t, argv[0]);
    if (LIKELY(!cmd || cmd->sub_count == 0 || argc == 1))
        return cmd;
    sub = find_sub(cmd, argv[1]);
    if (!sub)
        *container = cmd;
    return sub;
}

struct registered *
command_by_full_name(const struct command_table *t, struct bytes name)
{
    const char *bar = name.len ? memchr(name.at, '|', name.len) : NULL;
    struct registered *cmd;
    size_t head;

    if (!bar)
        return command_find(t, name);
    head = (size_t)(bar - name.at);
    cmd = command_find(t, bytes_view(name.at, head));
    return cmd ? find_sub(cmd, bytes_view(bar + 1, name.len - head - 1)) : NULL;
}

/* --- taking rows --- */

struct command_table *
command_table_new(void)
{
    return mem_zalloc(sizeof(struct command_table));
}

void
command_table_free(struct command_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->total; i++) {
        latency_histogram_free(t->all[i]->latency);
        mem_free(t->all[i]->subs);
        mem_free((char *)t->all[i]->full_name);
        mem_free(t->all[i]);
    }
    for (size_t i = 0; i < t->name_count; i++)
        mem_free(t->names[i].text);
    mem_free(t->names);
    mem_free(t->all);
    mem_free(t->slots);
    mem_free(t);
}

static int
count_key_specs(const struct command *row)
{
    int n = 0;

    while (n < KEY_SPECS_MAX && row->keys[n].shape != KEYS_NONE)
        n++;
    return n;
}

/* A row that says something wrong is a mistake of ours, found at every start. */
static void
refuse_row(const char *name, const char *why)
{
    log_warning("Command table: %s: %s", name, why);
    abort();
}

/* The words of a call that the arity lets through and the syntax has.  A few rows have
 * no syntax though they take arguments: COMMAND DOCS says nothing of those either. */
static void
check_arity(const struct command *row, const struct argument *tree)
{
    int min, max, given = (row->arity < 0 ? -row->arity : row->arity) - 1;

    if (row->container)
        given--;
    if (row->arity == 0 || given < 0)
        refuse_row(row->name, "no such arity");
    if (!tree)
        return;
    syntax_bounds(tree, &min, &max);
    if (row->arity > 0 && (given < min || (max >= 0 && given > max)))
        refuse_row(row->name, "arity differs from syntax");
    if (row->arity < 0 && max >= 0 && given > max)
        refuse_row(row->name, "arity is more than the syntax has");
}

static void
check_row(const struct command *row)
{
    const char *error;
    struct argument *tree = syntax_parse(row->syntax, &error);
    int specs = count_key_specs(row);
    bool writes = false;

    if (error)
        refuse_row(row->name, error);
    if (syntax_key_specs(tree) > specs)
        refuse_row(row->name, "a key of the syntax has no key spec");
    check_arity(row, tree);
    syntax_free(tree);
    for (int i = 0; i < specs; i++) {
        if (row->keys[i].access & (KEY_RW | KEY_OW | KEY_RM))
            writes = true;
        if (row->keys[i].shape == KEYS_RANGE && row->keys[i].first <= 0)
            refuse_row(row->name, "a key before the first argument");
    }
    if ((row->flags & WRITE) && !writes && !(row->flags & NO_KEYS_NEEDED))
        refuse_row(row->name, "writes no key and does not say why");
}

/* Where the only key is when that is always the same argument. */
static int8_t
hot_key_of(const struct command *row)
{
    const struct key_spec *k = &row->keys[0];
    int least = row->arity < 0 ? -row->arity : row->arity;

    if (k->shape == KEYS_NONE)
        return 0;
    if (count_key_specs(row) > 1 || k->shape != KEYS_RANGE || k->first != k->last)
        return -1;
    if (k->access & (KEY_NOT_KEY | KEY_INCOMPLETE))
        return -1;
    if (k->by && !(k->access & KEY_VARIABLE))   /* it finds more than this one */
        return -1;
    return k->first < least && k->first <= INT8_MAX ? (int8_t)k->first : -1;
}

static char *
full_name_of(const struct command *row)
{
    struct text t = { 0 };

    if (row->container)
        text_printf(&t, "%s|", row->container);
    text_add_text(&t, row->name);
    return t.at;
}

static void
take_row(struct command_table *t, const struct family *family, const struct command *row)
{
    struct registered *cmd = mem_zalloc(sizeof *cmd);

    check_row(row);
    cmd->row = row;
    cmd->family = family;
    cmd->full_name = full_name_of(row);
    assert(t->total < UINT16_MAX);
    cmd->id = (uint16_t)t->total;
    cmd->categories = acl_categories_of(row, family);
    cmd->gates = gates_for(row);
    cmd->min_args = row->arity < 0 ? (int16_t)-row->arity : row->arity;
    cmd->max_args = row->arity < 0 ? -1 : row->arity;
    cmd->hot_key = hot_key_of(row);
    if (t->total == t->room) {
        t->room = t->room ? t->room * 2 : 256;
        t->all = mem_realloc(t->all, t->room * sizeof *t->all);
    }
    for (size_t i = 0; i < t->total; i++)
        if (strcmp(t->all[i]->full_name, cmd->full_name) == 0)
            refuse_row(cmd->full_name, "is there twice");
    t->all[t->total++] = cmd;
    if (row->container)
        return;
    if (t->name_count == t->name_room) {
        t->name_room = t->name_room ? t->name_room * 2 : 256;
        t->names = mem_realloc(t->names, t->name_room * sizeof *t->names);
    }
    t->names[t->name_count++] = (struct known_name){ mem_copy_text(row->name), cmd };
}

void
command_table_add(struct command_table *t, const struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        take_row(t, family, &family->rows[i]);
}

static struct registered *
find_container(const struct command_table *t, const char *name)
{
    for (size_t i = 0; i < t->name_count; i++)
        if (strcmp(t->names[i].cmd->row->name, name) == 0)
            return t->names[i].cmd;
    refuse_row(name, "is the container of a row but has none");
    return NULL;
}

void
command_table_seal(struct command_table *t)
{
    for (size_t i = 0; i < t->total; i++) {
        struct registered *cmd = t->all[i], *parent;

        if (!cmd->row->container || cmd->parent)
            continue;
        parent = cmd->parent = find_container(t, cmd->row->container);
        parent->subs = mem_realloc(parent->subs,
                                   (parent->sub_count + 1) * sizeof *parent->subs);
        parent->subs[parent->sub_count++] = cmd;
    }
    index_build(t);
}

/* --- listing and changing --- */

size_t
command_count(const struct command_table *t)
{
    return t->name_count;
}

struct registered *
command_at(const struct command_table *t, size_t i)
{
    return i < t->name_count ? t->names[i].cmd : NULL;
}

bool
command_rename(struct command_table *t, struct bytes from, struct bytes to)
{
    struct registered *cmd = command_find(t, from);
    size_t i = 0;

    if (!cmd || command_find(t, to) || (to.len && memchr(to.at, 0, to.len)))
        return false;
    while (t->names[i].cmd != cmd)
        i++;
    mem_free(t->names[i].text);
    if (to.len == 0) {
        t->name_count--;
        memmove(&t->names[i], &t->names[i + 1], (t->name_count - i) * sizeof *t->names);
    } else {
        t->names[i].text = bytes_copy_text(to);
    }
    index_build(t);
    return true;
}

void
command_reset_stats(struct command_table *t)
{
    for (size_t i = 0; i < t->total; i++) {
        struct registered *cmd = t->all[i];

        cmd->calls = cmd->rejected = cmd->failed = 0;
        cmd->ticks = 0;
        latency_histogram_free(cmd->latency);
        cmd->latency = NULL;
    }
}
