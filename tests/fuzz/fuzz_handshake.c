/* SPDX-License-Identifier: MIT
 *
 * fuzz_handshake.c - an Upgrade's target and fields: what is asked of the handshake lies within
 * its own copy, the key's check agrees with a naive one, and an offer that was taken away is
 * offered no more. Input: the target, then a field a line, "name:value".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "websocket/handshake.h"
#include "target.h"

enum { FIELDS = 64 };

static unsigned long sum;

/* A sanitizer sees each byte that is beyond. */
static void touch(struct wye_text text)
{
	for (size_t i = 0; i < text.length; i++)
		sum += (unsigned char)text.data[i];
}

/* ---- input ---- */

/* As the head's scan lets them through: a name, and a value without blanks round it. */
static size_t take_fields(struct wye_text text, struct wye_field *fields)
{
	size_t count = 0;

	while (text.length && count < FIELDS) {
		struct wye_text line = take_line(&text);
		const char *colon = memchr(line.data, ':', line.length);

		if (!colon || colon == line.data)
			continue;
		fields[count++] = (struct wye_field) {
			{ line.data, (size_t)(colon - line.data) },
			{ colon + 1, line.length - (size_t)(colon + 1 - line.data) }
		};
	}
	return count;
}

/* ---- checks ---- */

/* 16 bytes in base64, by its table (RFC 4648, 4). */
static bool is_key(struct wye_text key)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (key.length != 24 || memcmp(key.data + 22, "==", 2) != 0)
		return false;
	for (int i = 0; i < 22; i++)
		if (!memchr(alphabet, key.data[i], 64))
			return false;
	return memchr("AQgw", key.data[21], 4); /* those whose last four bits are 0 */
}

static void check_verdict(const struct wye_handshake *handshake)
{
	struct wye_text key = wye_handshake_header(handshake, "sec-websocket-key"),
			version = wye_handshake_header(handshake, "sec-websocket-version");
	unsigned status = wye_handshake_check(handshake);
	char accepted[29];

	must(status == 0 || status == 400 || status == 426, "another status");
	if (!status)
		must(key.data && is_key(key) && version.length == 2 &&
			     !memcmp(version.data, "13", 2),
		     "it was let in");
	if (status == 426)
		must(is_key(key), "a version is asked for, with a wrong key");
	if (!status)
		must(!wye_handshake_accept_key(key, accepted) && strlen(accepted) == 28,
		     "no Accept");
}

static int take_first(void *argument, struct wye_text offer)
{
	*(struct wye_text *)argument = offer;
	return 1;
}

static int is_same(void *argument, struct wye_text offer)
{
	const struct wye_text *wanted = argument;

	return offer.length == wanted->length &&
	       !memcmp(offer.data, wanted->data, offer.length);
}

/* One that is taken away is nobody's offer any more, unless it was there twice; and the answer
 * where there was no other. */
static void check_hiding(struct wye_handshake *handshake)
{
	struct wye_text offer, copy;

	if (!wye_handshake_each_offer(handshake, take_first, &offer))
		return;
	copy = (struct wye_text) { memcpy(malloc(offer.length), offer.data, offer.length),
				   offer.length };
	must(!wye_handshake_hide_offer(handshake, offer), "not to be hidden");
	while (wye_handshake_each_offer(handshake, is_same, &copy)) {
		must(wye_handshake_each_offer(handshake, take_first, &offer), "none");
		must(!wye_handshake_hide_offer(handshake, offer), "not to be hidden, later");
	}
	wye_handshake_settle(handshake);
	if (!wye_handshake_each_offer(handshake, take_first, &offer))
		must(is_same(&copy, wye_handshake_subprotocol(handshake)), "another answer");
	free((char *)copy.data);
}

