/* SPDX-License-Identifier: MIT
 * tests/oracle/generate.h - random calls made from the rows of the command table. */
#ifndef IGNIS_TESTS_ORACLE_GENERATE_H
#define IGNIS_TESTS_ORACLE_GENERATE_H
#include "base/bytes.h"
#include "command/command.h"
#include "command/syntax.h"

#define MADE_MAX 64

/* A row that calls are made from. */
struct source {
    const struct command *row;
    const char *group;          /* of its family */
    struct argument *tree;      /* of its syntax */
    char full_name[64];         /* "get", "config|get" */
    char name[64], sub[64];     /* its words; sub "" at the top level */
    bool random;                /* random calls are made; else only wrong arities */
    bool known;                 /* set by the test: redis-server has it */
};

/* A call; its words belong to the pools and to the source. */
struct made { struct bytes word[MADE_MAX]; size_t n; };

/* All rows of all families; returns how many. */
size_t sources_load(struct source **out);
void sources_free(struct source *s, size_t n);
/* A call that follows the syntax, often with one thing wrong about it. */
void generate_call(const struct source *all, size_t n, const struct source *s,
                   struct made *out);
/* The name and `extra` words. */
void generate_arity(const struct source *s, size_t extra, struct made *out);

#endif
