/* SPDX-License-Identifier: MIT
 *
 * handshake.c - see handshake.h.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/field.h"
#include "route/target.h"
#include "websocket/close.h"
#include "websocket/handshake.h"
#include "websocket/pending.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum {
	KEY_LENGTH = 24, /* 16 bytes in base64 */
};

/* ---- making one ---- */

static struct wye_text keep(struct wye_handshake *handshake, struct wye_text text)
{
	return wye_arena_copy(&handshake->arena, text.data ? text.data : "", text.length);
}

/* The texts of all fields lie in one piece, from the first name to the last value. */
static int copy_fields(struct wye_handshake *handshake,
		       const struct wye_handshake_source *source)
{
	const struct wye_field *given = source->fields;
	size_t count = source->count;
	const char *start = count ? given[0].name.data : "";
	const char *end =
		count ? given[count - 1].value.data + given[count - 1].value.length : start;
	struct wye_text copy = wye_arena_copy(&handshake->arena, start, (size_t)(end - start));

	handshake->fields =
		wye_arena_allocate(&handshake->arena, count * sizeof *handshake->fields);
	if (!handshake->fields || !copy.data)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		handshake->fields[i] = (struct wye_field) {
			{ copy.data + (given[i].name.data - start), given[i].name.length },
			{ copy.data + (given[i].value.data - start), given[i].value.length },
		};
	handshake->count = count;
	return 0;
}

static int fill(struct wye_handshake *handshake, const struct wye_handshake_source *source)
{
	handshake->peer = *source->peer;
	memcpy(handshake->address, source->address, sizeof handshake->address);
	handshake->tls_peer = wye_tls_peer_hold(source->tls_peer);
	handshake->lanes = source->lanes;
	handshake->client = keep(handshake, source->client);
	handshake->host = keep(handshake, source->host);
	handshake->target = keep(handshake, source->target);
	if (!handshake->client.data || !handshake->host.data || !handshake->target.data)
		return -ENOMEM;
	handshake->parts = wye_target_parse(handshake->target);
	return copy_fields(handshake, source);
}

int wye_handshake_create(struct wye_handshake **out, const struct wye_handshake_source *source)
{
	struct wye_handshake *handshake = malloc(sizeof *handshake);
	int error;

	if (!handshake)
		return -ENOMEM;
	memset(handshake, 0, offsetof(struct wye_handshake, memory));
	wye_arena_init(&handshake->arena, handshake->memory, sizeof handshake->memory);
	handshake->wire.descriptor = -1;
	handshake->reply_last = &handshake->reply;
	wye_context_init(&handshake->context, wye_loop_current(), wye_pending_deadline_over);
	error = fill(handshake, source);
	if (error) {
		wye_handshake_destroy(handshake);
		return error;
	}
	*out = handshake;
	return 0;
}

void wye_handshake_destroy(struct wye_handshake *handshake)
{
	if (!handshake)
		return;
	wye_context_fini(&handshake->context);
	wye_tls_peer_release(handshake->tls_peer);
	wye_arena_reset(&handshake->arena);
	free(handshake);
}

/* ---- what RFC 6455 asks for ---- */

static int base64_value(char byte)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = byte ? strchr(alphabet, byte) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* 16 bytes in base64: 22 characters, of which the last has four bits that must be 0, and "==".
 */
static bool is_key(struct wye_text key)
{
	if (key.length != KEY_LENGTH || key.data[22] != '=' || key.data[23] != '=')
		return false;
	for (int i = 0; i < 22; i++)
		if (base64_value(key.data[i]) < 0)
			return false;
	return !(base64_value(key.data[21]) & 0xf);
}

static size_t count_fields(const struct wye_handshake *handshake, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < handshake->count; i++)
		count += wye_text_is(handshake->fields[i].name, name);
	return count;
}

unsigned wye_handshake_check(const struct wye_handshake *handshake)
{
	struct wye_text version = wye_handshake_header(handshake, "Sec-WebSocket-Version");

	if (count_fields(handshake, "Sec-WebSocket-Key") != 1 ||
	    !is_key(wye_handshake_header(handshake, "Sec-WebSocket-Key")))
		return 400;
	if (count_fields(handshake, "Sec-WebSocket-Version") > 1)
		return 400;
	return version.data && wye_text_is(version, "13") ? 0 : 426;
}

static EVP_MD *sha1;

static void fetch_sha1(void)
{
	sha1 = EVP_MD_fetch(NULL, "SHA1",
			    NULL); /* a look-up by name each time costs more than it */
}

