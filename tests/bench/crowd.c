/* SPDX-License-Identifier: MIT
 *
 * crowd.c - see crowd.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "crowd.h"

enum { OPENING_AT_ONCE = 128, SAMPLES = 1 << 20 };

struct options options = {
	.connections = 64, .in_flight = 1, .size = 32, .warm_up = 0.5, .sources = -1
};
struct client_load load;
struct client *clients;
unsigned started, opened, lost;
uint64_t handshakes;
bool ending;

static unsigned proper;
static volatile sig_atomic_t interrupted;
static uint32_t *samples; /* at most SAMPLES of them */
static uint64_t sampled;

void die(const char *what, int error)
{
	fprintf(stderr, "wsload: %s: %s\n", what, strerror(error));
	exit(1);
}

static void interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

void crowd_prepare(void)
{
	struct sigaction action = { .sa_handler = interrupt };
	struct rlimit limit;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- time ---- */

uint64_t after(double seconds)
{
	return client_now() + (uint64_t)(seconds * 1e9);
}

bool over(uint64_t deadline)
{
	return interrupted || client_now() >= deadline;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		return 0;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A process's clock counts all its threads, also those that have ended. */
uint64_t cpu_of(const char *pids)
{
	uint64_t sum = 0;
	clockid_t clock;
	char *end;

	while (pids && *pids) {
		long pid = strtol(pids, &end, 10);

		if (end == pids || clock_getcpuclockid((pid_t)pid, &clock))
			die("no such process", ESRCH);
		sum += clock_ns(clock);
		pids = *end ? end + 1 : end;
	}
	return sum;
}

/* ---- connections ---- */

void open_more(unsigned at_once)
{
	int error;

	while (started < options.connections && load.beginning < at_once) {
		clients[started].index = started;
		error = client_connect(&load, &clients[started]);
		if (error)
			die("connect", -error);
		started++;
	}
}

void open_all(uint64_t deadline)
{
	do {
		open_more(OPENING_AT_ONCE);
		client_turn(&load, 100);
	} while ((load.beginning || started < options.connections) && !over(deadline));
}

void close_all(uint64_t deadline)
{
	ending = true;
	for (unsigned i = 0; i < started; i++) {
		if (clients[i].state == CLIENT_OPEN)
			client_close(&load, &clients[i]);
		if (i % OPENING_AT_ONCE == 0)
			client_turn(&load, 0);
	}
	while (load.open && client_now() < deadline)
		client_turn(&load, 100);
}

void closed_count(struct client_load *all, struct client *client, bool was_proper)
{
	(void)all;
	(void)client;
	if (was_proper)
		proper++;
	else if (!ending)
		lost++;
}

void failed_note(struct client_load *all, struct client *client)
{
	(void)all;
	(void)client;
}

void opened_count(struct client_load *all, struct client *client)
{
	(void)all;
	(void)client;
	opened++;
}

void heard_nothing(struct client_load *all, struct client *client, unsigned messages)
{
	(void)all;
	(void)client;
	(void)messages;
}

unsigned proper_closes(void)
{
	return proper;
}

static bool run_over(uint64_t deadline)
{
	return over(deadline) || load.open + load.beginning == 0 ||
	       (options.messages && load.messages >= options.messages);
}

void run_until(uint64_t deadline)
{
	while (!run_over(deadline))
		client_turn(&load, 100);
}

/* ---- the result ---- */

void window_read(struct window *now)
{
	now->time = client_now();
	now->server = cpu_of(options.pids);
	now->client = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	now->messages = load.messages;
	now->handshakes = handshakes;
}

bool result_print(const char *mode, const struct window *from, const struct window *to)
{
	printf("{\"mode\":\"%s\",\"connections\":%u,\"opened\":%u,\"failed\":%u,\"lost\":%u,"
	       "\"messages\":%llu,\"bad\":%llu,\"handshakes\":%llu,\"proper_closes\":%u,"
	       "\"seconds\":%.6f,\"server_cpu_ns\":%llu,\"client_cpu_ns\":%llu",
	       mode, options.connections, opened, load.failed, lost,
	       (unsigned long long)(to->messages - from->messages),
	       (unsigned long long)load.bad,
	       (unsigned long long)(to->handshakes - from->handshakes), proper,
	       (double)(to->time - from->time) / 1e9,
	       (unsigned long long)(to->server - from->server),
	       (unsigned long long)(to->client - from->client));
	return load.failed || lost || load.bad;
}

int result_end(bool wrong)
{
	printf(",\"trouble\":\"%s\"}\n", wrong ? load.trouble : "");
	fflush(stdout);
	return wrong;
}

void sample_add(uint64_t ns)
{
	if (!samples)
		samples = calloc(SAMPLES, sizeof *samples);
	if (!samples)
		die("memory", ENOMEM);
	samples[sampled++ % SAMPLES] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

void samples_forget(void)
{
	sampled = 0;
}

static int sample_compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

void samples_print(void)
{
	size_t count = sampled < SAMPLES ? (size_t)sampled : SAMPLES;

	if (!count)
		return;
	qsort(samples, count, sizeof *samples, sample_compare);
	printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f", samples[count / 2] / 1e3,
	       samples[count * 99 / 100] / 1e3, samples[count - 1] / 1e3);
}
