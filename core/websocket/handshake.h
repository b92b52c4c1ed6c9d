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
#include "base/attribute.h"
#include "base/context.h"
#include "base/jobs.h"
#include "base/mailbox.h"
#include "net/limits.h"
#include "net/wire.h"
#include "route/lanes.h"
#include "route/pairs.h"
#include "route/target.h"
#include "websocket/offers.h"

struct wye_pending;
struct wye_slot;

struct wye_handshake_field {
	struct wye_handshake_field *next;
	struct wye_text name, value;
};

/* What a refusal says. */
struct wye_refusal {
	unsigned status; /* 0: not refused */
	struct wye_text body;
};

/* When the connection is to end, however. */
struct wye_handshake_end {
	uint64_t at;   /* milliseconds of the loops' clock; 0: no time is set */
	unsigned code; /* of the close frame */
	struct wye_text reason;
};

enum {
	WYE_HANDSHAKE_MEMORY = 2048,
};

struct wye_handshake {
	struct wye_mail mail;         /* to the stream loop */
	struct wye_stream_loop *loop; /* NULL while it is on its http thread */
	struct wye_wire wire;
	union wye_address peer;              /* of the socket, which the limits count */
	uint8_t address[16];                 /* the client's */
	const struct wye_tls_peer *tls_peer; /* held; NULL: plain */
	struct wye_text target, host, client, id, user, subprotocol;
	struct wye_attribute *attributes;
	struct wye_text hidden; /* the first offer that was taken away */
	struct wye_handshake_end end;
	struct wye_target parts;
	struct wye_field *fields;
	size_t count;
	struct wye_pairs query, cookies;
	const struct wye_lanes *lanes;    /* the snapshot that it is routed by */
	const struct wye_ws_route *route; /* NULL: none matched */
	const struct wye_chain *chain;
	struct wye_match match; /* values decoded */
	void *states[WYE_CHAIN_MAX];
	size_t entered; /* steps whose handshake step ran */
	struct wye_refusal refusal;
	struct wye_deflate_terms deflate; /* all zero: not negotiated */
	struct wye_handshake_field *reply, **reply_last;

	/* While it waits for a verdict (pending.c). */
	struct wye_context context;
	struct wye_pending *pending; /* its socket; NULL when that is gone */
	struct wye_slot *ticket;
	const struct wye_gauges *gauges; /* of the step that took it */
	struct wye_job job;
	enum wye_verdict verdict; /* of the step that ran on the pool */
	bool running;             /* in a step that may take a ticket */
	const char *overruled;    /* why the verdict of that step comes too late; or NULL */

	struct wye_arena arena;
	_Alignas(max_align_t) char memory[WYE_HANDSHAKE_MEMORY];
};

/* What the http side has parsed; copied. */
struct wye_handshake_source {
	struct wye_text target, host, client;
	const uint8_t *address; /* 16 bytes */
	const union wye_address *peer;
	const struct wye_tls_peer *tls_peer; /* NULL: plain */
	const struct wye_field *fields;      /* their texts lie one behind the other */
	size_t count;
	const struct wye_lanes *lanes;
};

/* Returns 0 or -ENOMEM. */
int wye_handshake_create(struct wye_handshake **out,
			 const struct wye_handshake_source *source) WYE_MUST_CHECK;
void wye_handshake_destroy(struct wye_handshake *handshake);

/* The fields that RFC 6455, 4.2.1 asks for. Returns 0 if they are right, else the status to
 * refuse with: 400, or 426 for another version. */
unsigned wye_handshake_check(const struct wye_handshake *handshake);

/* What is answered where nobody has chosen a subprotocol: an offer that was taken away, if no
 * others are left. */
void wye_handshake_settle(struct wye_handshake *handshake);

/* Writes Sec-WebSocket-Accept's value for a key of 24 characters (4.2.2). Returns 0 or -EIO. */
int wye_handshake_accept_key(struct wye_text key, char out[29]) WYE_MUST_CHECK;

#endif
