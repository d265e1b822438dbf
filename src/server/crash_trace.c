/* SPDX-License-Identifier: MIT
 * server/crash_trace.c - the stack, with names, and the registers.
 *
 * Why:        a report without names can be read only by who has this very build, and
 *             most of our functions are static: the dynamic linker does not know them.
 * How:        our own frames are named from the symbol table of /proc/self/exe, mapped
 *             when the crash happens; others by the dynamic linker.  The name that the
 *             linker has for us is argv[0], which became the process title: the real
 *             path is shown instead.  Nothing is allocated.
 * Left out:   the words on the stack: they may be data of users.
 * Read next:  server/crash_facts.c */
#include "server/crash_trace.h"

#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"

#define DEPTH 100

struct object {
    const char *at;             /* the mapped file; NULL: could not be read */
    size_t size;
    uintptr_t base;             /* where it was loaded */
    uintptr_t bias;             /* its addresses are those of the file and this */
    const ElfW(Sym) *symbols;
    size_t count;
    const char *names;
    size_t names_len;
};

static void
say_line(const char *line, int n, size_t room)
{
    if (n > 0)
        log_raw(line, (size_t)n < room ? (size_t)n : room - 1);
}
#define SAY(...) do { \
        char line_[512]; \
        say_line(line_, snprintf(line_, sizeof line_, __VA_ARGS__), sizeof line_); \
    } while (0)

/* --- names --- */

/* `len` bytes at `offset` lie within the file? */
static bool
is_inside(const struct object *o, uint64_t offset, uint64_t len)
{
    return offset <= o->size && len <= o->size - offset;
}

/* The full table of symbols; a stripped program has the dynamic one alone. */
static void
find_symbols(struct object *o)
{
    const ElfW(Ehdr) *head = (const void *)o->at;
    const ElfW(Shdr) *sections, *found = NULL, *names;

    if (!is_inside(o, 0, sizeof *head) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0
        || head->e_shentsize != sizeof *sections
        || !is_inside(o, head->e_shoff, (uint64_t)head->e_shnum * sizeof *sections))
        return;
    o->bias = head->e_type == ET_DYN ? o->base : 0;
    sections = (const void *)(o->at + head->e_shoff);
    for (int i = 0; i < head->e_shnum; i++)
        if (sections[i].sh_type == SHT_SYMTAB
            || (sections[i].sh_type == SHT_DYNSYM && !found))
            found = &sections[i];
    if (!found || found->sh_link >= head->e_shnum)
        return;
    names = &sections[found->sh_link];
    if (!is_inside(o, found->sh_offset, found->sh_size)
        || !is_inside(o, names->sh_offset, names->sh_size))
        return;
    o->symbols = (const void *)(o->at + found->sh_offset);
    o->count = found->sh_size / sizeof *o->symbols;
    o->names = o->at + names->sh_offset;
    o->names_len = names->sh_size;
}

static void
object_open(struct object *o)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat st;
    Dl_info own;
    void *at;

    *o = (struct object){ 0 };
    if (dladdr((void *)(uintptr_t)object_open, &own))
        o->base = (uintptr_t)own.dli_fbase;
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at != MAP_FAILED) {
            o->at = at;
            o->size = (size_t)st.st_size;
            find_symbols(o);
        }
    }
    close(fd);
}

/* The function that `address` is in, and how far; NULL: not known. */
static const char *
name_of(const struct object *o, uintptr_t address, uintptr_t *into)
{
    uintptr_t at = address - o->bias;
    const ElfW(Sym) *s;

    for (size_t i = 0; i < o->count; i++) {
        s = &o->symbols[i];
        if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || at < s->st_value
            || at - s->st_value >= s->st_size || s->st_name >= o->names_len
            || !memchr(o->names + s->st_name, '\0', o->names_len - s->st_name))
            continue;
        *into = at - s->st_value;
        return o->names + s->st_name;
    }
    return NULL;
}

/* `back` is 1 for a return address: it may be behind the end of the function that made
 * the call, when that was its last. */
static void
say_place(const struct object *o, const char *path, void *place, unsigned back)
{
    uintptr_t address = (uintptr_t)place, base = 0, into = 0;
    const char *name = NULL, *file = "?";
    Dl_info found = { 0 };

    if (dladdr(place, &found)) {
        base = (uintptr_t)found.dli_fbase;
        file = found.dli_fname ? found.dli_fname : "?";
        name = found.dli_sname;
        into = address - (uintptr_t)found.dli_saddr;
        if (base == o->base) {
            file = path;
            name = name_of(o, address - back, &into);
            into += back;
        }
    }
    if (name)
        SAY("%s(%s+0x%lx)[%p]\n", file, name, (unsigned long)into, place);
    else
        SAY("%s(+0x%lx)[%p]\n", file, (unsigned long)(address - base), place);
}

/* --- registers --- */

#if defined(__x86_64__)
static void *
crashed_at(const ucontext_t *where)
{
    return (void *)where->uc_mcontext.gregs[REG_RIP];
}

static void
say_registers(const ucontext_t *where)
{
    static const struct { const char *name; int at; } registers[] = {
        { "RAX", REG_RAX }, { "RBX", REG_RBX }, { "RCX", REG_RCX }, { "RDX", REG_RDX },
        { "RDI", REG_RDI }, { "RSI", REG_RSI }, { "RBP", REG_RBP }, { "RSP", REG_RSP },
        { "R8 ", REG_R8 }, { "R9 ", REG_R9 }, { "R10", REG_R10 }, { "R11", REG_R11 },
        { "R12", REG_R12 }, { "R13", REG_R13 }, { "R14", REG_R14 }, { "R15", REG_R15 },
        { "RIP", REG_RIP }, { "EFL", REG_EFL },
    };

    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++)
        SAY("%s:%016llx%s", registers[i].name, (unsigned long long)
            where->uc_mcontext.gregs[registers[i].at], i % 4 == 3 ? "\n" : " ");
    SAY("\n");
}
#elif defined(__aarch64__)
static void *
crashed_at(const ucontext_t *where)
{
    return (void *)where->uc_mcontext.pc;
}

static void
say_registers(const ucontext_t *where)
{
    for (int i = 0; i < 31; i++)
        SAY("X%-2d:%016llx%s", i, (unsigned long long)where->uc_mcontext.regs[i],
            i % 4 == 3 ? "\n" : " ");
    SAY("SP :%016llx\nPC :%016llx PST:%016llx\n",
        (unsigned long long)where->uc_mcontext.sp,
        (unsigned long long)where->uc_mcontext.pc,
        (unsigned long long)where->uc_mcontext.pstate);
}
#else
static void *
crashed_at(const ucontext_t *where)
{
    (void)where;
    return NULL;
}

static void
say_registers(const ucontext_t *where)
{
    (void)where;
    SAY("not known for this kind of processor\n");
}
#endif

/* --- all of it --- */

void
crash_trace_prepare(void)
{
    void *frame[1];

    backtrace(frame, 1);        /* loads the unwinder */
}

void
crash_trace(const void *context)
{
    char path[PATH_MAX];
    struct object own;
    void *frames[DEPTH];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    int n;

    path[len > 0 ? len : 0] = '\0';
    object_open(&own);
    SAY("\n------ STACK TRACE ------\nEIP:\n");
    say_place(&own, path, crashed_at(context), 0);
    SAY("\nBacktrace:\n");
    n = backtrace(frames, DEPTH);
    for (int i = 0; i < n; i++)
        say_place(&own, path, frames[i], frames[i] != crashed_at(context));
    SAY("\n------ REGISTERS ------\n");
    say_registers(context);
}
