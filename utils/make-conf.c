/* SPDX-License-Identifier: MIT
 * utils/make-conf.c - print ignis.conf as src/config/options.def has it.
 *
 *     utils/make-conf > ignis.conf */
#include <stdio.h>

#include "config/config.h"

int
main(void)
{
    struct text conf = { 0 };
    bool ok;

    config_template(&conf);
    ok = fwrite(conf.at, 1, conf.len, stdout) == conf.len && fflush(stdout) == 0;
    text_free(&conf);
    return ok ? 0 : 1;
}
