/* SPDX-License-Identifier: MIT
 * base/hash.c - a keyed hash by multiplying, and the SHA family's two elders.
 *
 * Why:        every command hashes its keys, so 16 bytes must cost about what a
 *             cache hit costs; and clients choose the keys, so nobody who does
 *             not know the process's secret may be able to choose collisions.
 * How:        fold(a, b) is the 128-bit product of two words, its halves xored:
 *             one multiplication in which every input bit reaches the middle.
 *             Words of the text always meet secret words before they multiply,
 *             and the running state is a factor of the next round:
 *
 *                 up to 16 bytes   first and last 8 bytes, overlapping
 *                     (a ^ s0) * (b ^ s1)  ->  low ^ s2 ^ len, high ^ s3  -> fold
 *                 longer           48 bytes a round in three independent lanes,
 *                     lane = fold(word ^ secret, word ^ lane), then 16 bytes a
 *                     step, then the last 16 bytes, and the same end
 *
 *             The eight secret words are drawn at start-up.  For two different
 *             texts to collide for every secret, the product would have to
 *             vanish for every secret; it vanishes for about one in 2^63.
 *             Timing a hash tells nothing: multiplications take constant time.
 * Cost:       ~2 ns for 16 bytes, ~10 bytes per ns for long ones.
 * Left out:   a proof; SipHash-1-3 has better arguments and costs four times as
 *             much.  A hash is never sent to a client, so the secret cannot be
 *             worked out from hashes seen.
 * Read next:  structs/dict.h */
#include "base/hash.h"
#include "base/alloc.h"
#include "base/rand.h"
#include "base/status.h"

#define SECRETS 8

/* Until hash_start: any odd-looking words, so that unit tests need no call. */
static uint64_t secret[SECRETS] = {
    0x8bb84b93962eacc9u, 0x4b33a62ed433d4a3u, 0x4d5a2da51de1aa47u,
    0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu, 0x90ed1765281c388cu,
    0x589965cc75374cc3u, 0x1d8e4e27c47d124fu,
};

void
hash_start(struct bytes seed)
{
    unsigned char digest[32];

    if (seed.len == 0) {
        rand_secure(secret, sizeof secret);
        return;
    }
    hash_sha256(seed.at, seed.len, digest);
    memcpy(secret, digest, 32);
    hash_sha256(digest, 32, digest);
    memcpy(secret + 4, digest, 32);
}

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
finish(uint64_t a, uint64_t b, uint64_t lane, size_t len)
{
    unsigned __int128 product =
        (unsigned __int128)(a ^ secret[0] ^ lane) * (b ^ secret[1]);

    return fold((uint64_t)product ^ secret[2] ^ len,
                (uint64_t)(product >> 64) ^ secret[3]);
}

/* More than 16 bytes: everything but the last 16 goes into the lane. */
static uint64_t
lane_of(const char *at, size_t len)
{
    uint64_t lane = secret[4];

    if (len > 48) {
        uint64_t lane1 = secret[5], lane2 = secret[6];

        do {
            lane = fold(bytes_load8(at) ^ secret[5], bytes_load8(at + 8) ^ lane);
            lane1 = fold(bytes_load8(at + 16) ^ secret[6], bytes_load8(at + 24) ^ lane1);
            lane2 = fold(bytes_load8(at + 32) ^ secret[7], bytes_load8(at + 40) ^ lane2);
            at += 48;
            len -= 48;
        } while (len > 48);
        lane = fold(lane ^ secret[7], lane1 ^ secret[2]) + lane2;
    }
    while (len > 16) {
        lane = fold(bytes_load8(at) ^ secret[5], bytes_load8(at + 8) ^ lane);
        at += 16;
        len -= 16;
    }
    return lane;
}

uint64_t
hash_bytes(const void *text, size_t len)
{
    const char *at = text;
    uint64_t lane = 0;

    if (len > 16)
        lane = lane_of(at, len);
    if (LIKELY(len >= 8))
        return finish(bytes_load8(len > 16 ? at + len - 16 : at),
                      bytes_load8(at + len - 8), lane, len);
    if (len >= 4)
        return finish(bytes_load4(at), bytes_load4(at + len - 4), 0, len);
    if (len > 0)                        /* first, middle and last of 1 to 3 */
        return finish((uint64_t)(unsigned char)at[0] << 16
                      | (uint64_t)(unsigned char)at[len >> 1] << 8
                      | (unsigned char)at[len - 1], 0, 0, len);
    return finish(0, 0, 0, 0);
}

