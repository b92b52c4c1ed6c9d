/* SPDX-License-Identifier: MIT
 *
 * modes.h - what the load client can do, one file each. A mode prints its result line and
 * returns the exit status; its hooks are in place before it runs.
 */
#ifndef WYE_TESTS_BENCH_MODES_H
#define WYE_TESTS_BENCH_MODES_H

#include "crowd.h"

extern const struct client_hooks broadcast_hooks, echo_hooks, greet_hooks, handshake_hooks,
	idle_hooks;

int mode_broadcast(void);
int mode_echo(void);
int mode_greet(void);
int mode_handshake(void);
int mode_idle(void);
int mode_round(void);

#endif
