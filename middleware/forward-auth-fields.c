/* SPDX-License-Identifier: MIT
 *
 * forward-auth-fields.c - see forward-auth-fields.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "forward-auth-fields.h"

/* Sent along where the settings name none. */
static const char *const ASKED[] = { "Authorization", "Cookie" };
/* Ours. */
static const char *const TOLD[] = { "X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri",
				    "X-Forwarded-For", "X-Request-Id" };

enum {
	ASKED_COUNT = sizeof ASKED / sizeof ASKED[0],
	TOLD_COUNT = sizeof TOLD / sizeof TOLD[0],
};

/* ---- settings ---- */

static bool is_told(const char *name)
{
	for (size_t i = 0; i < TOLD_COUNT; i++)
		if (!strcasecmp(name, TOLD[i]))
			return true;
	return false;
}

static int check_name(const struct wye_settings *settings, const char *setting,
		      const char *name, struct wye_error *why)
{
	const struct wye_text nothing = { "", 0 };

	if (wye_request_header_valid(name, nothing))
		return 0;
	wye_setting_error(settings, setting, why, "\"%s\" can't be handed on", name);
	return -EINVAL;
}

static int read_asked(struct forwarding *forwarding, const struct wye_settings *settings,
		      struct wye_error *why)
{
	size_t count = wye_setting_count(settings, "request_headers");
	int error = 0;

	forwarding->asked = calloc(count + ASKED_COUNT, sizeof forwarding->asked[0]);
	if (!forwarding->asked)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++) {
		const char *name = wye_setting_item(settings, "request_headers", i);

		forwarding->asked[forwarding->asked_count++] = name;
		error = check_name(settings, "request_headers", name, why);
		if (!error && is_told(name)) {
			wye_setting_error(settings, "request_headers", why,
					  "\"%s\" is set by forward-auth itself", name);
			error = -EINVAL;
		}
	}
	for (size_t i = 0; i < ASKED_COUNT && !count; i++)
		forwarding->asked[forwarding->asked_count++] = ASKED[i];
	return error;
}

static char *lower_case(const char *name)
{
	char *copy = strdup(name);

	for (char *at = copy; at && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return copy;
}

static int read_handed(struct forwarding *forwarding, const struct wye_settings *settings,
		       struct wye_error *why)
{
	size_t count = wye_setting_count(settings, "response_headers");
	int error = 0;

	forwarding->handed = calloc(count + 1, sizeof forwarding->handed[0]);
	if (!forwarding->handed)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++) {
		struct handed *handed = &forwarding->handed[forwarding->handed_count++];

		handed->name = wye_setting_item(settings, "response_headers", i);
		handed->attribute = lower_case(handed->name);
		error = handed->attribute
				? check_name(settings, "response_headers", handed->name, why)
				: -ENOMEM;
	}
	return error;
}

int forwarding_init(struct forwarding *forwarding, const struct wye_settings *settings,
		    struct wye_error *why)
{
	int error;

	*forwarding = (struct forwarding) { 0 };
	error = read_asked(forwarding, settings, why);
	return error ? error : read_handed(forwarding, settings, why);
}

void forwarding_fini(struct forwarding *forwarding)
{
	for (size_t i = 0; i < forwarding->handed_count; i++)
		free(forwarding->handed[i].attribute);
	free(forwarding->handed);
	free(forwarding->asked);
}

/* ---- asking ---- */

/* What requests and handshakes have in common. */
struct original {
	const void *object;
	bool (*field_at)(const void *object, size_t index, struct wye_field *out);
	struct wye_text method, host, path, query, client, id;
};

static bool request_field_at(const void *object, size_t index, struct wye_field *out)
{
	return wye_request_header_at(object, index, out);
}

static bool handshake_field_at(const void *object, size_t index, struct wye_field *out)
{
	return wye_handshake_header_at(object, index, out);
}

/* As the settings write it; NULL: it is not sent along. */
static const char *asked_name(const struct forwarding *forwarding, struct wye_text name)
{
	for (size_t i = 0; i < forwarding->asked_count; i++)
		if (strlen(forwarding->asked[i]) == name.length &&
		    !strncasecmp(forwarding->asked[i], name.data, name.length))
			return forwarding->asked[i];
	return NULL;
}