/* ---- SHA-1 and SHA-256 (FIPS 180-4) ---- */

static inline uint32_t
left(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

static inline uint32_t
big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

#define CHOOSE(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define PARITY(x, y, z) ((x) ^ (y) ^ (z))
#define MAJORITY(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))

/* A step that leaves its result in e; the next takes the five names one place on. */
#define STEP(a, b, c, d, e, mix, constant, word) \
    e += left(a, 5) + mix(b, c, d) + (constant) + (word); \
    b = left(b, 30)
#define TWENTY_STEPS(from, mix, constant) \
    for (int i = (from); i < (from) + 20; i += 5) { \
        STEP(a, b, c, d, e, mix, constant, w[i]); \
        STEP(e, a, b, c, d, mix, constant, w[i + 1]); \
        STEP(d, e, a, b, c, mix, constant, w[i + 2]); \
        STEP(c, d, e, a, b, mix, constant, w[i + 3]); \
        STEP(b, c, d, e, a, mix, constant, w[i + 4]); \
    }

static void
sha1_block(uint32_t h[], const unsigned char *at)
{
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], w[80];

    for (int i = 0; i < 16; i++)
        w[i] = big_endian(at + 4 * i);
    for (int i = 16; i < 80; i++)
        w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    TWENTY_STEPS(0, CHOOSE, 0x5a827999)
    TWENTY_STEPS(20, PARITY, 0x6ed9eba1)
    TWENTY_STEPS(40, MAJORITY, 0x8f1bbcdc)
    TWENTY_STEPS(60, PARITY, 0xca62c1d6)
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

static const uint32_t sha256_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void
sha256_block(uint32_t h[], const unsigned char *at)
{
    uint32_t s[8], w[64];

    memcpy(s, h, sizeof s);
    for (int i = 0; i < 16; i++)
        w[i] = big_endian(at + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];

        w[i] = w[i - 16] + (left(x, 25) ^ left(x, 14) ^ x >> 3)
             + w[i - 7] + (left(y, 15) ^ left(y, 13) ^ y >> 10);
    }
    for (int i = 0; i < 64; i++) {
        uint32_t a = s[0], e = s[4];
        uint32_t t1 = s[7] + (left(e, 26) ^ left(e, 21) ^ left(e, 7))
                    + ((e & s[5]) ^ (~e & s[6])) + sha256_constant[i] + w[i];
        uint32_t t2 = (left(a, 30) ^ left(a, 19) ^ left(a, 10))
                    + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        h[i] += s[i];
}

/* Both pad alike: 0x80, zeros, the length in bits in the last 8 bytes. */
static void
sha(void (*block)(uint32_t *, const unsigned char *), uint32_t *h,
    const unsigned char *at, size_t len)
{
    unsigned char tail[128] = { 0 };
    size_t rest = len % 64, tail_len = rest < 56 ? 64 : 128;
    uint64_t bits = (uint64_t)len * 8;

    for (size_t i = 0; i + 64 <= len; i += 64)
        block(h, at + i);
    if (rest > 0)
        memcpy(tail, at + len - rest, rest);
    tail[rest] = 0x80;
    for (int i = 0; i < 8; i++)
        tail[tail_len - 1 - i] = (unsigned char)(bits >> 8 * i);
    for (size_t i = 0; i < tail_len; i += 64)
        block(h, tail + i);
}

static void
put_words(unsigned char *out, const uint32_t *h, size_t words)
{
    for (size_t i = 0; i < 4 * words; i++)
        out[i] = (unsigned char)(h[i / 4] >> (24 - i % 4 * 8));
}

void
hash_sha1(const void *at, size_t len, unsigned char out[20])
{
    uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };

    sha(sha1_block, h, at, len);
    put_words(out, h, 5);
}

void
hash_sha256(const void *at, size_t len, unsigned char out[32])
{
    uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

    sha(sha256_block, h, at, len);
    put_words(out, h, 8);
}

void
hash_hex(const unsigned char *in, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
}
