/* SPDX-License-Identifier: MIT
 * keyspace/lazyfree.c - one background thread that frees what is large.
 *
 * Why:        freeing a value of a million elements takes as long as thousands of
 *             commands.
 * How:        a queue of "call fn(p)" under a mutex. What is queued is reachable by
 *             nobody else - except blobs in the middle of being sent: their count
 *             belongs to the executing thread, so the thread leaves those alone and
 *             hands them back; lazyfree_collect() drops them over there.
 *             The thread is SCHED_BATCH: woken, it does not push the thread that woke
 *             it, which serves clients, off its core.  Not nice: it holds the
 *             allocator's locks at times, and whoever keeps it from running then keeps
 *             everybody waiting.
 * Invariants: 1. A blob is released in the background only when its count is 1.
 *             2. pending = queued + running, in objects.
 * Cost:       one allocation and one lock per job.
 * Read next:  keyspace/keyspace.c (FLUSHALL ASYNC) */
#include "keyspace/lazyfree.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/alloc.h"
#include "structs/deadlines.h"
#include "structs/dict.h"
#include "values/v_string.h"

struct job {
    struct job *next;
    void (*fn)(void *p);
    void *p;
    size_t objects;
};

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    struct job *first, **last;
    struct job *handed_back;            /* blobs for the executing thread */
    uint64_t pending, done;             /* atomic: read without the lock */
    bool running, stopping, busy;
} lazy = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .idle = PTHREAD_COND_INITIALIZER,
    .last = &lazy.first,
};

static __thread bool in_background;

static void
run(struct job *job)
{
    job->fn(job->p);
    __atomic_sub_fetch(&lazy.pending, job->objects, __ATOMIC_RELAXED);
    __atomic_add_fetch(&lazy.done, job->objects, __ATOMIC_RELAXED);
    mem_free(job);
}

static struct job *
next_job(void)
{
    struct job *job = lazy.first;

    lazy.first = job->next;
    if (!lazy.first)
        lazy.last = &lazy.first;
    return job;
}

/* Refused (a sandbox): it is an ordinary thread then. */
static void
give_way(void)
{
    struct sched_param none = { 0 };

    if (sched_setscheduler(0, SCHED_BATCH, &none) != 0) {
        /* Nothing to be done about it. */
    }
}

static void *
work(void *unused)
{
    (void)unused;
    in_background = true;
    give_way();
    pthread_mutex_lock(&lazy.lock);
    for (;;) {
        while (!lazy.first && !lazy.stopping)
            pthread_cond_wait(&lazy.wake, &lazy.lock);
        if (!lazy.first)
            break;
        struct job *job = next_job();
        lazy.busy = true;
        pthread_mutex_unlock(&lazy.lock);
        run(job);
        pthread_mutex_lock(&lazy.lock);
        lazy.busy = false;
        if (!lazy.first)
            pthread_cond_broadcast(&lazy.idle);
    }
    pthread_mutex_unlock(&lazy.lock);
    return NULL;
}

/* Signals are for the main thread: the new one starts with all of them blocked. */
void
lazyfree_start(void)
{
    sigset_t all, before;

    if (lazy.running)
        return;
    lazy.stopping = false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    lazy.running = pthread_create(&lazy.thread, NULL, work, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
lazyfree_stop(void)
{
    if (lazy.running) {
        pthread_mutex_lock(&lazy.lock);
        lazy.stopping = true;
        pthread_cond_signal(&lazy.wake);
        pthread_mutex_unlock(&lazy.lock);
        pthread_join(lazy.thread, NULL);
        lazy.running = false;
    }
    lazyfree_collect();
}

void
lazyfree_wait(void)
{
    pthread_mutex_lock(&lazy.lock);
    while (lazy.first || lazy.busy)
        pthread_cond_wait(&lazy.idle, &lazy.lock);
    pthread_mutex_unlock(&lazy.lock);
    lazyfree_collect();
}

bool
lazyfree_is_background(void)
{
    return in_background;
}

/* Without a thread (tests, tools, no memory for one) the work is done here. */
void
lazyfree_call(void (*fn)(void *p), void *p, size_t objects)
{
    struct job *job = mem_alloc(sizeof *job);

    *job = (struct job){ .fn = fn, .p = p, .objects = objects };
    __atomic_add_fetch(&lazy.pending, objects, __ATOMIC_RELAXED);
    if (!lazy.running) {
        run(job);
        return;
    }
    pthread_mutex_lock(&lazy.lock);
    *lazy.last = job;
    lazy.last = &job->next;
    pthread_cond_signal(&lazy.wake);
    pthread_mutex_unlock(&lazy.lock);
}

/* --- blobs --- */

void
lazyfree_hand_back(struct blob *blob)
{
    struct job *job = mem_alloc(sizeof *job);

    assert(in_background);
    job->p = blob;
    pthread_mutex_lock(&lazy.lock);
    job->next = lazy.handed_back;
    lazy.handed_back = job;
    pthread_mutex_unlock(&lazy.lock);
}

void
lazyfree_collect(void)
{
    struct job *job;

    if (!__atomic_load_n(&lazy.handed_back, __ATOMIC_RELAXED))
        return;
    pthread_mutex_lock(&lazy.lock);
    job = lazy.handed_back;
    __atomic_store_n(&lazy.handed_back, NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lazy.lock);
    while (job) {
        struct job *next = job->next;

        blob_release(job->p);
        mem_free(job);
        job = next;
    }
}

/* --- values --- */

static void
free_value(void *p)
{
    struct value *v = p;

    value_type_of(v->type)->free(*v);
    mem_free(v);
}

static void
free_blob(void *p)
{
    blob_release(p);
}

/* A few elements may be very large: the allocator hands their memory back to the
 * system at once, which takes 0.1 ms a megabyte.  (A blob's effort knows its size.) */
static bool
is_cheap(const struct value_type *vt, struct value v)
{
    return vt->effort(v) <= LAZYFREE_EFFORT
        && (v.type == TYPE_STRING || vt->memory(v, 0) <= LAZYFREE_BYTES);
}

void
lazyfree_value(struct value v)
{
    const struct value_type *vt;
    struct value *boxed;

    if (v.type == TYPE_STRING && v.encoding != STRING_BLOB)
        return;
    vt = value_type_of(v.type);
    if (is_cheap(vt, v)) {
        vt->free(v);
    } else if (v.type == TYPE_STRING) {
        if (v.blob->refs > 1)
            blob_release(v.blob);
        else
            lazyfree_call(free_blob, v.blob, 1);
    } else {
        boxed = mem_alloc(sizeof *boxed);
        *boxed = v;
        lazyfree_call(free_value, boxed, 1);
    }
}

/* --- whole databases --- */

static void
free_dict(void *p)
{
    dict_free(p);
}

static void
free_deadlines(void *p)
{
    deadlines_free(p);
}

/* The index is forgotten without looking at the entries it names. */
void
lazyfree_tables(struct dict *entries, struct deadlines *deadlines)
{
    if (deadlines)
        lazyfree_call(free_deadlines, deadlines, 0);
    if (entries)
        lazyfree_call(free_dict, entries, dict_count(entries));
}

uint64_t
lazyfree_pending(void)
{
    return __atomic_load_n(&lazy.pending, __ATOMIC_RELAXED);
}

uint64_t
lazyfree_done(void)
{
    return __atomic_load_n(&lazy.done, __ATOMIC_RELAXED);
}

void
lazyfree_reset_done(void)
{
    __atomic_store_n(&lazy.done, 0, __ATOMIC_RELAXED);
}
