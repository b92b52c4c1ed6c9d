/* SPDX-License-Identifier: MIT
 *
 * codec.c - see codec.h.
 *
 * Nearly every frame lies whole in the bytes given: it is unmasked there and handed out from
 * there, and the decoder's state isn't touched. Only what comes in pieces goes through the
 * decoder's own memory, which grows with what has arrived, never with what was announced.
 */
#include <stdlib.h>
#include <string.h>

#include "websocket/codec.h"
#include "websocket/mask.h"

enum {
	FINAL = 0x80, /* bits of a header's first byte */
	RESERVED = 0x70,
	CONTROL = 0x08,
	OPCODE = 0x0f,
	MASKED = 0x80, /* and of its second */
	LENGTH = 0x7f,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	FIRST_ALLOCATION = 256,
	SLACK = 64, /* bytes; and a sixteenth: zlib at its worst, in blocks of 128 bytes */
};

/* What a decoder waits for. */
enum {
	HEADER,
	PAYLOAD,
	NOTHING, /* after a close frame or an error */
};

struct frame {
	uint64_t payload; /* bytes announced */
	size_t header;    /* bytes */
	uint32_t mask;
	uint8_t first;
};

void wye_ws_decoder_init(struct wye_ws_decoder *decoder, size_t max_message)
{
	*decoder = (struct wye_ws_decoder) {
		.max_message = max_message < UINT32_MAX ? (uint32_t)max_message : UINT32_MAX,
		.reserved = RESERVED,
	};
}

void wye_ws_decoder_allow_compressed(struct wye_ws_decoder *decoder)
{
	decoder->reserved &= (uint8_t)~WYE_WS_COMPRESSED;
}

static void drop_message(struct wye_ws_decoder *decoder)
{
	free(decoder->message);
	decoder->message = NULL;
	decoder->length = decoder->capacity = 0;
}

static void drop_control(struct wye_ws_decoder *decoder)
{
	free(decoder->control);
	decoder->control = NULL;
	decoder->control_length = 0;
}

void wye_ws_decoder_fini(struct wye_ws_decoder *decoder)
{
	drop_message(decoder);
	drop_control(decoder);
	decoder->phase = NOTHING;
}

/* Frees what the call before has handed out. */
static void drop_delivered(struct wye_ws_decoder *decoder)
{
	if (!decoder->kind)
		drop_message(decoder);
	if (decoder->phase != PAYLOAD)
		drop_control(decoder);
}

static enum wye_ws_event fail(struct wye_ws_decoder *decoder, struct wye_ws_input *event,
			      unsigned code, const char *why)
{
	wye_ws_decoder_fini(decoder);
	event->code = code;
	event->why = why;
	return WYE_WS_BROKEN;
}

/* ---- headers (5.2) ---- */

/* The only frames that may have a reserved bit. */
static bool is_compressed_start(const struct wye_ws_decoder *decoder, uint8_t first)
{
	return !(first & decoder->reserved) && !(first & CONTROL) && (first & OPCODE);
}

/* What is wrong with the first byte; NULL: nothing. */
static inline const char *check_first(const struct wye_ws_decoder *decoder, uint8_t first)
{
	unsigned opcode = first & OPCODE;

	if ((first & RESERVED) && !is_compressed_start(decoder, first))
		return "reserved bit set";
	if ((opcode & 0x7) > WYE_WS_OP_BINARY) /* three for data, three for control */
		return "reserved opcode";
	if (opcode & CONTROL)
		return first & FINAL ? NULL : "control frame in fragments";
	if (!opcode && !decoder->kind)
		return "continuation of nothing";
	if (opcode && decoder->kind)
		return "message within a fragmented message";
	return NULL;
}

static inline const char *check_second(uint8_t first, uint8_t second)
{
	if (!(second & MASKED))
		return "frame without mask";
	if (first & CONTROL) {
		if ((second & LENGTH) > WYE_WS_CONTROL_MAX)
			return "control frame above 125 bytes";
		if ((first & OPCODE) == WYE_WS_OP_CLOSE && (second & LENGTH) == 1)
			return "close frame with half a code";
	}
	return NULL;
}

/* Reads an extended length, all of whose bytes are there. Returns what is wrong with it. */
static const char *read_long_length(struct frame *frame, const uint8_t *bytes, uint8_t form)
{
	unsigned size = form == LENGTH_16 ? 2 : 8;

	frame->payload = 0;
	for (unsigned i = 0; i < size; i++)
		frame->payload = frame->payload << 8 | bytes[2 + i];
	if (frame->payload >> 63)
		return "length above 63 bits";
	if (frame->payload < (form == LENGTH_16 ? LENGTH_16 : UINT64_C(0x10000)))
		return "length not in its shortest form";
	return NULL;
}

