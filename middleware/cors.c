/* SPDX-License-Identifier: MIT
 *
 * cors.c - lets pages of other origins read answers (WHATWG Fetch, 3.2). Preflights are
 * answered here, whatever methods the route takes; to all other answers the fields are added
 * when they are made. All texts are put together at the start.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/plugin.h>

#include "field-list.h"
#include "origins.h"

static const struct wye_setting settings[] = {
	{ .name = "origins",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_REQUIRED | WYE_SETTING_FILLED,
	  .sentence = "whose pages may read answers: \"https://app.example.org\", "
		      "\"https://*.example.org\", \"null\", or \"*\"" },
	{ .name = "methods",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "that their pages may use, or \"*\"; default: GET, HEAD, POST" },
	{ .name = "headers",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "fields that they may send beyond the simple ones, or \"*\"" },
	{ .name = "expose",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "fields that they may read beyond the simple ones, or \"*\"" },
	{ .name = "credentials",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "they may send cookies and other credentials" },
	{ .name = "private_network",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "false",
	  .sentence = "public pages may reach this server in a private network" },
	{ .name = "max_age",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "600",
	  .maximum = 86400,
	  .unit = "seconds",
	  .sentence = "for which a browser keeps the answer to a preflight" },
	{ .name = NULL },
};

enum {
	MAX_AGE_TEXT = 24,
};

struct cors {
	struct origins *origins;
	struct wye_text methods, headers, expose; /* lists for their fields; data NULL: none */
	bool any_method, any_header, credentials, private_network;
	bool same_for_all; /* the answer is a star: it does not depend on the Origin */
	char max_age[MAX_AGE_TEXT];
};

static const struct wye_text YES = { "true", 4 }, STAR = { "*", 1 };

/* ---- from the settings ---- */

static bool has_star(const struct wye_settings *values, const char *key)
{
	for (size_t i = 0; i < wye_setting_count(values, key); i++)
		if (!strcmp(wye_setting_item(values, key, i), "*"))
			return true;
	return false;
}

static int check_items(const struct wye_settings *values, const char *key,
		       struct wye_error *why)
{
	for (size_t i = 0; i < wye_setting_count(values, key); i++) {
		const char *item = wye_setting_item(values, key, i);

		/* tokens both, and no field of the kinds that can't be added */
		if (!strcasecmp(item, "Content-Type") || !strcasecmp(item, "Content-Length") ||
		    !strcasecmp(item, "Date") ||
		    wye_reply_header_valid(item, (struct wye_text) { "", 0 }))
			continue;
		wye_setting_error(values, key, why, "\"%s\" is no name", item);
		return -EINVAL;
	}
	return 0;
}

/* "a, b, c". Returns 0; -EINVAL with a sentence; -ENOMEM. */
static int join(struct wye_text *out, const struct wye_settings *values, const char *key,
		struct wye_error *why)
{
	size_t count = wye_setting_count(values, key), size = 1;
	int error = check_items(values, key, why);
	char *text;

	if (error || !count)
		return error;
	for (size_t i = 0; i < count; i++)
		size += strlen(wye_setting_item(values, key, i)) + 2;
	text = malloc(size);
	if (!text)
		return -ENOMEM;
	*out = (struct wye_text) { text, 0 };
	for (size_t i = 0; i < count; i++)
		out->length += (size_t)sprintf(text + out->length, "%s%s", i ? ", " : "",
					       wye_setting_item(values, key, i));
	return 0;
}

/* A browser takes no star from a server that wants credentials (Fetch, 3.2.5), and any page can
 * make itself a frame whose origin is null: either would be all the world with its cookies. */
static int check_credentials(const struct cors *cors, const struct wye_settings *values,
			     struct wye_error *why)
{
	if (!cors->credentials)
		return 0;
	if (cors->origins->any || cors->origins->opaque)
		wye_setting_error(values, "origins", why,
				  "\"%s\" does not go with credentials: it is every page",
				  cors->origins->any ? "*" : "null");
	else if (has_star(values, "expose"))
		wye_setting_error(values, "expose", why,
				  "\"*\" does not go with credentials: name the fields");
	else
		return 0;
	return -EINVAL;
}

static void close_cors(void *instance)
{
	struct cors *cors = instance;

	free(cors->origins);
	free((char *)cors->methods.data);
	free((char *)cors->headers.data);
	free((char *)cors->expose.data);
	free(cors);
}

static int read_all(struct cors *cors, const struct wye_settings *values, struct wye_error *why)
{
	int error = origins_open(&cors->origins, values, "origins", why);

	if (!error)
		error = join(&cors->methods, values, "methods", why);
	if (!error)
		error = join(&cors->headers, values, "headers", why);
	if (!error)
		error = join(&cors->expose, values, "expose", why);
	if (error)
		return error;
	cors->any_method = has_star(values, "methods");
	cors->any_header = has_star(values, "headers");
	cors->credentials = wye_setting_boolean(values, "credentials");
	cors->private_network = wye_setting_boolean(values, "private_network");
	cors->same_for_all = cors->origins->any;
	snprintf(cors->max_age, sizeof cors->max_age, "%lld",
		 (long long)wye_setting_integer(values, "max_age"));
	return check_credentials(cors, values, why);
}

