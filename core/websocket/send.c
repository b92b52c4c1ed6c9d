/* SPDX-License-Identifier: MIT
 *
 * send.c - see send.h.
 *
 * A send reserves its room in the slot's word by one compare-and-swap, which also tells whether
 * the connection still is the one that the id names: so the verdict is there at once on any
 * thread. On the connection's own loop the frame is then written into the outbox; from
 * elsewhere it travels as a chunk that carries its own mail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "websocket/metrics.h"
#include "websocket/send.h"

enum {
	BOUND_BYTES = 0, /* index in the slot's spare words */
	BOUND_MESSAGES = 1,
	PAYLOAD_BITS = 28,
	CONTROL_SLACK = 65536, /* bytes of frames that may wait beyond the bound */
};

#define PAYLOAD_MASK ((UINT64_C(1) << PAYLOAD_BITS) - 1)

static size_t queued_bytes(uint64_t word)
{
	return word & PAYLOAD_MASK;
}

static unsigned queued_messages(uint64_t word)
{
	return (unsigned)((word & WYE_ID_STATE_MASK) >> PAYLOAD_BITS);
}

void wye_ws_publish_bounds(struct wye_ws *ws)
{
	atomic_store_explicit(&ws->slot->spare[BOUND_BYTES], ws->route->outbox_bytes,
			      memory_order_relaxed);
	atomic_store_explicit(&ws->slot->spare[BOUND_MESSAGES], ws->route->outbox_messages,
			      memory_order_relaxed);
}

/* ---- room ---- */

static int reserve(struct wye_slot *slot, uint64_t id, size_t length)
{
	uint64_t bytes = atomic_load_explicit(&slot->spare[BOUND_BYTES], memory_order_relaxed);
	uint64_t messages =
		atomic_load_explicit(&slot->spare[BOUND_MESSAGES], memory_order_relaxed);
	uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);

	do {
		if (!wye_id_matches(id, word))
			return -ENOENT;
		if (length > bytes)
			return -EMSGSIZE;
		if (length > bytes - queued_bytes(word) || queued_messages(word) >= messages)
			return -ENOBUFS;
	} while (!atomic_compare_exchange_weak_explicit(
		&slot->word, &word, word + (UINT64_C(1) << PAYLOAD_BITS) + length,
		memory_order_relaxed, memory_order_relaxed));
	return 0;
}

static void unreserve(struct wye_ws *ws, unsigned messages, size_t payload)
{
	if (ws->slot)
		atomic_fetch_sub_explicit(&ws->slot->word,
					  ((uint64_t)messages << PAYLOAD_BITS) + payload,
					  memory_order_relaxed);
}

static size_t queued(const struct wye_ws *ws)
{
	return queued_bytes(atomic_load_explicit(&ws->slot->word, memory_order_relaxed));
}

void wye_ws_release(struct wye_ws *ws, unsigned messages, size_t payload)
{
	const struct wye_ws_handler *handler = ws->route->handler;

	ws->messages_out += messages;
	ws->bytes_out += payload;
	wye_ws_count_out(messages, payload);
	unreserve(ws, messages, payload);
	if (!ws->drain_due || ws->state != WYE_WS_OPEN ||
	    queued(ws) > ws->route->outbox_bytes / 4)
		return;
	ws->drain_due = false;
	if (handler->drained)
		handler->drained(ws, &ws->route->base.mount);
}

size_t wye_ws_capacity(const struct wye_ws *ws)
{
	return ws->route->outbox_bytes;
}

size_t wye_ws_room(const struct wye_ws *ws)
{
	uint64_t word;

	if (!ws->slot)
		return 0;
	word = atomic_load_explicit(&ws->slot->word, memory_order_relaxed);
	if (queued_messages(word) >= ws->route->outbox_messages)
		return 0;
	return ws->route->outbox_bytes - queued_bytes(word);
}

/* ---- frames ---- */

static size_t write_frame(uint8_t *at, enum wye_ws_opcode opcode, const void *data,
			  size_t length)
{
	size_t header = wye_ws_frame_header(at, opcode, length);

	if (length)
		memcpy(at + header, data, length);
	return header + length;
}

