/* SPDX-License-Identifier: MIT
 *
 * header.c - see header.h.
 */
#include <string.h>

#include "jwt/base64url.h"
#include "jwt/header.h"
#include "jwt/json.h"
#include "jwt/key.h"

enum {
	TEXT_MAX = 1024, /* characters of a header; kid and type have room in it many times */
};

bool wye_jwt_split(struct wye_jwt_parts *out, struct wye_text token)
{
	const char *end = token.data + token.length,
		   *first = token.length ? memchr(token.data, '.', token.length) : NULL,
		   *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (!second || first == token.data || second == first + 1 ||
	    memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	out->header = (struct wye_text) { token.data, (size_t)(first - token.data) };
	out->payload = (struct wye_text) { first + 1, (size_t)(second - first - 1) };
	out->signature = (struct wye_text) { second + 1, (size_t)(end - second - 1) };
	out->signed_ = (struct wye_text) { token.data, (size_t)(second - token.data) };
	return true;
}

/* ---- reading one ---- */

/* False for what is there and no text; what has no room is a name that fits nothing. */
static bool take(const json_t *json, const char *name, char *out, size_t room, size_t *length)
{
	struct wye_text text = wye_json_string(json, name);

	*length = 0;
	if (!text.data)
		return !json_object_get(json, name);
	*length = text.length;
	memcpy(out, text.data, text.length < room ? text.length : room);
	return true;
}

static enum wye_jwt_verdict judge(struct wye_jwt_header *out, const json_t *json)
{
	struct wye_text algorithm = wye_json_string(json, "alg");

	out->has_id = json_object_get(json, "kid");
	if (!algorithm.data || !take(json, "kid", out->id, sizeof out->id, &out->id_length) ||
	    !take(json, "typ", out->type, sizeof out->type, &out->type_length))
		return WYE_JWT_MALFORMED;
	out->algorithm = wye_jwt_algorithm(algorithm);
	/* No extension is understood, so none may be critical (RFC 7515, 4.1.11). */
	if (!out->algorithm || json_object_get(json, "crit"))
		return WYE_JWT_ALGORITHM;
	return WYE_JWT_VALID;
}

static void parse(struct wye_jwt_header *out, struct wye_text text)
{
	unsigned char bytes[WYE_BASE64URL_BYTES(TEXT_MAX)];
	ssize_t length = wye_base64url_decode(bytes, text);
	json_t *json = NULL;

	if (length >= 0)
		json = wye_json_object(
			(struct wye_text) { (const char *)bytes, (size_t)length });
	out->verdict = json ? judge(out, json) : WYE_JWT_MALFORMED;
	json_decref(json);
}

/* Tokens of one issuer begin alike: the last good header is remembered. */
const struct wye_jwt_header *wye_jwt_header(struct wye_text text)
{
	static const struct wye_jwt_header too_long = { .verdict = WYE_JWT_MALFORMED };
	static _Thread_local struct {
		size_t length;
		char text[TEXT_MAX];
		struct wye_jwt_header header;
	} last;

	if (text.length > TEXT_MAX)
		return &too_long;
	if (!last.length || text.length != last.length ||
	    memcmp(text.data, last.text, last.length)) {
		parse(&last.header, text);
		last.length = last.header.verdict == WYE_JWT_MALFORMED ? 0 : text.length;
		memcpy(last.text, text.data, last.length);
	}
	return &last.header;
}
