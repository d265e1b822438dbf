/* SPDX-License-Identifier: MIT
 * command/gates.h - who may run what, now.  Each gate is a small function that
 * lets a call pass, answers an error, or holds it back.  Gates are numbered in
 * the order they are asked.  A gate is asked only while it is armed (its
 * condition can fail at all) and for commands it looks at: the normal case asks none. */
#ifndef IGNIS_COMMAND_GATES_H
#define IGNIS_COMMAND_GATES_H
#include "command/call.h"

enum gate {
    GATE_PROTECTED,     /* enable-debug-command and the like */
    GATE_AUTH,          /* NOAUTH Authentication required. (armed per client) */
    GATE_MEMORY,        /* maxmemory: evict, or -OOM for DENY_OOM */
    GATE_SUBSCRIBED,    /* RESP2: hears channels, may say little (armed per client) */
    GATE_MONITOR,       /* who monitors does not use the keyspace */
    GATE_PAUSE,         /* CLIENT PAUSE: hold back */
    GATE_MULTI,         /* queue it (armed per client) */
    GATES
};
enum verdict { PASS, REFUSED /* answered */, HELD /* run again later */, QUEUED };
typedef enum verdict gate_fn(struct call *c);

/* Turn a gate's lamp on or off for everybody. */
void gate_arm(enum gate gate, bool on);
/* Which gates look at a command with these flags: computed once at registration. */
uint32_t gates_for(const struct command *row);
/* Ask all armed gates in `ask` in order; PASS when all pass. */
enum verdict gates_ask(struct call *c, uint32_t ask);
/* Lamps that are on for everybody; a client adds GATE_AUTH while not authenticated,
 * GATE_SUBSCRIBED while it hears channels and GATE_MULTI between MULTI and EXEC. */
uint32_t gates_armed(void);
#endif
