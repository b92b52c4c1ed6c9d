/* SPDX-License-Identifier: MIT
 *
 * respond.c - answers with what the config says: { path = "/hello"; handler = "respond";
 * status = 200; type = "text/plain"; body = "hello, world\n"; }, or with what a file holds at
 * the start: file = "/srv/page.html"; with headers = { X-Powered-By = "wye"; }. Nothing is
 * computed per request.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

enum { FILE_MAX = 16 << 20, FIELDS = 32 };

struct answer {
	const struct wye_settings *settings;
	unsigned status;
	const char *type, *body; /* live as long as the route's settings */
	size_t length;
	char *content; /* of the file: then it is the body; or NULL */
	size_t field_count;
	struct wye_field fields[FIELDS]; /* names have a NUL behind them */
};

static const struct wye_setting ROUTE[] = {
	{ .name = "status",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "200",
	  .minimum = 200,
	  .maximum = 599,
	  .sentence = "the answer's status" },
	{ .name = "type",
	  .type = WYE_SETTING_STRING,
	  .fallback = "text/plain",
	  .sentence = "its Content-Type" },
	{ .name = "body", .type = WYE_SETTING_STRING, .fallback = "", .sentence = "its body" },
	{ .name = "file",
	  .type = WYE_SETTING_STRING,
	  .sentence = "that holds the body instead, up to 16 MB; read once, at the start" },
	{ .name = "headers",
	  .type = WYE_SETTING_PAIRS,
	  .sentence = "fields of the answer: { Cache-Control = \"no-store\"; }" },
	{ .name = NULL },
};

/* Reads a whole file. 0 or a negative errno. Memory that is not touched costs nothing. */
static int read_file(const char *path, char **content, size_t *length)
{
	FILE *file = fopen(path, "re");
	char *data;
	int error = 0;

	if (!file)
		return -errno;
	data = malloc(FILE_MAX + 1);
	*length = data ? fread(data, 1, FILE_MAX + 1, file) : 0;
	if (!data || ferror(file))
		error = -errno;
	else if (*length > FILE_MAX)
		error = -EFBIG;
	fclose(file);
	if (error)
		free(data);
	else
		*content = data;
	return error;
}

static int take_file(struct answer *answer, const struct wye_settings *settings,
		     struct wye_error *why)
{
	const char *path = wye_setting_string(settings, "file");
	int error;

	if (!path)
		return 0;
	if (answer->length) {
		wye_setting_error(settings, "file", why, "there is a \"body\" already");
		return -EINVAL;
	}
	error = read_file(path, &answer->content, &answer->length);
	if (error)
		wye_setting_error(settings, "file", why, "can't read \"%s\": %s", path,
				  strerror(-error));
	answer->body = answer->content;
	return error;
}

/* 204, 205 and 304 have no content (RFC 9110, 15.3.5, 15.3.6, 15.4.5). */
static int check_status(const struct answer *answer, struct wye_error *why)
{
	unsigned status = answer->status;

	if (!answer->length || (status != 204 && status != 205 && status != 304))
		return 0;
	wye_setting_error(answer->settings, answer->content ? "file" : "body", why,
			  "an answer with status %u can't have a body", status);
	return -EINVAL;
}

static int take_field(struct answer *answer, const char *name, const char *value,
		      struct wye_error *why)
{
	struct wye_text text = { value, strlen(value) };

	if (answer->field_count == FIELDS) {
		wye_setting_error(answer->settings, "headers", why, "more than %d fields",
				  FIELDS);
		return -EINVAL;
	}
	if (!wye_http_field_valid(name, text)) {
		wye_setting_error(answer->settings, "headers", why,
				  "\"%s\" is no field that can be set, or its value has a "
				  "control byte",
				  name);
		return -EINVAL;
	}
	answer->fields[answer->field_count++] =
		(struct wye_field) { { name, strlen(name) }, text };
	return 0;
}

static int take_fields(struct answer *answer, struct wye_error *why)
{
	const struct wye_settings *settings = answer->settings;
	size_t count = wye_setting_count(settings, "headers");
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = take_field(answer, wye_setting_item_name(settings, "headers", i),
				   wye_setting_item(settings, "headers", i), why);
	return error;
}

/* What can stand in a field (RFC 9110, 5.5); none if it is empty. */
static int check_type(const struct answer *answer, struct wye_error *why)
{
	struct wye_text type = { answer->type, strlen(answer->type) };

	if (!type.length || wye_http_field_valid("X-Type", type))
		return 0;
	wye_setting_error(answer->settings, "type", why, "\"type\" has a control byte");
	return -EINVAL;
}

static void route_close(void *instance, void *route)
{
	struct answer *answer = route;

	(void)instance;
	free(answer->content);
	free(answer);
}

static int route(void *instance, const struct wye_settings *settings, void **out,
		 struct wye_error *why)
{
	struct answer *answer = calloc(1, sizeof *answer);
	int error;

	if (!answer) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	answer->settings = settings;
	answer->status = (unsigned)wye_setting_integer(settings, "status");
	answer->type = wye_setting_string(settings, "type");
	answer->body = wye_setting_string(settings, "body");
	answer->length = strlen(answer->body);
	error = take_file(answer, settings, why);
	if (!error)
		error = check_status(answer, why);
	if (!error)
		error = check_type(answer, why);
	if (!error)
		error = take_fields(answer, why);
	if (error)
		route_close(instance, answer);
	else
		*out = answer;
	return error;
}

static enum wye_verdict handle(struct wye_request *request, const struct wye_mount *mount)
{
	const struct answer *answer = mount->route;

	for (size_t i = 0; i < answer->field_count; i++)
		(void)wye_reply_header(request, answer->fields[i].name.data,
				       answer->fields[i].value);
	wye_reply_static(request, answer->status, answer->type, answer->body, answer->length);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler respond = {
	.size = sizeof respond,
	.name = "respond",
	.route_settings = ROUTE,
	.route = route,
	.route_close = route_close,
	.handle = handle,
};

static const struct wye_rest_handler *const handlers[] = { &respond, NULL };

extern const struct wye_plugin wye_builtin_respond;

const struct wye_plugin wye_builtin_respond = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_respond,
	.name = "respond",
	.sentence = "answers with what the config says",
	.rest_handlers = handlers,
};