static void check_texts(const struct wye_handshake *handshake)
{
	struct wye_field field;

	touch(wye_handshake_target(handshake));
	touch(wye_handshake_path(handshake));
	touch(wye_handshake_query(handshake));
	touch(wye_handshake_query_value(handshake, "a"));
	touch(wye_handshake_cookie(handshake, "a"));
	for (size_t i = 0; wye_handshake_header_at(handshake, i, &field); i++)
		touch(field.name), touch(field.value);
	for (size_t i = 0; wye_handshake_query_at(handshake, i, &field); i++)
		touch(field.name), touch(field.value);
	for (size_t i = 0; wye_handshake_cookie_at(handshake, i, &field); i++)
		touch(field.name), touch(field.value);
}

/* What the handler's terms are made from is read from the copies, too. */
static void check_extensions(const struct wye_handshake *handshake)
{
	struct wye_deflate_terms terms;

	(void)!wye_deflate_negotiate(handshake->fields, handshake->count, true, &terms);
}

/* What a step may set is set as it was said; what may be sent is a field. */
static void check_setting(struct wye_handshake *handshake)
{
	struct wye_text query = wye_handshake_query(handshake), got;
	bool sendable = true;

	for (size_t i = 0; i < query.length; i++)
		sendable = sendable &&
			   (query.data[i] == '\t' ||
			    ((unsigned char)query.data[i] >= ' ' && query.data[i] != 0x7f));
	must(wye_handshake_reply_header(handshake, "X-A", query) == (sendable ? 0 : -EINVAL),
	     "a field that is sent, or not");
	must(!wye_handshake_set_id(handshake, query) &&
		     !wye_handshake_set_user(handshake, query),
	     "set");
	got = wye_handshake_id(handshake);
	must(got.length == query.length &&
		     (!got.length || !memcmp(got.data, query.data, got.length)),
	     "another id");
	got = wye_handshake_user(handshake);
	must(got.length == query.length, "another user");
	touch(wye_handshake_parameter(handshake, "a"));
	touch(wye_handshake_host(handshake));
	touch(wye_handshake_client(handshake));
	touch(wye_handshake_route(handshake));
}

/* Only an offer can be chosen, and once. */
static void check_choice(struct wye_handshake *handshake)
{
	bool chosen = wye_handshake_subprotocol(handshake).data,
	     offered = wye_handshake_offers(handshake, "chat");
	int error = wye_handshake_choose(handshake, "chat");

	must(error == (chosen ? -EALREADY : offered ? 0 : -ENOENT), "chosen, or not");
	if (!error)
		must(wye_handshake_choose(handshake, "chat") == -EALREADY, "twice");
}

static void check_end(struct wye_handshake *handshake, size_t length)
{
	must(wye_handshake_refuse(handshake, 200, "no") == -EINVAL, "200 is no refusal");
	must(!wye_handshake_refuse(handshake, 403, "no") &&
		     wye_handshake_refuse(handshake, 404, "no") == -EALREADY,
	     "refused once");
	must(!wye_handshake_set_deadline(handshake, length, 4000, "over"), "a deadline");
	must(wye_handshake_set_deadline(handshake, length, 5, "over") == -EINVAL, "no code");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static const union wye_address peer = { .v4 = { .sin_family = AF_INET } };
	static const uint8_t address[16];
	struct wye_field fields[FIELDS];
	struct wye_text text = { (const char *)data, length };
	struct wye_handshake_source source = { .client = { "", 0 },
					       .host = { "", 0 },
					       .address = address,
					       .peer = &peer,
					       .fields = fields };
	struct wye_handshake *handshake;

	if (!length)
		return 0;
	source.target = take_line(&text);
	source.count = take_fields(text, fields);
	if (wye_handshake_create(&handshake, &source))
		return 0;
	check_texts(handshake);
	check_verdict(handshake);
	check_extensions(handshake);
	check_hiding(handshake);
	check_texts(handshake);
	check_setting(handshake);
	check_choice(handshake);
	check_end(handshake, length);
	wye_handshake_destroy(handshake);
	return 0;
}
