/* SPDX-License-Identifier: MIT
 *
 * storm.c - a fleet of WebSocket clients that all lose their connection, as their server is
 * restarted by somebody else (tests/storm/run), and come again; and a REST client on the same
 * port meanwhile.
 *
 *   storm [options] HOST:PORT/PATH
 *
 *   -c, --clients N      default 5000
 *   -a, --addresses N    loopback source addresses, 127.0.0.2 on     default 64
 *   -r, --retry HOW      backoff: min(1 s * 2^n + random(1 s), 30 s); fixed: every 3 s
 *   -n, --attempts N     before a client gives up; 0: never          default 5; fixed: 0
 *   -p, --rest PATH      what the REST client asks for               default /
 *   -t, --time T         seconds that the whole may take             default 300
 *
 * Says {"ready":N} when all are connected, waits until all have lost their connection and have
 * come again or given up, says how that was in one line of JSON, keeps the connections until a
 * line or the end of stdin, and closes them. Exit status: 0 if all came back, 1, 2 for wrong
 * usage.
 */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fleet.h"
#include "probe.h"

static struct fleet_options options = { .clients = 5000, .sources = 64, .attempts = 5 };
static const char *path = "/";
static double patience = 300;

static const uint64_t SECOND = 1000000000;

/* ---- the result ---- */

/* Of any second of the clock, wherever it begins. */
static unsigned most_in_a_second(const struct fleet_result *fleet)
{
	unsigned most = 0;

	for (unsigned first = 0, i = 0; i < fleet->returned; i++) {
		while (fleet->let_in[i] - fleet->let_in[first] >= SECOND)
			first++;
		if (i - first + 1 > most)
			most = i - first + 1;
	}
	return most;
}

static void print_seconds(const struct fleet_result *fleet, uint64_t from)
{
	unsigned i = 0;

	if (!from && fleet->returned) /* it was never seen to be away */
		from = fleet->let_in[0];
	printf(",\"let_in\":[");
	for (uint64_t second = 1; i < fleet->returned; second++) {
		unsigned before = i;

		while (i < fleet->returned && fleet->let_in[i] < from + second * SECOND)
			i++;
		printf("%s%u", second > 1 ? "," : "", i - before);
	}
	printf("],\"last_in\":%.2f", i ? (double)(fleet->let_in[i - 1] - from) / 1e9 : 0.0);
}

static void print_attempts(const struct fleet_result *fleet)
{
	unsigned last = FLEET_ATTEMPTS;

	while (last > 1 && !fleet->needed[last])
		last--;
	printf(",\"needed\":[");
	for (unsigned n = 1; n <= last; n++)
		printf("%s%u", n > 1 ? "," : "", fleet->needed[n]);
	printf("]");
}

static void print_result(const struct fleet_result *fleet, const struct probe_result *probe)
{
	printf("{\"clients\":%u,\"inside\":%u,\"given_up\":%u,\"refused\":%llu,"
	       "\"unreachable\":%llu,\"most_in_a_second\":%u",
	       options.clients, fleet->inside, fleet->given_up,
	       (unsigned long long)fleet->refused, (unsigned long long)fleet->unreachable,
	       most_in_a_second(fleet));
	print_seconds(fleet, probe->listening);
	print_attempts(fleet);
	printf(",\"rest\":{\"answers\":%u,\"failed\":%u,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
	       "\"max_ms\":%.2f}}\n",
	       probe->answers, probe->failed, probe->p50, probe->p99, probe->most);
	fflush(stdout);
}

/* ---- options ---- */

static const struct option letters[] = {
	{ "clients", required_argument, NULL, 'c' },
	{ "addresses", required_argument, NULL, 'a' },
	{ "retry", required_argument, NULL, 'r' },
	{ "attempts", required_argument, NULL, 'n' },
	{ "rest", required_argument, NULL, 'p' },
	{ "time", required_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 },
};

static bool retry_take(const char *how)
{
	if (!strcmp(how, "backoff"))
		return true;
	options.every = 3;
	options.attempts = 0;
	return !strcmp(how, "fixed");
}

static bool option_take(int letter, const char *value)
{
	switch (letter) {
	case 'c':
		options.clients = (unsigned)strtoul(value, NULL, 10);
		return options.clients;
	case 'a':
		options.sources = (unsigned)strtoul(value, NULL, 10);
		return true;
	case 'n':
		options.attempts = (unsigned)strtoul(value, NULL, 10);
		return true;
	case 'p':
		path = value;
		return *value == '/';
	case 't':
		patience = strtod(value, NULL);
		return patience > 0;
	case 'r':
		return retry_take(value);
	}
	return false;
}

static bool options_take(int count, char **words)
{
	int letter;

	while ((letter = getopt_long(count, words, "c:a:r:n:p:t:", letters, NULL)) != -1)
		if (letter == '?' || !option_take(letter, optarg))
			return false;
	options.target = words[optind];
	return optind + 1 == count;
}

/* ---- the run ---- */

static void take_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void keep_until_told(uint64_t deadline)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	while (client_now() < deadline && !poll(&input, 1, 0))
		fleet_turn();
}

static int run(uint64_t deadline)
{
	const struct fleet_result *fleet;
	struct probe_result probe;
	bool all;

	if (fleet_begin(&options))
		return 1;
	if (!fleet_open(deadline)) {
		fprintf(stderr, "storm: %u of %u could connect\n", fleet_result()->inside,
			options.clients);
		return 1;
	}
	if (probe_begin(fleet_server(), path)) {
		fprintf(stderr, "storm: no thread\n");
		return 1;
	}
	printf("{\"ready\":%u}\n", options.clients);
	fflush(stdout);
	all = fleet_return(deadline);
	probe = probe_end();
	fleet = fleet_result();
	print_result(fleet, &probe);
	keep_until_told(deadline);
	fleet_end();
	return !all || fleet->returned < options.clients;
}

int main(int count, char **words)
{
	if (!options_take(count, words)) {
		fprintf(stderr,
			"usage: storm [-c clients] [-a addresses] [-r backoff|fixed] [-n "
			"attempts]\n             [-p path] [-t seconds] HOST:PORT/PATH\n");
		return 2;
	}
	take_descriptors();
	srandom((unsigned)getpid());
	return run(client_now() + (uint64_t)(patience * 1e9));
}
