/* SPDX-License-Identifier: MIT
 * tests/support/leaks.c - which processes LeakSanitizer looks at.
 *
 * Why:  Criterion runs each test in a process of its own, and leaks a few bytes itself
 *       in the process that starts them; a suppression of its library would hide our
 *       leaks as well, since it is in every test's call stack.
 * How:  LeakSanitizer asks this hook; the workers have BXFI_MAP in their environment. */
#include <stdlib.h>

int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
    return getenv("BXFI_MAP") == NULL;
}
