/* SPDX-License-Identifier: MIT
 * server/crash.c - the report an operator sends us.
 *
 * How:        the handler runs on a stack of its own (the crash may be an
 *             overflow) and uses only what is safe in a signal handler, but for
 *             backtrace(), which is warmed up at start so that it need not load
 *             a library then.
 * Read next:  server/main.c */
#include "server/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"
#include "base/version.h"
#include "config/config.h"
#include "server/process.h"

#define DEPTH 64

static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static const struct config *watched;

static void
say(const char *text)
{
    log_raw(text, strlen(text));
}

static void
say_where(const ucontext_t *where)
{
    char line[160];
    int n = 0;

#if defined(__x86_64__)
    n = snprintf(line, sizeof line, "RIP:%016llx RSP:%016llx RBP:%016llx\n",
                 (unsigned long long)where->uc_mcontext.gregs[REG_RIP],
                 (unsigned long long)where->uc_mcontext.gregs[REG_RSP],
                 (unsigned long long)where->uc_mcontext.gregs[REG_RBP]);
#elif defined(__aarch64__)
    n = snprintf(line, sizeof line, "PC:%016llx SP:%016llx\n",
                 (unsigned long long)where->uc_mcontext.pc,
                 (unsigned long long)where->uc_mcontext.sp);
#else
    (void)where;
#endif
    log_raw(line, (unsigned long)n);
}

static void
on_crash(int signum, siginfo_t *info, void *context)
{
    static volatile sig_atomic_t again;
    void *frames[DEPTH];
    char **names;
    char line[256];
    int n;

    if (again++) {                      /* crashed while reporting */
        signal(signum, SIG_DFL);
        raise(signum);
        return;
    }
    say("\n\n=== IGNISDB BUG REPORT START: Cut & paste starting from here ===\n");
    n = snprintf(line, sizeof line, "IgnisDB " VERSION_IGNIS " crashed by signal: %d, "
                 "si_code: %d\n", signum, info->si_code);
    log_raw(line, (unsigned long)n);
    if (info->si_code <= 0)             /* somebody sent it: there is no address */
        n = snprintf(line, sizeof line, "Killed by PID: %ld, UID: %ld\n",
                     (long)info->si_pid, (long)info->si_uid);
    else
        n = snprintf(line, sizeof line, "Accessing address: %p\n", info->si_addr);
    log_raw(line, (unsigned long)n);
    say("\n------ STACK TRACE ------\n");
    say_where(context);
    n = backtrace(frames, DEPTH);
    names = backtrace_symbols(frames, n);
    for (int i = 0; names && i < n; i++) {
        say(names[i]);
        say("\n");
    }
    say("\n=== IGNISDB BUG REPORT END. ===\n");
    if (watched)
        process_remove_pidfile(watched);
    signal(signum, SIG_DFL);
    raise(signum);
}

void
crash_watch(const struct config *config)
{
    static char stack[64 * 1024];
    stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction act = { .sa_sigaction = on_crash,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    void *warm[1];

    watched = config;
    backtrace(warm, 1);
    sigaltstack(&own, NULL);
    sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        sigaction(deadly[i], &act, NULL);
}

void
crash_unwatch(void)
{
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i], SIG_DFL);
}
