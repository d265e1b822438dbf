/* SPDX-License-Identifier: MIT
 * base/bytes.c - comparing and copying views of bytes. */
#include "base/bytes.h"
#include "base/alloc.h"

static inline unsigned char
lower(unsigned char c)
{
    return (unsigned)c - 'A' < 26 ? c | 0x20 : c;
}

static bool
equal_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower((unsigned char)a[i]) != lower((unsigned char)b[i]))
            return false;
    return true;
}

bool
bytes_equal_nocase(struct bytes a, struct bytes b)
{
    return a.len == b.len && equal_nocase(a.at, b.at, a.len);
}

bool
bytes_is(struct bytes a, const char *word)
{
    return a.len == strlen(word) && equal_nocase(a.at, word, a.len);
}

int
bytes_compare(struct bytes a, struct bytes b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

char *
bytes_copy_text(struct bytes b)
{
    char *text = mem_alloc(b.len + 1);

    memcpy(text, b.at, b.len);
    text[b.len] = '\0';
    return text;
}

bool
bytes_equal_secret(struct bytes a, struct bytes b)
{
    unsigned char diff = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        diff |= (unsigned char)(a.at[i] ^ b.at[i]);
    return diff == 0;
}
