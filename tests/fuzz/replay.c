/* SPDX-License-Identifier: MIT
 * tests/fuzz/replay.c - feed a fuzzer's entry the inputs it has learnt, so that
 * what was found once stays found in every `make check`.
 *
 *   fuzz_x [FILE or DIRECTORY ...]    default: corpus/x beside the sources */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static size_t replayed;

static void
replay_file(const char *path, size_t len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *at = malloc(len + 1);      /* exact, so that a sanitizer sees overreads */

    if (f == NULL || at == NULL || fread(at, 1, len, f) != len) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    fclose(f);
    at = realloc(at, len > 0 ? len : 1);
    LLVMFuzzerTestOneInput(at, len);
    free(at);
    replayed++;
}

static void
replay(const char *path)
{
    struct stat st;
    struct dirent *entry;
    DIR *dir;

    if (stat(path, &st) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (S_ISREG(st.st_mode)) {
        replay_file(path, (size_t)st.st_size);
        return;
    }
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char inner[PATH_MAX];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        replay(inner);
    }
    if (dir != NULL)
        closedir(dir);
}

int
main(int argc, char **argv)
{
    const char *source = getenv("IGNIS_SOURCE");
    const char *name = strstr(argv[0], "fuzz_");
    char corpus[PATH_MAX];

    while (name != NULL && strstr(name + 1, "fuzz_") != NULL)
        name = strstr(name + 1, "fuzz_");
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc < 2) {
        snprintf(corpus, sizeof corpus, "%s/tests/fuzz/corpus/%s",
                 source != NULL ? source : ".", name != NULL ? name + 5 : "");
        replay(corpus);
    }
    printf("%zu inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
