/* SPDX-License-Identifier: MIT
 * What is queued during a turn is seen by uv_check or uv_prepare before the loop blocks: from a
 * received chunk by check, from timers and close callbacks by prepare of the next turn. */
#include "guard_lws.h"

static struct lws *wsi;
static bool queued;
static int prepares, checks;

static void flush(int *which)
{
	if (!queued || !wsi)
		return;
	queued = false;
	++*which;
	(void)lws_write(wsi, (unsigned char *)"flushed", 7, LWS_WRITE_RAW);
}

static void on_prepare(uv_prepare_t *handle)
{
	(void)handle;
	flush(&prepares);
}

static void on_check(uv_check_t *handle)
{
	(void)handle;
	flush(&checks);
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	queued = true;
}

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
	queued = true;
}

static int callback(struct lws *one, enum lws_callback_reasons reason, void *user, void *in,
		    size_t length)
{
	(void)one, (void)user, (void)in, (void)length;
	queued = queued || reason == LWS_CALLBACK_RAW_RX;
	if (reason == LWS_CALLBACK_RAW_CLOSE)
		wsi = NULL;
	return 0;
}

static void expect(struct guard_lws *lws, int fd, const int *which, const char *what)
{
	char text[64];
	long start = guard_ms();

	while (!*which && guard_ms() - start < 1000)
		uv_run(&lws->loop, UV_RUN_NOWAIT);
	guard_read(fd, text, sizeof text, "flushed", 500);
	GUARD(*which && !strcmp(text, "flushed"),
	      "what %s queues is not flushed in its turn: "
	      "messages would wait for the next event",
	      what);
	prepares = checks = 0;
}

int main(void)
{
	struct guard_lws lws;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer, gone;
	int fds[2];

	guard_lws_start(&lws, callback);
	uv_prepare_init(&lws.loop, &prepare);
	uv_prepare_start(&prepare, on_prepare);
	uv_check_init(&lws.loop, &check);
	uv_check_start(&check, on_check);
	uv_timer_init(&lws.loop, &timer);
	uv_timer_init(&lws.loop, &gone);
	guard_pair(fds);
	wsi = guard_lws_adopt(&lws, fds[0]);
	guard_lws_turn(&lws, 20, NULL);
	guard_send(fds[1], "x");
	expect(&lws, fds[1], &checks, "a received chunk");
	uv_timer_start(&timer, on_timer, 5, 0);
	expect(&lws, fds[1], &prepares, "a timer");
	uv_close((uv_handle_t *)&gone, on_closed);
	expect(&lws, fds[1], &prepares, "a close callback");
	close(fds[1]);
	guard_lws_turn(&lws, 50, NULL);
	uv_close((uv_handle_t *)&prepare, NULL);
	uv_close((uv_handle_t *)&check, NULL);
	uv_close((uv_handle_t *)&timer, NULL);
	GUARD(!guard_lws_stop(&lws), "the loop does not close");
	return 0;
}
