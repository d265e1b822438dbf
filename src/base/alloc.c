/* SPDX-License-Identifier: MIT
 * base/alloc.c - malloc that knows how much it has handed out.
 *
 * Why:        maxmemory, INFO and MEMORY USAGE need the bytes in use at any
 *             moment; asking the allocator costs microseconds, a shared atomic
 *             counter costs a locked instruction in every allocation.
 * How:        each thread adds to its own cache line (a slot of `slots`); the
 *             sum is taken when somebody asks.  A thread that ends folds its
 *             count into `retired`.  What is counted is the size class, and
 *             jemalloc's classes are simple enough to compute:
 *
 *                 8 | 16 32 48 64 | 80 96 112 128 | 160 192 224 256 | 320 ...
 *                     four per doubling, never closer than 16
 *
 *             so that a caller who knows a size never touches the block's
 *             metadata, neither to count nor to free (sdallocx).
 * Invariants: 1. only its own thread writes a slot in use; 2. a block is
 *             counted off with the same number it was counted on with.
 * Cost:       a load, an add and a store besides malloc.
 * Left out:   with libc (sanitizer builds) the class of a block is whatever
 *             malloc_usable_size says, so mem_class() is only a lower bound.
 * Read next:  base/blob.c */
#include "base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif
#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"

#ifdef HAVE_JEMALLOC
/* Read by jemalloc when it starts.  Its slabs of small classes are one page by
 * default, each with 144 bytes of bookkeeping; eight pages make that 0.3 bytes
 * a key instead of 2.3. */
__attribute__((used, visibility("default")))
const char *malloc_conf = "slab_sizes:1-160:8";
#endif

/* ---- Counting ---- */

#define SLOTS 64

struct slot {
    _Alignas(64) long bytes;
    bool used;
};

static struct slot slots[SLOTS];
static int slots_high;          /* slots from here on were never used */
static long retired;            /* of threads that ended, or found no slot */
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t leave_key;
static pthread_once_t leave_once = PTHREAD_ONCE_INIT;
static __thread struct slot *mine;

static void
slot_leave(void *arg)
{
    struct slot *slot = arg;

    pthread_mutex_lock(&slots_lock);
    __atomic_fetch_add(&retired, slot->bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->bytes, 0, __ATOMIC_RELAXED);
    slot->used = false;
    pthread_mutex_unlock(&slots_lock);
    mine = NULL;
}

static void
leave_key_make(void)
{
    pthread_key_create(&leave_key, slot_leave);
}

