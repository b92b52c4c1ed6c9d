/* SPDX-License-Identifier: MIT
 *
 * probe.c - see probe.h.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../bench/client.h"
#include "probe.h"

enum {
	SAMPLES = 1 << 17,
	PATIENCE = 5, /* seconds for an answer */
};

static const uint64_t INTERVAL = 10000000, SHORT = 1000000; /* ns */

static struct sockaddr_in server;
static char request[512];
static pthread_t thread;
static atomic_bool stopping;
static struct probe_result result;
static uint64_t samples[SAMPLES];
static int connection = -1;
static bool away;

static void sleep_until(uint64_t moment)
{
	struct timespec until = { .tv_sec = (time_t)(moment / 1000000000),
				  .tv_nsec = (long)(moment % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void disconnect(void)
{
	close(connection);
	connection = -1;
}

/* What was measured before the server went does not count. */
static void back_again(void)
{
	result.listening = client_now();
	result.answers = result.failed = 0;
	away = false;
}

static bool connected(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	int one = 1;

	if (connection >= 0)
		return true;
	connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (!connect(connection, (struct sockaddr *)&server, sizeof server)) {
		if (away)
			back_again();
		return true;
	}
	away |= errno == ECONNREFUSED;
	disconnect();
	return false;
}

/* An answer with a Content-Length. */
static bool answer_read(void)
{
	char text[4096] = "";
	size_t have = 0;

	while (have < sizeof text - 1) {
		ssize_t n = recv(connection, text + have, sizeof text - 1 - have, 0);
		const char *end, *length;

		if (n <= 0)
			return false;
		have += (size_t)n;
		end = strstr(text, "\r\n\r\n");
		length = strcasestr(text, "\r\ncontent-length: ");
		if (end && length &&
		    have >= (size_t)(end + 4 - text) + strtoul(length + 18, NULL, 10))
			return !strncmp(text, "HTTP/1.1 200 ", 13);
	}
	return false;
}

static void ask(uint64_t due)
{
	size_t length = strlen(request);

	if (send(connection, request, length, MSG_NOSIGNAL) == (ssize_t)length &&
	    answer_read()) {
		if (result.answers < SAMPLES)
			samples[result.answers++] = client_now() - due;
		return;
	}
	result.failed++;
	disconnect();
}

static void *run(void *argument)
{
	uint64_t due = client_now();

	while (!stopping) {
		sleep_until(due);
		if (connected()) {
			ask(due);
			due += INTERVAL;
		} else {
			due = client_now() + SHORT;
		}
	}
	return argument;
}

int probe_begin(const struct sockaddr_in *at, const char *path)
{
	server = *at;
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: storm\r\n\r\n", path);
	return -pthread_create(&thread, NULL, run, NULL);
}

static int by_length(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

struct probe_result probe_end(void)
{
	unsigned count;

	stopping = true;
	pthread_join(thread, NULL);
	if (connection >= 0)
		disconnect();
	count = result.answers;
	if (!count)
		return result;
	qsort(samples, count, sizeof *samples, by_length);
	result.p50 = (double)samples[count / 2] / 1e6;
	result.p99 = (double)samples[(uint64_t)count * 99 / 100] / 1e6;
	result.most = (double)samples[count - 1] / 1e6;
	return result;
}