static int open_cors(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct cors *cors = calloc(1, sizeof *cors);
	int error = cors ? read_all(cors, values, why) : -ENOMEM;

	if (error && cors)
		close_cors(cors);
	else
		*instance = cors;
	return error;
}

/* ---- preflights ---- */

static void add(struct wye_request *request, const char *name, struct wye_text value)
{
	if (value.length)
		(void)wye_reply_header(request, name, value);
}

/* Names with commas between: what is echoed is nothing else. */
static bool is_list(struct wye_text text)
{
	static const char others[] = "!#$%&'*+-.^_`|~, \t";

	for (size_t i = 0; i < text.length; i++) {
		char byte = text.data[i], lower = (char)(byte | 0x20);

		if (!(lower >= 'a' && lower <= 'z') && !(byte >= '0' && byte <= '9') &&
		    (!byte || !strchr(others, byte)))
			return false;
	}
	return true;
}

/* What a star stands for is said by name: browsers take a star itself neither with credentials
 * nor for Authorization (Fetch, 4.8). */
static void add_asked(struct wye_request *request, const char *name, const char *asked)
{
	struct wye_text value = wye_request_header(request, asked);

	if (value.data && is_list(value))
		add(request, name, value);
}

static void answer_preflight(struct wye_request *request, const struct cors *cors)
{
	static const struct wye_text usual = { "GET, HEAD, POST", 15 };
	struct wye_text lan =
		wye_request_header(request, "Access-Control-Request-Private-Network");

	if (cors->any_method)
		add_asked(request, "Access-Control-Allow-Methods",
			  "Access-Control-Request-Method");
	else
		add(request, "Access-Control-Allow-Methods",
		    cors->methods.data ? cors->methods : usual);
	if (cors->any_header)
		add_asked(request, "Access-Control-Allow-Headers",
			  "Access-Control-Request-Headers");
	else
		add(request, "Access-Control-Allow-Headers", cors->headers);
	if (cors->private_network && lan.length == 4 && !memcmp(lan.data, "true", 4))
		add(request, "Access-Control-Allow-Private-Network", YES);
	add(request, "Access-Control-Max-Age",
	    (struct wye_text) { cors->max_age, strlen(cors->max_age) });
}

static bool is_preflight(const struct wye_request *request)
{
	struct wye_text method = wye_request_method(request);

	return method.length == 7 && !memcmp(method.data, "OPTIONS", 7) &&
	       wye_request_header(request, "Origin").data &&
	       wye_request_header(request, "Access-Control-Request-Method").data;
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	const struct cors *cors = instance;

	if (!is_preflight(request))
		return WYE_NEXT;
	*state = instance; /* the response step knows it by that */
	if (origins_have(cors->origins, wye_request_header(request, "Origin")))
		answer_preflight(request, cors);
	wye_reply_static(request, 204, NULL, "", 0);
	return WYE_ANSWERED;
}

/* ---- all answers ---- */

/* Also where no Origin came: a cache would else give that answer to a page of another origin
 * (RFC 9110, 12.5.5). */
static void vary(struct wye_request *request, const struct cors *cors, bool preflight)
{
	if (!cors->same_for_all)
		field_list_vary(request, "Origin");
	if (preflight && (cors->any_method || cors->any_header))
		field_list_vary(
			request,
			"Access-Control-Request-Method, Access-Control-Request-Headers");
}

static void on_response(struct wye_request *request, void *instance, void *state)
{
	const struct cors *cors = instance;
	struct wye_text origin = wye_request_header(request, "Origin");

	vary(request, cors, state);
	wye_reply_remove_header(request, "Access-Control-Allow-Origin"); /* two would be none */
	if (!origin.data || !origins_have(cors->origins, origin))
		return;
	add(request, "Access-Control-Allow-Origin", cors->same_for_all ? STAR : origin);
	if (cors->credentials)
		add(request, "Access-Control-Allow-Credentials", YES);
	if (!state)
		add(request, "Access-Control-Expose-Headers", cors->expose);
}

static const struct wye_rest_middleware rest = {
	.size = sizeof rest, .name = "cors", .request = on_request, .response = on_response
};
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_cors;

const struct wye_plugin wye_builtin_cors = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_cors,
	.name = "cors",
	.sentence = "lets pages of other origins read answers",
	.settings = settings,
	.open = open_cors,
	.close = close_cors,
	.rest_middleware = rest_list,
};
