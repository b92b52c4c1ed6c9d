/* SPDX-License-Identifier: MIT
 *
 * proxy.c - see proxy.h.
 */
#include <string.h>

#include "net/proxy.h"

/* ---- version 1: a line of text ---- */

static const char PREFIX[] = "PROXY ";

/* Takes what is before the next space, or the rest; false if that is nothing. */
static bool take_word(struct wye_text *line, struct wye_text *word)
{
	const char *space = line->length ? memchr(line->data, ' ', line->length) : NULL;
	size_t length = space ? (size_t)(space - line->data) : line->length;

	*word = (struct wye_text) { line->data, length };
	line->data += length + (space ? 1 : 0);
	line->length -= length + (space ? 1 : 0);
	return length;
}

static bool is_word(struct wye_text word, const char *text)
{
	return word.length == strlen(text) && !memcmp(word.data, text, word.length);
}

static bool read_port(struct wye_text word, unsigned *port)
{
	*port = 0;
	if (!word.length || word.length > 5 || (word.data[0] == '0' && word.length > 1))
		return false;
	for (size_t i = 0; i < word.length; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		*port = *port * 10 + (unsigned)(word.data[i] - '0');
	}
	return *port <= 65535;
}

static bool read_address(struct wye_text word, int family, unsigned port,
			 union wye_address *out)
{
	char text[WYE_ADDRESS_TEXT];

	if (word.length >= sizeof text || memchr(word.data, '\0', word.length))
		return false;
	memcpy(text, word.data, word.length);
	text[word.length] = '\0';
	return !wye_address_parse(out, text, port) && out->any.sa_family == family;
}

/* "192.0.2.1 198.51.100.1 5000 80": from, to, and their ports; no space behind them. */
static bool read_ends(struct wye_text line, int family, union wye_address *client)
{
	struct wye_text from, to, from_port, to_port;
	union wye_address ours;
	unsigned port, our_port;

	return take_word(&line, &from) && take_word(&line, &to) &&
	       take_word(&line, &from_port) && take_word(&line, &to_port) && !line.length &&
	       to_port.data + to_port.length == line.data && read_port(from_port, &port) &&
	       read_port(to_port, &our_port) && read_address(from, family, port, client) &&
	       read_address(to, family, our_port, &ours);
}

/* What follows the prefix, without its line end. Whatever follows UNKNOWN is ignored. */
static bool read_line(struct wye_text line, struct wye_proxy *out)
{
	struct wye_text family;

	if (!take_word(&line, &family))
		return false;
	out->told = !is_word(family, "UNKNOWN");
	if (!out->told)
		return true;
	if (is_word(family, "TCP4"))
		return read_ends(line, AF_INET, &out->client);
	return is_word(family, "TCP6") && read_ends(line, AF_INET6, &out->client);
}

static enum wye_proxy_answer read_text(const uint8_t *bytes, size_t length,
				       struct wye_proxy *out)
{
	size_t seen = length < WYE_PROXY_HEAD ? length : WYE_PROXY_HEAD;
	size_t prefix = sizeof PREFIX - 1;
	const uint8_t *end;
	struct wye_text line;

	if (memcmp(bytes, PREFIX, seen < prefix ? seen : prefix) != 0)
		return WYE_PROXY_BAD;
	end = memchr(bytes, '\n', seen);
	if (!end)
		return seen < WYE_PROXY_HEAD ? WYE_PROXY_MORE : WYE_PROXY_BAD;
	out->length = (size_t)(end - bytes) + 1;
	if (out->length < prefix + 2 || end[-1] != '\r')
		return WYE_PROXY_BAD;
	line = (struct wye_text) { (const char *)bytes + prefix, out->length - prefix - 2 };
	return read_line(line, out) ? WYE_PROXY_DONE : WYE_PROXY_BAD;
}

/* ---- version 2: binary ---- */

static const uint8_t SIGNATURE[12] = "\r\n\r\n\0\r\nQUIT\n";

enum {
	FIXED = 16, /* signature, version and command, family and transport, length */
	VERSION_2 = 0x20,
	LOCAL = 0,
	PROXY = 1,
	TRANSPORTS = 3, /* unspecified, stream, datagram: HTTP/3 comes by the last */
};

enum { UNSPECIFIED, INET, INET6, UNIX, FAMILIES };

/* Bytes of both ends' addresses. */
static const size_t ADDRESSES[FAMILIES] = {
	[INET] = 4 + 4 + 2 + 2,
	[INET6] = 16 + 16 + 2 + 2,
	[UNIX] = 108 + 108,
};

static void read_client(const uint8_t *at, unsigned family, union wye_address *client)
{
	memset(client, 0, sizeof *client);
	if (family == INET) {
		client->v4.sin_family = AF_INET;
		memcpy(&client->v4.sin_addr, at, 4);
		memcpy(&client->v4.sin_port, at + 8, 2);
	} else {
		client->v6.sin6_family = AF_INET6;
		memcpy(&client->v6.sin6_addr, at, 16);
		memcpy(&client->v6.sin6_port, at + 32, 2);
	}
}

/* The fixed part is here. The family of a LOCAL header is to be ignored. */
static enum wye_proxy_answer read_binary_ends(const uint8_t *bytes, size_t length,
					      struct wye_proxy *out)
{
	unsigned command = bytes[12] & 0x0f, family = bytes[13] >> 4;
	size_t rest = (size_t)bytes[14] << 8 | bytes[15];

	out->length = FIXED + rest;
	out->told = command == PROXY && (family == INET || family == INET6);
	if (command == LOCAL)
		return WYE_PROXY_DONE;
	if (command != PROXY || family >= FAMILIES || (bytes[13] & 0x0f) >= TRANSPORTS ||
	    rest < ADDRESSES[family])
		return WYE_PROXY_BAD;
	if (!out->told)
		return WYE_PROXY_DONE;
	if (length < FIXED + ADDRESSES[family])
		return WYE_PROXY_MORE;
	read_client(bytes + FIXED, family, &out->client);
	return WYE_PROXY_DONE;
}

static enum wye_proxy_answer read_binary(const uint8_t *bytes, size_t length,
					 struct wye_proxy *out)
{
	size_t signature = sizeof SIGNATURE;

	if (memcmp(bytes, SIGNATURE, length < signature ? length : signature) != 0)
		return WYE_PROXY_BAD;
	if (length > 12 && (bytes[12] & 0xf0) != VERSION_2)
		return WYE_PROXY_BAD;
	return length < FIXED ? WYE_PROXY_MORE : read_binary_ends(bytes, length, out);
}

enum wye_proxy_answer wye_proxy_read(const uint8_t *bytes, size_t length, struct wye_proxy *out)
{
	if (!length)
		return WYE_PROXY_MORE;
	return bytes[0] == SIGNATURE[0] ? read_binary(bytes, length, out)
					: read_text(bytes, length, out);
}
