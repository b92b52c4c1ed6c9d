/* SPDX-License-Identifier: MIT
 *
 * fuzz_hosts.c - the routes of which host take a request, by a sorted list and by comparing
 * all. Input: lines; the first is what a client calls the host, the others are a byte (odd: for
 * GET, even: for POST) and the host that a route for "/" stands under.
 */
#include <errno.h>
#include <strings.h>

#include "route/hosts.h"
#include "target.h"

enum { ROUTES = 16, LONGEST = 255 };

static struct route {
	char host[LONGEST + 1]; /* empty: any */
	enum wye_method method;
} routes[ROUTES];
static size_t count;

static bool has(const char *host, enum wye_method method)
{
	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(routes[i].host, host) && routes[i].method == method)
			return true;
	return false;
}

static void add(struct wye_hosts *hosts, struct wye_text line)
{
	struct route *route = &routes[count];
	struct wye_router *router = NULL;
	struct wye_error why;
	const void *other = NULL;
	int error;

	if (!line.length || line.length - 1 > LONGEST || memchr(line.data, 0, line.length))
		return;
	memcpy(route->host, line.data + 1, line.length - 1);
	route->host[line.length - 1] = '\0';
	route->method = line.data[0] & 1 ? WYE_METHOD_GET : WYE_METHOD_POST;
	error = wye_hosts_router(hosts, route->host[0] ? route->host : NULL, &router);
	must(error == (!route->host[0] || wye_hosts_is_host(route->host) ? 0 : -EINVAL),
	     "a host, or none");
	if (error)
		return;
	error = wye_router_add(router, "/", route->method, route, &other, &why);
	must(error == (has(route->host, route->method) ? -EEXIST : 0), "taken, or not");
	count += !error;
}

/* ---- the same, by comparing ---- */

static bool is_below(const char *host, const char *pattern)
{
	size_t length = strlen(host), tail = strlen(pattern);

	return tail > 2 && !strncmp(pattern, "*.", 2) && length > tail - 1 &&
	       !strcasecmp(host + length - (tail - 1), pattern + 1);
}

/* Whether routes of the first stand before routes of the second: the host itself, then what has
 * the longest name behind its star, then any. */
static bool is_before(const struct route *a, const struct route *b, const char *host)
{
	bool exact = a->host[0] && !strcasecmp(a->host, host);

	return !b || exact || (strcasecmp(b->host, host) && strlen(a->host) > strlen(b->host));
}

static const struct route *naive_find(const char *host, unsigned *allowed)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct route *one = &routes[i];

		if (one->host[0] && strcasecmp(one->host, host) && !is_below(host, one->host))
			continue;
		*allowed |= one->method;
		if (one->method == WYE_METHOD_GET && is_before(one, best, host))
			best = one;
	}
	return best;
}

/* The name alone: no port, no dot at the end. */
static char *name_of(struct wye_text asked)
{
	char *name = strndup(asked.data, asked.length),
	     *colon = name ? strrchr(name, ':') : NULL;
	size_t length;

	if (colon && name[asked.length - 1] != ']')
		*colon = '\0';
	length = name ? strlen(name) : 0;
	if (length && name[length - 1] == '.')
		name[length - 1] = '\0';
	return name;
}

static void find(const struct wye_hosts *hosts, struct wye_text asked)
{
	struct wye_text path = { "/", 1 };
	struct wye_match match;
	unsigned allowed = 0;
	char *name = name_of(asked);
	const struct route *expected = name ? naive_find(name, &allowed) : NULL;

	if (!name)
		return;
	must(wye_hosts_find(hosts, asked, WYE_METHOD_GET, path, &match) == (expected != NULL),
	     "found, or not");
	must(match.value == expected, "another route");
	must(expected || match.allowed == allowed, "other methods");
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct wye_text text = { (const char *)data, length }, asked = take_line(&text);
	struct wye_hosts *hosts;

	/* The head's scan lets no NUL through. */
	if (memchr(asked.data, 0, asked.length) || wye_hosts_create(&hosts))
		return 0;
	count = 0;
	while (text.length && count < ROUTES)
		add(hosts, take_line(&text));
	find(hosts, asked);
	wye_hosts_destroy(hosts);
	return 0;
}
