/* SPDX-License-Identifier: MIT
 * fuzz/fuzz_request.c - libFuzzer entry for request parsing.  The first two bytes choose
 * how the rest is cut into feeds and which limits hold; what the reader makes of it
 * must be what the naive parser does, and every view must be readable. */
#include <stdlib.h>

#include "base/alloc.h"
#include "fuzz/naive_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct request_limits anybody = { .bulk_max = 512 << 20,
                                               .args_max = INT_MAX };
static const struct request_limits stranger = { .bulk_max = 16384, .args_max = 10,
                                                .unauthenticated = true };

/* Sizes from the seed: bytes, small pieces, or reads as a socket gives them. */
static size_t
piece(void *arg)
{
    unsigned *seed = arg;

    *seed = *seed * 1103515245u + 12345u;
    switch (*seed >> 29) {
    case 0: case 1: return 1;
    case 2: case 3: return 1 + (*seed >> 8) % 40;
    case 4: case 5: return 1 + (*seed >> 8) % 3000;
    default: return REQUEST_FEED_MAX;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct transcript wanted = { { 0 } }, got = { { 0 } };
    const struct request_limits *limits;
    struct request_reader *r;
    struct bytes in;
    unsigned seed;

    if (size < 2)
        return 0;
    seed = data[0] | (unsigned)data[1] << 8;
    limits = data[1] & 0x80 ? &stranger : &anybody;
    in = bytes_view(data + 2, size - 2);
    if (in.len > REQUEST_LINE_MAX)      /* where it is cut matters beyond this */
        return 0;
    r = request_reader_new();
    naive_transcript(in, limits, &wanted);
    reader_transcript(r, in, limits, piece, &seed, &got);
    if (!bytes_equal(text_view(&wanted.text), text_view(&got.text))) {
        fprintf(stderr, "wanted:\n%.*s\ngot:\n%.*s\n", B_ARG(text_view(&wanted.text)),
                B_ARG(text_view(&got.text)));
        abort();
    }
    request_reader_free(r);
    text_free(&wanted.text);
    text_free(&got.text);
    return 0;
}
