/* SPDX-License-Identifier: MIT
 * base/hash.h - keyed hashing: clients choose keys, so the secret is random per
 * process and collisions cannot be computed outside. */
#ifndef IGNIS_BASE_HASH_H
#define IGNIS_BASE_HASH_H
#include <stdint.h>
#include "base/bytes.h"

/* Draw the process's secret.  `seed` fixes it (tests, hash-seed option); empty
 * means from the kernel's random source.  Call once before the first hash. */
void hash_start(struct bytes seed);
/* 64 well-mixed bits.  ~3 ns for 16 bytes. */
uint64_t hash_bytes(const void *at, size_t len);

/* SHA-1 and SHA-256 (FIPS 180-4), hex out: DEBUG DIGEST, passwords. */
void hash_sha1(const void *at, size_t len, unsigned char out[20]);
void hash_sha256(const void *at, size_t len, unsigned char out[32]);
void hash_hex(const unsigned char *in, size_t len, char *out /* 2*len, no NUL */);

#endif
