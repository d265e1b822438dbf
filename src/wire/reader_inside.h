/* SPDX-License-Identifier: MIT
 * wire/reader_inside.h - a request reader as resp_read.c and its parts see it.  Only
 * they include this. */
#ifndef IGNIS_WIRE_READER_INSIDE_H
#define IGNIS_WIRE_READER_INSIDE_H
#include <hiredis/hiredis.h>

#include "base/status.h"
#include "wire/arena.h"
#include "wire/resp_read.h"

#define ARGS_FIRST 8
#define LINE_HELD 32                    /* no valid length line is longer */

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#define READER_TASK(hi) ((hi)->task[(hi)->ridx])
#else
typedef int array_count;
#define READER_TASK(hi) (&(hi)->rstack[(hi)->ridx])
#endif

enum reader_mode {
    AT_START,                           /* between requests */
    IN_ARRAY,                           /* hiredis is at work */
    IN_BODY,                            /* receiving a long argument */
    IN_LINE,                            /* an inline command */
    IN_REFUSED,                         /* a length line that hiredis does not take */
    BROKEN
};

struct request_reader {
    redisReader *hi;
    const struct request_limits *limits;
    enum reader_mode mode;

    /* the feed */
    const char *in;
    size_t in_len;
    size_t fed;                         /* bytes hiredis has, or that went elsewhere */
    size_t parsed;                      /* end of the last complete request */
    uintptr_t shift;                    /* from hiredis's buffer to `in` */

    /* the request under way */
    struct bytes *argv;
    struct blob **blobs;                /* NULL, or one per argument that fits */
    int argc, room;
    size_t blob_bytes;                  /* memory of those in `blobs` */
    int stashed;                        /* arguments before this one are in our memory */
    bool has_count;                     /* the "*3" line was read */
    bool is_carried;                    /* it began in an earlier feed */
    size_t start;                       /* where in `in`; 0 when carried */
    size_t before;                      /* its bytes in earlier feeds */
    size_t item;                        /* where in `in` its current element begins */

    /* a long argument under way */
    char *body;
    struct blob *blob;                  /* behind `body`, or NULL */
    size_t need, got;                   /* CRLF included */
    struct bytes given;                 /* what the next "$0" stands for */
    struct blob *given_blob;
    bool has_given;

    /* a line under way */
    char held[LINE_HELD];               /* length line: what earlier feeds had of it */
    size_t held_len;
    size_t line_len;
    bool line_has_nul, line_has_cr;
    char *line;                         /* inline: the same, in an arena */
    size_t line_room;

    /* memory */
    struct arena arenas[2];
    unsigned active;                    /* where this feed's requests live */
    bool is_moved;                      /* the unfinished one lives in the other */
    struct blob **done_blobs;           /* of a finished request */
    int done_count;

    const char *error;
    char error_text[48];
};

static inline enum request_status
reader_refuse(struct request_reader *r, const char *why)
{
    r->error = why;
    r->mode = BROKEN;
    return REQUEST_BAD;
}

#endif