int wye_handshake_accept_key(struct wye_text key, char out[29])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[KEY_LENGTH + sizeof GUID];
	unsigned length;

	pthread_once(&once, fetch_sha1);
	if (!sha1 || key.length != KEY_LENGTH)
		return -EIO;
	memcpy(text, key.data, KEY_LENGTH);
	memcpy(text + KEY_LENGTH, GUID, sizeof GUID);
	if (!EVP_Digest(text, sizeof text - 1, digest, &length, sha1, NULL))
		return -EIO;
	EVP_EncodeBlock((unsigned char *)out, digest, (int)length);
	return 0;
}

/* ---- public ---- */

struct wye_text wye_handshake_target(const struct wye_handshake *handshake)
{
	return handshake->target;
}

struct wye_text wye_handshake_path(const struct wye_handshake *handshake)
{
	return handshake->parts.path;
}

struct wye_text wye_handshake_query(const struct wye_handshake *handshake)
{
	return handshake->parts.query;
}

struct wye_text wye_handshake_host(const struct wye_handshake *handshake)
{
	return handshake->host;
}

struct wye_text wye_handshake_header(const struct wye_handshake *handshake, const char *name)
{
	return wye_field_find(handshake->fields, handshake->count, name);
}

bool wye_handshake_header_at(const struct wye_handshake *handshake, size_t index,
			     struct wye_field *out)
{
	if (index >= handshake->count)
		return false;
	*out = handshake->fields[index];
	return true;
}

/* Split when it is first asked for. */
static const struct wye_pairs *query(const struct wye_handshake *handshake)
{
	struct wye_handshake *own = (struct wye_handshake *)handshake;

	if (!own->query.parsed)
		wye_pairs_parse_form(&own->query, &own->arena, own->parts.query);
	return &own->query;
}

struct wye_text wye_handshake_query_value(const struct wye_handshake *handshake,
					  const char *name)
{
	return wye_pairs_find(query(handshake), name);
}

static const struct wye_pairs *cookies(const struct wye_handshake *handshake)
{
	struct wye_handshake *own = (struct wye_handshake *)handshake;
	size_t i = own->cookies.parsed ? own->count : 0;

	for (; i < own->count; i++)
		if (wye_text_is(own->fields[i].name, "Cookie"))
			wye_pairs_parse_cookies(&own->cookies, &own->arena,
						own->fields[i].value);
	return &own->cookies;
}

struct wye_text wye_handshake_cookie(const struct wye_handshake *handshake, const char *name)
{
	return wye_pairs_find(cookies(handshake), name);
}

static bool pair_at(const struct wye_pairs *pairs, size_t index, struct wye_field *out)
{
	if (index >= pairs->count)
		return false;
	*out = pairs->items[index];
	return true;
}

bool wye_handshake_query_at(const struct wye_handshake *handshake, size_t index,
			    struct wye_field *out)
{
	return pair_at(query(handshake), index, out);
}

bool wye_handshake_cookie_at(const struct wye_handshake *handshake, size_t index,
			     struct wye_field *out)
{
	return pair_at(cookies(handshake), index, out);
}

struct wye_text wye_handshake_parameter(const struct wye_handshake *handshake, const char *name)
{
	for (size_t i = 0; i < handshake->match.count; i++) {
		struct wye_text known = handshake->match.parameters[i].name;

		if (known.length == strlen(name) && !memcmp(known.data, name, known.length))
			return handshake->match.parameters[i].value;
	}
	return (struct wye_text) { NULL, 0 };
}

struct wye_text wye_handshake_client(const struct wye_handshake *handshake)
{
	return handshake->client;
}

void wye_handshake_client_address(const struct wye_handshake *handshake, uint8_t out[16])
{
	memcpy(out, handshake->address, 16);
}

const struct wye_tls_peer *wye_handshake_tls_peer(const struct wye_handshake *handshake)
{
	return handshake->tls_peer;
}

struct wye_text wye_handshake_route(const struct wye_handshake *handshake)
{
	const char *pattern = handshake->route ? handshake->route->base.pattern : NULL;

	return (struct wye_text) { pattern, pattern ? strlen(pattern) : 0 };
}

static int set_text(struct wye_handshake *handshake, struct wye_text *out, struct wye_text text)
{
	struct wye_text copy = keep(handshake, text);

	if (!copy.data)
		return -ENOMEM;
	*out = copy;
	return 0;
}

struct wye_text wye_handshake_id(const struct wye_handshake *handshake)
{
	return handshake->id;
}

int wye_handshake_set_id(struct wye_handshake *handshake, struct wye_text id)
{
	return set_text(handshake, &handshake->id, id);
}

struct wye_text wye_handshake_user(const struct wye_handshake *handshake)
{
	return handshake->user;
}

int wye_handshake_set_user(struct wye_handshake *handshake, struct wye_text user)
{
	return set_text(handshake, &handshake->user, user);
}

