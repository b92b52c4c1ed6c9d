/* SPDX-License-Identifier: MIT
 *
 * head.c - see head.h.
 *
 * What the engine (libmicrohttpd 0.9.75) leaves of "Name: value CRLF" is the name, a zero for
 * the colon, the blanks and the value as they came, and two zeros for CRLF; a bare CR or LF
 * ends a line too, and leaves one zero. So a line that does not end in two zeros had something
 * else than CRLF, or a NUL, in it. A folded line begins with a blank, which is no token.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/field.h"
#include "http/head.h"

static const struct wye_fault FINE = { 0, NULL };

static struct wye_fault bad(const char *text)
{
	return (struct wye_fault) { 400, text };
}

/* ---- the request line ---- */

static bool is_version(struct wye_text version)
{
	return version.length == 8 && !memcmp(version.data, "HTTP/", 5) &&
	       version.data[5] >= '0' && version.data[5] <= '9' && version.data[6] == '.' &&
	       version.data[7] >= '0' && version.data[7] <= '9';
}

static bool is_served(struct wye_text version)
{
	return !memcmp(version.data, "HTTP/1.1", 8) || !memcmp(version.data, "HTTP/1.0", 8);
}

struct wye_fault wye_head_check_line(const struct wye_request_line *line)
{
	for (size_t i = 0; i < line->method.length; i++)
		if (!wye_byte_is(line->method.data[i], WYE_BYTE_TOKEN))
			return bad("bad method\n");
	if (!is_version(line->version))
		return bad("bad HTTP version\n");
	if (!is_served(line->version))
		return (struct wye_fault) { 505, "HTTP/1.0 and HTTP/1.1 only\n" };
	if (!line->method.length || line->between != line->target.length + 2)
		return bad("bad request line\n"); /* NUL in it, or blanks */
	if (line->rest - line->version.data != (ptrdiff_t)line->version.length + 2 ||
	    line->rest[-1])
		return bad("bad line end\n");
	return FINE;
}

/* ---- fields that frame the message ---- */

/* Length of "[::1]"; 0 if it is none. */
static size_t literal_length(struct wye_text host)
{
	const char *end = memchr(host.data, ']', host.length);
	size_t length = end ? (size_t)(end - host.data) - 1 : 0;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (!length || length >= sizeof text)
		return 0;
	memcpy(text, host.data + 1, length);
	text[length] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 ? length + 2 : 0;
}

static size_t name_length(struct wye_text host)
{
	size_t i = 0;

	while (i < host.length && wye_byte_is(host.data[i], WYE_BYTE_HOST))
		i++;
	return i;
}

static bool is_port(const char *digits, size_t length)
{
	unsigned port = 0;

	for (size_t i = 0; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9' || port > 6553)
			return false;
		port = port * 10 + (unsigned)(digits[i] - '0');
	}
	return port <= 65535;
}

bool wye_head_is_host(struct wye_text host)
{
	size_t at =
		host.length && host.data[0] == '[' ? literal_length(host) : name_length(host);

	if (!at || at == host.length)
		return at;
	return host.data[at] == ':' && is_port(host.data + at + 1, host.length - at - 1);
}

static struct wye_fault read_host(struct wye_head *head, struct wye_text value)
{
	if (head->host.data)
		return bad("two Host fields\n");
	if (!wye_head_is_host(value))
		return bad("bad Host\n");
	head->host = value;
	return FINE;
}

/* RFC 9112, 6.3: one field, digits only. */
static struct wye_fault read_length(struct wye_head *head, struct wye_text value)
{
	if (head->has_length)
		return bad("two Content-Length fields\n");
	if (!value.length || value.length > 18)
		return bad("bad Content-Length\n");
	for (size_t i = 0; i < value.length; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return bad("bad Content-Length\n");
		head->length = head->length * 10 + (uint64_t)(value.data[i] - '0');
	}
	head->has_length = true;
	return FINE;
}

/* RFC 9112, 6.1: chunked, once, alone; others are not implemented. */
static struct wye_fault read_coding(struct wye_head *head, struct wye_text value)
{
	struct wye_text list = value, coding;
	bool other = false;
	unsigned chunked = 0;

