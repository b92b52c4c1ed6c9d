/* SPDX-License-Identifier: MIT
 *
 * codec.h - the frames of RFC 6455: bytes in, events out; frames out. No I/O, no clock; memory
 * only for what arrived of a message that is not complete yet.
 *
 * A decoder belongs to one connection and is used on its loop. It is strict: what the RFC
 * forbids ends in BROKEN, with the close code to send.
 */
#ifndef WYE_CORE_WEBSOCKET_CODEC_H
#define WYE_CORE_WEBSOCKET_CODEC_H

#include <wye/websocket.h>

#include "websocket/close.h"
#include "websocket/utf8.h"

/* RFC 6455, 5.2. Those of messages equal enum wye_ws_kind. */
enum wye_ws_opcode {
	WYE_WS_OP_CONTINUATION = 0x0,
	WYE_WS_OP_TEXT = 0x1,
	WYE_WS_OP_BINARY = 0x2,
	WYE_WS_OP_CLOSE = 0x8,
	WYE_WS_OP_PING = 0x9,
	WYE_WS_OP_PONG = 0xa,
};

enum {
	WYE_WS_COMPRESSED = 0x40, /* RSV1: beside the opcode of a message's first frame */
	WYE_WS_HEADER_MAX = 14,   /* of a masked frame */
	WYE_WS_SEND_MAX = 10,     /* header bytes of a frame that we send: no mask */
};

enum wye_ws_event {
	WYE_WS_MORE,    /* all bytes are consumed; nothing is complete */
	WYE_WS_MESSAGE, /* a whole message */
	WYE_WS_PING,
	WYE_WS_PONG,
	WYE_WS_CLOSE,  /* a valid close frame */
	WYE_WS_BROKEN, /* the peer broke a rule or a limit */
};

/* What an event carries. Other members than those named for an event are undefined. */
struct wye_ws_input {
	uint8_t *data; /* MESSAGE, PING, PONG: payload. CLOSE: the reason, UTF-8 */
	size_t length;
	uint8_t opcode;  /* MESSAGE: TEXT or BINARY, as enum wye_ws_kind */
	bool compressed; /* MESSAGE: `data` is to be inflated (deflate.h), text is unchecked */
	unsigned code;   /* CLOSE: the peer's, 1005 for none. BROKEN: the one to send */
	const char *why; /* BROKEN: a sentence, static; fits a close frame as its reason */
	bool kept;       /* `data` lies in the decoder's memory, else in the bytes given */
	unsigned fragments; /* ALL: frames that were read besides, which are no event */
};

/* Members are the codec's own. Holds no memory of its own while no frame and no message is
 * half-received. */
struct wye_ws_decoder {
	uint8_t *message;     /* payload so far of a message that did not come in one piece */
	uint8_t *control;     /* payload so far of a control frame, likewise */
	uint32_t length;      /* payload bytes of the message so far, all frames */
	uint32_t capacity;    /* of `message` */
	uint32_t max_message; /* bytes */
	uint32_t missing;     /* payload bytes of the current frame still to come */
	uint32_t mask;        /* turned so that its first byte is for the next byte */
	struct wye_utf8 text; /* where the text message stands; zero between messages */
	uint8_t phase;
	uint8_t frame;    /* first byte of the current frame's header */
	uint8_t kind;     /* opcode and RSV1 of the current message, 0 between messages */
	uint8_t reserved; /* RSV bits refused on a message's first frame */
	uint8_t control_length;
	uint8_t header_length;
	uint8_t header[WYE_WS_HEADER_MAX]; /* of a frame whose header is not complete yet */
};

/* `max_message` in bytes, over all fragments; a message above it is error 1009 (limited to
 * 4 GiB - 1). Init allocates nothing. */
void wye_ws_decoder_init(struct wye_ws_decoder *decoder, size_t max_message);

/* Lets compressed messages in: RSV1 on the first frame of a message (RFC 7692, 6). Their limit
 * is a little higher, as what can't be compressed grows by it; whoever inflates them looks at
 * max_message again. */
void wye_ws_decoder_allow_compressed(struct wye_ws_decoder *decoder);

/* Frees what is half-received. The decoder may be finished in any state, more than once. */
void wye_ws_decoder_fini(struct wye_ws_decoder *decoder);

/* Consumes bytes up to the end of the next event; call it until it answers MORE, then all bytes
 * are consumed. The bytes must be writable: payload is unmasked where it lies. `*data` and
 * `*length` are moved past what was consumed.
 *
 * event->data is valid until the next call for this decoder, and no longer than the bytes given
 * (unless event->kept). After CLOSE or BROKEN everything further is ignored: MORE. Memory that
 * runs out is BROKEN with 1011.
 */
enum wye_ws_event wye_ws_decode(struct wye_ws_decoder *decoder, uint8_t **data, size_t *length,
				struct wye_ws_input *event);

/* Header of an unmasked frame; `opcode` may have WYE_WS_COMPRESSED. Returns its length, 2 to
 * 10. With `last` false the frame is a fragment, to be followed by continuations (5.4). */
size_t wye_ws_frame_header(uint8_t out[WYE_WS_SEND_MAX], unsigned opcode, uint64_t length);
size_t wye_ws_fragment_header(uint8_t out[WYE_WS_SEND_MAX], unsigned opcode, uint64_t length,
			      bool last);

#endif
