/* SPDX-License-Identifier: MIT
 *
 * upgrade.c - see upgrade.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/thread.h"
#include "http/upgrade.h"
#include "websocket/handshake.h"
#include "websocket/lane.h"

enum {
	FIELDS_IN_PLACE = 64, /* fields that are collected without an allocation */
};

/* ---- what an Upgrade is ---- */

struct search {
	const char *name;
	size_t length;
	const char *token;
	bool found;
};

static enum MHD_Result look(void *cls, enum MHD_ValueKind kind, const char *name,
			    size_t name_length, const char *value, size_t value_length)
{
	struct search *search = cls;

	(void)kind;
	if (name_length == search->length && !strncasecmp(name, search->name, name_length) &&
	    value && wye_list_has((struct wye_text) { value, value_length }, search->token))
		search->found = true;
	return search->found ? MHD_NO : MHD_YES;
}

/* Repeated fields are one list (RFC 9110, 5.3). */
static bool field_has(const struct wye_request *request, const char *name, const char *token)
{
	struct search search = { name, strlen(name), token, false };

	MHD_get_connection_values_n(request->connection->engine, MHD_HEADER_KIND, look,
				    &search);
	return search.found;
}

bool wye_upgrade_wanted(const struct wye_request *request)
{
	return request->method_bit == WYE_METHOD_GET &&
	       !strcmp(request->version.data, "HTTP/1.1") &&
	       field_has(request, "Upgrade", "websocket") &&
	       field_has(request, "Connection", "upgrade");
}

/* ---- the handshake ---- */

struct collection {
	struct wye_field *fields;
	size_t count, room;
};

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name,
			       size_t name_length, const char *value, size_t value_length)
{
	struct collection *collection = cls;

	(void)kind;
	if (collection->count == collection->room)
		return MHD_NO;
	collection->fields[collection->count++] =
		(struct wye_field) { { name, name_length },
				     { value ? value : "", value ? value_length : 0 } };
	return MHD_YES;
}

static int make_handshake(struct wye_request *request, struct wye_handshake **out)
{
	struct MHD_Connection *engine = request->connection->engine;
	int count = MHD_get_connection_values_n(engine, MHD_HEADER_KIND, NULL, NULL);
	struct wye_field in_place[FIELDS_IN_PLACE];
	struct collection collection = { in_place, 0, FIELDS_IN_PLACE };
	struct wye_handshake_source source = { request->target, &request->connection->peer,
					       NULL, 0 };
	int error;

	if (count > FIELDS_IN_PLACE) {
		collection.room = (size_t)count;
		collection.fields = calloc(collection.room, sizeof *collection.fields);
		if (!collection.fields)
			return -ENOMEM;
	}
	MHD_get_connection_values_n(engine, MHD_HEADER_KIND, collect, &collection);
	source.fields = collection.fields;
	source.count = collection.count;
	error = wye_handshake_create(out, &source);
	if (collection.fields != in_place)
		free(collection.fields);
	return error;
}

/* A duplicate, as the engine closes its own; corked by an answer from a file and delayed by
 * Nagle otherwise, the first frames would be late. */
static int duplicate(const struct wye_request *request)
{
	const int on = 1, off = 0;
	int fd = fcntl(request->connection->descriptor, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!request->connection->first) /* nothing can have corked a fresh one */
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
	return fd;
}

static enum MHD_Result refuse_at_once(struct wye_request *request, unsigned status,
				      const char *text)
{
	wye_metric_add(request->connection->thread->metrics->handshakes_refused, 1);
	wye_reply_plain(request, status, text);
	return wye_reply_queue(request);
}

static enum MHD_Result hand_over(struct wye_request *request, struct wye_handshake *handshake)
{
	int fd = duplicate(request);

	if (fd < 0) {
		wye_ws_lane_abandon(handshake);
		return refuse_at_once(request, 503, "no descriptor left\n");
	}
	request->state = WYE_REQUEST_HANDED;
	request->connection->handed_over = true;
	wye_metric_add(request->connection->thread->metrics->handed_over, 1);
	wye_ws_lane_accept(handshake, fd);
	return MHD_NO;
}

enum MHD_Result wye_upgrade_begin(struct wye_request *request, bool body)
{
	struct wye_handshake *handshake;

	if (body)
		return refuse_at_once(request, 400, "an Upgrade has no body\n");
	if (request->connection->thread->draining)
		return refuse_at_once(request, 503, "going away\n");
	if (make_handshake(request, &handshake))
		return refuse_at_once(request, 503, "out of memory\n");
	wye_http_connection_serve(request->connection);
	if (wye_ws_lane_enter(request->connection->thread->lanes, handshake))
		return hand_over(request, handshake);
	wye_metric_add(request->connection->thread->metrics->handshakes_refused, 1);
	request->handshake = handshake;
	request->state = WYE_REQUEST_UPGRADE;
	return MHD_YES;
}

enum MHD_Result wye_upgrade_refuse(struct wye_request *request)
{
	const struct wye_handshake *handshake = request->handshake;
	const struct wye_handshake_field *field;

	for (field = handshake->reply; field; field = field->next)
		(void)wye_reply_header(request, field->name.data, field->value);
	if (wye_reply_static(request, handshake->refusal.status, "text/plain; charset=utf-8",
			     handshake->refusal.body.data, handshake->refusal.body.length))
		return MHD_NO;
	return wye_reply_queue(request);
}

void wye_upgrade_end(struct wye_request *request)
{
	wye_handshake_destroy(request->handshake);
	request->handshake = NULL;
}
