/* SPDX-License-Identifier: MIT
 *
 * access-log-mask.c - see access-log-mask.h.
 */
#include <string.h>

#include <wye/log.h>

#include "access-log-mask.h"

/* Takes the next "name=value" off the front, with the '&' behind it. */
static struct wye_text next_pair(struct wye_text *query)
{
	const char *and = memchr(query->data, '&', query->length);
	struct wye_text pair = { query->data,
				 and? (size_t)(and-query->data) + 1 : query->length };

	query->data += pair.length;
	query->length -= pair.length;
	return pair;
}

/* The value of a pair that must be hidden; `data` is NULL for any other. */
static struct wye_text secret_of(struct wye_text pair)
{
	const char *equals = memchr(pair.data, '=', pair.length);
	size_t name = equals ? (size_t)(equals - pair.data) : 0;
	struct wye_text value = { NULL, 0 };

	if (!equals || !wye_log_hides_parameter((struct wye_text) { pair.data, name }))
		return value;
	value = (struct wye_text) { equals + 1, pair.length - name - 1 };
	if (value.length && value.data[value.length - 1] == '&')
		value.length--;
	return value;
}

static struct wye_text query_of(struct wye_text url)
{
	const char *mark = url.length ? memchr(url.data, '?', url.length) : NULL;

	if (!mark)
		return (struct wye_text) { NULL, 0 };
	return (struct wye_text) { mark + 1, url.length - (size_t)(mark + 1 - url.data) };
}

static bool holds_secret(struct wye_text query)
{
	while (query.length)
		if (secret_of(next_pair(&query)).length)
			return true;
	return false;
}

static void put(char *out, size_t *length, const char *data, size_t size)
{
	if (size > ACCESS_MASKED - *length)
		size = ACCESS_MASKED - *length;
	memcpy(out + *length, data, size);
	*length += size;
}

struct wye_text access_mask(struct wye_text url, char memory[ACCESS_MASKED])
{
	struct wye_text query = query_of(url);
	size_t length = 0;

	if (!holds_secret(query))
		return url;
	put(memory, &length, url.data, url.length - query.length);
	while (query.length) {
		struct wye_text pair = next_pair(&query), secret = secret_of(pair);
		const char *end = pair.data + pair.length,
			   *behind = secret.data + secret.length;

		if (!secret.length) {
			put(memory, &length, pair.data, pair.length);
			continue;
		}
		put(memory, &length, pair.data, (size_t)(secret.data - pair.data));
		put(memory, &length, "***", 3);
		put(memory, &length, behind, (size_t)(end - behind));
	}
	return (struct wye_text) { memory, length };
}
