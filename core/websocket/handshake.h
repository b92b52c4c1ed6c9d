/* SPDX-License-Identifier: MIT
 *
 * handshake.h - an Upgrade request on its way through the WebSocket lane (RFC 6455, 4.2): made
 * on an http thread, moved with its socket to a stream loop, freed after the handler's open().
 * It is one allocation that holds copies of everything. One thread at a time holds it.
 */
#ifndef WYE_CORE_WEBSOCKET_HANDSHAKE_H
#define WYE_CORE_WEBSOCKET_HANDSHAKE_H

#include <wye/websocket.h>

#include "base/arena.h"
#include "base/mailbox.h"
#include "net/address.h"
#include "route/route.h"
#include "route/router.h"

struct wye_field {
	struct wye_text name, value;
};

struct wye_handshake_field {
	struct wye_handshake_field *next;
	struct wye_text name, value;
};

/* What a refusal says. */
struct wye_refusal {
	unsigned status; /* 0: not refused */
	struct wye_text body;
};

enum {
	WYE_HANDSHAKE_MEMORY = 2048,
};

struct wye_handshake {
	struct wye_mail mail; /* to the stream loop */
	struct wye_stream_loop *loop;
	int descriptor;
	union wye_address peer;
	struct wye_text target, path, query, peer_text, id, user;
	struct wye_field *fields;
	size_t count;
	const struct wye_ws_route *route; /* NULL: none matched */
	const struct wye_ws_chain *chain;
	struct wye_match match; /* values decoded */
	void *states[WYE_CHAIN_MAX];
	size_t entered; /* steps whose handshake step ran */
	struct wye_refusal refusal;
	struct wye_handshake_field *reply, **reply_last;
	struct wye_arena arena;
	_Alignas(max_align_t) char memory[WYE_HANDSHAKE_MEMORY];
};

/* What the http side has parsed; copied. */
struct wye_handshake_source {
	struct wye_text target;
	const union wye_address *peer;
	const struct wye_field *fields;
	size_t count;
};

/* Returns 0; -EINVAL for a target with a bad escape; -ENOMEM. */
int wye_handshake_create(struct wye_handshake **out,
			 const struct wye_handshake_source *source) WYE_MUST_CHECK;
void wye_handshake_destroy(struct wye_handshake *handshake);

/* True if a comma-separated list holds a token, in any case (RFC 9110, 5.6.1). */
bool wye_list_has(struct wye_text list, const char *token);

/* The fields that RFC 6455, 4.2.1 asks for. Returns 0 if they are right, else the status to
 * refuse with: 400, or 426 for another version. */
unsigned wye_handshake_check(const struct wye_handshake *handshake);

/* Writes Sec-WebSocket-Accept's value for a key of 24 characters (4.2.2). Returns 0 or -EIO. */
int wye_handshake_accept_key(struct wye_text key, char out[29]) WYE_MUST_CHECK;

#endif
