/* SPDX-License-Identifier: MIT
 * server/crash.c - the report an operator sends us.
 *
 * How:        the handler runs on a stack of its own (the crash may be an overflow) and
 *             says first what can be said safely: the signal and the stack.  What the
 *             server was doing comes after it, by the server's own functions; these may
 *             fault on what is broken, or wait for a lock that the crash left closed.
 * Invariants: 1. the process ends: a second fault ends the report, an alarm does when
 *                it takes too long.
 *             2. it dies of the first signal.
 * Read next:  server/crash_trace.c */
#include "server/crash.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/version.h"
#include "command/call.h"
#include "server/crash_facts.h"
#include "server/crash_trace.h"
#include "server/process.h"

#define PATIENCE_S 10
#define STACK_SIZE (256 * 1024)

static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static struct server *watched;
static volatile sig_atomic_t fatal;     /* the first signal; 0: none yet */

static void
say(const char *text)
{
    log_raw(text, strlen(text));
}

static void
unblock(int signum)
{
    sigset_t own;

    sigemptyset(&own);
    sigaddset(&own, signum);
    sigprocmask(SIG_UNBLOCK, &own, NULL);
}

/* One that ends the process by itself: even a word more may wait for ever. */
static void
set_last_alarm(void)
{
    signal(SIGALRM, SIG_DFL);
    unblock(SIGALRM);
    alarm(PATIENCE_S);
}

/* Does not return: nothing catches the signal any more. */
static void
end(void)
{
    int signum = fatal;

    set_last_alarm();
    say("\n=== IGNISDB BUG REPORT END. ===\n");
    crash_unwatch();
    process_remove_pidfile(watched->config);
    unblock(signum);
    raise(signum);
    _exit(1);
}

static void
on_alarm(int signum)
{
    (void)signum;
    set_last_alarm();
    say("\n\n*** The report takes too long: the rest is left out. ***\n");
    end();
}

static void
set_alarm(void)
{
    struct sigaction act = { .sa_handler = on_alarm, .sa_flags = SA_ONSTACK };

    sigemptyset(&act.sa_mask);
    sigaction(SIGALRM, &act, NULL);
    unblock(SIGALRM);
    alarm(PATIENCE_S);
}

static void
say_signal(int signum, const siginfo_t *info)
{
    char line[256];
    int n;

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
}

/* Only the main thread may walk what is its own. */
static bool
is_main_thread(void)
{
    return syscall(SYS_gettid) == getpid();
}

static void
on_crash(int signum, siginfo_t *info, void *context)
{
    if (fatal) {
        say("\n\n*** Crashed while reporting: the rest is left out. ***\n");
        end();
    }
    fatal = signum;
    set_alarm();
    say_signal(signum, info);
    crash_trace(context);
    if (is_main_thread())
        crash_facts(watched);
    end();
}

void
crash_watch(struct server *server)
{
    static char stack[STACK_SIZE];
    stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction act = { .sa_sigaction = on_crash,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

    watched = server;
    crash_trace_prepare();
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
