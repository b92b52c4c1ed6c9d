/* SPDX-License-Identifier: MIT
 *
 * clock.c - see clock.h.
 */
#include "base/random.h"
#include "websocket/backlog.h"
#include "websocket/connection.h"
#include "websocket/rate.h"

static uint64_t now_of(const struct wye_ws *ws)
{
	return ws->socket.loop->loop.now;
}

/* ---- the next time ---- */

static void earlier(uint64_t *best, uint64_t at)
{
	if (at && at < *best)
		*best = at;
}

static uint64_t after(uint64_t at, unsigned milliseconds)
{
	return milliseconds ? at + milliseconds : 0;
}

static uint64_t next_time(const struct wye_ws *ws)
{
	const struct wye_ws_clock *clock = &ws->clock;
	const struct wye_ws_route *route = ws->route;
	uint64_t best = UINT64_MAX;

	earlier(&best, clock->ping_at);
	earlier(&best, clock->pong_by);
	earlier(&best, clock->end_at);
	earlier(&best, ws->expiry ? ws->expiry->at : 0);
	earlier(&best, clock->fence_at);
	earlier(&best, clock->read_at);
	earlier(&best, after(clock->heard_at, route->read_deadline));
	earlier(&best, after(clock->used_at, route->idle_timeout));
	return best;
}

static unsigned clamp(uint64_t milliseconds)
{
	return milliseconds < UINT32_MAX ? (unsigned)milliseconds : UINT32_MAX;
}

void wye_ws_clock_set(struct wye_ws *ws)
{
	uint64_t next = next_time(ws), now = now_of(ws);

	if (ws->state != WYE_WS_OPEN || next == UINT64_MAX ||
	    (ws->socket.deadline && ws->socket.deadline <= next))
		return;
	wye_socket_deadline(&ws->socket, next > now ? clamp(next - now) : 1);
}

void wye_ws_clock_start(struct wye_ws *ws)
{
	const struct wye_ws_route *route = ws->route;
	uint64_t now = now_of(ws);

	ws->clock.heard_at = ws->clock.used_at = now;
	/* Those that were opened together are spread over the interval from the first on; but
	 * who stays for a moment only needs none. */
	if (route->ping_interval)
		ws->clock.ping_at = now + route->ping_interval / 4 +
				    wye_random(route->ping_interval - route->ping_interval / 4);
	if (route->max_lifetime)
		ws->clock.end_at =
			now + route->max_lifetime - wye_random(route->lifetime_jitter);
	wye_ws_clock_set(ws);
}

/* ---- what is due ---- */

/* Nobody is there who would read a close frame. */
static void give_up(struct wye_ws *ws)
{
	ws->cause = WYE_WS_SILENT;
	ws->code = WYE_WS_ABNORMAL;
	ws->state = WYE_WS_CLOSED;
	wye_socket_kill(&ws->socket, WYE_SOCKET_KILLED);
}

/* A pong is late behind what the peer still takes: each look that finds it at that excuses it
 * until the next, and once more when the ping has got through at last. Who takes nothing but
 * what its system has room for may have stopped all the same. */
static bool is_excused(struct wye_ws *ws)
{
	struct wye_ws_clock *clock = &ws->clock;
	uint64_t taken = wye_socket_taken(&ws->socket);
	bool moved = taken > clock->taken, behind = taken < clock->ping_end,
	     excused = moved && (behind || ws->behind || ws->socket.blocked);

	if (moved)
		clock->taken = taken;
	ws->behind = behind;
	return excused;
}

/* What the peer says now can't be heard: it has all its time afterwards. */
static void excuse(struct wye_ws *ws, uint64_t now)
{
	ws->clock.heard_at = now;
	if (ws->clock.pong_by)
		ws->clock.pong_by = now + ws->route->pong_timeout;
}

void wye_ws_clock_resumed(struct wye_ws *ws)
{
	excuse(ws, now_of(ws));
}

/* True if the peer is gone. Nothing of it can be seen while it is not read. */
static bool is_silent(struct wye_ws *ws, uint64_t now)
{
	struct wye_ws_clock *clock = &ws->clock;
	const struct wye_ws_route *route = ws->route;

	if (ws->socket.paused) {
		excuse(ws, now);
		return false;
	}
	if (route->read_deadline && now >= clock->heard_at + route->read_deadline)
		return true;
	if (!clock->pong_by || now < clock->pong_by)
		return false;
	if (!is_excused(ws))
		return true;
	clock->pong_by = now + route->pong_timeout;
	return false;
}

static void ping(struct wye_ws *ws, uint64_t now)
{
	const struct wye_ws_route *route = ws->route;

	ws->clock.ping_at = now + route->ping_interval;
	if (ws->clock.pong_by || (ws->backlog.heartbeat.number && ws->socket.blocked))
		return; /* the last one is still out */
	if (wye_ws_backlog_ping(ws) || !route->pong_timeout)
		return;
	ws->clock.pong_by = now + route->pong_timeout;
	ws->clock.ping_end = ws->socket.written + ws->socket.outbox.bytes;
	ws->clock.taken = wye_socket_taken(&ws->socket);
	ws->behind = false;
}

static void do_due(struct wye_ws *ws, uint64_t now)
{
	struct wye_ws_clock *clock = &ws->clock;

	if (clock->read_at && now >= clock->read_at)
		wye_ws_rate_go_on(ws);
	if (clock->fence_at && now >= clock->fence_at) {
		clock->fence_at = 0;
		wye_socket_touch(&ws->socket); /* the flush puts it in */
	}
	if (clock->ping_at && now >= clock->ping_at)
		ping(ws, now);
}

void wye_ws_clock_look(struct wye_ws *ws)
{
	uint64_t now = now_of(ws);

	if (ws->expiry && now >= ws->expiry->at)
		wye_ws_end(ws, WYE_WS_EXPIRED, ws->expiry->code, ws->expiry->reason);
	else if (ws->clock.end_at && now >= ws->clock.end_at)
		wye_ws_end(ws, WYE_WS_LIFETIME, WYE_WS_RESTART, "lifetime is over");
	else if (ws->route->idle_timeout && now >= ws->clock.used_at + ws->route->idle_timeout)
		wye_ws_end(ws, WYE_WS_IDLE, WYE_WS_GOING_AWAY, "idle");
	else if (is_silent(ws, now))
		give_up(ws);
	else
		do_due(ws, now);
	wye_ws_clock_set(ws);
}
