/* SPDX-License-Identifier: MIT
 * commands/c_lolwut.c - LOLWUT: a fire, and the version.
 *
 * How:        the bottom row of a grid burns; every cell above it takes the mean
 *             heat of the three cells below, a little cooler each step up, so
 *             that tongues form where the embers happened to be hot together.
 * Cost:       O(columns * rows), both bounded: the size is the client's wish.
 * Read next:  commands/c_debug.c */
#include "base/alloc.h"
#include "base/rand.h"
#include "base/text.h"
#include "base/version.h"
#include "command/call.h"
#include "commands/families.h"

#define COLUMNS_MAX 500
#define ROWS_MAX 200
#define HEAT_MAX 255
#define EMBER_WIDTH 4           /* neighbouring embers burn alike */

static int
bounded(int64_t n, int max)
{
    return n < 1 ? 1 : n > max ? max : (int)n;
}

static void
light_embers(unsigned char *row, int columns)
{
    int heat = 0, i;

    for (i = 0; i < columns; i++) {
        if (i % EMBER_WIDTH == 0)
            heat = rand_below(3) ? (int)rand_below(HEAT_MAX + 1) : HEAT_MAX;
        row[i] = (unsigned char)heat;
    }
}

/* Heat of one row from the row below it. */
static void
rise(unsigned char *row, const unsigned char *below, int columns, int cooling)
{
    int i;

    for (i = 0; i < columns; i++) {
        int left = below[i ? i - 1 : 0];
        int right = below[i + 1 < columns ? i + 1 : i];
        int heat = (left + below[i] + right) / 3 - (int)rand_below((uint64_t)cooling + 1);

        row[i] = (unsigned char)(heat > 0 ? heat : 0);
    }
}

static void
draw_fire(struct text *out, int columns, int rows)
{
    static const char shades[] = " .:^*xs$#@";
    unsigned char *heat = mem_zalloc((size_t)columns * (size_t)rows);
    int y, x;

    light_embers(heat + (size_t)(rows - 1) * (size_t)columns, columns);
    for (y = rows - 2; y >= 0; y--)
        rise(heat + (size_t)y * (size_t)columns, heat + (size_t)(y + 1) * (size_t)columns,
             columns, 1 + 2 * HEAT_MAX / rows);
    for (y = 0; y < rows; y++) {
        for (x = 0; x < columns; x++) {
            int h = heat[(size_t)y * (size_t)columns + (size_t)x];

            text_add_char(out, shades[h * (int)(sizeof shades - 2) / HEAT_MAX]);
        }
        text_add_char(out, '\n');
    }
    mem_free(heat);
}

/* What follows VERSION v: columns, rows, and for version 5 a third number that the fire
 * has no use for.  Missing ones keep their value. */
static bool
read_size(struct call *c, int numbers, int64_t *columns, int64_t *rows)
{
    int64_t unused, *into[] = { columns, rows, &unused };

    for (int i = 0; i < numbers && 3 + i < c->argc; i++)
        if (!call_int(c, 3 + i, into[i]))
            return false;
    return true;
}

/* LOLWUT [VERSION v [columns [rows]]].  Redis has pictures for its versions 5 and 6;
 * whatever else is asked for, it names its version. */
static void
cmd_lolwut(struct call *c)
{
    int64_t version = 0, columns = 66, rows = 18;
    struct text out = { 0 };

    if (c->argc >= 3 && call_is(c, 1, "version") && !call_int(c, 2, &version))
        return;
    if (version == 5 || version == 6) {
        if (!read_size(c, version == 5 ? 3 : 2, &columns, &rows))
            return;
        draw_fire(&out, bounded(columns, COLUMNS_MAX), bounded(rows, ROWS_MAX));
        text_add_text(&out, "\nIgnisDB ver. " VERSION_IGNIS "\n");
    }
    text_add_text(&out, "Redis ver. " VERSION_REDIS "\n");
    reply_verbatim(c->out, "txt", text_view(&out));
    text_free(&out);
}

static const struct command lolwut_commands[] = {
    { .name = "lolwut", .run = cmd_lolwut, .arity = -1,
      .flags = READONLY | FAST,
      .syntax = "[VERSION version:i]",
      .since = "5.0.0",
      .summary = "Draw a picture and name the version." },
};
const struct family lolwut_family = FAMILY("server", 0, lolwut_commands);
