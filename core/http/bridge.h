/* SPDX-License-Identifier: MIT
 *
 * bridge.h - joins a client's TLS session to the engine, which knows plain bytes only: on the
 * http thread that owns the connection, over a pair of sockets that is made when the first
 * plain bytes have come. It is full when the engine, or the client, takes nothing: then the
 * other side is not read. It outlives the engine's connection until what that has written is
 * sent. Belongs to its connection; a bridge that ends releases it.
 */
#ifndef WYE_CORE_HTTP_BRIDGE_H
#define WYE_CORE_HTTP_BRIDGE_H

#include "net/wire.h"

struct wye_bridge;
struct wye_http_connection;

/* For an accepted connection, whose handshake is to come. Returns 0 or a negative errno. */
int wye_bridge_create(struct wye_bridge **out,
		      struct wye_http_connection *connection) WYE_MUST_CHECK;

/* Plain bytes that have come from the client. */
uint64_t wye_bridge_received(const struct wye_bridge *bridge);
/* Some of them wait here for the engine. */
bool wye_bridge_is_full(const struct wye_bridge *bridge);
/* The client sends no more, and all has been passed on. */
bool wye_bridge_has_ended(const struct wye_bridge *bridge);

/* Sends bytes of our own behind all that the engine has written. False: that can't be. */
bool wye_bridge_say(struct wye_bridge *bridge, const void *bytes, size_t length);

/* The answer under way won't be whole: the client is not told of a proper end. */
void wye_bridge_cut_short(struct wye_bridge *bridge);

/* Ends the engine's side: it will notice, as if the client had gone. What it has written is
 * sent still. If the engine is not there, all ends at once, and the connection is released. */
void wye_bridge_cut(struct wye_bridge *bridge);
/* The same, as its time is over. */
void wye_bridge_expire(struct wye_bridge *bridge);

/* The engine has let go of the connection. */
void wye_bridge_engine_left(struct wye_bridge *bridge);

/* Leaves the engine with the client's socket and session, which are the caller's then, as are
 * the bytes that the engine has read too early: they lie at `behind`; NULL: nobody wants them.
 * The bridge is gone. Returns 0, or a negative errno and nothing was left: the connection can
 * only be closed. */
int wye_bridge_depart(struct wye_bridge *bridge, const char *behind,
		      struct wye_wire *out) WYE_MUST_CHECK;

#endif