/* What a message may have, in all its frames. */
static uint64_t limit_of(const struct wye_ws_decoder *decoder, unsigned kind)
{
	uint64_t limit = decoder->max_message;

	if (kind & WYE_WS_COMPRESSED)
		limit += limit / 16 + SLACK;
	return limit < UINT32_MAX ? limit : UINT32_MAX;
}

static bool too_big(const struct wye_ws_decoder *decoder, const struct frame *frame)
{
	return frame->payload + decoder->length >
	       limit_of(decoder, frame->first & OPCODE ? frame->first : decoder->kind);
}

/* Reads a header of which `length` bytes are there. Judges each byte as soon as it is there, so
 * that the answer doesn't depend on how the bytes were cut. Returns MORE with frame->header 0
 * if bytes are missing. */
static inline enum wye_ws_event read_header(struct wye_ws_decoder *decoder,
					    const uint8_t *bytes, size_t length,
					    struct frame *frame, struct wye_ws_input *event)
{
	const char *why = check_first(decoder, bytes[0]);
	size_t mask_at = 2;

	frame->header = 0;
	frame->first = bytes[0];
	if (!why && length >= 2)
		why = check_second(bytes[0], bytes[1]);
	if (why)
		return fail(decoder, event, WYE_WS_PROTOCOL_ERROR, why);
	if (length < 2)
		return WYE_WS_MORE;
	frame->payload = bytes[1] & LENGTH;
	if (frame->payload >= LENGTH_16) {
		mask_at += frame->payload == LENGTH_16 ? 2 : 8;
		if (length < mask_at)
			return WYE_WS_MORE;
		why = read_long_length(frame, bytes, bytes[1] & LENGTH);
		if (why)
			return fail(decoder, event, WYE_WS_PROTOCOL_ERROR, why);
	}
	if (!(bytes[0] & CONTROL) && frame->payload + decoder->length > decoder->max_message &&
	    too_big(decoder, frame))
		return fail(decoder, event, WYE_WS_TOO_BIG, "message too big");
	if (length < mask_at + 4)
		return WYE_WS_MORE;
	memcpy(&frame->mask, bytes + mask_at, 4);
	frame->header = mask_at + 4;
	return WYE_WS_MORE;
}

/* ---- whole frames and messages ---- */

static enum wye_ws_event close_event(struct wye_ws_decoder *decoder, struct wye_ws_input *event)
{
	decoder->phase = NOTHING;
	drop_message(decoder);
	event->code = WYE_WS_NO_CODE;
	if (!event->length)
		return WYE_WS_CLOSE;
	event->code = (unsigned)event->data[0] << 8 | event->data[1];
	event->data += 2;
	event->length -= 2;
	if (!wye_ws_code_valid(event->code))
		return fail(decoder, event, WYE_WS_PROTOCOL_ERROR, "invalid close code");
	if (!wye_utf8_valid(event->data, event->length))
		return fail(decoder, event, WYE_WS_BAD_DATA, "close reason is not UTF-8");
	return WYE_WS_CLOSE;
}

/* A control frame's payload stands in `event`. */
static enum wye_ws_event control_event(struct wye_ws_decoder *decoder, uint8_t first,
				       struct wye_ws_input *event)
{
	unsigned opcode = first & OPCODE;

	if (opcode == WYE_WS_OP_CLOSE)
		return close_event(decoder, event);
	return opcode == WYE_WS_OP_PING ? WYE_WS_PING : WYE_WS_PONG;
}

/* True if the frame is a whole control frame or a whole message by itself. */
static inline bool stands_alone(uint8_t first)
{
	return (first & FINAL) && (first & OPCODE) != WYE_WS_OP_CONTINUATION;
}

/* Hands out a frame that stands alone from where it lies. */
static inline enum wye_ws_event deliver_in_place(struct wye_ws_decoder *decoder,
						 const struct frame *frame, uint8_t *payload,
						 struct wye_ws_input *event)
{
	size_t length = (size_t)frame->payload;
	bool ascii = wye_unmask(payload, length, frame->mask);

	event->data = payload;
	event->length = length;
	event->kept = false;
	if (frame->first & CONTROL)
		return control_event(decoder, frame->first, event);
	event->opcode = frame->first & OPCODE;
	event->compressed = frame->first & WYE_WS_COMPRESSED;
	if (!ascii && (frame->first & (OPCODE | WYE_WS_COMPRESSED)) == WYE_WS_OP_TEXT &&
	    !wye_utf8_valid(payload, length))
		return fail(decoder, event, WYE_WS_BAD_DATA, "text is not UTF-8");
	return WYE_WS_MESSAGE;
}

