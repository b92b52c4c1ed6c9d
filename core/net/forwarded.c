/* SPDX-License-Identifier: MIT
 *
 * forwarded.c - see forwarded.h.
 */
#include <string.h>
#include <strings.h>

#include "base/field.h"
#include "net/forwarded.h"

bool wye_trust_holds(const struct wye_trust *trust, const union wye_address *address)
{
	uint8_t bytes[16];

	if (!trust->count)
		return false;
	wye_address_bytes(address, bytes);
	for (size_t i = 0; i < trust->count; i++)
		if (wye_cidr_holds(&trust->ranges[i], bytes))
			return true;
	return false;
}

static struct wye_text unquoted(struct wye_text text)
{
	if (text.length >= 2 && text.data[0] == '"' && text.data[text.length - 1] == '"')
		return (struct wye_text) { text.data + 1, text.length - 2 };
	return text;
}

/* Nothing, or a port. */
static bool is_port(const char *at, const char *end)
{
	if (at == end)
		return true;
	if (*at++ != ':' || at == end || end - at > 5)
		return false;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at == end;
}

/* Without a port: "1.2.3.4:5" and "[::1]:5" have one, "::1" has none. Empty if it is malformed.
 */
static struct wye_text without_port(struct wye_text text)
{
	const char *start = text.data, *end = start + text.length;
	const char *colon = memchr(start, ':', text.length);
	const char *stop = end;

	if (text.length && *start == '[') {
		start++;
		stop = memchr(start, ']', (size_t)(end - start));
		if (!stop || !is_port(stop + 1, end))
			stop = start;
	} else if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
		stop = is_port(colon, end) ? colon : start;
	}
	return (struct wye_text) { start, (size_t)(stop - start) };
}

static bool read_address(struct wye_text text, union wye_address *out)
{
	char copy[WYE_ADDRESS_TEXT];

	text = without_port(unquoted(wye_text_trim(text)));
	if (!text.length || text.length >= sizeof copy)
		return false;
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	return !wye_address_parse(out, copy, 0);
}

/* ---- Forwarded: a proxy may put what a client said into quotes, with commas, semicolons and
 * "for=" in it ---- */

/* A quote that begins or ends a quoted string, as none that is escaped does (RFC 9110, 5.6.4).
 */
static bool is_quote(const char *start, const char *at)
{
	const char *slash = at;

	while (slash > start && slash[-1] == '\\')
		slash--;
	return *at == '"' && (at - slash) % 2 == 0;
}

/* Takes the last element off. Read from the right, so that an open quote in what the client
 * sent can't swallow what a proxy put behind it. */
static bool take_last(struct wye_text *list, struct wye_text *element)
{
	const char *start = list->data, *at = start + list->length;
	bool quoted = false;

	if (!list->length)
		return false;
	while (at > start && (quoted || at[-1] != ',')) {
		at--;
		quoted = quoted != is_quote(start, at);
	}
	*element = wye_text_trim((struct wye_text) { at, (size_t)(start + list->length - at) });
	list->length = at > start ? (size_t)(at - start) - 1 : 0;
	return true;
}

/* Takes the first "name=value" off. */
static bool take_pair(struct wye_text *element, struct wye_text *pair)
{
	const char *start = element->data, *end = start + element->length, *at = start;
	bool quoted = false;

	if (!element->length)
		return false;
	for (; at < end && (quoted || *at != ';'); at++)
		quoted = quoted != is_quote(start, at);
	*pair = wye_text_trim((struct wye_text) { start, (size_t)(at - start) });
	element->data = at < end ? at + 1 : end;
	element->length = (size_t)(end - element->data);
	return true;
}

/* The value of "for" in one element: "for=1.2.3.4;proto=https". */
static struct wye_text for_of(struct wye_text element)
{
	struct wye_text pair;

	while (take_pair(&element, &pair))
		if (pair.length > 4 && !strncasecmp(pair.data, "for=", 4))
			return (struct wye_text) { pair.data + 4, pair.length - 4 };
	return (struct wye_text) { "", 0 };
}

/* The last hop in a list, as text. */
static bool take_hop(bool rfc7239, struct wye_text *list, struct wye_text *hop)
{
	struct wye_text element = { "", 0 };

	if (!rfc7239)
		return wye_list_last(list, hop);
	while (!element.length)
		if (!take_last(list, &element))
			return false;
	*hop = for_of(element);
	return true;
}

/* Reads one field from its right end. Returns true if the search is over. */
static bool read_field(const struct wye_trust *trust, struct wye_text list,
		       union wye_address *client, bool *found)
{
	struct wye_text text;
	union wye_address hop;

	while (take_hop(trust->rfc7239, &list, &text)) {
		if (!read_address(text, &hop))
			return true;
		*client = hop;
		*found = true;
		if (!wye_trust_holds(trust, &hop))
			return true;
	}
	return false;
}

bool wye_forwarded_client(const struct wye_trust *trust, const union wye_address *peer,
			  const struct wye_field *fields, size_t count,
			  union wye_address *client)
{
	const char *name = trust->rfc7239 ? "Forwarded" : "X-Forwarded-For";
	bool found = false, over = !wye_trust_holds(trust, peer);

	for (size_t i = count; i-- > 0 && !over;)
		if (wye_text_is(fields[i].name, name))
			over = read_field(trust, fields[i].value, client, &found);
	return found;
}
