/* SPDX-License-Identifier: MIT
 * tests/support/verdict.c - a test also fails by what comes after its last line.
 *
 * Why:  Criterion runs each test in a process of its own and takes its verdict when the
 *       test's function returns: what its .fini finds wrong is printed and forgotten,
 *       and so is what LeakSanitizer finds when the process ends.
 * How:  the process that counts looks at each test again after its .fini; a process that
 *       LeakSanitizer ends leaves a byte in a file whose name it inherited.  Criterion
 *       leaks a few bytes itself in the process that counts, and a suppression of its
 *       library would hide our leaks as well, since it is in every test's call stack:
 *       so that process is not looked at.  The others have BXFI_MAP in their
 *       environment. */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LEFT_BY_LEAKS "IGNIS_TEST_LEAKS"

static size_t late;                     /* tests that failed in their .fini */
static char path[] = "/tmp/ignis-test-leaks-XXXXXX";
static int left = -1;

int __lsan_is_turned_off(void);
void __sanitizer_set_death_callback(void (*fn)(void)) __attribute__((weak));

static bool
is_counting(void)
{
    return getenv("BXFI_MAP") == NULL;
}

int
__lsan_is_turned_off(void)
{
    return is_counting();
}

/* --- in a test's process --- */

static void
leave_a_byte(void)
{
    const char *name = getenv(LEFT_BY_LEAKS);
    int fd = name ? open(name, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

    if (fd >= 0 && write(fd, "!", 1) == 1)
        close(fd);
}

__attribute__((constructor)) static void
listen_to_the_sanitizer(void)
{
    if (!is_counting() && __sanitizer_set_death_callback)
        __sanitizer_set_death_callback(leave_a_byte);
}

/* --- in the process that counts --- */

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
    (void)tests;
    if (!__sanitizer_set_death_callback || (left = mkstemp(path)) < 0)
        return;
    setenv(LEFT_BY_LEAKS, path, 1);
}

ReportHook(POST_FINI)(struct criterion_test_stats *test)
{
    if (test->failed_asserts > 0 && test->test_status == CR_STATUS_PASSED)
        late++;
}

ReportHook(POST_ALL)(struct criterion_global_stats *all)
{
    off_t leaks = left >= 0 ? lseek(left, 0, SEEK_END) : 0;

    if (left >= 0)
        unlink(path);
    if (late > 0)
        fprintf(stderr, "%zu failed when all was over: see above\n", late);
    if (leaks > 0)
        fprintf(stderr, "%lld ended by a sanitizer: see above\n", (long long)leaks);
    if (late == 0 && leaks > 0 && all->tests_failed + all->tests_crashed == 0)
        late = (size_t)leaks;
    all->tests_failed += late;
    all->tests_passed -= late;
}
