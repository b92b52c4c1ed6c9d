/* SPDX-License-Identifier: MIT
 * Several contexts, made one after the other, each on a uv loop and a thread of its own, serve
 * in parallel. */
#include <pthread.h>

#include "guard_lws.h"

struct side {
	struct guard_lws lws;
	int fds[2];
	bool done;
	pthread_t thread;
};

static _Thread_local bool *done;

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t length)
{
	(void)user;
	if (reason == LWS_CALLBACK_RAW_RX)
		(void)lws_write(wsi, in, length, LWS_WRITE_RAW);
	if (reason == LWS_CALLBACK_RAW_CLOSE && done)
		*done = true;
	return 0;
}

static void *serve(void *argument)
{
	struct side *side = argument;

	done = &side->done;
	guard_lws_adopt(&side->lws, side->fds[0]);
	guard_lws_turn(&side->lws, 5000, &side->done);
	GUARD(side->done, "a context on its own thread does not see its peer's end");
	GUARD(!guard_lws_stop(&side->lws), "a loop on its own thread does not close");
	return NULL;
}

int main(void)
{
	static struct side sides[2];
	char text[64];

	for (int i = 0; i < 2; i++) {
		guard_lws_start(&sides[i].lws, callback);
		guard_pair(sides[i].fds);
	}
	for (int i = 0; i < 2; i++)
		pthread_create(&sides[i].thread, NULL, serve, &sides[i]);
	for (int round = 0; round < 100; round++)
		for (int i = 0; i < 2; i++) {
			guard_send(sides[i].fds[1], "echo");
			GUARD(guard_read(sides[i].fds[1], text, sizeof text, "echo", 2000) == 4,
			      "no echo from context %d", i);
		}
	for (int i = 0; i < 2; i++) {
		close(sides[i].fds[1]);
		pthread_join(sides[i].thread, NULL);
	}
	return 0;
}