	while (wye_list_next(&list, &coding)) {
		if (chunked)
			return bad("chunked is not the last coding\n");
		if (wye_text_is(coding, "chunked"))
			chunked++;
		else
			other = true;
	}
	if (head->chunked || (chunked && !other && (value.length != 7 || value.data[7])))
		return bad("bad Transfer-Encoding\n"); /* blanks behind it hide it from the
							  engine */
	if (other || !chunked)
		return (struct wye_fault) { 501, "unknown Transfer-Encoding\n" };
	head->chunked = true;
	return FINE;
}

static struct wye_fault read_expect(struct wye_head *head, struct wye_text value)
{
	if (!wye_text_is(value, "100-continue"))
		return (struct wye_fault) { 417, "unknown Expect\n" };
	head->expects = true;
	return FINE;
}

/* RFC 9112, 9.3. */
static void note_connection(struct wye_head *head, struct wye_text value)
{
	head->closes = head->closes || wye_list_has(value, "close");
	head->keeps = head->keeps || wye_list_has(value, "keep-alive");
}

static struct wye_fault note(struct wye_head *head, const struct wye_field *field)
{
	struct wye_text name = field->name;

	switch (name.length) {
	case 4:
		return wye_text_is(name, "Host") ? read_host(head, field->value) : FINE;
	case 6:
		return wye_text_is(name, "Expect") ? read_expect(head, field->value) : FINE;
	case 7:
		head->upgrades = head->upgrades || wye_text_is(name, "Upgrade");
		return FINE;
	case 10:
		if (wye_text_is(name, "Connection"))
			note_connection(head, field->value);
		return FINE;
	case 14:
		return wye_text_is(name, "Content-Length") ? read_length(head, field->value)
							   : FINE;
	case 17:
		return wye_text_is(name, "Transfer-Encoding") ? read_coding(head, field->value)
							      : FINE;
	default:
		return FINE;
	}
}

/* ---- splitting ---- */

/* Takes one line off; `at` stands behind its line end then. */
static struct wye_fault split_line(const char **at, const char *end, struct wye_field *field)
{
	const char *name = *at, *value, *stop = name;

	while (stop < end && wye_byte_is(*stop, WYE_BYTE_TOKEN))
		stop++;
	if (stop == name || stop >= end || *stop)
		return bad("bad field name\n");
	value = stop + 1;
	field->name = (struct wye_text) { name, (size_t)(stop - name) };
	for (stop = value; stop < end && wye_byte_is(*stop, WYE_BYTE_TEXT); stop++)
		;
	if (stop < end && *stop)
		return bad("bad byte in a field\n");
	if (end - stop < 2 || stop[1])
		return bad("bad line end\n");
	field->value = wye_text_trim((struct wye_text) { value, (size_t)(stop - value) });
	*at = stop + 2;
	return FINE;
}

static bool is_last_line(const char *at, const char *end)
{
	return end - at == 2 && !at[0] && !at[1];
}

static struct wye_fault check_framing(const struct wye_head *head, bool old)
{
	if (!head->host.data && !old)
		return bad("no Host\n");
	if (head->chunked && head->has_length)
		return bad("Content-Length and Transfer-Encoding\n");
	if (head->chunked && old)
		return bad("Transfer-Encoding in HTTP/1.0\n");
	return FINE;
}

struct wye_fault wye_head_read(struct wye_head *head, struct wye_arena *arena,
			       const struct wye_request_line *line)
{
	struct wye_text copy =
		wye_arena_copy(arena, line->rest, (size_t)(line->end - line->rest));
	const char *at = copy.data, *end = copy.data + copy.length;
	struct wye_fault fault = FINE;

	*head = (struct wye_head) { .fields = wye_arena_allocate(
					    arena, line->fields * sizeof *head->fields),
				    .room = line->fields };
	if (!head->fields || !copy.data)
		return (struct wye_fault) { 503, "out of memory\n" };
	while (!fault.status && head->count < line->fields) {
		struct wye_field *field = &head->fields[head->count];

		fault = split_line(&at, end, field);
		if (!fault.status)
			fault = note(head, field);
		head->count += !fault.status;
	}
	if (!fault.status && !is_last_line(at, end))
		fault = bad("bad field\n");
	return fault.status ? fault : check_framing(head, line->version.data[7] == '0');
}

bool wye_head_lists(const struct wye_head *head, const char *name, const char *token)
{
	for (size_t i = 0; i < head->count; i++)
		if (wye_text_is(head->fields[i].name, name) &&
		    wye_list_has(head->fields[i].value, token))
			return true;
	return false;
}