struct wye_text wye_handshake_attribute(const struct wye_handshake *handshake, const char *name)
{
	return wye_attribute_find(handshake->attributes, name);
}

int wye_handshake_set_attribute(struct wye_handshake *handshake, const char *name,
				struct wye_text value)
{
	return wye_attribute_set(&handshake->attributes, &handshake->arena, name, value);
}

/* ---- subprotocols: repeated fields are one list (RFC 6455, 11.3.4) ---- */

int wye_handshake_each_offer(const struct wye_handshake *handshake,
			     int (*visit)(void *argument, struct wye_text offer),
			     void *argument)
{
	for (size_t i = 0; i < handshake->count; i++) {
		struct wye_text list = handshake->fields[i].value, one;

		if (!wye_text_is(handshake->fields[i].name, "Sec-WebSocket-Protocol"))
			continue;
		while (wye_list_next(&list, &one)) {
			int result = visit(argument, one);

			if (result)
				return result;
		}
	}
	return 0;
}

static int is_offer(void *wanted, struct wye_text offer)
{
	return offer.length == strlen(wanted) && !memcmp(offer.data, wanted, offer.length);
}

bool wye_handshake_offers(const struct wye_handshake *handshake, const char *subprotocol)
{
	return wye_handshake_each_offer(handshake, is_offer, (void *)subprotocol);
}

static bool is_within(struct wye_text part, struct wye_text whole)
{
	return part.data >= whole.data && part.data + part.length <= whole.data + whole.length;
}

/* The fields are copies of the handshake's own. */
int wye_handshake_hide_offer(struct wye_handshake *handshake, struct wye_text offer)
{
	for (size_t i = 0; i < handshake->count; i++) {
		if (!is_within(offer, handshake->fields[i].value))
			continue;
		if (!handshake->hidden.data)
			handshake->hidden = keep(handshake, offer);
		memset((char *)offer.data, ' ', offer.length);
		return handshake->hidden.data ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

static int is_any(void *unused, struct wye_text offer)
{
	(void)unused;
	(void)offer;
	return 1;
}

void wye_handshake_settle(struct wye_handshake *handshake)
{
	if (!handshake->subprotocol.data && handshake->hidden.data &&
	    !wye_handshake_each_offer(handshake, is_any, NULL))
		handshake->subprotocol = handshake->hidden;
}

int wye_handshake_choose(struct wye_handshake *handshake, const char *subprotocol)
{
	if (handshake->subprotocol.data)
		return -EALREADY;
	if (!wye_handshake_offers(handshake, subprotocol))
		return -ENOENT;
	return set_text(handshake, &handshake->subprotocol,
			(struct wye_text) { subprotocol, strlen(subprotocol) });
}

struct wye_text wye_handshake_subprotocol(const struct wye_handshake *handshake)
{
	return handshake->subprotocol;
}

/* ---- the end of the connection ---- */

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int wye_handshake_set_deadline(struct wye_handshake *handshake, uint64_t left, unsigned code,
			       const char *reason)
{
	struct wye_handshake_end end = { .code = code };

	if (!wye_ws_code_valid(code))
		return -EINVAL;
	if (__builtin_add_overflow(milliseconds(), left, &end.at) ||
	    (handshake->end.at && handshake->end.at <= end.at))
		return 0;
	end.reason = keep(handshake, (struct wye_text) { reason, reason ? strlen(reason) : 0 });
	if (!end.reason.data)
		return -ENOMEM;
	handshake->end = end;
	return 0;
}

struct wye_context *wye_handshake_context(struct wye_handshake *handshake)
{
	return &handshake->context;
}

/* ---- the answer ---- */

int wye_handshake_reply_header(struct wye_handshake *handshake, const char *name,
			       struct wye_text value)
{
	struct wye_handshake_field *field;

	if (!wye_field_valid(name, value))
		return -EINVAL;
	field = wye_arena_allocate(&handshake->arena, sizeof *field);
	if (!field)
		return -ENOMEM;
	field->next = NULL;
	field->name = keep(handshake, (struct wye_text) { name, strlen(name) });
	field->value = keep(handshake, value);
	if (!field->name.data || !field->value.data)
		return -ENOMEM;
	*handshake->reply_last = field;
	handshake->reply_last = &field->next;
	return 0;
}

int wye_handshake_refuse(struct wye_handshake *handshake, unsigned status, const char *body)
{
	struct wye_text text = { body ? body : "", body ? strlen(body) : 0 };

	if (handshake->refusal.status)
		return -EALREADY;
	if (status < 400 || status > 599)
		return -EINVAL;
	handshake->refusal.status = status;
	handshake->refusal.body = keep(handshake, text);
	if (handshake->refusal.body.data)
		return 0;
	handshake->refusal.body = (struct wye_text) { "", 0 };
	return -ENOMEM;
}
