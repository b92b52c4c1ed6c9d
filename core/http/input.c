/* SPDX-License-Identifier: MIT
 *
 * input.c - the public functions that tell what the client sent. Lists (query, form, cookies)
 * are split and decoded when they are first asked for, as most never are; so these functions
 * write to a request that is const for their callers.
 */
#include <string.h>

#include "base/field.h"
#include "http/connection.h"
#include "http/request.h"
#include "route/target.h"

static struct wye_request *own(const struct wye_request *request)
{
	return (struct wye_request *)request;
}

struct wye_text wye_request_method(const struct wye_request *request)
{
	return request->method;
}

struct wye_text wye_request_target(const struct wye_request *request)
{
	return request->target;
}

struct wye_text wye_request_path(const struct wye_request *request)
{
	return request->parts.path;
}

struct wye_text wye_request_query(const struct wye_request *request)
{
	return request->parts.query;
}

struct wye_text wye_request_version(const struct wye_request *request)
{
	return request->version;
}

struct wye_text wye_request_host(const struct wye_request *request)
{
	return request->head.host;
}

struct wye_text wye_request_client(const struct wye_request *request)
{
	if (!request->client.data && request->connection)
		return wye_http_connection_peer(request->connection);
	return request->client;
}

void wye_request_client_address(const struct wye_request *request, uint8_t out[16])
{
	memcpy(out, request->address, 16);
}

struct wye_text wye_request_header(const struct wye_request *request, const char *name)
{
	return wye_field_find(request->head.fields, request->head.count, name);
}

/* ---- parameters of the route ---- */

struct wye_text wye_request_parameter(const struct wye_request *request, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < request->parameter_count; i++) {
		const struct wye_parameter *parameter = &request->parameters[i];

		if (parameter->name.length == length &&
		    !memcmp(parameter->name.data, name, length))
			return wye_parameter_text(parameter, &own(request)->arena);
	}
	return (struct wye_text) { NULL, 0 };
}

/* It is the last, if there is one. */
struct wye_text wye_request_rest(const struct wye_request *request)
{
	size_t count = request->parameter_count;

	if (!count || !request->parameters[count - 1].rest)
		return (struct wye_text) { NULL, 0 };
	return wye_parameter_text(&request->parameters[count - 1], &own(request)->arena);
}

/* ---- query, form, cookies ---- */

static const struct wye_inputs NOTHING;

/* NULL without memory. */
static struct wye_inputs *inputs(const struct wye_request *request)
{
	struct wye_request *changed = own(request);

	if (changed->inputs)
		return changed->inputs;
	changed->inputs = wye_arena_allocate(&changed->arena, sizeof *changed->inputs);
	if (changed->inputs)
		*changed->inputs = NOTHING;
	else
		changed->reply.incomplete = true;
	return changed->inputs;
}

static const struct wye_pairs *query(const struct wye_request *request)
{
	struct wye_inputs *lists = inputs(request);

	if (!lists)
		return &NOTHING.query;
	if (!lists->query.parsed)
		wye_pairs_parse_form(&lists->query, &own(request)->arena, request->parts.query);
	return &lists->query;
}

static bool is_form(const struct wye_request *request)
{
	static const char type[] = "application/x-www-form-urlencoded";
	struct wye_text given = wye_request_header(request, "Content-Type");
	const char *end = given.length ? memchr(given.data, ';', given.length) : NULL;

	if (end)
		given.length = (size_t)(end - given.data);
	return given.data && wye_text_is(wye_text_trim(given), type);
}

static const struct wye_pairs *form(const struct wye_request *request)
{
	struct wye_inputs *lists = inputs(request);

	if (!lists || request->reading || !is_form(request))
		return &NOTHING.form;
	if (!lists->form.parsed)
		wye_pairs_parse_form(&lists->form, &own(request)->arena,
				     wye_request_body(request));
	return &lists->form;
}

static const struct wye_pairs *cookies(const struct wye_request *request)
{
	const struct wye_head *head = &request->head;
	struct wye_inputs *lists = inputs(request);

	if (!lists)
		return &NOTHING.cookies;
	for (size_t i = lists->cookies.parsed ? head->count : 0; i < head->count; i++)
		if (wye_text_is(head->fields[i].name, "Cookie"))
			wye_pairs_parse_cookies(&lists->cookies, &own(request)->arena,
						head->fields[i].value);
	return &lists->cookies;
}

static bool pair_at(const struct wye_pairs *pairs, size_t index, struct wye_field *out)
{
	if (index >= pairs->count)
		return false;
	*out = pairs->items[index];
	return true;
}

struct wye_text wye_request_query_value(const struct wye_request *request, const char *name)
{
	return wye_pairs_find(query(request), name);
}

struct wye_text wye_request_form_value(const struct wye_request *request, const char *name)
{
	return wye_pairs_find(form(request), name);
}

struct wye_text wye_request_cookie(const struct wye_request *request, const char *name)
{
	return wye_pairs_find(cookies(request), name);
}

bool wye_request_header_at(const struct wye_request *request, size_t index,
			   struct wye_field *out)
{
	if (index >= request->head.count)
		return false;
	*out = request->head.fields[index];
	return true;
}

bool wye_request_query_at(const struct wye_request *request, size_t index,
			  struct wye_field *out)
{
	return pair_at(query(request), index, out);
}

bool wye_request_form_at(const struct wye_request *request, size_t index, struct wye_field *out)
{
	return pair_at(form(request), index, out);
}

bool wye_request_cookie_at(const struct wye_request *request, size_t index,
			   struct wye_field *out)
{
	return pair_at(cookies(request), index, out);
}

/* ---- body ---- */

struct wye_text wye_request_body(const struct wye_request *request)
{
	return (struct wye_text) { request->body.data, request->body.length };
}

int64_t wye_request_body_length(const struct wye_request *request)
{
	return request->head.chunked ? -1 : (int64_t)request->head.length;
}
