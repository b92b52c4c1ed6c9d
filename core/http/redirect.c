/* SPDX-License-Identifier: MIT
 *
 * redirect.c - see redirect.h.
 */
#include <stdio.h>
#include <string.h>

#include "http/connection.h"
#include "http/redirect.h"
#include "http/thread.h"

/* RFC 8555, 8.3: an authority asks there before there is a certificate. */
static const char CHALLENGES[] = "/.well-known/acme-challenge/";

static const struct wye_https_rules *rules_of(const struct wye_request *request)
{
	return &request->connection->listener->https;
}

/* All below it, if it ends in a slash. */
static bool covers(const char *except, struct wye_text path)
{
	size_t length = strlen(except);

	if (path.length < length || memcmp(path.data, except, length))
		return false;
	return path.length == length || except[length - 1] == '/';
}

static bool is_excepted(const struct wye_https_rules *rules, struct wye_text path)
{
	for (size_t i = 0; i < rules->except_count; i++)
		if (covers(rules->except[i], path))
			return true;
	return covers(CHALLENGES, path);
}

/* Without memory nothing is excepted. "OPTIONS *" asks for no path that could be elsewhere. */
bool wye_redirect_wanted(struct wye_request *request)
{
	const struct wye_https_rules *rules = rules_of(request);
	struct wye_text path;

	if (!rules->wanted || request->parts.form == WYE_TARGET_ASTERISK)
		return false;
	path = wye_target_routed(&request->parts, &request->arena);
	return !path.data || !is_excepted(rules, path);
}

/* The port of Host is the plain listener's. */
static struct wye_text without_port(struct wye_text host)
{
	const char *end = memchr(host.data, host.data[0] == '[' ? ']' : ':', host.length);

	if (end)
		host.length = (size_t)(end - host.data) + (*end == ']');
	return host;
}

/* Path and query as they came; data NULL without memory. */
static struct wye_text location(struct wye_request *request)
{
	const struct wye_target *parts = &request->parts;
	struct wye_text host = without_port(request->head.host), path = parts->path;
	unsigned port = rules_of(request)->port;
	size_t room =
		sizeof "https://:65535/?" + host.length + path.length + parts->query.length;
	char *out = wye_arena_allocate(&request->arena, room), number[8] = "";

	if (!out)
		return (struct wye_text) { NULL, 0 };
	if (port != 443)
		snprintf(number, sizeof number, ":%u", port);
	return (struct wye_text) {
		out, (size_t)snprintf(out, room, "https://%.*s%s%.*s%s%.*s", (int)host.length,
				      host.data, number, (int)path.length,
				      path.length ? path.data : "",
				      parts->query.data ? "?" : "", (int)parts->query.length,
				      parts->query.data ? parts->query.data : "")
	};
}

static void lead(struct wye_request *request)
{
	wye_metric_add(request->connection->thread->metrics->redirected, 1);
	wye_reply_plain(request, 308, "https only\n");
}

static void answer(struct wye_request *request)
{
	struct wye_text target;

	if (!request->head.host.length) { /* HTTP/1.0 */
		wye_reply_plain(request, 400, "no Host\n");
		return;
	}
	target = location(request);
	if (!target.data || wye_reply_header(request, "Location", target))
		wye_reply_plain(request, 503, "out of memory\n");
	else
		lead(request);
}

enum MHD_Result wye_redirect_answer(struct wye_request *request, bool body, void **context)
{
	request->reading = body;
	request->last = true; /* as it is queued in the engine's first call */
	answer(request);
	return wye_reply_queue(request, context);
}
