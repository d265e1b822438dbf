/* SPDX-License-Identifier: MIT
 * base/alloc.h - the only door to malloc: it counts what is in use and never
 * returns NULL (out of memory ends the process with a message), except for the
 * _try forms, which are for sizes that a client or a file chose.
 *
 * The count is of size classes, so that it matches what the allocator spends.
 * Any thread may call; counters are per thread and summed when read. */
#ifndef IGNIS_BASE_ALLOC_H
#define IGNIS_BASE_ALLOC_H
#include <stdbool.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

/* The caller frees; when the memory is not there the process ends, with a message. */
void *mem_alloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));
void *mem_zalloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));
void *mem_realloc(void *p, size_t size) __attribute__((alloc_size(2), returns_nonnull));
/* NULL when the memory is not there. */
void *mem_try_alloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *mem_try_realloc(void *p, size_t size) __attribute__((alloc_size(2)));
/* NULL is fine. */
void mem_free(void *p);
/* For those who know the size they asked for: cheaper.  `size` must be in the
 * same size class as the request (mem_class(size) == class of the block). */
void mem_free_sized(void *p, size_t size);
/* Realloc for those who know the old size: cheaper. */
void *mem_realloc_sized(void *p, size_t old_size, size_t size);
/* A copy of a C string; the caller frees it. */
char *mem_copy_text(const char *text);

/* Bytes that a request of `size` really takes.  O(1), no lock. */
size_t mem_class(size_t size);
/* Bytes that the block at `p` takes. */
size_t mem_size_of(const void *p);

/* All bytes handed out and not freed, over all threads. */
size_t mem_used(void);
/* Account for memory that did not come from here (mmap), by +/- bytes. */
void mem_account(long bytes);

/* What the allocator itself says, for INFO and MEMORY STATS (all bytes). */
struct mem_facts { size_t allocated, active, resident, muzzy, rss; };
void mem_facts(struct mem_facts *out);
/* "jemalloc-5.3.0" or "libc". */
const char *mem_allocator_name(void);
/* Text report for MEMORY MALLOC-STATS; caller frees with mem_free. */
char *mem_allocator_report(void);
/* Give unused pages back to the kernel (MEMORY PURGE). */
void mem_purge(void);
/* A knob of the allocator by name, for DEBUG MALLCTL: a number of any width, or a
 * constant text.  The old value goes to *old; *set, unless NULL, is the new one, and who
 * has a text may refuse it unheard.  0, or an errno. */
int mem_knob(const char *name, int64_t *old, const int64_t *set);
int mem_knob_text(const char *name, const char **old, const char *set);
/* A knob that has no value but does something.  0, or an errno. */
int mem_knob_call(const char *name);
/* Let a thread of the allocator give pages back that stayed unused for ten
 * seconds, even when nobody allocates (jemalloc-bg-thread).  A thread does not
 * survive daemonising: call after it.  False when the allocator cannot. */
bool mem_purge_in_background(bool on);

#endif
