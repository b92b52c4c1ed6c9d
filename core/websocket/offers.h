/* SPDX-License-Identifier: MIT
 *
 * offers.h - which of a client's offers of permessage-deflate is accepted, and the answer (RFC
 * 7692, 7.1). Pure; any thread.
 */
#ifndef WYE_CORE_WEBSOCKET_OFFERS_H
#define WYE_CORE_WEBSOCKET_OFFERS_H

#include <wye/types.h>

#define WYE_EXTENSIONS_FIELD "Sec-WebSocket-Extensions"

enum {
	WYE_DEFLATE_BITS_MAX = 15,    /* of a window: 32 KB */
	WYE_DEFLATE_BITS_MIN = 9,     /* of ours: zlib makes no raw data for 8 */
	WYE_DEFLATE_ANSWER_MAX = 160, /* bytes */
};

/* What both sides keep to. All zero: not negotiated. We never use a context. */
struct wye_deflate_terms {
	uint8_t send_bits;      /* of the window of what we send, 9 to 15; 0: not negotiated */
	uint8_t receive_bits;   /* of the client's, 8 to 15 */
	bool send_bits_said;    /* the offer names it, so the answer must */
	bool receive_bits_said; /* likewise */
	bool takeover;          /* the client keeps its context from message to message */
};

/* Reads all fields of that name as one list (RFC 6455, 9.1) and takes the first offer that can
 * be kept to in all its parameters; other extensions are passed over. `takeover`: the client
 * may keep its context, if it doesn't offer to do without.
 *
 * Returns 0, and the terms, zero if there is no such offer; -EINVAL if the list breaks the
 * grammar, then the handshake has failed.
 */
int wye_deflate_negotiate(const struct wye_field *fields, size_t count, bool takeover,
			  struct wye_deflate_terms *terms) WYE_MUST_CHECK;

/* Writes the answer's value for terms that were negotiated. Returns its length. */
size_t wye_deflate_answer(char out[WYE_DEFLATE_ANSWER_MAX],
			  const struct wye_deflate_terms *terms);

#endif
