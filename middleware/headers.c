/* SPDX-License-Identifier: MIT
 *
 * headers.c - sets, appends and removes header fields: of requests, for later steps and the
 * handler, and of answers. Rules are made at the start (headers-rule.h); a fixed value is
 * handed on as it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

#include "headers-rule.h"

#define FIELDS(key, text)                                                                      \
	{                                                                                      \
		.name = key, .type = WYE_SETTING_STRINGS, .sentence = text                     \
	}

static const struct wye_setting settings[] = {
	FIELDS("request_remove", "names of fields that later steps don't see"),
	FIELDS("request_set", "\"Name: value\", in the place of what the client sent"),
	FIELDS("request_append", "\"Name: value\", behind what the client sent"),
	FIELDS("response_remove", "names of fields that are taken off the answer"),
	FIELDS("response_set", "\"Name: value\", in the place of what the answer has"),
	FIELDS("response_append", "\"Name: value\", behind what the answer has"),
	{ .name = NULL },
};

enum action {
	REMOVE,
	SET,
	APPEND,
	ACTIONS,
};

static const char *const KEYS[2][ACTIONS] = {
	{ "request_remove", "request_set", "request_append" },
	{ "response_remove", "response_set", "response_append" },
};

struct step {
	struct headers_rule rule;
	enum action action;
};

/* Those of the request first; in the order in which they are done. */
struct headers {
	size_t request_count, count;
	struct step steps[];
};

/* ---- from the settings ---- */

static size_t count_all(const struct wye_settings *values)
{
	size_t count = 0;

	for (int side = 0; side < 2; side++)
		for (int action = 0; action < ACTIONS; action++)
			count += wye_setting_count(values, KEYS[side][action]);
	return count;
}

static void close_headers(void *instance)
{
	struct headers *headers = instance;

	for (size_t i = 0; i < headers->count; i++)
		headers_rule_fini(&headers->steps[i].rule);
	free(headers);
}

/* What is literal in a value is checked here, the rest when it is known. */
static bool is_valid(const struct headers_rule *rule, int side)
{
	struct wye_text value = { "", 0 };
	bool valid = true;

	for (size_t i = 0; valid && i <= rule->count; i++) {
		valid = side ? wye_reply_header_valid(rule->name, value)
			     : wye_request_header_valid(rule->name, value);
		if (i < rule->count)
			value = (struct wye_text) { rule->pieces[i].text,
						    rule->pieces[i].length };
	}
	return valid;
}

static int add_step(struct headers *headers, const struct wye_settings *values, int side,
		    enum action action, size_t index, struct wye_error *why)
{
	const char *key = KEYS[side][action], *reason = "";
	const char *text = wye_setting_item(values, key, index);
	struct step *step = &headers->steps[headers->count];
	int error = headers_rule_parse(&step->rule, text, action != REMOVE, &reason);

	if (error == -EINVAL)
		wye_setting_error(values, key, why, "\"%s\" %s", text, reason);
	if (error)
		return error;
	step->action = action;
	headers->count++;
	if (is_valid(&step->rule, side))
		return 0;
	wye_setting_error(values, key, why,
			  "\"%s\" can't be changed: a bad name or value, or a field that wye "
			  "itself reads or sets",
			  text);
	return -EINVAL;
}

static int add_side(struct headers *headers, const struct wye_settings *values, int side,
		    struct wye_error *why)
{
	int error = 0;

	for (enum action action = REMOVE; action < ACTIONS; action++)
		for (size_t i = 0; !error && i < wye_setting_count(values, KEYS[side][action]);
		     i++)
			error = add_step(headers, values, side, action, i, why);
	return error;
}

static int open_headers(const struct wye_settings *values, void **instance,
			struct wye_error *why)
{
	size_t size = count_all(values) * sizeof(struct step);
	struct headers *headers = calloc(1, sizeof *headers + size);
	int error;

	if (!headers)
		return -ENOMEM;
	error = add_side(headers, values, 0, why);
	headers->request_count = headers->count;
	if (!error)
		error = add_side(headers, values, 1, why);
	if (error)
		close_headers(headers);
	else
		*instance = headers;
	return error;
}

/* ---- values ---- */

static struct wye_text piece_text(const struct wye_request *request,
				  const struct headers_piece *piece)
{
	switch (piece->source) {
	case HEADERS_CLIENT:
		return wye_request_client(request);
	case HEADERS_HOST:
		return wye_request_host(request);
	case HEADERS_ID:
		return wye_request_id(request);
	case HEADERS_USER:
		return wye_request_user(request);
	case HEADERS_ATTRIBUTE:
		return wye_request_attribute(request, piece->text);
	default:
		return (struct wye_text) { piece->text, piece->length };
	}
}

/* Data NULL where nothing is known that a placeholder stands for, or without memory. */
static struct wye_text join(struct wye_request *request, const struct headers_rule *rule)
{
	struct wye_text texts[HEADERS_PIECES];
	struct wye_text value = { NULL, 0 };
	size_t length = 0;
	char *at;

	for (size_t i = 0; i < rule->count; i++) {
		texts[i] = piece_text(request, &rule->pieces[i]);
		if (!texts[i].length)
			return value;
		length += texts[i].length;
	}
	value.data = at = wye_request_allocate(request, length + 1);
	if (!at)
		return value;
	for (size_t i = 0; i < rule->count; at += texts[i++].length)
		memcpy(at, texts[i].data, texts[i].length);
	value.length = length;
	return value;
}

static struct wye_text value_of(struct wye_request *request, const struct headers_rule *rule)
{
	if (!rule->count)
		return (struct wye_text) { "", 0 };
	if (rule->fixed || rule->count == 1)
		return piece_text(request, rule->pieces);
	return join(request, rule);
}

/* ---- steps ---- */

/* Where the value is unknown, or can't stand in a field, none is set: and what the client sent
 * by that name is removed all the same, as it must not pass for ours. */
static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	const struct headers *headers = instance;

	(void)state;
	for (size_t i = 0; i < headers->request_count; i++) {
		const struct step *step = &headers->steps[i];
		struct wye_text value;

		if (step->action != APPEND)
			wye_request_remove_header(request, step->rule.name);
		if (step->action == REMOVE)
			continue;
		value = value_of(request, &step->rule);
		if (value.data)
			(void)!wye_request_add_header(request, step->rule.name, value);
	}
	return WYE_NEXT;
}

static void on_response(struct wye_request *request, void *instance, void *state)
{
	const struct headers *headers = instance;

	(void)state;
	for (size_t i = headers->request_count; i < headers->count; i++) {
		const struct step *step = &headers->steps[i];
		struct wye_text value;

		if (step->action != APPEND)
			wye_reply_remove_header(request, step->rule.name);
		if (step->action == REMOVE)
			continue;
		value = value_of(request, &step->rule);
		if (value.data)
			(void)wye_reply_header(request, step->rule.name, value);
	}
}

static const struct wye_rest_middleware rest = {
	.size = sizeof rest, .name = "headers", .request = on_request, .response = on_response
};
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_headers;

const struct wye_plugin wye_builtin_headers = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_headers,
	.name = "headers",
	.sentence = "sets, appends and removes header fields",
	.settings = settings,
	.open = open_headers,
	.close = close_headers,
	.rest_middleware = rest_list,
};
