/* SPDX-License-Identifier: MIT
 *
 * compress-accept.c - see compress-accept.h.
 */
#include <string.h>
#include <strings.h>

#include "compress-accept.h"

static const struct {
	const char *name;
	enum coding coding;
} NAMES[] = {
	{ "gzip", CODING_GZIP },
	{ "br", CODING_BROTLI },
	{ "identity", CODING_IDENTITY },
	{ "x-gzip", CODING_GZIP }, /* RFC 9110, 8.4.1.3 */
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static struct wye_text trim(struct wye_text text)
{
	while (text.length && is_blank(text.data[0]))
		text.data++, text.length--;
	while (text.length && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

/* Takes what stands before the separator off the front. */
static struct wye_text take(struct wye_text *text, char separator)
{
	const char *mark = text->length ? memchr(text->data, separator, text->length) : NULL;
	size_t length = mark ? (size_t)(mark - text->data) : text->length;
	struct wye_text piece = { text->data, length };

	text->data += mark ? length + 1 : length;
	text->length -= mark ? length + 1 : length;
	return trim(piece);
}

static bool is(struct wye_text text, const char *name)
{
	return text.length == strlen(name) && !strncasecmp(text.data, name, text.length);
}

/* "q=0.5" in thousandths (12.4.2); 0 for anything else than that. */
static int read_weight(struct wye_text text)
{
	int weight, unit = 100;

	if (text.length < 3 || text.length > 7 || (text.data[0] | 0x20) != 'q' ||
	    text.data[1] != '=' || (text.data[2] != '0' && text.data[2] != '1') ||
	    (text.length > 3 && text.data[3] != '.'))
		return 0;
	weight = (text.data[2] - '0') * 1000;
	for (size_t i = 4; i < text.length; i++, unit /= 10) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		weight += (text.data[i] - '0') * unit;
	}
	return weight > 1000 ? 0 : weight;
}

static void note(struct accepted *accepted, struct wye_text name, int weight)
{
	if (is(name, "*"))
		accepted->others = weight;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (is(name, NAMES[i].name))
			accepted->weights[NAMES[i].coding] = weight;
}

void accepted_add(struct accepted *accepted, struct wye_text value)
{
	while (value.length) {
		struct wye_text weight = take(&value, ',');
		struct wye_text name = take(&weight, ';');

		note(accepted, name, weight.length ? read_weight(trim(weight)) : 1000);
	}
}

static int weight_of(const struct accepted *accepted, enum coding coding)
{
	int weight = accepted->weights[coding];

	if (weight < 0 && coding != CODING_IDENTITY)
		weight = accepted->others;
	return weight < 0 ? 0 : weight;
}

enum coding accepted_best(const struct accepted *accepted, const enum coding *preferred,
			  size_t count)
{
	enum coding best = CODING_IDENTITY;
	int most = 0;

	for (size_t i = 0; i < count; i++) {
		int weight = weight_of(accepted, preferred[i]);

		if (weight > most) {
			most = weight;
			best = preferred[i];
		}
	}
	return weight_of(accepted, CODING_IDENTITY) > most ? CODING_IDENTITY : best;
}
