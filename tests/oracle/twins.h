/* SPDX-License-Identifier: MIT
 * tests/oracle/twins.h - ignis-server and redis-server side by side: the same words
 * go to both, and the raw replies are compared. */
#ifndef IGNIS_TESTS_ORACLE_TWINS_H
#define IGNIS_TESTS_ORACLE_TWINS_H
#include "base/bytes.h"
#include "base/text.h"
#include "oracle/agree.h"

struct test_server;
#define TWIN_CONNECTIONS 16

/* A connection to each under one name. */
struct pair {
    char name[32];              /* "" = not in use */
    int ours, redis;
};

struct twins {
    struct test_server *ours, *redis;
    int proto;                  /* 2 or 3, of new connections */
    struct pair pair[TWIN_CONNECTIONS];
    struct pair *now;           /* the one that speaks */
};

/* What a call got from both; `at` NULL: the connection was closed instead. */
struct answer { char *at; size_t len; };
struct answers { struct answer ours, redis; };

/* False when there is no redis-server 7.0 here: nothing can be compared then. */
bool twins_are_possible(void);
/* Start both with `args` (NULL-terminated, after the usual ones) and connect. */
void twins_start(struct twins *t, int proto, const char *const *args);
/* Close, end both, expect that they end well. */
void twins_stop(struct twins *t);
/* Go on with the pair of this name; connects at first use. */
void twins_switch(struct twins *t, const char *name);
/* Send the words to both and read one reply from each. */
void twins_ask(struct twins *t, const struct bytes *words, size_t n, struct answers *out);
/* The same for bytes as they are. */
void twins_ask_raw(struct twins *t, struct bytes raw, struct answers *out);
/* To ours alone. */
void twins_ask_ours(struct twins *t, const struct bytes *words, size_t n,
                    struct answer *out);
/* True when both have closed the speaking pair. */
bool twins_are_closed(struct twins *t);
/* Forget the speaking pair and connect it anew. */
void twins_reconnect(struct twins *t);
/* A command both must take: anything but an error ends the test. */
void twins_need(struct twins *t, const char *line);
/* Does the server at the other end know this command ("get", "config|get")? */
bool twin_knows(int fd, const char *full_name);

struct bytes answer_view(const struct answer *a);       /* "" when closed */
void answers_free(struct answers *a);
/* "redis: ...\n ours: ...\n", shortened. */
void answers_describe(const struct answers *a, struct text *out);

#endif
