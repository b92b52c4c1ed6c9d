/* SPDX-License-Identifier: MIT
 *
 * api-key.c - lets in who sends one of the keys, in a header field or a query parameter. Only
 * hashes of keys are kept. The name of the key becomes the user.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

#include "api-keys.h"
#include "challenge.h"

static const struct wye_setting settings[] = {
	{ .name = "keys",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "\"NAME:HASH\" each, the hash being the key's SHA-256 in hex" },
	{ .name = "file",
	  .type = WYE_SETTING_STRING,
	  .sentence = "with more of them, one a line; read again when it changes" },
	{ .name = "header",
	  .type = WYE_SETTING_STRING,
	  .fallback = "X-API-Key",
	  .sentence = "that holds the key; \"\": none" },
	{ .name = "query",
	  .type = WYE_SETTING_STRING,
	  .sentence = "parameter that holds it, where there is no such header" },
	{ .name = "realm",
	  .type = WYE_SETTING_STRING,
	  .fallback = "api",
	  .sentence = "what a refusal names in WWW-Authenticate" },
	{ .name = NULL },
};

static const char REFUSAL[] = "an API key is needed\n";

struct guard {
	const struct wye_settings *settings;
	_Atomic(struct api_keys *) keys; /* read on loops, replaced by the watch's thread */
	const char *header, *query;      /* NULL: not looked at */
	const char *file;                /* or NULL */
	char *challenge;
	struct wye_file_watch watch;
	wye_metric refused, reloads;
};

/* ---- the keys ---- */

/* Names the setting that is to blame, and returns the error. */
static int blame(const struct guard *guard, const char *setting, int error,
		 struct wye_error *why, const struct wye_error *reason)
{
	if (error && error != -ENOMEM)
		wye_setting_error(guard->settings, setting, why, "%s", reason->text);
	return error;
}

static int read_keys(const struct guard *guard, struct api_keys *keys, struct wye_error *why)
{
	size_t count = wye_setting_count(guard->settings, "keys");
	struct wye_error reason;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = api_keys_add(keys, wye_setting_item(guard->settings, "keys", i),
				     &reason);
	if (error)
		return blame(guard, "keys", error, why, &reason);
	if (guard->file)
		error = api_keys_read(keys, guard->file, &reason);
	if (!error)
		error = api_keys_seal(keys, &reason);
	return blame(guard, guard->file ? "file" : "keys", error, why, &reason);
}

static int make_keys(const struct guard *guard, struct api_keys **out, struct wye_error *why)
{
	int error;

	*out = api_keys_create();
	if (!*out)
		return -ENOMEM;
	error = read_keys(guard, *out, why);
	if (error) {
		api_keys_destroy(*out);
		*out = NULL;
	}
	return error;
}

/* On the watch's thread. A file that is wrong leaves the keys as they are. */
static void reload(void *argument)
{
	struct guard *guard = argument;
	struct wye_error why = { "out of memory" };
	struct api_keys *keys;

	if (make_keys(guard, &keys, &why)) {
		wye_log(WYE_LOG_ERROR, "api-key keeps the keys it has: %s", why.text);
		return;
	}
	wye_log(WYE_LOG_NOTICE, "api-key has read %s: %zu keys", guard->file,
		api_keys_count(keys));
	keys = atomic_exchange(&guard->keys, keys);
	wye_loops_pass();
	api_keys_destroy(keys);
	wye_metric_add(guard->reloads, 1);
}

/* ---- an instance ---- */

static void close_guard(void *instance)
{
	struct guard *guard = instance;

	api_keys_destroy(atomic_load(&guard->keys));
	free(guard->challenge);
	free(guard);
}

static const char *unless_empty(const char *text)
{
	return text && *text ? text : NULL;
}

