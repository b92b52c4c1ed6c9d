/* SPDX-License-Identifier: MIT
 *
 * token-request.h - what the command line of `wye token` asks for. Read by token.c, and carried
 * out there or in token-make.c.
 */
#ifndef WYE_CORE_TOKEN_REQUEST_H
#define WYE_CORE_TOKEN_REQUEST_H

#include "base/buffer.h"

enum {
	WYE_TOKEN_MOST = 32, /* times that an option may be given */
};

/* An option's values in their order, with NULL at the end. */
struct wye_token_list {
	const char *items[WYE_TOKEN_MOST + 1];
	size_t count;
};

enum wye_token_option {
	WYE_TOKEN_KEY,
	WYE_TOKEN_KEY_FILE,
	WYE_TOKEN_KEY_ENV,
	WYE_TOKEN_JWKS,
	WYE_TOKEN_ALG,
	WYE_TOKEN_SUB,
	WYE_TOKEN_ISS,
	WYE_TOKEN_AUD,
	WYE_TOKEN_KID,
	WYE_TOKEN_TYP,
	WYE_TOKEN_EXP,
	WYE_TOKEN_NBF,
	WYE_TOKEN_CLAIM,
	WYE_TOKEN_JSON,
	WYE_TOKEN_REQUIRE,
	WYE_TOKEN_SCOPE,
	WYE_TOKEN_LEEWAY,
	WYE_TOKEN_OPTIONS,
};

struct wye_token_request {
	struct wye_token_list options[WYE_TOKEN_OPTIONS];
	struct wye_buffer key;
};

/* The last value of an option; NULL if there is none. */
const char *wye_token_option(const struct wye_token_request *request,
			     enum wye_token_option which);

/* Prints a sentence, and returns the exit status for it. */
int wye_token_fail(const char *what);

/* Reads the key from where it is said to be. Returns 0, or a negative errno with a sentence. */
int wye_token_read_key(struct wye_token_request *request, struct wye_error *why) WYE_MUST_CHECK;

/* `wye token make`. Returns the exit status. */
int wye_token_make(struct wye_token_request *request);

#endif
