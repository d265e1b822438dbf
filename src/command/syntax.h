/* SPDX-License-Identifier: MIT
 * command/syntax.h - a row's syntax string as a tree of arguments; the grammar is in
 * command/command.h. */
#ifndef IGNIS_COMMAND_SYNTAX_H
#define IGNIS_COMMAND_SYNTAX_H
#include "base/text.h"
#include "command/command.h"

enum argument_type {
    ARGUMENT_STRING, ARGUMENT_INTEGER, ARGUMENT_DOUBLE, ARGUMENT_KEY, ARGUMENT_PATTERN,
    ARGUMENT_UNIX_TIME, ARGUMENT_TOKEN, ARGUMENT_ONEOF, ARGUMENT_BLOCK
};
enum argument_flag {
    ARGUMENT_OPTIONAL = 1 << 0,
    ARGUMENT_MULTIPLE = 1 << 1,
    ARGUMENT_MULTIPLE_TOKEN = 1 << 2    /* repeats together with its token */
};

struct argument {
    struct argument *next;          /* the next of the same list */
    struct argument *inside;        /* of a oneof or block: its first */
    char *name;
    char *token;                    /* NULL: none; may be "" */
    char *since, *deprecated_since; /* NULL: not said */
    char *display;                  /* NULL: the name */
    uint8_t type;                   /* enum argument_type */
    uint8_t flags;                  /* enum argument_flag */
    int16_t key_spec;               /* index into the row's keys; -1: none */
};

/* The list of a row's arguments; NULL with *error NULL when there are none.  On a
 * malformed string NULL and what is wrong in *error.  Free with syntax_free. */
struct argument *syntax_parse(const char *syntax, const char **error);
void syntax_free(struct argument *list);
size_t syntax_count(const struct argument *list);
/* As COMMAND DOCS names it: "pure-token". */
const char *syntax_type_name(enum argument_type type);
/* How many key specs the tree refers to: the highest index + 1. */
int syntax_key_specs(const struct argument *list);
/* How few and how many words (*max -1: no bound) a call may have after the name. */
void syntax_bounds(const struct argument *list, int *min, int *max);
/* "<key> [NX|XX] [EX <seconds>]": how HELP writes it. */
void syntax_usage(const struct argument *list, struct text *out);

#endif
