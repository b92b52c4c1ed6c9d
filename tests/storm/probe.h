/* SPDX-License-Identifier: MIT
 *
 * probe.h - one REST client on a thread of its own, which asks a hundred times a second and
 * notes how long the answers take, from the moment when the server could be reached again after
 * it was away. A late answer makes those behind it late too: all count from when they were due.
 */
#ifndef WYE_TESTS_STORM_PROBE_H
#define WYE_TESTS_STORM_PROBE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct probe_result {
	uint64_t
		listening; /* when it was reached again; as of client_now(); 0: it never went */
	unsigned answers, failed;
	double p50, p99, most; /* milliseconds */
};

/* Begins to ask for a path. Returns 0 or a negative errno. */
int probe_begin(const struct sockaddr_in *server, const char *path);

/* Ends it. Until then the result is the thread's. */
struct probe_result probe_end(void);

#endif
