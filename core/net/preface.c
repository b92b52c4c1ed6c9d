/* SPDX-License-Identifier: MIT
 *
 * preface.c - see preface.h. What has come is looked at where it lies, and only what belongs to
 * the header is taken: a part of one is taken, too, as a watch would report it again and again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wye/log.h>

#include "base/loop.h"
#include "base/metric.h"
#include "net/preface.h"
#include "net/proxy.h"

enum {
	PIECE = 4096, /* bytes skipped by one read */
};

struct preface {
	LIST_ENTRY(preface) place;
	struct wye_loop *loop;
	struct wye_limits *limits;
	const struct wye_listener *listener;
	struct wye_preface_taker taker;
	struct wye_watch watch;
	struct wye_timer deadline;
	union wye_address peer;
	int descriptor;
	bool watching, complete; /* `header` is filled */
	struct wye_proxy header;
	size_t taken; /* bytes of the header that were read */
	uint8_t head[WYE_PROXY_HEAD];
};

enum progress { WAIT, READY, FAILED };

static _Thread_local LIST_HEAD(, preface) reading = LIST_HEAD_INITIALIZER(reading);

static struct {
	wye_metric bad, late;
} metrics;

void wye_prefaces_register_metrics(void)
{
	metrics.bad = wye_metric_register("proxy_headers_bad_total", WYE_COUNTER);
	metrics.late = wye_metric_register("proxy_headers_late_total", WYE_COUNTER);
}

static void stop(struct preface *preface)
{
	LIST_REMOVE(preface, place);
	if (preface->watching)
		wye_watch_stop(preface->loop, &preface->watch);
	wye_timer_stop(preface->loop, &preface->deadline);
}

/* The descriptor is closed. */
static void end(struct preface *preface)
{
	const struct wye_preface_taker taker = preface->taker;

	wye_limits_leave(preface->limits, &preface->peer);
	free(preface);
	taker.failed(taker.owner);
}

static void fail(struct preface *preface)
{
	stop(preface);
	close(preface->descriptor);
	end(preface);
}

static void refuse(struct preface *preface, wye_metric metric, const char *what)
{
	char text[WYE_ADDRESS_TEXT];

	wye_metric_add(metric, 1);
	wye_address_text(&preface->peer, text);
	wye_log(WYE_LOG_INFO, "%s: %s PROXY header from %s", preface->listener->name, what,
		text);
	fail(preface);
}

static void time_up(void *argument)
{
	refuse(argument, metrics.late, "no");
}

/* The limits count the client from now on. */
static void finish(struct preface *preface)
{
	struct preface done = *preface;
	union wye_address peer = done.header.told ? done.header.client : done.peer;

	stop(preface);
	if (done.header.told &&
	    wye_limits_change(done.limits, &done.peer, &peer) != WYE_LIMITS_OK) {
		wye_listener_turn_away(done.listener, done.descriptor, WYE_LIMITS_ADDRESS);
		end(preface);
		return;
	}
	free(preface);
	done.taker.ready(done.taker.owner, done.descriptor, &peer, done.listener, done.taken);
}

/* Bytes that came, 0 if nothing has; or -1 at the end of the connection. */
static ssize_t receive(const struct preface *preface, void *out, size_t size, int flags)
{
	ssize_t got = recv(preface->descriptor, out, size, flags | MSG_DONTWAIT);

	if (got > 0)
		return got;
	return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static enum progress read_head(struct preface *preface)
{
	uint8_t *at = preface->head + preface->taken;
	ssize_t got = receive(preface, at, sizeof preface->head - preface->taken, MSG_PEEK);
	size_t there, end;

	if (got <= 0)
		return got ? FAILED : WAIT;
	there = end = preface->taken + (size_t)got;
	switch (wye_proxy_read(preface->head, there, &preface->header)) {
	case WYE_PROXY_BAD:
		return FAILED;
	case WYE_PROXY_DONE:
		preface->complete = true;
		if (preface->header.length > preface->listener->proxy.limit)
			return FAILED;
		if (preface->header.length < there)
			end = preface->header.length;
		break;
	case WYE_PROXY_MORE:
		break;
	}
	if (receive(preface, at, end - preface->taken, 0) != (ssize_t)(end - preface->taken))
		return FAILED;
	preface->taken = end;
	return READY;
}

static enum progress skip(struct preface *preface)
{
	char sink[PIECE];
	size_t left = preface->header.length - preface->taken;
	ssize_t got = receive(preface, sink, left < sizeof sink ? left : sizeof sink, 0);

	if (got <= 0)
		return got ? FAILED : WAIT;
	preface->taken += (size_t)got;
	return READY;
}

static enum progress read_what_came(struct preface *preface)
{
	enum progress progress = READY;

	while (progress == READY && !preface->complete)
		progress = read_head(preface);
	while (progress == READY && preface->taken < preface->header.length)
		progress = skip(preface);
	return progress;
}

/* Returns true if there is something to wait for. */
static bool go_on(struct preface *preface)
{
	switch (read_what_came(preface)) {
	case WAIT:
		return true;
	case READY:
		finish(preface);
		break;
	case FAILED:
		refuse(preface, metrics.bad, "a broken");
		break;
	}
	return false;
}

static void readable(void *argument, unsigned events)
{
	(void)events;
	(void)go_on(argument);
}

void wye_preface_begin(struct wye_loop *loop, struct wye_limits *limits, int descriptor,
		       const union wye_address *peer, const struct wye_listener *listener,
		       const struct wye_preface_taker *taker)
{
	struct preface *preface = calloc(1, sizeof *preface);

	if (!preface) {
		close(descriptor);
		wye_limits_leave(limits, peer);
		taker->failed(taker->owner);
		return;
	}
	preface->loop = loop;
	preface->limits = limits;
	preface->listener = listener;
	preface->taker = *taker;
	preface->peer = *peer;
	preface->descriptor = descriptor;
	LIST_INSERT_HEAD(&reading, preface, place);
	wye_timer_init(&preface->deadline, time_up, preface);
	wye_timer_start(loop, &preface->deadline, listener->proxy.timeout);
	if (!go_on(preface))
		return;
	preface->watching = !wye_watch_start(loop, &preface->watch, descriptor, WYE_READABLE,
					     readable, preface);
	if (!preface->watching)
		fail(preface);
}

void wye_prefaces_end(void)
{
	while (!LIST_EMPTY(&reading))
		fail(LIST_FIRST(&reading));
}
