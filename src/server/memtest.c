/* SPDX-License-Identifier: MIT
 * server/memtest.c - patterns written to memory and read back.
 *
 * Why:        broken memory looks like a bug of whatever runs in it.
 * How:        each word in turn holds its own address, then its complement (a line of the
 *             bus that is stuck makes two words one), solid and chequered bits (cells
 *             that are stuck or leak into neighbours), and random words, forwards and
 *             backwards.  All is written before the first word is read, so that caches
 *             hold none of it once it is larger than they are.
 * Left out:   memory that others use, the kernel included; only a test at boot sees it.
 * Read next:  main.c */
#include "server/memtest.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#define MEGABYTE ((size_t)1 << 20)
#define TOLD_MOST 10                    /* bad words that are shown one by one */

struct memory { volatile uint64_t *words; size_t count, bad; };

typedef uint64_t pattern_fn(size_t i, const volatile uint64_t *at);

static uint64_t
own_address(size_t i, const volatile uint64_t *at)
{
    (void)i;
    return (uint64_t)(uintptr_t)at;
}

static uint64_t
complement_of_address(size_t i, const volatile uint64_t *at)
{
    return ~own_address(i, at);
}

static uint64_t
zeros(size_t i, const volatile uint64_t *at)
{
    (void)i, (void)at;
    return 0;
}

static uint64_t
ones(size_t i, const volatile uint64_t *at)
{
    (void)i, (void)at;
    return UINT64_MAX;
}

static uint64_t
chequered(size_t i, const volatile uint64_t *at)
{
    (void)at;
    return i & 1 ? UINT64_C(0x5555555555555555) : UINT64_C(0xaaaaaaaaaaaaaaaa);
}

static uint64_t
chequered_otherwise(size_t i, const volatile uint64_t *at)
{
    return ~chequered(i, at);
}

/* The place, stirred well (the finisher of splitmix64). */
static uint64_t
random_words(size_t i, const volatile uint64_t *at)
{
    uint64_t x = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);

    (void)at;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static const struct { const char *name; pattern_fn *word; } passes[] = {
    { "own address", own_address },
    { "complement of the address", complement_of_address },
    { "zeros", zeros },
    { "ones", ones },
    { "chequered", chequered },
    { "chequered the other way", chequered_otherwise },
    { "random words", random_words },
};
#define PASSES (sizeof passes / sizeof passes[0])

static void
look(struct memory *m, pattern_fn *word, size_t i)
{
    uint64_t want = word(i, &m->words[i]), got = m->words[i];

    if (got == want)
        return;
    if (m->bad++ < TOLD_MOST)
        printf("  at byte %zu: wrote %016" PRIx64 ", read %016" PRIx64 "\n",
               i * sizeof got, want, got);
}

static void
run_pass(struct memory *m, pattern_fn *word)
{
    for (size_t i = 0; i < m->count; i++)
        m->words[i] = word(i, &m->words[i]);
    for (size_t i = 0; i < m->count; i++)
        look(m, word, i);
    for (size_t i = m->count; i-- > 0;)
        look(m, word, i);
}

int
memtest_run(size_t megabytes)
{
    size_t size = megabytes * MEGABYTE;
    struct memory m = { .count = size / sizeof *m.words };
    void *at = MAP_FAILED;

    if (megabytes > 0 && megabytes <= SIZE_MAX / MEGABYTE)
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        fprintf(stderr, "Unable to allocate %zu megabytes.\n", megabytes);
        return 1;
    }
    m.words = at;
    for (size_t i = 0; i < PASSES; i++) {
        printf("[%zu/%zu] %s\n", i + 1, PASSES, passes[i].name);
        fflush(stdout);
        run_pass(&m, passes[i].word);
    }
    munmap(at, size);
    if (m.bad) {
        printf("%zu words were not read as they were written: this memory is broken.\n",
               m.bad);
        return 1;
    }
    printf("%zu megabytes passed: every word was read as it was written.\n", megabytes);
    return 0;
}
