/* SPDX-License-Identifier: MIT
 * base/rand.h - fast random numbers for picks, and safe ones for ids. */
#ifndef IGNIS_BASE_RAND_H
#define IGNIS_BASE_RAND_H
#include <stddef.h>
#include <stdint.h>

void rand_seed(uint64_t seed);          /* tests; otherwise seeded at first use */
uint64_t rand_u64(void);                /* fast, not secret */
uint64_t rand_below(uint64_t n);        /* fair in [0, n), n > 0 */
void rand_secure(void *out, size_t len);/* from the kernel */
void rand_hex(char *out, size_t len);   /* len hex digits from rand_secure, no NUL */

#endif
