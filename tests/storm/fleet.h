/* SPDX-License-Identifier: MIT
 *
 * fleet.h - WebSocket clients that come again when they have lost their connection, as those in
 * a browser do, and what is known of their return. Everything is on the one thread.
 */
#ifndef WYE_TESTS_STORM_FLEET_H
#define WYE_TESTS_STORM_FLEET_H

#include "../bench/client.h"

enum { FLEET_ATTEMPTS = 64 }; /* that are told apart */

struct fleet_options {
	const char *target; /* HOST:PORT/PATH */
	unsigned clients, sources;
	unsigned attempts; /* before one gives up; 0: never */
	double every;      /* seconds between attempts; 0: min(1 s * 2^n + random(1 s), 30 s) */
};

struct fleet_result {
	unsigned inside, given_up;
	uint64_t refused;                    /* by an answer */
	uint64_t unreachable;                /* without one */
	unsigned needed[FLEET_ATTEMPTS + 1]; /* how many were let in at their n-th attempt */
	unsigned returned;
	uint64_t *let_in; /* when each was that has returned, in order; as of client_now() */
};

/* Returns 0 or a negative errno, and says why. */
int fleet_begin(const struct fleet_options *options);

/* Where it connects to. */
const struct sockaddr_in *fleet_server(void);

/* Opens all connections, with as many attempts as it takes. False: not before the deadline. */
bool fleet_open(uint64_t deadline);

/* Lets all lose their connection and come again. False: the deadline came first. */
bool fleet_return(uint64_t deadline);

/* Keeps the connections for a moment. */
void fleet_turn(void);

/* Closes them properly, or within five seconds. */
void fleet_end(void);

const struct fleet_result *fleet_result(void);

#endif