/* ---- frames in pieces ---- */

static void begin_payload(struct wye_ws_decoder *decoder, const struct frame *frame)
{
	decoder->phase = PAYLOAD;
	decoder->header_length = 0;
	decoder->frame = frame->first;
	decoder->missing = (uint32_t)frame->payload;
	decoder->mask = frame->mask;
	if (!(frame->first & CONTROL) && (frame->first & OPCODE))
		decoder->kind = frame->first & (OPCODE | WYE_WS_COMPRESSED);
}

/* Makes room for what has arrived. Growth is geometric, and ends at what can still come. */
static bool make_room(struct wye_ws_decoder *decoder, size_t extra)
{
	size_t need = decoder->length + extra, capacity = 2 * need, most;
	uint8_t *grown;

	if (need <= decoder->capacity)
		return true;
	most = decoder->frame & FINAL ? (size_t)decoder->length + decoder->missing
				      : (size_t)limit_of(decoder, decoder->kind);
	if (capacity < FIRST_ALLOCATION)
		capacity = FIRST_ALLOCATION;
	if (capacity > most)
		capacity = most;
	grown = realloc(decoder->message, capacity);
	if (!grown)
		return false;
	decoder->message = grown;
	decoder->capacity = (uint32_t)capacity;
	return true;
}

/* Keeps a piece of a data frame. Returns MORE, or BROKEN as soon as text can't be UTF-8. */
static enum wye_ws_event keep_data(struct wye_ws_decoder *decoder, uint8_t *data, size_t length,
				   struct wye_ws_input *event)
{
	bool ascii = wye_unmask(data, length, decoder->mask);

	if (decoder->kind == WYE_WS_OP_TEXT && !(ascii && !decoder->text.missing) &&
	    !wye_utf8_feed(&decoder->text, data, length))
		return fail(decoder, event, WYE_WS_BAD_DATA, "text is not UTF-8");
	if (!make_room(decoder, length))
		return fail(decoder, event, WYE_WS_INTERNAL_ERROR, "out of memory");
	memcpy(decoder->message + decoder->length, data, length);
	decoder->length += (uint32_t)length;
	return WYE_WS_MORE;
}

static enum wye_ws_event keep_control(struct wye_ws_decoder *decoder, uint8_t *data,
				      size_t length, struct wye_ws_input *event)
{
	if (!decoder->control)
		decoder->control = malloc(decoder->missing);
	if (!decoder->control)
		return fail(decoder, event, WYE_WS_INTERNAL_ERROR, "out of memory");
	wye_unmask(data, length, decoder->mask);
	memcpy(decoder->control + decoder->control_length, data, length);
	decoder->control_length += (uint8_t)length;
	return WYE_WS_MORE;
}

/* The payload of a frame that came in pieces is complete. */
static enum wye_ws_event end_frame(struct wye_ws_decoder *decoder, struct wye_ws_input *event)
{
	bool control = decoder->frame & CONTROL;

	decoder->phase = HEADER;
	if (!(decoder->frame & FINAL)) {
		event->fragments++;
		return WYE_WS_MORE;
	}
	event->data = control ? decoder->control : decoder->message;
	event->length = control ? decoder->control_length : decoder->length;
	event->kept = true;
	if (!event->data)
		event->data = decoder->header; /* empty, but never NULL */
	if (control)
		return control_event(decoder, decoder->frame, event);
	if (decoder->kind == WYE_WS_OP_TEXT && decoder->text.missing)
		return fail(decoder, event, WYE_WS_BAD_DATA, "text is not UTF-8");
	event->opcode = decoder->kind & OPCODE;
	event->compressed = decoder->kind & WYE_WS_COMPRESSED;
	decoder->kind = 0; /* drop_delivered() does the rest */
	return WYE_WS_MESSAGE;
}

static enum wye_ws_event take_payload(struct wye_ws_decoder *decoder, uint8_t **data,
				      size_t *length, struct wye_ws_input *event)
{
	size_t piece = *length < decoder->missing ? *length : decoder->missing;
	enum wye_ws_event answer = WYE_WS_MORE;

	if (piece && decoder->frame & CONTROL)
		answer = keep_control(decoder, *data, piece, event);
	else if (piece)
		answer = keep_data(decoder, *data, piece, event);
	if (answer != WYE_WS_MORE)
		return answer;
	decoder->mask = wye_mask_turn(decoder->mask, piece);
	decoder->missing -= (uint32_t)piece;
	*data += piece;
	*length -= piece;
	return decoder->missing ? WYE_WS_MORE : end_frame(decoder, event);
}

