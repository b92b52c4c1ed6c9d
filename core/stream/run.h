/* SPDX-License-Identifier: MIT
 *
 * run.h - messages that many sockets of a loop get alike within one turn: kept aside, and
 * written to each of them in one piece at the turn's end, past its outbox. While a run is open,
 * a socket that it is for gets nothing else before it: whatever is put into its outbox lets it
 * catch up first. All calls on the loop.
 */
#ifndef WYE_CORE_STREAM_RUN_H
#define WYE_CORE_STREAM_RUN_H

#include "stream/socket.h"

/* Who keeps a run sets loop->run while it is open. */
struct wye_run {
	/* What this socket is to have of the run so far goes into its outbox now. If that is
	 * too full for it, its taker may end it: it is refused then (slot NULL). */
	void (*catch_up)(struct wye_run *run, struct wye_socket *socket);
	/* The turn's end: to all, and the run is over. */
	void (*write)(struct wye_run *run);
};

static inline void wye_socket_catch_up(struct wye_socket *socket)
{
	struct wye_run *run = socket->loop->run;

	if (run)
		run->catch_up(run, socket);
}

/* The same, before something is put in. False: it has no name, or has lost it by that. */
static inline bool wye_socket_caught_up(struct wye_socket *socket)
{
	wye_socket_catch_up(socket);
	return socket->slot;
}

/* Writes whole messages past an outbox that is empty. Returns how many bytes the kernel took;
 * 0: none, they are to go the usual way. Nothing is called back. */
size_t wye_socket_write_past(struct wye_socket *socket, const uint8_t *data, size_t length);
/* What is left of a message that it cut. */
void wye_socket_put_rest(struct wye_socket *socket, const uint8_t *data, size_t length);

#endif
