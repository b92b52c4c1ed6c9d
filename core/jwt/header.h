/* SPDX-License-Identifier: MIT
 *
 * header.h - a token in compact form taken apart (RFC 7515, 7.1), and its protected header
 * (4.1). Pure, but for a memory of the last header on each thread; any thread.
 */
#ifndef WYE_CORE_JWT_HEADER_H
#define WYE_CORE_JWT_HEADER_H

#include <wye/jwt.h>

struct wye_jwt_parts {
	struct wye_text header, payload, signature;
	struct wye_text signed_; /* header and payload with the dot between: what is signed */
};

/* False unless there are three parts, none of the first two empty. */
bool wye_jwt_split(struct wye_jwt_parts *out, struct wye_text token);

enum {
	WYE_JWT_ID_MAX = 255, /* bytes of a kid; a longer one names no key */
	WYE_JWT_TYPE_MAX = 63,
};

struct wye_jwt_header {
	enum wye_jwt_verdict verdict; /* of the header alone */
	unsigned algorithm;
	size_t id_length, type_length;
	bool has_id;
	char id[WYE_JWT_ID_MAX + 1];
	char type[WYE_JWT_TYPE_MAX + 1];
};

/* Reads a header from its base64url. Keys in it, or places to fetch them from, are not looked
 * at (jwk, jku, x5c, x5u). Valid until the thread's next call. */
const struct wye_jwt_header *wye_jwt_header(struct wye_text text);

#endif