/* Collects a header that comes in pieces. Once it is whole, the phase is PAYLOAD. */
static enum wye_ws_event collect_header(struct wye_ws_decoder *decoder, uint8_t **data,
					size_t *length, struct wye_ws_input *event)
{
	struct frame frame;

	while (*length && decoder->phase == HEADER) {
		decoder->header[decoder->header_length++] = *(*data)++;
		--*length;
		if (read_header(decoder, decoder->header, decoder->header_length, &frame,
				event) != WYE_WS_MORE)
			return WYE_WS_BROKEN;
		if (frame.header)
			begin_payload(decoder, &frame);
	}
	return WYE_WS_MORE;
}

/* True for what nearly all frames are: a whole plain message below 126 bytes, all of it there.
 */
static inline bool is_short_message(const struct wye_ws_decoder *decoder, const uint8_t *start,
				    size_t length)
{
	return length >= 6 &&
	       (start[0] == (FINAL | WYE_WS_OP_TEXT) ||
		start[0] == (FINAL | WYE_WS_OP_BINARY)) &&
	       (uint8_t)(start[1] - MASKED) < LENGTH_16 &&
	       length - 6 >= (size_t)(start[1] - MASKED) && !decoder->kind &&
	       (size_t)(start[1] - MASKED) <= decoder->max_message;
}

static inline enum wye_ws_event take_short_message(struct wye_ws_decoder *decoder,
						   uint8_t **data, size_t *length,
						   struct wye_ws_input *event)
{
	uint8_t *start = *data;
	struct frame frame = { .payload = (uint8_t)(start[1] - MASKED), .first = start[0] };

	memcpy(&frame.mask, start + 2, 4);
	*data += 6 + frame.payload;
	*length -= 6 + (size_t)frame.payload;
	return deliver_in_place(decoder, &frame, start + 6, event);
}

/* Reads a frame from its start; there is at least one byte. */
static inline enum wye_ws_event take_frame(struct wye_ws_decoder *decoder, uint8_t **data,
					   size_t *length, struct wye_ws_input *event)
{
	struct frame frame;
	uint8_t *start = *data;

	if (is_short_message(decoder, start, *length))
		return take_short_message(decoder, data, length, event);
	if (read_header(decoder, start, *length, &frame, event) != WYE_WS_MORE)
		return WYE_WS_BROKEN;
	if (!frame.header)
		return collect_header(decoder, data, length, event);
	*data += frame.header;
	*length -= frame.header;
	if (!stands_alone(frame.first) || *length < frame.payload) {
		begin_payload(decoder, &frame);
		return WYE_WS_MORE;
	}
	*data += frame.payload;
	*length -= (size_t)frame.payload;
	return deliver_in_place(decoder, &frame, start + frame.header, event);
}

enum wye_ws_event wye_ws_decode(struct wye_ws_decoder *decoder, uint8_t **data, size_t *length,
				struct wye_ws_input *event)
{
	enum wye_ws_event answer = WYE_WS_MORE;

	event->fragments = 0;
	if (decoder->message || decoder->control)
		drop_delivered(decoder);
	while (answer == WYE_WS_MORE && decoder->phase != NOTHING) {
		if (decoder->phase == PAYLOAD && (*length || !decoder->missing))
			answer = take_payload(decoder, data, length, event);
		else if (!*length)
			return WYE_WS_MORE;
		else if (decoder->header_length)
			answer = collect_header(decoder, data, length, event);
		else
			answer = take_frame(decoder, data, length, event);
	}
	if (answer == WYE_WS_MORE) { /* the peer may talk on after its close frame */
		*data += *length;
		*length = 0;
	}
	return answer;
}

/* ---- sending ---- */

size_t wye_ws_fragment_header(uint8_t out[WYE_WS_SEND_MAX], unsigned opcode, uint64_t length,
			      bool last)
{
	unsigned size = length < LENGTH_16 ? 0 : length <= UINT16_MAX ? 2 : 8;

	out[0] = (uint8_t)((last ? FINAL : 0) | opcode);
	out[1] = (uint8_t)(size == 0 ? length : size == 2 ? LENGTH_16 : LENGTH_64);
	for (unsigned i = 0; i < size; i++)
		out[2 + i] = (uint8_t)(length >> 8 * (size - 1 - i));
	return 2 + size;
}

size_t wye_ws_frame_header(uint8_t out[WYE_WS_SEND_MAX], unsigned opcode, uint64_t length)
{
	return wye_ws_fragment_header(out, opcode, length, true);
}
