/* SPDX-License-Identifier: MIT
 *
 * compress.c - decides which answers are compressed, by gzip or brotli, and tells clients and
 * caches so. The body is wrapped in compress-body.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/plugin.h>

#include "compress-body.h"
#include "field-list.h"

static const struct wye_setting settings[] = {
	{ .name = "codings",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "of \"br\" and \"gzip\", the preferred one first; default: both so" },
	{ .name = "types",
	  .type = WYE_SETTING_STRINGS,
	  .sentence =
		  "media types, \"text/*\" or \"*+json\" for a kind of them; default: text, "
		  "JSON, XML, JavaScript, SVG, WebAssembly" },
	{ .name = "minimum",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "1024",
	  .maximum = 1e12,
	  .unit = "bytes",
	  .sentence = "of a body; shorter ones are sent as they are" },
	{ .name = "gzip_level",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "5",
	  .minimum = 1,
	  .maximum = 9,
	  .sentence = "from fast to small" },
	{ .name = "brotli_level",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "3",
	  .maximum = 6,
	  .sentence = "from fast to small" },
	{ .name = "max_running",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "100",
	  .minimum = 0,
	  .maximum = 1e6,
	  .unit = "answers",
	  .sentence =
		  "that are compressed at a time on one thread; beyond: they are sent as they "
		  "are" },
	{ .name = NULL },
};

static const char *const usual_types[] = { "text/*",
					   "application/json",
					   "application/javascript",
					   "application/xml",
					   "application/wasm",
					   "application/x-ndjson",
					   "*+json",
					   "*+xml" };

struct compress {
	struct compress_body body;
	enum coding preferred[CODINGS];
	size_t coding_count, type_count;
	const char *const *types;
	const char **own_types; /* to be freed; their texts are the settings' */
	uint64_t minimum;
};

/* ---- from the settings ---- */

/* CODING_IDENTITY for what is none of ours. */
static enum coding find_coding(const char *name)
{
	return !strcmp(name, "gzip") ? CODING_GZIP
	       : !strcmp(name, "br") ? CODING_BROTLI
				     : CODING_IDENTITY;
}

static bool has_coding(const struct compress *compress, enum coding coding)
{
	for (size_t i = 0; i < compress->coding_count; i++)
		if (compress->preferred[i] == coding)
			return true;
	return false;
}

static int read_codings(struct compress *compress, const struct wye_settings *values,
			struct wye_error *why)
{
	for (size_t i = 0; i < wye_setting_count(values, "codings"); i++) {
		const char *name = wye_setting_item(values, "codings", i);
		enum coding coding = find_coding(name);

		if (coding == CODING_IDENTITY || has_coding(compress, coding)) {
			wye_setting_error(values, "codings", why,
					  "\"%s\" is not one of \"br\", \"gzip\", each once",
					  name);
			return -EINVAL;
		}
		compress->preferred[compress->coding_count++] = coding;
	}
	if (!compress->coding_count) {
		compress->preferred[0] = CODING_BROTLI;
		compress->preferred[1] = CODING_GZIP;
		compress->coding_count = 2;
	}
	return 0;
}

static bool is_type(const char *type)
{
	const char *slash = strchr(type, '/');

	if (type[0] == '*' && type[1] == '+')
		return type[2] && !strpbrk(type + 2, "*/; ");
	return slash && slash > type && slash[1] && !strpbrk(type, "; ") &&
	       !memchr(type, '*', (size_t)(slash - type)) &&
	       (!strchr(slash, '*') || !strcmp(slash, "/*"));
}

static int read_types(struct compress *compress, const struct wye_settings *values,
		      struct wye_error *why)
{
	size_t count = wye_setting_count(values, "types");

	compress->types = usual_types;
	compress->type_count = sizeof usual_types / sizeof usual_types[0];
	if (!count)
		return 0;
	compress->own_types = calloc(count, sizeof *compress->own_types);
	if (!compress->own_types)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		compress->own_types[i] = wye_setting_item(values, "types", i);
		if (is_type(compress->own_types[i]))
			continue;
		wye_setting_error(
			values, "types", why,
			"\"%s\" is no type like \"text/html\", \"text/*\" or \"*+json\"",
			compress->own_types[i]);
		return -EINVAL;
	}
	compress->types = compress->own_types;
	compress->type_count = count;
	return 0;
}

static void close_compress(void *instance)
{
	struct compress *compress = instance;

	free(compress->own_types);
	free(compress);
}

static void read_body(struct compress_body *body, const struct wye_settings *values)
{
	body->levels[CODING_GZIP] = (int)wye_setting_integer(values, "gzip_level");
	body->levels[CODING_BROTLI] = (int)wye_setting_integer(values, "brotli_level");
	body->max_running = (unsigned)wye_setting_integer(values, "max_running");
	body->running = wye_metric_register("compress_running", WYE_GAUGE);
	body->refused = wye_metric_register("compress_refused_total", WYE_COUNTER);
	body->bytes_in = wye_metric_register("compress_bytes_in_total", WYE_COUNTER);
	body->bytes_out = wye_metric_register("compress_bytes_out_total", WYE_COUNTER);
}

static int open_compress(const struct wye_settings *values, void **instance,
			 struct wye_error *why)
{
	struct compress *compress = calloc(1, sizeof *compress);
	int error = compress ? read_codings(compress, values, why) : -ENOMEM;

	if (!error)
		error = read_types(compress, values, why);
	if (error) {
		if (compress)
			close_compress(compress);
		return error;
	}
	compress->minimum = (uint64_t)wye_setting_integer(values, "minimum");
	read_body(&compress->body, values);
	*instance = compress;
	return 0;
}

/* ---- which answers ---- */

