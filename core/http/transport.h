/* SPDX-License-Identifier: MIT
 *
 * transport.h - what is asked of the way between a client and the engine: the client's socket
 * itself, or a TLS session and a bridge. Http thread.
 */
#ifndef WYE_CORE_HTTP_TRANSPORT_H
#define WYE_CORE_HTTP_TRANSPORT_H

#include "http/connection.h"

/* How many bytes for the engine have come in all. False: nobody knows. */
bool wye_transport_received(const struct wye_http_connection *connection, uint64_t *bytes);

/* A number that changes when the client's system has acknowledged more. */
bool wye_transport_acked(const struct wye_http_connection *connection, uint64_t *bytes);

/* A next request, or a part of it, has come; the engine may have read it. */
bool wye_transport_has_more(const struct wye_http_connection *connection);

/* If a plain socket were closed now, what has come beyond the present request, or may still
 * come, would reset it, and what is under way would be lost. */
bool wye_transport_is_in_danger(const struct wye_http_connection *connection);

/* Bytes have come that the engine has not read. */
bool wye_transport_is_waiting(const struct wye_http_connection *connection);

/* The client has ended its sending, and the engine has read all of it. */
bool wye_transport_has_ended(const struct wye_http_connection *connection);

/* Writes behind what the engine has written; nothing waits for it. False: that failed. */
bool wye_transport_say(struct wye_http_connection *connection, const void *bytes,
		       size_t length);

#endif