static int queue_frame(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
		       size_t length, unsigned messages)
{
	struct wye_socket *socket = &ws->socket;
	size_t size = wye_ws_frame_size(length);

	if (size <= WYE_OUTBOX_SMALL) {
		uint8_t *at = wye_outbox_room(&socket->outbox, &socket->loop->chunks, size,
					      messages, messages ? length : 0);

		if (!at)
			return -ENOMEM;
		write_frame(at, opcode, data, length);
	} else {
		struct wye_chunk *chunk = wye_chunk_alone(size);

		if (!chunk)
			return -ENOMEM;
		chunk->end = (uint32_t)write_frame(chunk->data, opcode, data, length);
		chunk->messages = messages;
		chunk->payload = messages ? (uint32_t)length : 0;
		wye_outbox_append(&socket->outbox, chunk);
	}
	wye_socket_touch(socket);
	return 0;
}

int wye_ws_queue_control(struct wye_ws *ws, enum wye_ws_opcode opcode, const void *data,
			 size_t length)
{
	if (opcode == WYE_WS_OP_PONG &&
	    ws->socket.outbox.bytes > ws->route->outbox_bytes + CONTROL_SLACK)
		return -ENOBUFS;
	return queue_frame(ws, opcode, data, length, 0);
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
	const struct wye_handshake_field *field;
	size_t size = sizeof start - 1 + 28 + 4;
	struct wye_chunk *chunk;
	char key[29];
	uint8_t *at;

	if (wye_handshake_accept_key(wye_handshake_header(handshake, "Sec-WebSocket-Key"), key))
		return -EIO;
	for (field = handshake->reply; field; field = field->next)
		size += field->name.length + field->value.length + 4;
	chunk = wye_chunk_alone(size);
	if (!chunk)
		return -ENOMEM;
	at = append(chunk->data, start, sizeof start - 1);
	at = append(at, key, 28);
	for (field = handshake->reply; field; field = field->next) {
		at = append(append(at, "\r\n", 2), field->name.data, field->name.length);
		at = append(append(at, ": ", 2), field->value.data, field->value.length);
	}
	at = append(at, "\r\n\r\n", 4);
	chunk->end = (uint32_t)(at - chunk->data);
	wye_outbox_append(&ws->socket.outbox, chunk);
	wye_socket_touch(&ws->socket);
	return 0;
}

/* ---- from other threads ---- */

/* Stands at the start of its own chunk's data; the frame follows. */
struct posted {
	struct wye_mail mail;
	struct wye_chunk *chunk;
	uint64_t id;
};

static struct wye_ws *find(uint64_t id)
{
	struct wye_stream_loop *loop = wye_stream_of(wye_id_loop(id));
	struct wye_slot *slot = loop ? wye_id_find(loop->ids, id) : NULL;

	return slot ? atomic_load_explicit(&slot->object, memory_order_relaxed) : NULL;
}

/* A small frame is copied, so that a stream of them leaves in few vectors. */
static void arrive(struct wye_mail *mail)
{
	struct posted *posted = (struct posted *)mail;
	struct wye_chunk *chunk = posted->chunk;
	struct wye_ws *ws = find(posted->id);
	size_t size = chunk->end - chunk->start;
	uint8_t *at = NULL;

	if (!ws) { /* closed meanwhile; its reservation went with the slot's use */
		wye_chunk_free(chunk);
		return;
	}
	if (size <= WYE_OUTBOX_SMALL)
		at = wye_outbox_room(&ws->socket.outbox, &ws->socket.loop->chunks, size,
				     chunk->messages, chunk->payload);
	if (at) {
		memcpy(at, chunk->data + chunk->start, size);
		wye_chunk_free(chunk);
	} else {
		wye_outbox_append(&ws->socket.outbox, chunk);
	}
	wye_socket_touch(&ws->socket);
}

