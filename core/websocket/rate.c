/* SPDX-License-Identifier: MIT
 *
 * rate.c - see rate.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "websocket/connection.h"
#include "websocket/metrics.h"
#include "websocket/rate.h"

enum {
	THOUSANDTHS = 1000,
};

static int64_t full(unsigned per_second)
{
	return (int64_t)per_second * THOUSANDTHS;
}

int wye_ws_rate_start(struct wye_ws *ws)
{
	const struct wye_ws_route *route = ws->route;

	if (!route->max_frames && !route->max_bytes)
		return 0;
	ws->rate = malloc(sizeof *ws->rate);
	if (!ws->rate)
		return -ENOMEM;
	*ws->rate = (struct wye_ws_rate) { .frames = full(route->max_frames),
					   .bytes = full(route->max_bytes),
					   .filled_at = ws->socket.loop->loop.now };
	return 0;
}

/* A thousandth per millisecond of what a second allows. */
static void fill_bucket(int64_t *left, unsigned per_second, uint64_t milliseconds)
{
	int64_t most = full(per_second);

	*left += (int64_t)per_second *
		 (int64_t)(milliseconds < 3600000 ? milliseconds : 3600000);
	if (*left > most)
		*left = most;
}

static void fill(struct wye_ws *ws)
{
	struct wye_ws_rate *rate = ws->rate;
	uint64_t now = ws->socket.loop->loop.now, passed = now - rate->filled_at;

	if (!passed)
		return;
	rate->filled_at = now;
	fill_bucket(&rate->frames, ws->route->max_frames, passed);
	fill_bucket(&rate->bytes, ws->route->max_bytes, passed);
	if (rate->since && rate->frames >= full(ws->route->max_frames) / 2 &&
	    rate->bytes >= full(ws->route->max_bytes) / 2)
		rate->since = 0;
}

static uint64_t time_to_fill(int64_t left, unsigned per_second)
{
	return left < 0 && per_second ? (uint64_t)(-left / per_second) + 1 : 0;
}

static void stop_reading(struct wye_ws *ws)
{
	struct wye_ws_rate *rate = ws->rate;
	uint64_t frames = time_to_fill(rate->frames, ws->route->max_frames),
		 bytes = time_to_fill(rate->bytes, ws->route->max_bytes);

	wye_ws_count_throttled();
	ws->clock.read_at = rate->filled_at + (frames > bytes ? frames : bytes);
	wye_ws_hold(ws, WYE_WS_HELD_RATE);
	wye_ws_clock_set(ws);
}

void wye_ws_rate_take(struct wye_ws *ws, unsigned frames, size_t bytes)
{
	struct wye_ws_rate *rate = ws->rate;

	fill(ws);
	if (ws->route->max_frames)
		rate->frames -= full(frames);
	if (ws->route->max_bytes)
		rate->bytes -= (int64_t)bytes * THOUSANDTHS;
	if (ws->clock.read_at || ws->state != WYE_WS_OPEN ||
	    (rate->frames >= 0 && rate->bytes >= 0))
		return;
	if (!rate->since)
		rate->since = rate->filled_at;
	if (rate->filled_at - rate->since >= ws->route->rate_patience)
		wye_ws_end(ws, WYE_WS_RATE, WYE_WS_POLICY_VIOLATION, "too much");
	else
		stop_reading(ws);
}

void wye_ws_rate_go_on(struct wye_ws *ws)
{
	ws->clock.read_at = 0;
	wye_ws_let_go(ws, WYE_WS_HELD_RATE);
}
