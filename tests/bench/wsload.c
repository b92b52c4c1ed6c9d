/* SPDX-License-Identifier: MIT
 *
 * wsload.c - a WebSocket load client: one thread, epoll, one JSON line as its result.
 *
 *   wsload echo      [options] HOST:PORT/PATH   K messages in flight on each connection
 *   wsload handshake [options] HOST:PORT/PATH   connect, Upgrade, read the 101, close, again
 *   wsload idle      [options] HOST:PORT/PATH   open, say so, wait for stdin or a signal, close
 *   wsload round     [options] HOST:PORT/PATH   open all, one echo on each, close all properly
 *   wsload cpu PID[,PID...]                     CPU of these processes so far, in ns
 *   wsload port [N]                             N TCP ports that are free on 127.0.0.1
 *
 *   -c N     connections; handshake: at once                          default 64
 *   -k K     echo: messages in flight on a connection                 default 1
 *   -s N     payload, bytes                                           default 32
 *   -t T     seconds measured; idle, round: at most until all is done default 5; 60
 *   -w T     echo, handshake: seconds before measuring begins         default 0.5
 *   -n N     echo: stop after N messages instead (no -w)
 *   -a N     loopback source addresses, 127.0.0.2 on; 0: no choice    default 64; echo: 0
 *   -g       handshake: close with close frames instead of a reset
 *   -V       compare every echo byte by byte (default: each connection's first, and all
 * lengths) -p       round: wait for a line on stdin when all are open -S PIDS  add the CPU
 * these processes used in the measured time
 *
 * Exit status: 0, 1 if a connection or an echo failed, 2 for wrong usage.
 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OPENING_AT_ONCE = 128, SAMPLES = 1 << 20 };

static struct {
	unsigned connections, in_flight;
	size_t size;
	double seconds, warm_up;
	uint64_t messages;
	int sources;
	bool properly, verify, pause;
	const char *pids, *target;
} options = { .connections = 64, .in_flight = 1, .size = 32, .warm_up = 0.5, .sources = -1 };

static struct client_load load;
static struct client *clients;
static unsigned started, opened, lost, proper_closes;
static uint64_t handshakes, asked;
static uint32_t *samples; /* handshake times in ns, at most SAMPLES of them */
static bool ending;
static volatile sig_atomic_t interrupted;

static void die(const char *what, int error)
{
	fprintf(stderr, "wsload: %s: %s\n", what, strerror(error));
	exit(1);
}

/* ---- clocks ---- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		return 0;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A process's clock counts all its threads, also those that have ended. */
static uint64_t cpu_of(const char *pids)
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

/* What a measured window began with. */
struct window {
	uint64_t time, server, client, messages, handshakes;
};

static void window_read(struct window *now)
{
	now->time = client_now();
	now->server = cpu_of(options.pids);
	now->client = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	now->messages = load.messages;
	now->handshakes = handshakes;
}

/* ---- the result ---- */

static bool result_print(const char *mode, const struct window *from, const struct window *to)
{
	printf("{\"mode\":\"%s\",\"connections\":%u,\"opened\":%u,\"failed\":%u,\"lost\":%u,"
	       "\"messages\":%llu,\"bad\":%llu,\"handshakes\":%llu,\"proper_closes\":%u,"
	       "\"seconds\":%.6f,\"server_cpu_ns\":%llu,\"client_cpu_ns\":%llu",
	       mode, options.connections, opened, load.failed, lost,
	       (unsigned long long)(to->messages - from->messages),
	       (unsigned long long)load.bad,
	       (unsigned long long)(to->handshakes - from->handshakes), proper_closes,
	       (double)(to->time - from->time) / 1e9,
	       (unsigned long long)(to->server - from->server),
	       (unsigned long long)(to->client - from->client));
	return load.failed || lost || load.bad;
}

static int result_end(bool wrong)
{
	printf(",\"trouble\":\"%s\"}\n", wrong ? load.trouble : "");
	fflush(stdout);
	return wrong;
}

/* ---- opening many ---- */

static void open_more(unsigned at_once)
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

static bool over(uint64_t deadline)
{
	return interrupted || client_now() >= deadline;
}

static void open_all(uint64_t deadline)
{
	do {
		open_more(OPENING_AT_ONCE);
		client_turn(&load, 100);
	} while ((load.beginning || started < options.connections) && !over(deadline));
}

static void close_all(uint64_t deadline)
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

/* Waits for a line or the end of stdin, or a signal, or the deadline. */
static void stdin_wait(uint64_t deadline)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[256];

	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	while (!over(deadline)) {
		client_turn(&load, 20);
		if (poll(&fd, 1, 0) > 0 && read(STDIN_FILENO, line, sizeof line) >= 0)
			return;
	}
}

