/* SPDX-License-Identifier: MIT
 * tests/oracle/script.h - a file of commands, run against both servers.
 *
 * One command per line with redis-cli's quoting; '#' begins a comment line.  Words
 * that begin with '@' say what to do with the line (several may stand together):
 *   @server ARG...      start both servers with these arguments (anywhere in the file)
 *   @needs COMMAND      skip the file as long as ignis-server lacks the command
 *   @client NAME        go on with another connection
 *   @sleep MS           wait, at most 1000
 *   @exact, @unordered, @pairs, @scanned, @shape, @type, @fields   the way to
 *                       compare, see agree.h; without one explained.c decides
 *   @near N             compare numbers that may differ by N
 *   @float              the same, by 1
 *   @ignore             run, do not compare
 *   @ours "REPLY"       to ours alone, which is to answer this ("": no error)
 *   @raw "BYTES"        send these bytes as they are, read one reply
 *   @half "BYTES"       send these bytes, expect no reply
 *   @times N            the @half of this line so often
 *   @both-dead          after the reply both connections are to be closed
 *   @dead               the connections are to be closed without a reply */
#ifndef IGNIS_TESTS_ORACLE_SCRIPT_H
#define IGNIS_TESTS_ORACLE_SCRIPT_H
#include "oracle/twins.h"

struct script {
    struct bytes *line;         /* all lines; empty ones and comments too */
    size_t count;
    char *content;
    const char *args[32];       /* of @server and always DEBUG; NULL-terminated */
    const char *needs;          /* of @needs, or NULL */
};

struct verdict { size_t commands, differences; struct text report; };

/* False when the file cannot be read. */
bool script_load(struct script *s, const char *path);
void script_free(struct script *s);
/* Run all lines; adds to the verdict. */
void script_run(const struct script *s, struct twins *t, struct verdict *v);

#endif
