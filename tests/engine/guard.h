/* SPDX-License-Identifier: MIT
 *
 * guard.h - what the guards share. A guard is a small program that checks one thing that no
 * manual of an engine promises and that wye rests on. If an update of the engine changes it,
 * the guard fails with a sentence that says what breaks in wye.
 */
#ifndef WYE_TESTS_ENGINE_GUARD_H
#define WYE_TESTS_ENGINE_GUARD_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define GUARD_UNUSED __attribute__((unused))

/* Ends the program with a sentence unless `holds`. */
#define GUARD(holds, ...)                                                                      \
	do {                                                                                   \
		if (!(holds)) {                                                                \
			printf("BROKEN: ");                                                    \
			printf(__VA_ARGS__);                                                   \
			printf("\n");                                                          \
			exit(1);                                                               \
		}                                                                              \
	} while (0)

static GUARD_UNUSED long guard_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A connected TCP pair on loopback; the first is the server's, non-blocking. */
static GUARD_UNUSED void guard_pair(int fds[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t length = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	GUARD(!bind(listener, (struct sockaddr *)&at, sizeof at) && !listen(listener, 8) &&
		      !getsockname(listener, (struct sockaddr *)&at, &length),
	      "no loopback listener: %s", strerror(errno));
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	GUARD(!connect(fds[1], (struct sockaddr *)&at, sizeof at), "connect: %s",
	      strerror(errno));
	fds[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	GUARD(fds[0] >= 0, "accept: %s", strerror(errno));
	close(listener);
}

static GUARD_UNUSED void guard_send(int fd, const char *text)
{
	GUARD(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text), "send: %s",
	      strerror(errno));
}

/* Reads what comes within `ms`, until `want` is in it (or the end); NUL-terminated. */
static GUARD_UNUSED size_t guard_read(int fd, char *out, size_t size, const char *want, long ms)
{
	long until = guard_ms() + ms;
	size_t length = 0;

	out[0] = '\0';
	while (length < size - 1 && !(want && strstr(out, want))) {
		struct pollfd wait = { fd, POLLIN, 0 };
		long left = until - guard_ms();
		ssize_t got;

		if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
			break;
		got = recv(fd, out + length, size - 1 - length, 0);
		if (got <= 0)
			break;
		length += (size_t)got;
		out[length] = '\0';
	}
	return length;
}

static GUARD_UNUSED int guard_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 4096; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

#endif
