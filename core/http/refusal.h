/* SPDX-License-Identifier: MIT
 *
 * refusal.h - what is refused before any chain, so that no access log has it. Http thread.
 */
#ifndef WYE_CORE_HTTP_REFUSAL_H
#define WYE_CORE_HTTP_REFUSAL_H

#include "base/buffer.h"
#include "http/head.h"

struct wye_http_connection;

/* A whole answer that says so, and that the connection closes; for a HEAD without its body.
 * Returns 0 or -ENOMEM. */
int wye_refusal_compose(struct wye_buffer *out, const struct wye_fault *fault,
			bool head) WYE_MUST_CHECK;

/* Counts it, and logs a line of level info. `why` is what the client was told; NULL: the engine
 * has refused by itself. */
void wye_refusal_note(struct wye_http_connection *connection, unsigned status,
		      struct wye_text why);

#endif
