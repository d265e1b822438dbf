/* SPDX-License-Identifier: MIT
 * commands/debug_layout.h - the words of DEBUG that tell how a collection lies in
 * memory.  Each is a row of the table in c_debug.c, which has counted the arguments. */
#ifndef IGNIS_COMMANDS_DEBUG_LAYOUT_H
#define IGNIS_COMMANDS_DEBUG_LAYOUT_H
#include "base/text.h"
#include "command/call.h"

/* LISTPACK key, of a small collection. */
void debug_listpack(struct call *c);
/* QUICKLIST key [0|1], of a long list. */
void debug_quicklist(struct call *c);
/* QUICKLIST-PACKED-THRESHOLD size */
void debug_quicklist_packed_threshold(struct call *c);
/* " ql_nodes:..." for DEBUG OBJECT; nothing unless the value is a long list. */
void debug_add_list_facts(struct text *line, struct call *c, struct value v);

#endif