static int fill(struct guard *guard, struct wye_error *why)
{
	struct api_keys *keys;
	int error;

	guard->header = unless_empty(wye_setting_string(guard->settings, "header"));
	guard->query = unless_empty(wye_setting_string(guard->settings, "query"));
	guard->file = wye_setting_string(guard->settings, "file");
	if (!guard->header && !guard->query) {
		wye_setting_error(guard->settings, "header", why,
				  "without a header a \"query\" is needed");
		return -EINVAL;
	}
	if (guard->file)
		wye_file_watch_init(&guard->watch, guard->file);
	error = make_keys(guard, &keys, why);
	if (error)
		return error;
	atomic_init(&guard->keys, keys);
	return challenge_make(&guard->challenge, "ApiKey", "", guard->settings, why);
}

static int open_guard(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct guard *guard = calloc(1, sizeof *guard);
	int error;

	if (!guard)
		return -ENOMEM;
	guard->settings = values;
	guard->refused = wye_metric_register("api_key_refused_total", WYE_COUNTER);
	guard->reloads = wye_metric_register("api_key_reloads_total", WYE_COUNTER);
	error = fill(guard, why);
	if (error)
		close_guard(guard);
	else
		*instance = guard;
	return error;
}

static int start_guard(void *instance, struct wye_error *why)
{
	struct guard *guard = instance;
	int error = guard->file ? wye_file_watch_start(&guard->watch, reload, guard) : 0;

	if (error)
		wye_error_set(why, "can't watch %s: %s", guard->file, strerror(-error));
	return error;
}

static void stop_guard(void *instance)
{
	wye_file_watch_stop(&((struct guard *)instance)->watch);
}

/* ---- requests and handshakes ---- */

/* The name of the key, with nothing in it if it is none of ours. It is copied at once: the
 * table may be replaced. */
static struct wye_text name_of(struct guard *guard, struct wye_text key)
{
	uint8_t digest[DIGEST_SIZE];
	const char *name = NULL;

	if (key.data && digest_of(&key, 1, digest))
		name = api_keys_find(atomic_load_explicit(&guard->keys, memory_order_acquire),
				     digest);
	if (!name)
		wye_metric_add(guard->refused, 1);
	return (struct wye_text) { name, name ? strlen(name) : 0 };
}

static struct wye_text challenge_of(const struct guard *guard)
{
	return (struct wye_text) { guard->challenge, strlen(guard->challenge) };
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	struct guard *guard = instance;
	struct wye_text key = { NULL, 0 }, name;

	(void)state;
	if (guard->header)
		key = wye_request_header(request, guard->header);
	if (!key.data && guard->query)
		key = wye_request_query_value(request, guard->query);
	name = name_of(guard, key);
	if (!name.data) {
		wye_reply_header(request, "WWW-Authenticate", challenge_of(guard));
		wye_reply_static(request, 401, "text/plain", REFUSAL, sizeof REFUSAL - 1);
		return WYE_ANSWERED;
	}
	if (!wye_request_set_user(request, name) &&
	    !wye_request_set_attribute(request, "api-key", name))
		return WYE_NEXT;
	wye_reply(request, 500, NULL, NULL, 0);
	return WYE_ANSWERED;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	struct guard *guard = instance;
	struct wye_text key = { NULL, 0 }, name;

	(void)state;
	if (guard->header)
		key = wye_handshake_header(handshake, guard->header);
	if (!key.data && guard->query)
		key = wye_handshake_query_value(handshake, guard->query);
	name = name_of(guard, key);
	if (!name.data) {
		wye_handshake_reply_header(handshake, "WWW-Authenticate", challenge_of(guard));
		wye_handshake_refuse(handshake, 401, REFUSAL);
		return WYE_ANSWERED;
	}
	if (!wye_handshake_set_user(handshake, name) &&
	    !wye_handshake_set_attribute(handshake, "api-key", name))
		return WYE_NEXT;
	wye_handshake_refuse(handshake, 500, "out of memory\n");
	return WYE_ANSWERED;
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "api-key",
						 .request = on_request };
static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "api-key",
					     .handshake = on_handshake };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_api_key;

const struct wye_plugin wye_builtin_api_key = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_api_key,
	.name = "api-key",
	.sentence = "lets in who has one of the keys",
	.settings = settings,
	.open = open_guard,
	.close = close_guard,
	.rest_middleware = rest_list,
	.ws_middleware = ws_list,
	.start = start_guard,
	.stop = stop_guard,
};
