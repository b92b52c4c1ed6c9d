/* SPDX-License-Identifier: MIT
 *
 * crowd.h - the connections of one run of the load client, and what its modes have in common:
 * the options, opening and closing many, the measured window, the result line. Everything is on
 * the one thread.
 */
#ifndef WYE_TESTS_BENCH_CROWD_H
#define WYE_TESTS_BENCH_CROWD_H

#include "client.h"

struct options {
	unsigned connections, in_flight;
	size_t size;
	double seconds, warm_up, rate;
	uint64_t messages;
	int sources;
	bool properly, verify, pause, tls;
	const char *pids, *target;
};

extern struct options options;
extern struct client_load load;
extern struct client *clients; /* options.connections of them */
extern unsigned started, opened,
	lost; /* lost: closed before the end, or without close frames */
extern uint64_t handshakes;
extern bool ending; /* connections may go now */

/* Says what failed and ends the program with 1. */
void die(const char *what, int error) __attribute__((noreturn));

/* Catches SIGINT and SIGTERM, which end a run early, and takes all descriptors there are. */
void crowd_prepare(void);

/* ---- time ---- */

/* The moment that many seconds from now, as of client_now(). */
uint64_t after(double seconds);
/* Also true after a signal. */
bool over(uint64_t deadline);

/* CPU of processes (PID[,PID...]; NULL: none) so far, in ns. */
uint64_t cpu_of(const char *pids);

/* ---- connections ---- */

/* Begins what is left to begin, with no more than `at_once` on the way. */
void open_more(unsigned at_once);
/* Opens all, or until the deadline. */
void open_all(uint64_t deadline);
/* Closes all with close frames. */
void close_all(uint64_t deadline);

/* Turns until the deadline, the end of all connections, or -n messages. */
void run_until(uint64_t deadline);

/* Hooks of client.h for modes that have nothing better to do. */
void opened_count(struct client_load *all, struct client *client);
void heard_nothing(struct client_load *all, struct client *client, unsigned messages);
void failed_note(struct client_load *all, struct client *client);
void closed_count(struct client_load *all, struct client *client, bool proper);
unsigned proper_closes(void);

/* ---- the result ---- */

/* What a measured window begins or ends with. */
struct window {
	uint64_t time, server, client, messages, handshakes;
};
void window_read(struct window *now);

/* Begins the JSON line; more members may follow. Returns true if something went wrong. */
bool result_print(const char *mode, const struct window *from, const struct window *to);
/* Ends it. Returns the exit status. */
int result_end(bool wrong);

/* Times in ns, of which a mode tells percentiles. */
void sample_add(uint64_t ns);
void samples_forget(void);
void samples_print(void);

#endif
