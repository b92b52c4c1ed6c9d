/* SPDX-License-Identifier: MIT
 *
 * send.c - see send.h. How messages reach an outbox from any thread is in stream/send.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/send.h"
#include "websocket/metrics.h"
#include "websocket/run.h"
#include "websocket/send.h"
#include "websocket/shared.h"

/* A pong that waits for the socket. */
struct wye_ws_pong {
	uint8_t length;
	uint8_t payload[WYE_WS_CONTROL_MAX];
};

size_t wye_ws_capacity(const struct wye_ws *ws)
{
	return ws->route->outbox_bytes;
}

size_t wye_ws_room(const struct wye_ws *ws)
{
	wye_ws_run_settle(ws);
	return wye_socket_room(&ws->socket);
}

/* ---- control frames ---- */

int wye_ws_queue_control(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
			 size_t length)
{
	uint8_t header[WYE_OUTBOX_SLACK];

	return wye_socket_queue(&ws->socket, header,
				wye_ws_frame_header(header, opcode, length), data, length);
}

int wye_ws_overtake(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
		    size_t length)
{
	uint8_t header[WYE_OUTBOX_SLACK];

	return wye_socket_overtake(&ws->socket, header,
				   wye_ws_frame_header(header, opcode, length), data, length);
}

static void owe_pong(struct wye_ws *ws, const void *data, size_t length)
{
	if (!ws->owed)
		ws->owed = malloc(sizeof *ws->owed);
	if (!ws->owed)
		return;
	ws->owed->length = (uint8_t)length;
	if (length)
		memcpy(ws->owed->payload, data, length);
}

void wye_ws_pong(struct wye_ws *ws, const void *data, size_t length)
{
	if (ws->socket.blocked && ws->socket.outbox.bytes)
		owe_pong(ws, data, length);
	else
		(void)wye_ws_queue_control(ws, WYE_WS_OP_PONG, data, length);
}

void wye_ws_pong_owed(struct wye_ws *ws)
{
	if (ws->socket.blocked)
		return;
	if (ws->state == WYE_WS_OPEN)
		(void)!wye_ws_overtake(ws, WYE_WS_OP_PONG, ws->owed->payload, ws->owed->length);
	free(ws->owed);
	ws->owed = NULL;
}

/* ---- the 101 ---- */

static uint8_t *append(uint8_t *at, const char *text, size_t length)
{
	memcpy(at, text, length);
	return at + length;
}

int wye_ws_queue_101(struct wye_ws *ws, const struct wye_handshake *handshake)
{
	static const char start[] = "HTTP/1.1 101 Switching Protocols\r\n"
				    "Upgrade: websocket\r\n"
				    "Connection: Upgrade\r\n"
				    "Sec-WebSocket-Accept: ";
	static const char subprotocol[] = "\r\nSec-WebSocket-Protocol: ";
	struct wye_text chosen = handshake->subprotocol;
	const struct wye_handshake_field *field;
	size_t size = sizeof start - 1 + 28 + 4;
	struct wye_chunk *chunk;
	char key[29];
	uint8_t *at;

	if (wye_handshake_accept_key(wye_handshake_header(handshake, "Sec-WebSocket-Key"), key))
		return -EIO;
	for (field = handshake->reply; field; field = field->next)
		size += field->name.length + field->value.length + 4;
	if (chosen.data)
		size += sizeof subprotocol - 1 + chosen.length;
	chunk = wye_chunk_alone(size);
	if (!chunk)
		return -ENOMEM;
	at = append(chunk->data, start, sizeof start - 1);
	at = append(at, key, 28);
	for (field = handshake->reply; field; field = field->next) {
		at = append(append(at, "\r\n", 2), field->name.data, field->name.length);
		at = append(append(at, ": ", 2), field->value.data, field->value.length);
	}
	if (chosen.data) {
		at = append(at, subprotocol, sizeof subprotocol - 1);
		at = append(at, chosen.data, chosen.length);
	}
	at = append(at, "\r\n\r\n", 4);
	chunk->end = (uint32_t)(at - chunk->data);
	chunk->first = true; /* also where the socket is full of an earlier reply */
	wye_outbox_append(&ws->socket.outbox, chunk);
	wye_socket_touch(&ws->socket);
	return 0;
}

/* ---- messages ---- */

int wye_ws_share(struct wye_ws *ws, const struct wye_ws_shared *shared, const uint64_t *key)
{
	int verdict = wye_socket_share(&ws->socket, wye_ws_shared_pick(shared, ws), key);

	if (verdict == -ENOBUFS) {
		wye_ws_count_full();
		wye_ws_end(ws, WYE_WS_SLOW_CONSUMER, ws->route->slow_code, "too slow");
	} else if (verdict < 0 && verdict != -ENOENT) {
		ws->backlog.refused++;
		wye_ws_count_sends_refused();
	}
	return verdict;
}

