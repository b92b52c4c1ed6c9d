/* SPDX-License-Identifier: MIT
 *
 * hide.c - names of query parameters that no log may show; public functions of <wye/log.h>.
 * Added on the main thread before any request; then read-only, on any.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/log.h>

struct hidden {
	struct hidden *next;
	size_t length;
	char name[];
};

static struct hidden *all;

int wye_log_hide_parameter(const char *name)
{
	size_t length = strlen(name);
	struct hidden *one;

	if (wye_log_hides_parameter((struct wye_text) { name, length }))
		return 0;
	one = malloc(sizeof *one + length);
	if (!one)
		return -ENOMEM;
	one->next = all;
	one->length = length;
	memcpy(one->name, name, length);
	all = one;
	return 0;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The first byte of an encoded name, which is taken off. */
static char take_byte(struct wye_text *text)
{
	char byte = *text->data;
	int high = -1, low = -1;

	if (byte == '%' && text->length > 2) {
		high = hex_value(text->data[1]);
		low = hex_value(text->data[2]);
	}
	if (high < 0 || low < 0) {
		text->data++;
		text->length--;
		return byte == '+' ? ' ' : byte;
	}
	text->data += 3;
	text->length -= 3;
	return (char)(high << 4 | low);
}

static bool is(const struct hidden *one, struct wye_text text)
{
	size_t at = 0;

	while (text.length && at < one->length)
		if (take_byte(&text) != one->name[at++])
			return false;
	return !text.length && at == one->length;
}

bool wye_log_hides_parameter(struct wye_text name)
{
	const struct hidden *one = all;

	while (one && !is(one, name))
		one = one->next;
	return one;
}