static struct slot *
slot_join(void)
{
    struct slot *slot = NULL;

    pthread_once(&leave_once, leave_key_make);
    pthread_mutex_lock(&slots_lock);
    for (int i = 0; i < SLOTS && slot == NULL; i++)
        if (!slots[i].used)
            slot = &slots[i];
    if (slot != NULL) {
        slot->used = true;
        if (slot - slots >= slots_high)
            __atomic_store_n(&slots_high, (int)(slot - slots) + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&slots_lock);
    if (slot != NULL)
        pthread_setspecific(leave_key, slot);
    mine = slot;
    return slot;
}

static inline void
count(long bytes)
{
    struct slot *slot = mine;

    if (UNLIKELY(slot == NULL) && (slot = slot_join()) == NULL) {
        __atomic_fetch_add(&retired, bytes, __ATOMIC_RELAXED);
        return;
    }
    __atomic_store_n(&slot->bytes, slot->bytes + bytes, __ATOMIC_RELAXED);
}

size_t
mem_used(void)
{
    long sum = __atomic_load_n(&retired, __ATOMIC_RELAXED);

    for (int i = 0, n = __atomic_load_n(&slots_high, __ATOMIC_ACQUIRE); i < n; i++)
        sum += __atomic_load_n(&slots[i].bytes, __ATOMIC_RELAXED);
    return sum > 0 ? (size_t)sum : 0;
}

void
mem_account(long bytes)
{
    count(bytes);
}

/* ---- Size classes ---- */

#if defined(__has_feature)              /* clang */
#if __has_feature(address_sanitizer)
#define IS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)     /* GCC */
#define IS_SANITIZED
#endif

#ifdef HAVE_JEMALLOC

static inline size_t
class_of(size_t size)
{
    unsigned log2;
    size_t step;

    if (size <= 8)
        return 8;
    log2 = 63 - (unsigned)__builtin_clzll(size - 1);
    step = (size_t)1 << (log2 < 6 ? 4 : log2 - 2);
    return (size + step - 1) & ~(step - 1);
}

/* What a block just asked for takes: no need to look at it. */
static inline size_t
taken(void *p, size_t size)
{
    (void)p;
    return class_of(size);
}

#else

static inline size_t
class_of(size_t size)
{
#ifdef IS_SANITIZED
    return size > 0 ? size : 1;         /* so that every slack byte is poisoned */
#else
    return size <= 24 ? 24 : ((size + 8 + 15) & ~(size_t)15) - 8;
#endif
}

static inline size_t
taken(void *p, size_t size)
{
    (void)size;
    return malloc_usable_size(p);
}

#endif

size_t
mem_class(size_t size)
{
    return class_of(size);
}

size_t
mem_size_of(const void *p)
{
    return p != NULL ? malloc_usable_size((void *)p) : 0;
}

/* ---- Handing out and taking back ---- */

static void __attribute__((noreturn, cold))
out_of_memory(size_t size)
{
    log_warning("Out Of Memory allocating %zu bytes!", size);
    abort();
}

void *
mem_try_alloc(size_t size)
{
    void *p = malloc(size > 0 ? size : 1);

    if (LIKELY(p != NULL))
        count((long)taken(p, size));
    return p;
}

void *
mem_alloc(size_t size)
{
    void *p = malloc(size > 0 ? size : 1);

    if (UNLIKELY(p == NULL))
        out_of_memory(size);
    count((long)taken(p, size));
    return p;
}

void *
mem_zalloc(size_t size)
{
    void *p = calloc(1, size > 0 ? size : 1);

    if (UNLIKELY(p == NULL))
        out_of_memory(size);
    count((long)taken(p, size));
    return p;
}

void *
mem_try_realloc(void *p, size_t size)
{
    size_t old = mem_size_of(p);
    void *moved = realloc(p, size > 0 ? size : 1);

    if (LIKELY(moved != NULL))
        count((long)taken(moved, size) - (long)old);
    return moved;
}

void *
mem_realloc(void *p, size_t size)
{
    void *moved = mem_try_realloc(p, size);

    if (UNLIKELY(moved == NULL))
        out_of_memory(size);
    return moved;
}

void *
mem_realloc_sized(void *p, size_t old_size, size_t size)
{
    size_t old;
    void *moved;

    if (p == NULL)
        return mem_alloc(size);
    if (class_of(old_size) == class_of(size))
        return p;
    old = taken(p, old_size);
    moved = realloc(p, size > 0 ? size : 1);
    if (UNLIKELY(moved == NULL))
        out_of_memory(size);
    count((long)taken(moved, size) - (long)old);
    return moved;
}

void
mem_free(void *p)
{
    if (p == NULL)
        return;
    count(-(long)malloc_usable_size(p));
    free(p);
}

void
mem_free_sized(void *p, size_t size)
{
    if (p == NULL)
        return;
    count(-(long)taken(p, size));
#ifdef HAVE_JEMALLOC
    sdallocx(p, size > 0 ? size : 1, 0);
#else
    free(p);
#endif
}

char *
mem_copy_text(const char *text)
{
    return bytes_copy_text(bytes_of_text(text));
}

/* ---- What the allocator says about itself ---- */

/* Resident pages are the second number of statm. */
static size_t
resident_bytes(void)
{
    char line[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got;
    char *second;

    if (fd < 0)
        return 0;
    got = read(fd, line, sizeof line - 1);
    close(fd);
    if (got <= 0)
        return 0;
    line[got] = '\0';
    second = strchr(line, ' ');
    if (second == NULL)
        return 0;
    return (size_t)strtoull(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

#ifdef HAVE_JEMALLOC

/* "arenas.4096" stands for all arenas together in every jemalloc 5. */
#define ALL_ARENAS "4096"

static size_t
ask(const char *name)
{
    size_t value = 0, size = sizeof value;

    return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

void
mem_facts(struct mem_facts *out)
{
    uint64_t epoch = 1;
    size_t size = sizeof epoch;

    mallctl("epoch", &epoch, &size, &epoch, size);
    *out = (struct mem_facts){
        .allocated = ask("stats.allocated"),
        .active = ask("stats.active"),
        .resident = ask("stats.resident"),
        .muzzy = ask("stats.arenas." ALL_ARENAS ".pmuzzy")
                 * (size_t)sysconf(_SC_PAGESIZE),
        .rss = resident_bytes(),
    };
}

const char *
mem_allocator_name(void)
{
    static char name[64];
    const char *version = NULL;
    size_t size = sizeof version, len;

    if (name[0] != '\0')
        return name;
    if (mallctl("version", &version, &size, NULL, 0) != 0)
        return "jemalloc";
    len = strcspn(version, "-");        /* the build's commit follows */
    memcpy(name, "jemalloc-", 9);
    memcpy(name + 9, version, len < sizeof name - 10 ? len : sizeof name - 10);
    return name;
}

static void
report_add(void *arg, const char *line)
{
    text_add_text(arg, line);
}

char *
mem_allocator_report(void)
{
    struct text report = { 0 };

    text_add_text(&report, "");
    malloc_stats_print(report_add, &report, NULL);
    return report.at;
}

void
mem_purge(void)
{
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    mallctl("arena." ALL_ARENAS ".purge", NULL, NULL, NULL, 0);
}

bool
mem_purge_in_background(bool on)
{
    return mallctl("background_thread", NULL, NULL, &on, sizeof on) == 0;
}

/* The width of a knob is not told: each is tried, the widest first. */
int
mem_knob(const char *name, int64_t *old, const int64_t *set)
{
    size_t widths[] = { 8, 4, 1 }, width;
    int64_t value = 0, wanted = set ? *set : 0; /* little-endian, as all we run on */
    int error = 0;

    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        value = 0;
        width = widths[i];
        error = mallctl(name, &value, &width, set ? &wanted : NULL, set ? width : 0);
        if (error != EINVAL)
            break;
    }
    *old = value;
    return error;
}

int
mem_knob_text(const char *name, const char **old, const char *set)
{
    size_t width = sizeof *old;
    int error = mallctl(name, old, &width, NULL, 0);

    if (!error && set)                  /* in one call, some show the new value */
        mallctl(name, NULL, NULL, &set, sizeof set);
    return error;
}

int
mem_knob_call(const char *name)
{
    return mallctl(name, NULL, NULL, NULL, 0);
}

#else

void
mem_facts(struct mem_facts *out)
{
    size_t rss = resident_bytes();

    *out = (struct mem_facts){
        .allocated = mem_used(), .active = rss, .resident = rss, .rss = rss,
    };
}

const char *
mem_allocator_name(void)
{
    return "libc";
}

char *
mem_allocator_report(void)
{
    return mem_copy_text("Stats not supported for the current allocator");
}

void
mem_purge(void)
{
    malloc_trim(0);
}

int
mem_knob(const char *name, int64_t *old, const int64_t *set)
{
    (void)name, (void)old, (void)set;
    return ENOENT;
}

int
mem_knob_text(const char *name, const char **old, const char *set)
{
    (void)name, (void)old, (void)set;
    return ENOENT;
}

int
mem_knob_call(const char *name)
{
    (void)name;
    return ENOENT;
}

bool
mem_purge_in_background(bool on)
{
    return !on;
}

#endif
