/* SPDX-License-Identifier: MIT
 *
 * offers.c - see offers.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/field.h"
#include "websocket/offers.h"

struct cursor {
	const char *at, *end;
};

struct parameter {
	struct wye_text name;
	bool has_value;
	size_t length; /* of the value, without quotes and escapes */
	char value[2]; /* its first bytes: no good one is longer */
};

/* An extension of the list, as far as it is read. */
struct offer {
	bool acceptable;
	unsigned seen; /* parameters: a bit each, by their place in the table */
	bool client_does_without;
	struct wye_deflate_terms terms;
};

/* ---- the grammar (RFC 6455, 9.1; blanks as in RFC 2616, 2.1) ---- */

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

/* Takes a separator, with blanks round it, if it is there. */
static bool take(struct cursor *cursor, char separator)
{
	skip_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at != separator)
		return false;
	cursor->at++;
	skip_blanks(cursor);
	return true;
}

/* Takes a token; its length is 0 if there is none. */
static struct wye_text take_token(struct cursor *cursor)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && wye_byte_is(*cursor->at, WYE_BYTE_TOKEN))
		cursor->at++;
	return (struct wye_text) { start, (size_t)(cursor->at - start) };
}

static void add_value_byte(struct parameter *parameter, char byte)
{
	if (parameter->length < sizeof parameter->value)
		parameter->value[parameter->length] = byte;
	parameter->length++;
}

/* Reads behind the opening quote. What is left without quotes and escapes must be a token. */
static bool take_quoted(struct cursor *cursor, struct parameter *parameter)
{
	while (cursor->at < cursor->end && *cursor->at != '"') {
		if (*cursor->at == '\\' && ++cursor->at == cursor->end)
			return false;
		if (!wye_byte_is(*cursor->at, WYE_BYTE_TOKEN))
			return false;
		add_value_byte(parameter, *cursor->at++);
	}
	if (cursor->at == cursor->end)
		return false;
	cursor->at++;
	return parameter->length > 0;
}

static bool take_value(struct cursor *cursor, struct parameter *parameter)
{
	struct wye_text token;

	if (cursor->at < cursor->end && *cursor->at == '"') {
		cursor->at++;
		return take_quoted(cursor, parameter);
	}
	token = take_token(cursor);
	for (size_t i = 0; i < token.length; i++)
		add_value_byte(parameter, token.data[i]);
	return token.length > 0;
}

static bool take_parameter(struct cursor *cursor, struct parameter *parameter)
{
	*parameter = (struct parameter) { .name = take_token(cursor) };
	if (!parameter->name.length)
		return false;
	parameter->has_value = take(cursor, '=');
	return !parameter->has_value || take_value(cursor, parameter);
}

/* ---- parameters (RFC 7692, 7.1) ---- */

