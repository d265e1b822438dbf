/* SPDX-License-Identifier: MIT
 * wire/reader_hiredis.c - what hiredis's reader calls when it has read something.
 *
 * How:        no object is made: a string becomes a view in argv, and everything else
 *             that a server may say but a client may not is refused by answering
 *             NULL.  Since hiredis tells what it read but not where, `item` follows
 *             the place of the element under way in the caller's buffer. */
#include "wire/reader_hiredis.h"

#include <assert.h>

#include "wire/reader_args.h"
#include "wire/reader_line.h"

static char something;                  /* what hiredis takes for an object */

/* Not a bulk string: NULL makes hiredis fail, and without an error of ours the
 * line is read again (reader_line_begin), which finds the words. */
static void *
refuse_object(const redisReadTask *task)
{
    struct request_reader *r = task->privdata;

    r->error = NULL;
    return NULL;
}

static void *
take_array(const redisReadTask *task, array_count n)
{
    struct request_reader *r = task->privdata;

    if (UNLIKELY(task->parent || task->type != REDIS_REPLY_ARRAY))
        return refuse_object(task);
    r->error = reader_line_count_error(r, (int64_t)n);
    if (UNLIKELY(r->error != NULL))
        return NULL;
    r->has_count = true;
    r->item = r->fed - (r->hi->len - r->hi->pos);
    r->held_len = 0;
    if (n == 0)
        return &something;
    r->room = n < ARGS_FIRST ? (int)n : ARGS_FIRST;
    r->argv = arena_alloc(reader_args_arena(r), (size_t)r->room * sizeof *r->argv);
    return &something;
}

/* A string that is not in the caller's buffer: the placeholder of a long one, or
 * one that began in an earlier feed, or no bulk string at all. */
static void *
take_odd_string(struct request_reader *r, const redisReadTask *task, char *at, size_t len)
{
    char *copy;

    if (task->type != REDIS_REPLY_STRING)
        return refuse_object(task);
    r->held_len = 0;
    if (r->has_given) {
        r->has_given = false;
        if (r->given_blob)
            reader_args_add_blob(r, r->given, r->given_blob);
        else
            reader_args_add(r, r->given);
        r->given_blob = NULL;
        r->item = r->fed;
        return &something;
    }
    r->error = reader_line_length_error(r, (int64_t)len);
    if (r->error)
        return NULL;
    copy = arena_alloc(reader_args_arena(r), len + 1);
    memcpy(copy, at, len);
    reader_args_add(r, bytes_view(copy, len));
    r->item = (uintptr_t)at + r->shift - (uintptr_t)r->in + len + 2;
    return &something;
}

static void *
take_string(const redisReadTask *task, char *at, size_t len)
{
    struct request_reader *r = task->privdata;
    uintptr_t from = (uintptr_t)at + r->shift - (uintptr_t)r->in;

    if (UNLIKELY(from >= r->in_len || r->has_given || task->type != REDIS_REPLY_STRING
                 || (int64_t)len > r->limits->bulk_max))
        return take_odd_string(r, task, at, len);
    reader_args_add(r, bytes_view(r->in + from, len));
    r->held_len = 0;
    r->item = from + len + 2;
    return &something;
}

static void *
take_integer(const redisReadTask *task, long long n)
{
    (void)n;
    return refuse_object(task);
}

/* "*-1" is an empty request; inside of one there is nothing that may be nil. */
static void *
take_nil(const redisReadTask *task)
{
    return task->parent ? refuse_object(task) : &something;
}

#if HIREDIS_MAJOR >= 1
static void *
take_double(const redisReadTask *task, double d, char *text, size_t len)
{
    (void)d;
    (void)text;
    (void)len;
    return refuse_object(task);
}

static void *
take_bool(const redisReadTask *task, int b)
{
    (void)b;
    return refuse_object(task);
}
#endif

static void
drop_object(void *object)
{
    (void)object;
}

static redisReplyObjectFunctions object_functions = {
    .createString = take_string,
    .createArray = take_array,
    .createInteger = take_integer,
    .createNil = take_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = take_double,
    .createBool = take_bool,
#endif
    .freeObject = drop_object,
};

void
reader_hiredis_open(struct request_reader *r)
{
    r->hi = redisReaderCreateWithFunctions(&object_functions);
    assert(r->hi != NULL);
    r->hi->privdata = r;
    r->hi->maxbuf = 0;                  /* keep the buffer between pieces */
}

void
reader_hiredis_close(struct request_reader *r)
{
    if (r->hi)
        redisReaderFree(r->hi);
    r->hi = NULL;
}

void
reader_hiredis_restart(struct request_reader *r)
{
    if (r->hi && r->hi->err)
        reader_hiredis_close(r);
    if (!r->hi)
        return;
    reader_hiredis_skip(r);
    r->hi->ridx = -1;
}
