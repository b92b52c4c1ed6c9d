/* SPDX-License-Identifier: MIT
 * Each adopted socket ends in exactly one RAW_CLOSE: at the peer's end; at -1 from a callback;
 * and when it is killed from outside of its callbacks while its peer does not read. No
 * descriptor stays open, and the contexts' double destruction is clean. */
#include "guard_lws.h"

static int closes;
static bool refuse;

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t length)
{
	(void)wsi, (void)user, (void)in, (void)length;
	closes += reason == LWS_CALLBACK_RAW_CLOSE;
	return reason == LWS_CALLBACK_RAW_RX && refuse ? -1 : 0;
}

static void fill(struct lws *wsi)
{
	static unsigned char much[65536];

	while (!lws_partial_buffered(wsi))
		GUARD(lws_write(wsi, much, sizeof much, LWS_WRITE_RAW) > 0,
		      "lws_write() fails");
}

static void expect_close(struct guard_lws *lws, const char *how)
{
	guard_lws_turn(lws, 300, NULL);
	GUARD(closes == 1, "%d close callbacks after %s", closes, how);
	closes = 0;
}

static void check(struct guard_lws *lws)
{
	struct lws *wsi;
	int fds[2];

	guard_pair(fds);
	guard_lws_adopt(lws, fds[0]);
	close(fds[1]);
	expect_close(lws, "the peer's end");

	guard_pair(fds);
	guard_lws_adopt(lws, fds[0]);
	refuse = true;
	guard_send(fds[1], "x");
	expect_close(lws, "-1 from a callback");
	refuse = false;
	close(fds[1]);

	guard_pair(fds);
	wsi = guard_lws_adopt(lws, fds[0]);
	fill(wsi);
	lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
	GUARD(closes == 1, "%d close callbacks during LWS_TO_KILL_SYNC", closes);
	expect_close(lws, "LWS_TO_KILL_SYNC");
	close(fds[1]);
}

int main(void)
{
	struct guard_lws lws;
	int before = 0;

	for (int i = 0; i < 3; i++) {
		if (i == 1) /* the first context opens what the process keeps */
			before = guard_descriptors();
		guard_lws_start(&lws, callback);
		check(&lws);
		GUARD(!guard_lws_stop(&lws), "the loop does not close after a double destroy");
		GUARD(!i || guard_descriptors() == before, "%d descriptors stay open",
		      guard_descriptors() - before);
	}
	return 0;
}
