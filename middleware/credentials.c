/* SPDX-License-Identifier: MIT
 *
 * credentials.c - see credentials.h.
 */
#include <string.h>
#include <strings.h>

#include "credentials.h"

static const char SCHEME[] = "Basic ";

/* The value of a digit of base64; 64 if it is none. */
static unsigned digit(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (unsigned)(byte - 'A');
	if (byte >= 'a' && byte <= 'z')
		return (unsigned)(byte - 'a') + 26;
	if (byte >= '0' && byte <= '9')
		return (unsigned)(byte - '0') + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : 64;
}

static size_t padding_of(struct wye_text text)
{
	if (text.length && text.data[text.length - 1] == '=')
		return text.data[text.length - 2] == '=' ? 2 : 1;
	return 0;
}

/* Each byte has one way to be written: bits that stand for nothing are zero. */
static bool decode(struct wye_text text, char *out, size_t room, size_t *length)
{
	size_t padding, digits;
	unsigned bits = 0;

	if (!text.length || text.length % 4)
		return false;
	padding = padding_of(text);
	digits = text.length - padding;
	*length = text.length / 4 * 3 - padding;
	if (*length > room)
		return false;
	for (size_t i = 0; i < digits; i++) {
		unsigned value = digit(text.data[i]);

		if (value > 63)
			return false;
		bits = bits << 6 | value;
		if (i % 4)
			*out++ = (char)(bits >> (6 - 2 * (i % 4)));
	}
	return !padding || !(bits & (padding == 1 ? 3 : 15));
}

static bool has_controls(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f)
			return true;
	return false;
}

static bool split(struct credentials *credentials)
{
	char *colon = memchr(credentials->bytes, ':', credentials->length);

	if (!colon || has_controls(credentials->bytes, credentials->length))
		return false;
	credentials->user_length = (size_t)(colon - credentials->bytes);
	if (!credentials->user_length || credentials->user_length > CREDENTIALS_USER_MAX ||
	    credentials->length - credentials->user_length - 1 > CREDENTIALS_PASSWORD_MAX)
		return false;
	*colon = '\0';
	credentials->bytes[credentials->length] = '\0';
	return true;
}

bool credentials_read(struct wye_text field, struct credentials *out)
{
	size_t skip = sizeof SCHEME - 1;

	if (field.length <= skip || strncasecmp(field.data, SCHEME, skip))
		return false;
	while (skip < field.length && field.data[skip] == ' ')
		skip++;
	return decode((struct wye_text) { field.data + skip, field.length - skip }, out->bytes,
		      CREDENTIALS_MAX, &out->length) &&
	       split(out);
}
