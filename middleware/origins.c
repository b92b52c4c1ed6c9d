/* SPDX-License-Identifier: MIT
 *
 * origins.c - see origins.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "origins.h"

static const char HOST_BYTES[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789-_.";

bool origin_well_formed(const char *pattern)
{
	const char *host = strstr(pattern, "://");
	const char *star = strchr(pattern, '*');

	if (!strcmp(pattern, "*") || !strcmp(pattern, "null"))
		return true;
	if (!host || host == pattern || !host[3] || strpbrk(host + 3, "/@?#, \t"))
		return false;
	return !star ||
	       (star == host + 3 && star[1] == '.' && star[2] && !strchr(star + 1, '*'));
}

int origins_open(struct origins **out, const struct wye_settings *values, const char *key,
		 struct wye_error *why)
{
	size_t count = wye_setting_count(values, key);
	struct origins *origins = calloc(1, sizeof *origins + count * sizeof origins->items[0]);

	if (!origins)
		return -ENOMEM;
	origins->count = count;
	for (size_t i = 0; i < count; i++) {
		const char *item = wye_setting_item(values, key, i);

		origins->items[i] = item;
		origins->any |= !strcmp(item, "*");
		origins->opaque |= !strcmp(item, "null");
		if (origin_well_formed(item))
			continue;
		wye_setting_error(values, key, why,
				  "\"%s\" is no origin like \"https://app.example.org\"", item);
		free(origins);
		return -EINVAL;
	}
	*out = origins;
	return 0;
}

/* ---- comparing ---- */

static bool same(struct wye_text a, struct wye_text b)
{
	return a.length == b.length && !strncasecmp(a.data, b.data, a.length);
}

static struct wye_text text_of(const char *text)
{
	return (struct wye_text) { text, strlen(text) };
}

/* What stands behind "scheme://"; none if there is no scheme. */
static struct wye_text host_of(struct wye_text origin)
{
	const char *mark = memmem(origin.data, origin.length, "://", 3);

	if (!mark)
		return (struct wye_text) { NULL, 0 };
	return (struct wye_text) { mark + 3, origin.length - (size_t)(mark + 3 - origin.data) };
}

/* Without a port that is the scheme's own: an Origin never has it, a Host may. */
static struct wye_text without_port(struct wye_text host, const char *port)
{
	size_t length = strlen(port);

	if (host.length > length && !memcmp(host.data + host.length - length, port, length))
		host.length -= length;
	return host;
}

bool origin_is_host(struct wye_text origin, struct wye_text host)
{
	bool secure = origin.length > 8 && !strncasecmp(origin.data, "https://", 8);
	const char *port = secure ? ":443" : ":80";
	struct wye_text own = host_of(origin);

	return own.data && host.data && own.length &&
	       same(without_port(own, port), without_port(host, port));
}

static bool is_labels(struct wye_text text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!text.data[i] || !strchr(HOST_BYTES, text.data[i]))
			return false;
	return text.length;
}

/* A star stands for at least one label. */
bool origin_matches(struct wye_text origin, const char *pattern)
{
	const char *star = strstr(pattern, "://*.");
	struct wye_text tail, labels;
	size_t scheme;

	if (!strcmp(pattern, "*"))
		return true;
	if (!star)
		return same(origin, text_of(pattern));
	scheme = (size_t)(star - pattern) + 3;
	tail = text_of(star + 4); /* from the dot on */
	if (origin.length <= scheme + tail.length || strncasecmp(origin.data, pattern, scheme))
		return false;
	labels = (struct wye_text) { origin.data + scheme,
				     origin.length - scheme - tail.length };
	return is_labels(labels) &&
	       same((struct wye_text) { labels.data + labels.length, tail.length }, tail);
}

bool origins_have(const struct origins *origins, struct wye_text origin)
{
	for (size_t i = 0; i < origins->count; i++)
		if (origin_matches(origin, origins->items[i]))
			return true;
	return false;
}
