/* SPDX-License-Identifier: MIT
 *
 * connection.h - a WebSocket connection: the taker of accepted handshakes. Its socket, codec
 * and handler live on one stream loop; other threads know its id only, and reserve room in its
 * outbox through the slot of that id before they post anything (stream/send.h).
 */
#ifndef WYE_CORE_WEBSOCKET_CONNECTION_H
#define WYE_CORE_WEBSOCKET_CONNECTION_H

#include "base/calls.h"
#include "stream/socket.h"
#include "websocket/backlog.h"
#include "websocket/clock.h"
#include "websocket/close.h"
#include "websocket/codec.h"
#include "websocket/deflate.h"
#include "websocket/handshake.h"

enum wye_ws_state {
	WYE_WS_OPEN,
	WYE_WS_CLOSING, /* our close frame is queued; the peer's is awaited */
	WYE_WS_CLOSED,  /* nothing more is read; the socket ends when the outbox is written */
};

/* Why reading is paused; bits. */
enum wye_ws_held {
	WYE_WS_HELD_HANDLER = 1,
	WYE_WS_HELD_RATE = 2,
};

struct wye_ws_pong;
struct wye_ws_bytes;
struct wye_ws_rate;
struct wye_ws_task;
struct wye_membership;

/* An end that was set at the handshake; behind the struct. */
struct wye_ws_expiry {
	uint64_t at; /* milliseconds */
	unsigned code;
	char reason[WYE_WS_REASON_MAX + 1];
};

struct wye_ws {
	struct wye_socket socket; /* first */
	uint32_t magic;
	uint8_t state;        /* enum wye_ws_state */
	uint8_t cause;        /* enum wye_ws_cause */
	bool opened;          /* the handler's open() was called */
	uint8_t deflate_bits; /* of the window for what is sent; 0: nothing is compressed */
	uint16_t code;        /* of the close frame: received, else sent */
	uint16_t membership_count, parameter_count;
	uint8_t held_by; /* bits of enum wye_ws_held */
	bool behind;     /* the peer is still taking what lies before the ping (clock.c) */
	const struct wye_ws_route *route;
	struct wye_context context;
	void *data;
	struct wye_ws_decoder decoder;
	struct wye_inflater inflater;
	struct wye_ws_bytes *held; /* while paused: what was received and not decoded */
	struct wye_ws_bytes *kept; /* a message that the handler did not take */
	struct wye_ws_clock clock;
	struct wye_ws_backlog backlog;
	struct wye_ws_rate *rate;
	struct wye_ws_pong *owed; /* a pong that waits for the socket; or NULL */
	struct wye_ws_task *tasks;
	uint64_t opened_at; /* milliseconds */
	uint64_t messages_in, bytes_in, messages_out, bytes_out;
	struct wye_ws_bytes *reason; /* the peer's */
	union wye_address peer;
	struct wye_text client, user, subprotocol; /* behind the struct */
	struct wye_membership *memberships;        /* in groups (members.h) */
	void **states;
	struct wye_parameter *parameters;
	struct wye_attribute *attributes;
	const struct wye_ws_expiry *expiry; /* NULL: it has no end of its own */
};

/* Takes an accepted handshake over: its mail's function, on the stream loop. */
void wye_ws_take_over(struct wye_mail *mail);

/* Makes a connection of an accepted handshake, which is freed: of its descriptor, or of a
 * socket that is adopted already, whose memory is the caller's again. Returns false if that
 * failed: an adopted socket is closing then. Stream loop. */
bool wye_ws_open(struct wye_handshake *handshake, struct wye_socket *adopted);

/* Round each call of the handler. */
struct wye_call wye_ws_enter_call(const struct wye_ws *ws);

/* Ends an accepted handshake that no connection comes of. */
void wye_ws_give_up(struct wye_handshake *handshake);

/* Starts the close handshake from the inside. Loop's thread. */
void wye_ws_end(struct wye_ws *ws, enum wye_ws_cause cause, unsigned code, const char *reason);

/* Pauses and resumes reading, for one of the reasons; a handler's -EAGAIN is its own. */
void wye_ws_hold(struct wye_ws *ws, enum wye_ws_held why);
void wye_ws_let_go(struct wye_ws *ws, enum wye_ws_held why);

/* The peer's close frame has come. */
void wye_ws_peer_closed(struct wye_ws *ws, const struct wye_ws_input *input);

/* The connection that a socket is, or NULL if it is another taker's. */
struct wye_ws *wye_ws_from_socket(struct wye_socket *socket);

#endif