static struct posted *make_posted(uint64_t id, enum wye_ws_opcode opcode, const void *data,
				  size_t length)
{
	struct wye_chunk *chunk =
		wye_chunk_alone(sizeof(struct posted) + wye_ws_frame_size(length));
	struct posted *posted;

	if (!chunk)
		return NULL;
	posted = (struct posted *)chunk->data;
	posted->chunk = chunk;
	posted->id = id;
	chunk->start = sizeof *posted;
	chunk->end = chunk->start +
		     (uint32_t)write_frame(chunk->data + chunk->start, opcode, data, length);
	chunk->messages = 1;
	chunk->payload = (uint32_t)length;
	return posted;
}

/* An order to close, for the connection's loop. */
struct order {
	uint64_t id;
	enum wye_ws_cause cause;
	unsigned code;
	char reason[WYE_WS_CONTROL_MAX];
};

static void carry_out(void *argument)
{
	struct order *order = argument;
	struct wye_ws *ws = find(order->id);

	if (ws)
		wye_ws_end(ws, order->cause, order->code,
			   order->reason[0] ? order->reason : NULL);
	free(order);
}

static int order_close(uint64_t id, enum wye_ws_cause cause, unsigned code, const char *reason)
{
	struct wye_stream_loop *loop = wye_stream_of(wye_id_loop(id));
	struct wye_slot *slot = loop ? wye_id_find(loop->ids, id) : NULL;
	struct order *order;
	int error;

	if (!slot)
		return -ENOENT;
	if (wye_loop_here(&loop->loop)) {
		wye_ws_end(find(id), cause, code, reason);
		return 0;
	}
	order = calloc(1, sizeof *order);
	if (!order)
		return -ENOMEM;
	*order = (struct order) { .id = id, .cause = cause, .code = code };
	if (reason)
		strncpy(order->reason, reason, sizeof order->reason - 1);
	error = wye_loop_post(&loop->loop, carry_out, order);
	if (error)
		free(order);
	return error == -ESHUTDOWN ? -ENOENT : error;
}

/* ---- public ---- */

static int send_here(struct wye_ws *ws, enum wye_ws_kind kind, const void *data, size_t length)
{
	int error = queue_frame(ws, (enum wye_ws_opcode)kind, data, length, 1);

	if (error)
		unreserve(ws, 1, length);
	else if (queued(ws) > ws->route->outbox_bytes / 2)
		ws->drain_due = true;
	return error;
}

static int send_there(struct wye_stream_loop *loop, struct wye_slot *slot, uint64_t id,
		      enum wye_ws_kind kind, const void *data, size_t length)
{
	struct posted *posted = make_posted(id, (enum wye_ws_opcode)kind, data, length);
	int error;

	if (posted) {
		error = reserve(slot, id, length);
		if (!error && wye_loop_mail(&loop->loop, &posted->mail, arrive))
			error = -ENOENT;
		if (error)
			wye_chunk_free(posted->chunk);
		return error;
	}
	return -ENOMEM;
}

int wye_ws_send(wye_ws_id id, enum wye_ws_kind kind, const void *data, size_t length)
{
	struct wye_stream_loop *loop = wye_stream_of(wye_id_loop(id.value));
	struct wye_slot *slot = loop ? wye_id_find(loop->ids, id.value) : NULL;
	int error;

	if (!slot)
		return -ENOENT;
	if (length > PAYLOAD_MASK)
		return -EMSGSIZE;
	if (wye_loop_here(&loop->loop)) {
		error = reserve(slot, id.value, length);
		if (!error)
			return send_here(
				atomic_load_explicit(&slot->object, memory_order_relaxed), kind,
				data, length);
	} else {
		error = send_there(loop, slot, id.value, kind, data, length);
	}
	if (error == -ENOBUFS) {
		wye_ws_count_full();
		(void)order_close(id.value, WYE_WS_SLOW_CONSUMER, WYE_WS_POLICY_VIOLATION,
				  "too slow");
	}
	return error;
}

int wye_ws_close(wye_ws_id id, unsigned code, const char *reason)
{
	if (!wye_ws_code_valid(code))
		return -EINVAL;
	return order_close(id.value, WYE_WS_HANDLER, code, reason);
}