static bool type_matches(struct wye_text type, const char *pattern)
{
	size_t length = strlen(pattern);

	if (pattern[0] == '*' && pattern[1] == '+') /* the suffix of RFC 6838, 4.2.8 */
		return type.length >= length &&
		       !strncasecmp(type.data + type.length - (length - 1), pattern + 1,
				    length - 1);
	if (pattern[length - 1] == '*')
		return type.length >= length && !strncasecmp(type.data, pattern, length - 1);
	return type.length == length && !strncasecmp(type.data, pattern, length);
}

static bool has_type(const struct wye_request *request, const struct compress *compress)
{
	struct wye_text type = { wye_reply_type(request), 0 };

	if (!type.data)
		return false;
	type.length = strcspn(type.data, "; \t");
	for (size_t i = 0; i < compress->type_count; i++)
		if (type_matches(type, compress->types[i]))
			return true;
	return false;
}

/* Its cache may be a proxy's, which is told by the same word (RFC 9111, 5.2.2.6). */
static bool may_transform(const struct wye_request *request)
{
	return !field_list_has(wye_reply_find_header(request, "Cache-Control"), "no-transform");
}

/* Whether the answer's body, but for its type, is compressed for clients that take it. */
static bool suits(const struct wye_request *request, const struct compress *compress)
{
	return wye_reply_length(request) >= compress->minimum &&
	       !wye_reply_find_header(request, "Content-Encoding").data &&
	       !wye_reply_find_header(request, "Content-Range").data && may_transform(request);
}

static bool has_content(const struct wye_request *request)
{
	unsigned status = wye_reply_status(request);

	return status != 204 && status != 206;
}

static enum coding wanted(const struct wye_request *request, const struct compress *compress)
{
	struct accepted accepted = ACCEPTED_NOTHING;
	struct wye_field field;

	for (size_t i = 0; wye_request_header_at(request, i, &field); i++)
		if (field.name.length == 15 &&
		    !strncasecmp(field.name.data, "Accept-Encoding", 15))
			accepted_add(&accepted, field.value);
	return accepted_best(&accepted, compress->preferred, compress->coding_count);
}

static bool is_head(const struct wye_request *request)
{
	struct wye_text method = wye_request_method(request);

	return method.length == 4 && !memcmp(method.data, "HEAD", 4);
}

/* ---- fields ---- */

/* What is compressed is the same for whoever decodes it, and other bytes (RFC 9110, 8.8.3.3).
 * NULL if there is no strong one, or no memory. */
static const char *weak_form(struct wye_request *request, struct wye_text tag)
{
	char *weak;

	if (!tag.length || tag.data[0] != '"')
		return NULL;
	weak = wye_request_allocate(request, tag.length + 3);
	if (!weak)
		return NULL;
	memcpy(weak, "W/", 2);
	memcpy(weak + 2, tag.data, tag.length + 1);
	return weak;
}

static void weaken(struct wye_request *request)
{
	struct wye_text tag = wye_reply_find_header(request, "ETag");
	const char *weak = weak_form(request, tag);

	if (!tag.length || tag.data[0] != '"')
		return;
	wye_reply_remove_header(request, "ETag");
	if (weak)
		(void)wye_reply_header(request, "ETag",
				       (struct wye_text) { weak, tag.length + 2 });
}

static bool knows(const struct wye_request *request, const char *tag)
{
	struct wye_field field;

	for (size_t i = 0; tag && wye_request_header_at(request, i, &field); i++)
		if (field.name.length == 13 &&
		    !strncasecmp(field.name.data, "If-None-Match", 13) &&
		    field_list_has(field.value, tag))
			return true;
	return false;
}

/* A cache must find the one that is meant of those that it has (RFC 9111, 4.3.4). If it names
 * none, or both, that is the GET's; the type of that is most often not known here. */
static void on_not_modified(struct wye_request *request, const struct compress *compress)
{
	struct wye_text tag = wye_reply_find_header(request, "ETag");
	bool weak = knows(request, weak_form(request, tag)), strong = knows(request, tag.data);

	field_list_vary(request, "Accept-Encoding");
	if (weak == strong)
		weak = suits(request, compress) &&
		       (!wye_reply_type(request) || has_type(request, compress)) &&
		       wanted(request, compress) != CODING_IDENTITY;
	if (weak)
		weaken(request);
}

static void mark(struct wye_request *request, enum coding coding)
{
	static const struct wye_text names[CODINGS] = {
		[CODING_GZIP] = { "gzip", 4 }, [CODING_BROTLI] = { "br", 2 }
	};

	(void)wye_reply_header(request, "Content-Encoding", names[coding]);
	wye_reply_remove_header(request, "Accept-Ranges"); /* they would be of other bytes */
	weaken(request);
}

static bool change_body(struct wye_request *request, const struct compress *compress,
			enum coding coding)
{
	return is_head(request) ? compress_body_omit(request, &compress->body)
				: compress_body_wrap(request, &compress->body, coding);
}

static void on_response(struct wye_request *request, void *instance, void *state)
{
	const struct compress *compress = instance;
	enum coding coding;

	(void)state;
	if (wye_reply_status(request) == 304) {
		on_not_modified(request, compress);
		return;
	}
	if (!has_content(request) || !suits(request, compress) || !has_type(request, compress))
		return;
	field_list_vary(request, "Accept-Encoding");
	coding = wanted(request, compress);
	if (coding != CODING_IDENTITY && change_body(request, compress, coding))
		mark(request, coding);
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "compress",
						 .response = on_response };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };

extern const struct wye_plugin wye_builtin_compress;

const struct wye_plugin wye_builtin_compress = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_compress,
	.name = "compress",
	.sentence = "compresses answers",
	.settings = settings,
	.open = open_compress,
	.close = close_compress,
	.rest_middleware = rest_list,
};
