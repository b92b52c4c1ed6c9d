/* SPDX-License-Identifier: MIT
 *
 * lane.h - the WebSocket lane: what an Upgrade request meets instead of the REST chain. Http
 * thread up to the verdict; then the handshake moves to a stream loop.
 */
#ifndef WYE_CORE_WEBSOCKET_LANE_H
#define WYE_CORE_WEBSOCKET_LANE_H

#include "websocket/handshake.h"

struct wye_stream_loop;

/* Finds the route, checks the handshake (RFC 6455, 4.2.1) and runs the chain. Returns true if
 * it is accepted; else handshake->refusal says how to refuse, and the closed steps have run. */
bool wye_ws_lane_enter(const struct wye_lanes *lanes, struct wye_handshake *handshake);

/* Hands an accepted handshake over to a stream loop, with its socket. The handshake and the
 * descriptor belong to that loop from now on, also if it fails: then both are gone. */
void wye_ws_lane_accept(struct wye_handshake *handshake, int descriptor);

/* Gives an accepted handshake up before it was handed over: its closed steps run, it is freed.
 */
void wye_ws_lane_abandon(struct wye_handshake *handshake);

/* Runs the closed steps of those whose handshake step ran, in reverse order. */
void wye_ws_lane_closed(struct wye_handshake *handshake, const struct wye_ws_ending *ending);

#endif
