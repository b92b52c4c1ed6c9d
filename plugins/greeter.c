/* SPDX-License-Identifier: MIT
 *
 * greeter.c - a REST handler as a plugin: on a route like /api/users/:id it answers with JSON
 * that holds the parameter.
 */
#include <stdio.h>
#include <string.h>

#include <wye/plugin.h>

static const struct wye_setting settings[] = {
	{ .name = "greeting",
	  .type = WYE_SETTING_STRING,
	  .fallback = "hello",
	  .sentence = "what everybody is greeted with" },
	{ .name = NULL },
};

/* The instance is its greeting, which lives as long as the instance's settings. */
static int open_greeter(const struct wye_settings *values, void **instance,
			struct wye_error *why)
{
	(void)why;
	*instance = (void *)wye_setting_string(values, "greeting");
	return 0;
}

/* Writes `text` as a JSON string (RFC 8259, 7); `out` holds 6 times its length and 3. */
static size_t put_json(char *out, const char *text, size_t length)
{
	size_t at = 0;

	out[at++] = '"';
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '"' || byte == '\\')
			out[at++] = '\\';
		if (byte < 0x20)
			at += (size_t)sprintf(out + at, "\\u%04x", byte);
		else
			out[at++] = (char)byte;
	}
	out[at++] = '"';
	return at;
}

static enum wye_verdict greet(struct wye_request *request, const struct wye_mount *mount)
{
	const char *greeting = mount->instance;
	struct wye_text id = wye_request_parameter(request, "id");
	char *body = wye_request_allocate(request, 6 * (id.length + strlen(greeting)) + 32);
	size_t at;

	if (!body)
		return WYE_NEXT; /* no answer: the client gets 500 */
	at = (size_t)sprintf(body, "{\"id\":");
	at += put_json(body + at, id.data, id.length);
	at += (size_t)sprintf(body + at, ",\"greeting\":");
	at += put_json(body + at, greeting, strlen(greeting));
	body[at++] = '}';
	wye_reply_static(request, 200, "application/json", body, at);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler greeter = { .size = sizeof greeter,
						 .name = "greeter",
						 .handle = greet };

static const struct wye_rest_handler *const handlers[] = { &greeter, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "greeter",
	.version = "1.0",
	.sentence = "greets by JSON",
	.settings = settings,
	.open = open_greeter,
	.rest_handlers = handlers,
};
