/* SPDX-License-Identifier: MIT
 * server/memtest.h - --test-memory: does the memory of this machine keep what it is told? */
#ifndef IGNIS_SERVER_MEMTEST_H
#define IGNIS_SERVER_MEMTEST_H
#include <stddef.h>

/* Fill `megabytes` of memory with patterns and read them back, telling on standard output
 * what is done and what was found.  The exit status: 0 all was kept, 1 it was not, or the
 * memory could not be had. */
int memtest_run(size_t megabytes);

#endif
