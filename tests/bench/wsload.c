/* SPDX-License-Identifier: MIT
 *
 * wsload.c - a WebSocket load client: one thread, epoll, one JSON line as its result.
 *
 *   wsload echo      [options] HOST:PORT/PATH   K messages in flight on each connection
 *   wsload broadcast [options] HOST:PORT/PATH   one more publishes, each message comes to all
 *   wsload handshake [options] HOST:PORT/PATH   connect, Upgrade, read the 101, close, again
 *   wsload greet     [options] HOST:PORT        connect, handshake of TLS (-T), close, again
 *   wsload idle      [options] HOST:PORT/PATH   open, say so, wait for stdin or a signal, close
 *   wsload round     [options] HOST:PORT/PATH   open all, one echo on each, close all properly
 *   wsload cpu PID[,PID...]                     CPU of these processes so far, in ns
 *   wsload port [N]                             N TCP ports that are free on 127.0.0.1
 *
 *   -c N     connections; handshake: at once; broadcast: subscribers  default 64
 *   -k K     echo: messages in flight on a connection; broadcast: messages that not all
 *            subscribers have yet                                     default 1
 *   -r R     broadcast: R messages a second instead
 *   -s N     payload, bytes; broadcast: at least 16                   default 32
 *   -t T     seconds measured; idle, round: at most until all is done default 5; 60
 *   -w T     echo, handshake, greet, broadcast: seconds before measuring  default 0.5
 *   -n N     echo, broadcast: stop after N messages instead (no -w)
 *   -a N     loopback source addresses, 127.0.0.2 on; 0: no choice    default 64; echo: 0
 *   -T       TLS beneath: wss; each handshake is a full one
 *   -g       handshake: close with close frames instead of a reset
 *   -V       compare every echo byte by byte; without: each connection's first, and all lengths
 *   -p       round: wait for a line on stdin when all are open
 *   -S PIDS  add the CPU that these processes used in the measured time
 *
 * Exit status: 0, 1 if a connection or an echo failed, 2 for wrong usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modes.h"

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

/* ---- modes and options ---- */

static const struct mode {
	const char *name;
	const struct client_hooks *hooks;
	int (*run)(void);
	double seconds;
	int sources;
	unsigned extra; /* connections beside those that were asked for */
	size_t size;    /* of payload, at least */
} modes[] = {
	{ "broadcast", &broadcast_hooks, mode_broadcast, 5, 64, 1, CLIENT_NUMBER },
	{ "echo", &echo_hooks, mode_echo, 5, 0, 0, 0 },
	{ "greet", &greet_hooks, mode_greet, 5, 64, 0, 0 },
	{ "handshake", &handshake_hooks, mode_handshake, 5, 64, 0, 0 },
	{ "idle", &idle_hooks, mode_idle, 60, 64, 0, 0 },
	{ "round", &idle_hooks, mode_round, 60, 64, 0, 0 },
};

static int usage(void)
{
	fprintf(stderr,
		"usage: wsload broadcast|echo|greet|handshake|idle|round [-c connections]"
		" [-k in-flight] [-r rate]\n              [-s bytes] [-t seconds] [-w "
		"seconds] [-n messages]"
		" [-a addresses] [-T] [-g] [-V] [-p] [-S pids] HOST:PORT/PATH\n"
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
	case 'r':
		options.rate = value;
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
	case 'T':
		options.tls = true;
		return true;
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

	while ((letter = getopt(count, words, "c:k:r:s:t:w:n:a:TgVpS:")) != -1)
		if (!option_take(letter, optarg))
			return false;
	options.target = words[optind];
	return optind + 1 == count && options.connections && options.in_flight;
}

/* At a rate, messages do not wait for those before them, up to this. */
enum { PACED_IN_FLIGHT = 1024 };

static int mode_run(const struct mode *mode)
{
	int error;

	if (options.rate > 0 && options.in_flight < PACED_IN_FLIGHT)
		options.in_flight = PACED_IN_FLIGHT;
	if (options.size < mode->size)
		options.size = mode->size;
	options.connections += mode->extra;
	error = client_load_init(&load, options.target, options.size, options.in_flight);
	if (!error && options.tls)
		error = wire_use_tls();
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
		crowd_prepare();
		return mode_run(&modes[i]);
	}
	return usage();
}
