/* SPDX-License-Identifier: MIT
 *
 * lane.h - the WebSocket lane: what an Upgrade request meets instead of the REST chain. It
 * begins on the http thread; at the first step that may wait it moves with its socket to a
 * stream loop, where it goes on (pending.h).
 */
#ifndef WYE_CORE_WEBSOCKET_LANE_H
#define WYE_CORE_WEBSOCKET_LANE_H

#include "websocket/handshake.h"

struct wye_stream_loop;

enum wye_lane_verdict {
	WYE_LANE_ACCEPTED,
	WYE_LANE_REFUSED, /* refusal says how, and the closed steps have run */
	WYE_LANE_MOVE,    /* the next step may wait: to be handed over first */
	WYE_LANE_WAITING, /* a ticket is out, or a step is on the pool; on a stream loop only */
};

/* Finds the route and runs the chain as far as an http thread may. */
enum wye_lane_verdict wye_ws_lane_enter(struct wye_handshake *handshake);

/* Goes on behind a step that has given its verdict; WYE_NEXT after a move. Stream loop. */
enum wye_lane_verdict wye_ws_lane_go_on(struct wye_handshake *handshake,
					enum wye_verdict verdict);

/* Hands an accepted handshake, or one that is to move, over to a stream loop, with its socket.
 * It belongs to that loop from now on, also if that fails: then both are gone. */
void wye_ws_lane_hand_over(struct wye_handshake *handshake, struct wye_wire wire,
			   enum wye_lane_verdict verdict);

/* Gives a handshake up that was not refused by the chain: its closed steps run, with this
 * status and cause, it is freed. */
void wye_ws_lane_abandon(struct wye_handshake *handshake, unsigned status,
			 enum wye_ws_cause cause);

/* Runs the closed steps of those whose handshake step ran, in reverse order. */
void wye_ws_lane_closed(struct wye_handshake *handshake, const struct wye_ws_ending *ending);

#endif
