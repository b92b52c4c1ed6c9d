/* SPDX-License-Identifier: MIT
 *
 * forward-auth-fields.h - which fields travel to the auth service and back. Made from settings,
 * then read by any thread.
 */
#ifndef WYE_MIDDLEWARE_FORWARD_AUTH_FIELDS_H
#define WYE_MIDDLEWARE_FORWARD_AUTH_FIELDS_H

#include <wye/rest.h>
#include <wye/websocket.h>

#include "asker.h"

/* A field of the answer that is handed on, and the attribute that it becomes: its name in lower
 * case. */
struct handed {
	const char *name; /* lives as long as the settings */
	char *attribute;
};

struct forwarding {
	const char **asked; /* names of fields that are sent along; likewise */
	size_t asked_count;
	struct handed *handed;
	size_t handed_count;
};

/* Returns 0; -EINVAL with a sentence; -ENOMEM. To be ended also after a failure. */
int forwarding_init(struct forwarding *forwarding, const struct wye_settings *settings,
		    struct wye_error *why) WYE_MUST_CHECK;
void forwarding_fini(struct forwarding *forwarding);

/* Put into the question what is told of a request or a handshake. Return 0 or -ENOMEM. */
int forwarding_ask_request(const struct forwarding *forwarding, struct question *question,
			   const struct wye_request *request) WYE_MUST_CHECK;
int forwarding_ask_handshake(const struct forwarding *forwarding, struct question *question,
			     const struct wye_handshake *handshake) WYE_MUST_CHECK;

/* Hand on what the service has answered. Return 0; a negative errno: it can't be handed on. */
int forwarding_hand_request(const struct forwarding *forwarding,
			    const struct question *question,
			    struct wye_request *request) WYE_MUST_CHECK;
int forwarding_hand_handshake(const struct forwarding *forwarding,
			      const struct question *question,
			      struct wye_handshake *handshake) WYE_MUST_CHECK;

#endif