static int send_along(const struct forwarding *forwarding, struct question *question,
		      const struct original *original)
{
	struct wye_field field;
	int error = 0;

	for (size_t i = 0; !error && original->field_at(original->object, i, &field); i++) {
		const char *name = asked_name(forwarding, field.name);

		if (name)
			error = question_add(question, name, field.value);
	}
	return error;
}

static int tell_uri(struct question *question, const struct original *original)
{
	char *uri;
	int length =
		asprintf(&uri, "%.*s%s%.*s", (int)original->path.length, original->path.data,
			 original->query.length ? "?" : "", (int)original->query.length,
			 original->query.length ? original->query.data : "");
	int error;

	if (length < 0)
		return -ENOMEM;
	error = question_add(question, "X-Forwarded-Uri",
			     (struct wye_text) { uri, (size_t)length });
	free(uri);
	return error;
}

static int tell(const struct forwarding *forwarding, struct question *question,
		const struct original *original)
{
	int error = send_along(forwarding, question, original);

	if (!error)
		error = question_add(question, "X-Forwarded-Method", original->method);
	if (!error)
		error = question_add(question, "X-Forwarded-Host", original->host);
	if (!error)
		error = tell_uri(question, original);
	if (!error)
		error = question_add(question, "X-Forwarded-For", original->client);
	if (!error && original->id.length)
		error = question_add(question, "X-Request-Id", original->id);
	return error;
}

int forwarding_ask_request(const struct forwarding *forwarding, struct question *question,
			   const struct wye_request *request)
{
	const struct original original = {
		.object = request,
		.field_at = request_field_at,
		.method = wye_request_method(request),
		.host = wye_request_host(request),
		.path = wye_request_path(request),
		.query = wye_request_query(request),
		.client = wye_request_client(request),
		.id = wye_request_id(request),
	};

	return tell(forwarding, question, &original);
}

int forwarding_ask_handshake(const struct forwarding *forwarding, struct question *question,
			     const struct wye_handshake *handshake)
{
	const struct original original = {
		.object = handshake,
		.field_at = handshake_field_at,
		.method = { "GET", 3 }, /* RFC 6455, 4.1 */
		.host = wye_handshake_host(handshake),
		.path = wye_handshake_path(handshake),
		.query = wye_handshake_query(handshake),
		.client = wye_handshake_client(handshake),
		.id = wye_handshake_id(handshake),
	};

	return tell(forwarding, question, &original);
}

/* ---- handing on ---- */

static struct wye_text text_of(const char *string)
{
	return (struct wye_text) { string, strlen(string) };
}

/* In the place of what the client may have sent under this name. */
static int hand_fields(const struct question *question, struct wye_request *request,
		       const char *name)
{
	int error = 0;

	wye_request_remove_header(request, name);
	for (const struct asker_field *one = question->answer; one && !error; one = one->next)
		if (!strcasecmp(one->name, name))
			error = wye_request_add_header(request, name, text_of(one->value));
	return error;
}

int forwarding_hand_request(const struct forwarding *forwarding,
			    const struct question *question, struct wye_request *request)
{
	int error = 0;

	for (size_t i = 0; i < forwarding->handed_count && !error; i++) {
		const struct handed *handed = &forwarding->handed[i];
		const char *value = question_find(question, handed->name);

		error = hand_fields(question, request, handed->name);
		if (value && !error)
			error = wye_request_set_attribute(request, handed->attribute,
							  text_of(value));
	}
	return error;
}

int forwarding_hand_handshake(const struct forwarding *forwarding,
			      const struct question *question, struct wye_handshake *handshake)
{
	int error = 0;

	for (size_t i = 0; i < forwarding->handed_count && !error; i++) {
		const struct handed *handed = &forwarding->handed[i];
		const char *value = question_find(question, handed->name);

		if (value)
			error = wye_handshake_set_attribute(handshake, handed->attribute,
							    text_of(value));
	}
	return error;
}
