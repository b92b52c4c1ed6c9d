/* SPDX-License-Identifier: MIT
 *
 * address.c - see address.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"

static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static const char UNIX[] = "unix:";

static size_t write_byte(char *out, unsigned value)
{
	size_t length = 0;

	if (value >= 100)
		out[length++] = (char)('0' + value / 100);
	if (value >= 10)
		out[length++] = (char)('0' + value / 10 % 10);
	out[length++] = (char)('0' + value % 10);
	return length;
}

/* By hand, as every new connection comes by here. */
static size_t write_v4(const uint8_t bytes[4], char *out)
{
	size_t length = 0;

	for (int i = 0; i < 4; i++) {
		if (i)
			out[length++] = '.';
		length += write_byte(out + length, bytes[i]);
	}
	out[length] = '\0';
	return length;
}

size_t wye_address_text(const union wye_address *address, char out[WYE_ADDRESS_TEXT])
{
	uint8_t bytes[16];

	if (address->any.sa_family == AF_UNIX) {
		memcpy(out, UNIX, sizeof UNIX);
		return sizeof UNIX - 1;
	}
	if (address->any.sa_family != AF_INET && address->any.sa_family != AF_INET6) {
		memcpy(out, "-", 2);
		return 1;
	}
	wye_address_bytes(address, bytes);
	if (!memcmp(bytes, MAPPED, sizeof MAPPED))
		return write_v4(bytes + 12, out);
	if (!inet_ntop(AF_INET6, bytes, out, WYE_ADDRESS_TEXT))
		out[0] = '\0';
	return strlen(out);
}

socklen_t wye_address_length(const union wye_address *address)
{
	switch (address->any.sa_family) {
	case AF_UNIX:
		return sizeof address->any.sa_family;
	case AF_INET6:
		return sizeof address->v6;
	default:
		return sizeof address->v4;
	}
}

int wye_address_parse(union wye_address *out, const char *text, unsigned port)
{
	memset(out, 0, sizeof *out);
	if (port > 65535)
		return -EINVAL;
	if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)port);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)port);
		return 0;
	}
	return -EINVAL;
}

void wye_address_bytes(const union wye_address *address, uint8_t out[16])
{
	if (address->any.sa_family == AF_INET6) {
		memcpy(out, &address->v6.sin6_addr, 16);
		return;
	}
	if (address->any.sa_family == AF_UNIX) {
		memset(out, 0, 16);
		return;
	}
	memcpy(out, MAPPED, sizeof MAPPED);
	memcpy(out + 12, &address->v4.sin_addr, 4);
}

/* Nothing behind the prefix: that may be a slip. */
static bool is_network(const struct wye_cidr *cidr)
{
	for (unsigned i = cidr->bits; i < 128; i++)
		if (cidr->bytes[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int wye_cidr_parse(struct wye_cidr *out, const char *text)
{
	char address[WYE_ADDRESS_TEXT];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	union wye_address parsed;
	unsigned width, offset;

	if (!strcmp(text, UNIX)) {
		*out = (struct wye_cidr) { .bits = 128 };
		return 0;
	}
	if (length >= sizeof address)
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';
	if (wye_address_parse(&parsed, address, 0))
		return -EINVAL;
	wye_address_bytes(&parsed, out->bytes);
	width = parsed.any.sa_family == AF_INET ? 32 : 128;
	offset = 128 - width;
	out->bits = 128;
	if (slash) {
		char *end;
		unsigned long bits = strtoul(slash + 1, &end, 10);

		if (slash[1] < '0' || slash[1] > '9' || *end || bits > width)
			return -EINVAL;
		out->bits = offset + (unsigned)bits;
	}
	return is_network(out) ? 0 : -ERANGE;
}

bool wye_cidr_holds(const struct wye_cidr *cidr, const uint8_t bytes[16])
{
	unsigned whole = cidr->bits / 8, rest = cidr->bits % 8;

	if (memcmp(cidr->bytes, bytes, whole))
		return false;
	return !rest || !((cidr->bytes[whole] ^ bytes[whole]) >> (8 - rest));
}
