/* SPDX-License-Identifier: MIT
 *
 * deflate.h - compressed messages (RFC 7692, 7.2): whole payloads in, whole payloads out. No
 * I/O.
 *
 * A thread has the zlib streams that it needs, from their first use to its end, and no message
 * leaves anything in them. A connection has one of its own only if its client keeps its context
 * from message to message.
 */
#ifndef WYE_CORE_WEBSOCKET_DEFLATE_H
#define WYE_CORE_WEBSOCKET_DEFLATE_H

#include "websocket/codec.h"

struct z_stream_s;

/* What a connection remembers of its client's messages. All zero: they are independent. */
struct wye_inflater {
	struct z_stream_s *stream; /* made at the first compressed message */
	uint8_t bits;              /* of the client's window, 8 to 15; 0: it keeps no context */
};

void wye_inflater_fini(struct wye_inflater *inflater);

/* Inflates a compressed message, the payload of all its frames, as the decoder hands it out:
 * `event` becomes the plain message, in memory at `*out`, which is the caller's to free
 * whatever comes of it. That grows with what is inflated, to `max_message` + 1 bytes at most.
 *
 * The inflater's own loop, as it is the connection's; any thread for one that is all zero.
 *
 * Returns MESSAGE; or BROKEN: 1007 for data that can't be inflated to its end, or text that is
 * not UTF-8; 1009 above max_message; 1011 without memory.
 */
enum wye_ws_event wye_inflate_message(struct wye_inflater *inflater, size_t max_message,
				      struct wye_ws_input *event, uint8_t **out) WYE_MUST_CHECK;

/* Compresses a message by itself, so that the result suits every connection whose negotiated
 * window is at least this one (wye_deflate_terms.send_bits, 9 to 15).
 *
 * Any thread; the thread keeps what zlib needs: a few KB for short messages, 256 KB for long
 * ones, 0.6 MB if there are all sizes. `out` is the caller's and has room for `length` bytes.
 *
 * Returns the payload's length, shorter than `length`: to be sent with WYE_WS_COMPRESSED
 * in the header of the message's first frame (6.1), and only there. Or 0: it does not pay, as
 * the message is shorter than `minimum` bytes or its data don't compress, or there is no
 * memory; what `out` holds is nothing then, and the message is to be sent as it is, without
 * RSV1.
 */
size_t wye_deflate_message(unsigned window_bits, size_t minimum, const void *data,
			   size_t length, void *out) WYE_MUST_CHECK;

#endif
