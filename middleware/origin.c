/* SPDX-License-Identifier: MIT
 *
 * origin.c - refuses handshakes that a foreign page started (RFC 6455, 10.2): browsers send
 * cookies with them, and the same-origin policy does not hold for WebSocket.
 *
 * Without settings a handshake without Origin passes (no browser), else its host must equal
 * Host. With `allow` the Origin must be one of the list: an origin as browsers send it, one
 * whose first labels are a star (scheme, star, dot, domain), or a star alone for all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/plugin.h>

static const struct wye_setting settings[] = {
	{ .name = "allow",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "origins that pass; default: the page's own host" },
	{ .name = NULL },
};

struct origins {
	size_t count;
	const char *items[]; /* live as long as the instance's settings */
};

static bool well_formed(const char *origin)
{
	const char *host = strstr(origin, "://");

	return !strcmp(origin, "*") || !strcmp(origin, "null") ||
	       (host && host > origin && host[3] && !strchr(host + 3, '/'));
}

static int open_origins(const struct wye_settings *values, void **instance,
			struct wye_error *why)
{
	size_t count = wye_setting_count(values, "allow");
	struct origins *origins = malloc(sizeof *origins + count * sizeof origins->items[0]);

	if (!origins)
		return -ENOMEM;
	origins->count = count;
	for (size_t i = 0; i < count; i++) {
		origins->items[i] = wye_setting_item(values, "allow", i);
		if (well_formed(origins->items[i]))
			continue;
		wye_setting_error(values, "allow", why,
				  "\"%s\" is no origin like \"https://app.example.org\"",
				  origins->items[i]);
		free(origins);
		return -EINVAL;
	}
	*instance = origins;
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

static bool same_host(struct wye_text origin, struct wye_text host)
{
	bool secure = origin.length > 8 && !strncasecmp(origin.data, "https://", 8);
	const char *port = secure ? ":443" : ":80";
	struct wye_text own = host_of(origin);

	return own.data && host.data && own.length &&
	       same(without_port(own, port), without_port(host, port));
}

/* A star stands for at least one label. */
static bool matches(struct wye_text origin, const char *pattern)
{
	const char *star = strstr(pattern, "://*.");
	struct wye_text tail;
	size_t scheme;

	if (!strcmp(pattern, "*"))
		return true;
	if (!star)
		return same(origin, text_of(pattern));
	scheme = (size_t)(star - pattern) + 3;
	tail = text_of(star + 4); /* from the dot on */
	return origin.length > scheme + tail.length &&
	       !strncasecmp(origin.data, pattern, scheme) &&
	       same((struct wye_text) { origin.data + origin.length - tail.length,
					tail.length },
		    tail);
}

static bool allowed(const struct origins *origins, struct wye_text origin, struct wye_text host)
{
	if (!origins->count)
		return same_host(origin, host);
	for (size_t i = 0; i < origins->count; i++)
		if (matches(origin, origins->items[i]))
			return true;
	return false;
}

static enum wye_verdict check(struct wye_handshake *handshake, void *instance, void **state)
{
	struct wye_text origin = wye_handshake_header(handshake, "Origin");

	(void)state;
	if (!origin.data || allowed(instance, origin, wye_handshake_header(handshake, "Host")))
		return WYE_NEXT;
	wye_handshake_refuse(handshake, 403, "origin not allowed\n");
	return WYE_ANSWERED;
}

static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "origin",
					     .handshake = check };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_origin;

const struct wye_plugin wye_builtin_origin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_origin,
	.name = "origin",
	.sentence = "refuses handshakes of foreign pages",
	.settings = settings,
	.open = open_origins,
	.close = free,
	.ws_middleware = ws_list,
};
