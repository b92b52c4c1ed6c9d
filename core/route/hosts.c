/* SPDX-License-Identifier: MIT
 *
 * hosts.c - see hosts.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "route/hosts.h"

struct entry {
	char *name; /* "api.example.org"; or ".example.org" of "*.example.org" */
	size_t length;
	struct wye_router *router;
};

/* Sorted by name. */
struct table {
	struct entry *entries;
	size_t count;
};

struct wye_hosts {
	struct wye_router *any;
	struct table exact, below;
};

int wye_hosts_create(struct wye_hosts **out)
{
	struct wye_hosts *hosts = calloc(1, sizeof *hosts);
	int error;

	if (!hosts)
		return -ENOMEM;
	error = wye_router_create(&hosts->any);
	if (error)
		free(hosts);
	else
		*out = hosts;
	return error;
}

static void clear(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->entries[i].name);
		wye_router_destroy(table->entries[i].router);
	}
	free(table->entries);
}

void wye_hosts_destroy(struct wye_hosts *hosts)
{
	if (!hosts)
		return;
	wye_router_destroy(hosts->any);
	clear(&hosts->exact);
	clear(&hosts->below);
	free(hosts);
}

static int compare(struct wye_text name, const struct entry *entry)
{
	size_t shorter = name.length < entry->length ? name.length : entry->length;
	int order = strncasecmp(name.data, entry->name, shorter);

	if (order)
		return order;
	return (name.length > entry->length) - (name.length < entry->length);
}

/* The index at which a name stands or would stand. */
static size_t place(const struct table *table, struct wye_text name, bool *found)
{
	size_t low = 0, high = table->count;

	*found = false;
	while (low < high && !*found) {
		size_t middle = low + (high - low) / 2;
		int order = compare(name, &table->entries[middle]);

		if (order > 0)
			low = middle + 1;
		else
			high = middle;
		*found = !order;
	}
	return high;
}

static int insert(struct table *table, size_t at, struct wye_text name)
{
	struct entry entry = { strndup(name.data, name.length), name.length, NULL };
	struct entry *grown =
		realloc(table->entries, (table->count + 1) * sizeof *table->entries);

	if (grown)
		table->entries = grown;
	if (!grown || !entry.name || wye_router_create(&entry.router)) {
		free(entry.name);
		return -ENOMEM;
	}
	memmove(grown + at + 1, grown + at, (table->count - at) * sizeof *grown);
	grown[at] = entry;
	table->count++;
	return 0;
}

/* "[::1]" (RFC 3986, 3.2.2). */
static bool is_address(const char *host)
{
	size_t length = strlen(host);
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (length < 2 || length - 2 >= sizeof text || host[length - 1] != ']')
		return false;
	memcpy(text, host + 1, length - 2);
	text[length - 2] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

bool wye_hosts_is_host(const char *host)
{
	size_t length;

	if (!host || host[0] == '[')
		return host && is_address(host);
	if (!strncmp(host, "*.", 2))
		host += 2;
	length = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789-._");
	return length && !host[length] && host[0] != '.' && host[length - 1] != '.' &&
	       !strstr(host, "..");
}

int wye_hosts_router(struct wye_hosts *hosts, const char *host, struct wye_router **out)
{
	bool below = host && !strncmp(host, "*.", 2), found;
	struct table *table = below ? &hosts->below : &hosts->exact;
	struct wye_text name;
	size_t at;
	int error = 0;

	*out = hosts->any;
	if (!host)
		return 0;
	if (!wye_hosts_is_host(host))
		return -EINVAL;
	name = (struct wye_text) { below ? host + 1 : host, strlen(host) - below };
	at = place(table, name, &found);
	if (!found)
		error = insert(table, at, name);
	if (!error)
		*out = table->entries[at].router;
	return error;
}

/* ---- finding ---- */

/* Nor the dot at the end of an absolute name (RFC 3986, 3.2.2). */
static struct wye_text without_port(struct wye_text host)
{
	const char *colon = memrchr(host.data, ':', host.length);

	if (colon && host.data[host.length - 1] != ']')
		host.length = (size_t)(colon - host.data);
	if (host.length && host.data[host.length - 1] == '.')
		host.length--;
	return host;
}

static const struct wye_router *look(const struct table *table, struct wye_text name)
{
	bool found;
	size_t at = place(table, name, &found);

	return found ? table->entries[at].router : NULL;
}

static bool find_below(const struct wye_hosts *hosts, struct wye_text host,
		       enum wye_method method, struct wye_text path, struct wye_match *match)
{
	const char *end = host.data + host.length, *dot = host.data;

	while ((dot = memchr(dot, '.', (size_t)(end - dot)))) {
		const struct wye_router *router =
			look(&hosts->below, (struct wye_text) { dot, (size_t)(end - dot) });

		if (router && dot > host.data && wye_router_find(router, method, path, match))
			return true;
		dot++;
	}
	return false;
}

bool wye_hosts_find(const struct wye_hosts *hosts, struct wye_text host, enum wye_method method,
		    struct wye_text path, struct wye_match *match)
{
	const struct wye_router *router;

	wye_match_init(match);
	if (host.length && hosts->exact.count + hosts->below.count) {
		host = without_port(host);
		router = look(&hosts->exact, host);
		if (router && wye_router_find(router, method, path, match))
			return true;
		if (hosts->below.count && find_below(hosts, host, method, path, match))
			return true;
	}
	return wye_router_find(hosts->any, method, path, match);
}