static void closed_count(struct client_load *all, struct client *client, bool proper)
{
	(void)all;
	(void)client;
	if (proper)
		proper_closes++;
	else if (!ending)
		lost++;
}

static void failed_note(struct client_load *all, struct client *client)
{
	(void)all;
	(void)client;
}

static void opened_count(struct client_load *all, struct client *client)
{
	(void)all;
	(void)client;
	opened++;
}

static void heard_nothing(struct client_load *all, struct client *client, unsigned messages)
{
	(void)all;
	(void)client;
	(void)messages;
}

/* ---- echo ---- */

static unsigned may_send(unsigned messages)
{
	if (options.messages && asked + messages > options.messages)
		messages = (unsigned)(options.messages - asked);
	asked += messages;
	return messages;
}

static void echo_heard(struct client_load *all, struct client *client, unsigned messages)
{
	if (!ending)
		client_send(all, client, may_send(messages));
}

static const struct client_hooks echo_hooks = {
	.opened = opened_count,
	.heard = echo_heard,
	.failed = failed_note,
	.closed = closed_count,
};

static bool run_over(uint64_t deadline)
{
	return over(deadline) || load.open + load.beginning == 0 ||
	       (options.messages && load.messages >= options.messages);
}

static void run_until(uint64_t deadline)
{
	while (!run_over(deadline))
		client_turn(&load, 100);
}

static uint64_t after(double seconds)
{
	return client_now() + (uint64_t)(seconds * 1e9);
}

static int mode_echo(void)
{
	struct window from, to;
	bool wrong;

	open_all(after(60));
	for (unsigned i = 0; i < started; i++)
		if (clients[i].state == CLIENT_OPEN)
			client_send(&load, &clients[i], may_send(options.in_flight));
	if (!options.messages)
		run_until(after(options.warm_up));
	window_read(&from);
	if (options.messages)
		from.messages = 0;
	run_until(after(options.messages ? 60 : options.seconds));
	window_read(&to);
	close_all(after(2));
	wrong = result_print("echo", &from, &to) || load.messages < options.messages;
	return result_end(wrong);
}

/* ---- handshake ---- */

static void again(struct client *client)
{
	int error = ending ? 0 : client_connect(&load, client);

	if (error)
		die("connect", -error);
}

static void handshake_opened(struct client_load *all, struct client *client)
{
	samples[handshakes++ % SAMPLES] = (uint32_t)(client_now() - client->since);
	client->index += options.connections;
	if (options.properly) {
		client_close(all, client);
	} else {
		client_reset(all, client);
		again(client);
	}
}

static void handshake_failed(struct client_load *all, struct client *client)
{
	if (all->failed + lost > 100)
		die(all->trouble, ECONNABORTED);
	again(client);
}

static void handshake_closed(struct client_load *all, struct client *client, bool proper)
{
	closed_count(all, client, proper);
	handshake_failed(all, client);
}

static const struct client_hooks handshake_hooks = {
	.opened = handshake_opened,
	.heard = heard_nothing,
	.failed = handshake_failed,
	.closed = handshake_closed,
};

static int sample_compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static void percentiles_print(void)
{
	size_t count = handshakes < SAMPLES ? (size_t)handshakes : SAMPLES;

	if (!count)
		return;
	qsort(samples, count, sizeof *samples, sample_compare);
	printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f", samples[count / 2] / 1e3,
	       samples[count * 99 / 100] / 1e3, samples[count - 1] / 1e3);
}

static int mode_handshake(void)
{
	struct window from, to;
	bool wrong;

	samples = calloc(SAMPLES, sizeof *samples);
	if (!samples)
		die("memory", ENOMEM);
	open_more(options.connections);
	run_until(after(options.warm_up));
	window_read(&from);
	run_until(after(options.seconds));
	window_read(&to);
	ending = true;
	wrong = result_print("handshake", &from, &to);
	percentiles_print();
	return result_end(wrong || handshakes == 0);
}

/* ---- idle and round ---- */

static const struct client_hooks idle_hooks = {
	.opened = opened_count,
	.heard = heard_nothing,
	.failed = failed_note,
	.closed = closed_count,
};

static void ready_print(void)
{
	printf("{\"ready\":%u,\"failed\":%u}\n", load.open, load.failed);
	fflush(stdout);
}

static int mode_idle(void)
{
	uint64_t deadline = after(options.seconds);
	struct window from, to;

	window_read(&from);
	open_all(deadline);
	ready_print();
	stdin_wait(deadline);
	close_all(deadline);
	window_read(&to);
	return result_end(result_print("idle", &from, &to));
}

