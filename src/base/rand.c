/* SPDX-License-Identifier: MIT
 * base/rand.c - random numbers.
 *
 * How:     xoshiro256** (Blackman and Vigna 2018), one state per thread, seeded
 *          from the kernel; a range by multiplying (Lemire 2019) instead of a
 *          remainder, with the few unfair draws thrown back.
 * Read next:  base/hash.c */
#include "base/rand.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>
#include "base/status.h"

static __thread uint64_t state[4];
static __thread bool is_seeded;

/* Spread one word over the state (splitmix64): neighbouring seeds must not
 * give neighbouring sequences, and the state must not be zero. */
void
rand_seed(uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        state[i] = z ^ z >> 31;
    }
    is_seeded = true;
}

static inline uint64_t
rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

uint64_t
rand_u64(void)
{
    uint64_t result, t;

    if (UNLIKELY(!is_seeded)) {
        uint64_t seed;

        rand_secure(&seed, sizeof seed);
        rand_seed(seed);
    }
    result = rotate(state[1] * 5, 7) * 9;
    t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 45);
    return result;
}

uint64_t
rand_below(uint64_t n)
{
    unsigned __int128 product = (unsigned __int128)rand_u64() * n;

    if (UNLIKELY((uint64_t)product < n)) {
        uint64_t unfair = -n % n;

        while ((uint64_t)product < unfair)
            product = (unsigned __int128)rand_u64() * n;
    }
    return (uint64_t)(product >> 64);
}

/* The kernel's source cannot fail once the system is up; a server that goes on
 * with predictable secrets would be worse than none. */
void
rand_secure(void *out, size_t len)
{
    char *at = out;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);

        if (got < 0) {
            if (errno == EINTR)
                continue;
            abort();
        }
        at += got;
        len -= (size_t)got;
    }
}

void
rand_hex(char *out, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char chunk[32];

    for (size_t i = 0; i < len; i++) {
        if (i % sizeof chunk == 0)
            rand_secure(chunk, sizeof chunk);
        out[i] = digits[chunk[i % sizeof chunk] & 15];
    }
}
