/* SPDX-License-Identifier: MIT
 *
 * farewell.c - see farewell.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "net/farewell.h"

enum {
	LINGER = 2000,     /* milliseconds, in all */
	DRAIN = 1 << 22,   /* bytes that are read and dropped, at most */
	PIECE = 16 * 1024, /* of one read */
	RETRY = 20,        /* milliseconds */
};

struct farewell {
	LIST_ENTRY(farewell) place;
	struct wye_loop *loop;
	struct wye_limits *limits;
	union wye_address peer;
	struct wye_watch watch;
	struct wye_timer deadline;
	int descriptor;
	uint64_t until; /* milliseconds */
	bool watching, shut;
	size_t drained, at, length;
	char bytes[];
};

static _Thread_local LIST_HEAD(, farewell) open_here = LIST_HEAD_INITIALIZER(open_here);

static void end(struct farewell *farewell)
{
	LIST_REMOVE(farewell, place);
	if (farewell->watching)
		wye_watch_stop(farewell->loop, &farewell->watch);
	wye_timer_stop(farewell->loop, &farewell->deadline);
	close(farewell->descriptor);
	wye_limits_leave(farewell->limits, &farewell->peer);
	free(farewell);
}

static void time_up(void *argument)
{
	end(argument);
}

/* Returns false when the connection is broken. */
static bool write_some(struct farewell *farewell)
{
	while (farewell->at < farewell->length) {
		ssize_t sent =
			send(farewell->descriptor, farewell->bytes + farewell->at,
			     farewell->length - farewell->at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		farewell->at += (size_t)sent;
	}
	if (!farewell->shut)
		shutdown(farewell->descriptor, SHUT_WR);
	farewell->shut = true;
	return true;
}

/* Returns false when the client has ended, or sent more than it may. */
static bool drain(struct farewell *farewell)
{
	char sink[PIECE];
	ssize_t got = 1;

	while (got > 0 && farewell->drained < DRAIN) {
		got = recv(farewell->descriptor, sink, sizeof sink, MSG_DONTWAIT);
		if (got > 0)
			farewell->drained += (size_t)got;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* A client that has ended its side may read on: a watch would report its end all the time, so
 * what is left is tried again by and by. */
static void retry(void *argument)
{
	struct farewell *farewell = argument;

	if (!write_some(farewell) || farewell->shut || farewell->loop->now >= farewell->until)
		end(farewell);
	else
		wye_timer_start(farewell->loop, &farewell->deadline, RETRY);
}

static void go_on_half_closed(struct farewell *farewell)
{
	if (farewell->watching)
		wye_watch_stop(farewell->loop, &farewell->watch);
	farewell->watching = false;
	wye_timer_stop(farewell->loop, &farewell->deadline);
	wye_timer_init(&farewell->deadline, retry, farewell);
	wye_timer_start(farewell->loop, &farewell->deadline, RETRY);
}

/* Returns false when there is nothing more to wait for. */
static bool go_on(struct farewell *farewell)
{
	if (!write_some(farewell))
		return false;
	if (drain(farewell))
		return true;
	if (farewell->shut || farewell->drained >= DRAIN)
		return false;
	go_on_half_closed(farewell);
	return true;
}

static void ready(void *argument, unsigned events)
{
	struct farewell *farewell = argument;

	(void)events;
	if (!go_on(farewell)) {
		end(farewell);
		return;
	}
	if (!farewell->watching)
		return;
	if (wye_watch_change(farewell->loop, &farewell->watch,
			     farewell->shut ? WYE_READABLE : WYE_READABLE | WYE_WRITABLE))
		end(farewell);
}

void wye_farewell(struct wye_loop *loop, int descriptor, const void *bytes, size_t length,
		  struct wye_limits *limits, const union wye_address *peer)
{
	struct farewell *farewell = calloc(1, sizeof *farewell + length);

	if (!farewell) {
		close(descriptor);
		wye_limits_leave(limits, peer);
		return;
	}
	farewell->loop = loop;
	farewell->limits = limits;
	farewell->peer = *peer;
	farewell->descriptor = descriptor;
	farewell->length = length;
	if (length)
		memcpy(farewell->bytes, bytes, length);
	LIST_INSERT_HEAD(&open_here, farewell, place);
	wye_timer_init(&farewell->deadline, time_up, farewell);
	wye_timer_start(loop, &farewell->deadline, LINGER);
	farewell->until = loop->now + LINGER;
	if (!go_on(farewell)) {
		end(farewell);
		return;
	}
	if (farewell->deadline.run == retry)
		return;
	farewell->watching = !wye_watch_start(
		loop, &farewell->watch, descriptor,
		farewell->shut ? WYE_READABLE : WYE_READABLE | WYE_WRITABLE, ready, farewell);
	if (!farewell->watching)
		end(farewell);
}

void wye_farewells_end(void)
{
	while (!LIST_EMPTY(&open_here))
		end(LIST_FIRST(&open_here));
}