static int mode_round(void)
{
	uint64_t deadline = after(options.seconds);
	struct window from, to;
	bool wrong;

	window_read(&from);
	open_all(deadline);
	if (options.pause) {
		ready_print();
		stdin_wait(deadline);
	}
	for (unsigned i = 0; i < started; i++) {
		if (clients[i].state == CLIENT_OPEN)
			client_send(&load, &clients[i], 1);
		client_turn(&load, 0);
	}
	while (load.messages < load.open && !over(deadline))
		client_turn(&load, 100);
	close_all(deadline);
	window_read(&to);
	wrong = result_print("round", &from, &to);
	wrong |= load.messages != options.connections || proper_closes != options.connections;
	return result_end(wrong);
}

/* ---- small services for the benchmark's script ---- */

static int mode_cpu(const char *pids)
{
	printf("%llu\n", (unsigned long long)cpu_of(pids));
	return 0;
}

/* All are held until the last is known, so that they differ. */
static int mode_port(int count)
{
	for (int i = 0; i < count; i++) {
		struct sockaddr_in at = { .sin_family = AF_INET };
		socklen_t length = sizeof at;
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) ||
		    getsockname(fd, (struct sockaddr *)&at, &length))
			die("port", errno);
		printf("%u\n", ntohs(at.sin_port));
	}
	return 0;
}

static const struct mode {
	const char *name;
	const struct client_hooks *hooks;
	int (*run)(void);
	double seconds;
	int sources;
} modes[] = {
	{ "echo", &echo_hooks, mode_echo, 5, 0 },
	{ "handshake", &handshake_hooks, mode_handshake, 5, 64 },
	{ "idle", &idle_hooks, mode_idle, 60, 64 },
	{ "round", &idle_hooks, mode_round, 60, 64 },
};

static int usage(void)
{
	fprintf(stderr,
		"usage: wsload echo|handshake|idle|round [-c connections] [-k in-flight]"
		" [-s bytes]\n              [-t seconds] [-w seconds] [-n messages]"
		" [-a addresses] [-g] [-V] [-p] [-S pids] HOST:PORT/PATH\n"
		"       wsload cpu PID[,PID...] | wsload port [N]\n");
	return 2;
}

/* Returns false for an unknown letter. */
static bool number_take(int letter, double value)
{
	switch (letter) {
	case 'c':
		options.connections = (unsigned)value;
		return true;
	case 'k':
		options.in_flight = (unsigned)value;
		return true;
	case 's':
		options.size = (size_t)value;
		return true;
	case 't':
		options.seconds = value;
		return true;
	case 'w':
		options.warm_up = value;
		return true;
	case 'n':
		options.messages = (uint64_t)value;
		return true;
	case 'a':
		options.sources = (int)value;
		return true;
	}
	return false;
}

static bool option_take(int letter, const char *value)
{
	switch (letter) {
	case 'g':
		options.properly = true;
		return true;
	case 'V':
		options.verify = true;
		return true;
	case 'p':
		options.pause = true;
		return true;
	case 'S':
		options.pids = value;
		return true;
	}
	return value && number_take(letter, strtod(value, NULL));
}

static bool options_take(int count, char **words)
{
	int letter;

	while ((letter = getopt(count, words, "c:k:s:t:w:n:a:gVpS:")) != -1)
		if (!option_take(letter, optarg))
			return false;
	options.target = words[optind];
	return optind + 1 == count && options.connections && options.in_flight;
}

static void interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

static void process_prepare(void)
{
	struct sigaction action = { .sa_handler = interrupt };
	struct rlimit limit;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int mode_run(const struct mode *mode)
{
	int error = client_load_init(&load, options.target, options.size, options.in_flight);

	if (error)
		die(options.target, -error);
	if (options.seconds <= 0)
		options.seconds = mode->seconds;
	load.sources = (unsigned)(options.sources < 0 ? mode->sources : options.sources);
	load.verify_all = options.verify;
	load.hooks = mode->hooks;
	clients = calloc(options.connections, sizeof *clients);
	if (!clients)
		die("memory", ENOMEM);
	return mode->run();
}

int main(int count, char **words)
{
	if (count < 2)
		return usage();
	if (!strcmp(words[1], "cpu") && count == 3)
		return mode_cpu(words[2]);
	if (!strcmp(words[1], "port"))
		return mode_port(count > 2 ? atoi(words[2]) : 1);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(words[1], modes[i].name))
			continue;
		if (!options_take(count - 1, words + 1))
			return usage();
		process_prepare();
		return mode_run(&modes[i]);
	}
	return usage();
}
