/* SPDX-License-Identifier: MIT
 *
 * refusal.h - what is refused before any chain, so that no access log has it. Http thread.
 */
#ifndef WYE_CORE_HTTP_REFUSAL_H
#define WYE_CORE_HTTP_REFUSAL_H

#include <wye/types.h>

struct wye_http_connection;

/* Counts it, and logs a line of level info. `why` is what the client was told; NULL: the engine
 * has refused by itself. */
void wye_refusal_note(struct wye_http_connection *connection, unsigned status,
		      struct wye_text why);

#endif