static void carry_out_close(struct wye_socket *socket, const struct wye_order *order)
{
	struct wye_ws *ws = wye_ws_from_socket(socket);
	unsigned code =
		order->cause == WYE_WS_SLOW_CONSUMER ? ws->route->slow_code : order->code;

	wye_ws_end(ws, (enum wye_ws_cause)order->cause, code,
		   order->reason[0] ? order->reason : NULL);
}

static int order_close(wye_ws_id id, enum wye_ws_cause cause, unsigned code, const char *reason)
{
	struct wye_order order = { .code = code, .cause = cause };

	if (reason)
		strncpy(order.reason, reason, sizeof order.reason - 1);
	return wye_socket_order(id.value, WYE_SOCKET_WEBSOCKET, &order, carry_out_close);
}

static int tell_full(wye_ws_id id, int error)
{
	if (error == -ENOBUFS) {
		wye_ws_count_full();
		(void)order_close(id, WYE_WS_SLOW_CONSUMER, 0, "too slow");
	} else if (error == -EAGAIN) {
		wye_ws_count_sends_refused();
	}
	return error;
}

/* On a connection that has agreed on it. The frame is made by the sender's thread. */
static int send_compressed(wye_ws_id id, unsigned bits, size_t minimum,
			   const struct wye_parcel *plain, enum wye_ws_kind kind)
{
	struct wye_frame *frame =
		wye_ws_frame_compress(bits, minimum, kind, plain->data, plain->length);
	struct wye_parcel parcel = *plain;
	uint8_t header[WYE_OUTBOX_SLACK];
	int verdict;

	if (frame) {
		parcel.head_length = frame->length - frame->payload;
		parcel.head = memcpy(header, frame->data, parcel.head_length);
		parcel.data = frame->data + parcel.head_length;
		parcel.length = frame->payload;
	}
	verdict = wye_socket_send(id.value, WYE_SOCKET_WEBSOCKET, &parcel);
	wye_frame_drop(frame);
	return verdict;
}

static struct wye_ws *speaking(wye_ws_id id)
{
	struct wye_socket *socket = wye_socket_speaking;

	return socket && socket->id == id.value && socket->slot ? wye_ws_from_socket(socket)
								: NULL;
}

/* The message of a connection whose callback runs: nothing is looked up. */
static inline int send_here(struct wye_ws *ws, const struct wye_parcel *parcel,
			    enum wye_ws_kind kind)
{
	if (ws->deflate_bits)
		return send_compressed((wye_ws_id) { ws->socket.id }, ws->deflate_bits,
				       ws->route->deflate_minimum, parcel, kind);
	return wye_socket_send_here(&ws->socket, parcel);
}

static int send_there(wye_ws_id id, const struct wye_parcel *parcel, enum wye_ws_kind kind)
{
	struct wye_socket_place place = wye_socket_place(id.value, WYE_SOCKET_WEBSOCKET);

	const struct wye_ws_route *route = place.tag;

	if (place.flags)
		return send_compressed(id, place.flags, route->deflate_minimum, parcel, kind);
	return wye_socket_send(id.value, WYE_SOCKET_WEBSOCKET, parcel);
}

static inline int send_message(wye_ws_id id, const uint64_t *key, enum wye_ws_kind kind,
			       const void *data, size_t length)
{
	uint8_t header[WYE_OUTBOX_SLACK];
	const struct wye_parcel parcel = {
		header, wye_ws_frame_header(header, (enum wye_ws_opcode)kind, length),
		data,   length,
		key,
	};
	struct wye_ws *ws = speaking(id);
	int verdict = ws ? send_here(ws, &parcel, kind) : send_there(id, &parcel, kind);

	return verdict < 0 ? tell_full(id, verdict) : verdict;
}

/* ---- public ---- */

int wye_ws_send(wye_ws_id id, enum wye_ws_kind kind, const void *data, size_t length)
{
	return send_message(id, NULL, kind, data, length);
}

int wye_ws_send_keyed(wye_ws_id id, uint64_t key, enum wye_ws_kind kind, const void *data,
		      size_t length)
{
	return send_message(id, &key, kind, data, length);
}

int wye_ws_close(wye_ws_id id, unsigned code, const char *reason)
{
	if (!wye_ws_code_valid(code))
		return -EINVAL;
	return order_close(id, WYE_WS_HANDLER, code, reason);
}