/* The bits of a window, 8 to 15, without zeros in front; 0 for anything else. */
static unsigned read_bits(const struct parameter *parameter)
{
	const char *value = parameter->value;

	if (parameter->length == 1 && (value[0] == '8' || value[0] == '9'))
		return (unsigned)(value[0] - '0');
	if (parameter->length == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5')
		return 10 + (unsigned)(value[1] - '0');
	return 0;
}

/* 7.1.1.1: we do without in any case. */
static bool server_no_context_takeover(struct offer *offer, const struct parameter *parameter)
{
	(void)offer;
	return !parameter->has_value;
}

static bool client_no_context_takeover(struct offer *offer, const struct parameter *parameter)
{
	offer->client_does_without = true;
	return !parameter->has_value;
}

static bool server_max_window_bits(struct offer *offer, const struct parameter *parameter)
{
	offer->terms.send_bits = (uint8_t)read_bits(parameter);
	offer->terms.send_bits_said = true;
	return offer->terms.send_bits >= WYE_DEFLATE_BITS_MIN;
}

/* 7.1.2.2: without a value the client only says that it would keep to one. */
static bool client_max_window_bits(struct offer *offer, const struct parameter *parameter)
{
	if (!parameter->has_value)
		return true;
	offer->terms.receive_bits = (uint8_t)read_bits(parameter);
	offer->terms.receive_bits_said = true;
	return offer->terms.receive_bits;
}

static const struct {
	const char *name;
	bool (*read)(struct offer *offer, const struct parameter *parameter);
} PARAMETERS[] = {
	{ "server_no_context_takeover", server_no_context_takeover },
	{ "client_no_context_takeover", client_no_context_takeover },
	{ "server_max_window_bits", server_max_window_bits },
	{ "client_max_window_bits", client_max_window_bits },
};

/* False if it declines the offer: unknown, there twice, or of a wrong value. */
static bool apply(struct offer *offer, const struct parameter *parameter)
{
	for (size_t i = 0; i < sizeof PARAMETERS / sizeof PARAMETERS[0]; i++) {
		if (!wye_text_is(parameter->name, PARAMETERS[i].name))
			continue;
		if (offer->seen & 1u << i)
			return false;
		offer->seen |= 1u << i;
		return PARAMETERS[i].read(offer, parameter);
	}
	return false;
}

/* ---- the list ---- */

/* Reads one extension. False if the grammar is broken. */
static bool take_extension(struct cursor *cursor, struct offer *offer)
{
	struct wye_text name = take_token(cursor);
	struct parameter parameter;

	*offer = (struct offer) { .terms = { .send_bits = WYE_DEFLATE_BITS_MAX,
					     .receive_bits = WYE_DEFLATE_BITS_MAX } };
	offer->acceptable = wye_text_is(name, "permessage-deflate");
	if (!name.length)
		return false;
	while (take(cursor, ';')) {
		if (!take_parameter(cursor, &parameter))
			return false;
		offer->acceptable = offer->acceptable && apply(offer, &parameter);
	}
	return cursor->at == cursor->end || *cursor->at == ',';
}

static int read_list(struct wye_text list, bool takeover, struct wye_deflate_terms *terms)
{
	struct cursor cursor = { list.data, list.data + list.length };
	struct offer offer;

	for (;;) {
		while (take(&cursor, ',')) /* empty elements are allowed (RFC 2616, 2.1) */
			;
		if (cursor.at == cursor.end)
			return 0;
		if (!take_extension(&cursor, &offer))
			return -EINVAL;
		if (!offer.acceptable || terms->send_bits)
			continue;
		*terms = offer.terms;
		terms->takeover = takeover && !offer.client_does_without;
	}
}

int wye_deflate_negotiate(const struct wye_field *fields, size_t count, bool takeover,
			  struct wye_deflate_terms *terms)
{
	int error = 0;

	*terms = (struct wye_deflate_terms) { 0 };
	for (size_t i = 0; i < count && !error; i++)
		if (wye_text_is(fields[i].name, WYE_EXTENSIONS_FIELD))
			error = read_list(fields[i].value, takeover, terms);
	return error;
}

/* ---- the answer ---- */

static size_t add_bits(char *out, const char *name, unsigned bits)
{
	return (size_t)sprintf(out, "; %s=%u", name, bits);
}

size_t wye_deflate_answer(char out[WYE_DEFLATE_ANSWER_MAX],
			  const struct wye_deflate_terms *terms)
{
	static const char always[] = "permessage-deflate; server_no_context_takeover";
	static const char without[] = "; client_no_context_takeover";
	size_t length = sizeof always - 1;

	memcpy(out, always, sizeof always);
	if (!terms->takeover) {
		memcpy(out + length, without, sizeof without);
		length += sizeof without - 1;
	}
	if (terms->send_bits_said)
		length += add_bits(out + length, "server_max_window_bits", terms->send_bits);
	if (terms->receive_bits_said)
		length += add_bits(out + length, "client_max_window_bits", terms->receive_bits);
	return length;
}
