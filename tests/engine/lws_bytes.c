/* SPDX-License-Identifier: MIT
 * The raw role keeps bytes whole and in order when the peer is slow (lws_partial_buffered, then
 * WRITEABLE); the receive buffer is writable, and flow control stops and resumes reading. */
#include "guard_lws.h"

enum { TOTAL = 2 << 20, PIECE = 65536 };

static unsigned char pattern[TOTAL];
static size_t written, received;
static bool paused;

static void push(struct lws *wsi)
{
	while (written < TOTAL && !lws_partial_buffered(wsi)) {
		int piece = TOTAL - written < PIECE ? (int)(TOTAL - written) : PIECE;

		GUARD(lws_write(wsi, pattern + written, (size_t)piece, LWS_WRITE_RAW) == piece,
		      "lws_write() does not take a whole piece");
		written += (size_t)piece;
	}
	if (written < TOTAL)
		lws_callback_on_writable(wsi);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t length)
{
	(void)user;
	if (reason == LWS_CALLBACK_RAW_RX) {
		GUARD(!paused,
		      "bytes arrive while reading is stopped: pause would lose its meaning");
		memset(in, 0, length); /* we unmask in place */
		GUARD(length <= PIECE, "a received chunk is larger than pt_serv_buf_size");
		received += length;
	} else if (reason == LWS_CALLBACK_RAW_WRITEABLE) {
		push(wsi);
	}
	return 0;
}

int main(void)
{
	static unsigned char got[TOTAL];
	struct guard_lws lws;
	struct lws *wsi;
	size_t length = 0;
	int fds[2], small = 16384;

	for (size_t i = 0; i < TOTAL; i++)
		pattern[i] = (unsigned char)(i * 31 + (i >> 8));
	guard_lws_start(&lws, callback);
	guard_pair(fds);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	wsi = guard_lws_adopt(&lws, fds[0]);
	push(wsi);
	while (length < TOTAL) {
		ssize_t one = recv(fds[1], got + length, 100000, MSG_DONTWAIT);

		uv_run(&lws.loop, UV_RUN_NOWAIT);
		if (one > 0)
			length += (size_t)one;
	}
	GUARD(!memcmp(got, pattern, TOTAL),
	      "bytes are changed or reordered under back-pressure");
	guard_send(fds[1], "abc");
	guard_lws_turn(&lws, 100, NULL);
	GUARD(received == 3, "%zu of 3 bytes received", received);
	lws_rx_flow_control(wsi, 0);
	paused = true;
	guard_lws_turn(&lws, 10, NULL);
	guard_send(fds[1], "defg");
	guard_lws_turn(&lws, 50, NULL);
	paused = false;
	lws_rx_flow_control(wsi, 1);
	guard_lws_turn(&lws, 200, NULL);
	GUARD(received == 7, "%zu of 7 bytes received after a pause", received);
	close(fds[1]);
	guard_lws_turn(&lws, 50, NULL);
	GUARD(!guard_lws_stop(&lws), "the loop does not close");
	return 0;
}
