/* SPDX-License-Identifier: MIT
 *
 * engine.c - see engine.h.
 *
 * The life of a request in the engine's calls:
 *   request_line    the request line is read: the request object is made
 *   handle, first   the head is read: the lane is chosen; an answer queued here would close the
 *                   connection, so a request without a body is answered at the next call
 *   handle, more    pieces of the body, then its end: the chain runs
 *   handle, again   after a wait: the answer is queued
 *   completed       exactly once, however it ended, also when the engine refused it by itself
 */
#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/field.h"
#include "http/body.h"
#include "http/chain.h"
#include "http/connection.h"
#include "http/engine.h"
#include "http/redirect.h"
#include "http/refusal.h"
#include "http/request.h"
#include "http/room.h"
#include "http/transport.h"
#include "http/unreadable.h"
#include "http/upgrade.h"
#include "http/wait.h"
#include "net/farewell.h"

static struct wye_http_connection *connection_of(struct MHD_Connection *engine)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(engine, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

static void *request_line(void *cls, const char *target, struct MHD_Connection *engine)
{
	struct wye_http_connection *connection = connection_of(engine);
	struct wye_request *request = wye_request_begin(connection, target);

	(void)cls;
	wye_loop_wake_up(&connection->thread->loop);
	if (!request)
		return NULL;
	connection->request = request;
	connection->silent = true;
	connection->phase = WYE_HTTP_HEAD;
	connection->since = connection->thread->loop.now;
	wye_metric_add(connection->thread->metrics->requests, 1);
	return request;
}

/* ---- refusals ---- */

/* Answers at once and closes: what follows on the connection is not looked at. */
static enum MHD_Result refuse(struct wye_request *request, struct wye_fault fault,
			      void **context)
{
	request->ending = WYE_REQUEST_REFUSED;
	wye_reply_plain(request, fault.status, fault.text);
	return wye_reply_queue(request, context);
}

/* ---- the head ---- */

static struct wye_request_line split_line(const struct wye_request *request, const char *method,
					  const char *version)
{
	struct wye_request_line line = {
		.method = { method, strlen(method) },
		.target = request->target,
		.version = { version, strlen(version) },
		.end = method + wye_room_head(request),
	};

	line.rest = version + line.version.length + 2;
	line.between = (size_t)(version - method) - line.method.length;
	line.fields = (size_t)MHD_get_connection_values_n(request->connection->engine,
							  MHD_HEADER_KIND, NULL, NULL);
	return line;
}

/* The engine clears its pool when it refuses a request that it has shown us already. */
static struct wye_text keep(struct wye_request *request, struct wye_text text)
{
	return wye_arena_copy(&request->arena, text.data, text.length);
}

static bool keep_line(struct wye_request *request, const struct wye_request_line *line)
{
	const char *name;

	request->method_bit = wye_method_parse(line->method);
	name = wye_method_name(request->method_bit);
	request->method = name ? (struct wye_text) { name, line->method.length }
			       : keep(request, line->method);
	if (line->version.length == 8 && !memcmp(line->version.data, "HTTP/1.1", 8))
		request->version = (struct wye_text) { "HTTP/1.1", 8 };
	else
		request->version = keep(request, line->version);
	return request->method.data && request->version.data;
}

static struct wye_fault check_target(struct wye_request *request)
{
	struct wye_target *parts = &request->parts;

	if (request->target.length > request->connection->thread->http->max_target)
		return (struct wye_fault) { 414, "request target too long\n" };
	if (request->method.length == 7 && !memcmp(request->method.data, "CONNECT", 7))
		return (struct wye_fault) { 501, "CONNECT is not served\n" };
	if (parts->form == WYE_TARGET_BAD ||
	    (parts->form == WYE_TARGET_ASTERISK && request->method_bit != WYE_METHOD_OPTIONS) ||
	    parts->kind == WYE_PATH_BAD)
		return (struct wye_fault) { 400, "bad request target\n" };
	return (struct wye_fault) { 0, NULL };
}

/* RFC 9112, 3.2.2: an absolute target's authority replaces Host. */
static struct wye_fault choose_host(struct wye_request *request)
{
	if (request->parts.form != WYE_TARGET_ABSOLUTE)
		return (struct wye_fault) { 0, NULL };
	if (!wye_head_is_host(request->parts.authority))
		return (struct wye_fault) { 400, "bad authority\n" };
	request->head.host = request->parts.authority;
	return (struct wye_fault) { 0, NULL };
}

/* What of the body has come with the head lies behind it. */
static struct wye_fault begin_body(struct wye_request *request, const char *behind)
{
	struct wye_intake *intake = &request->connection->intake;

	if (request->head.chunked)
		return wye_intake_take_chunks(
			intake, behind,
			(uint32_t)request->connection->thread->http->max_header);
	return wye_intake_take_length(intake, behind, request->head.length);
}

static struct wye_fault read_head(struct wye_request *request,
				  const struct wye_request_line *line)
{
	struct wye_intake *intake = &request->connection->intake;
	struct wye_fault fault =
		wye_intake_take_head(intake, (size_t)(line->end - line->method.data));

	if (!fault.status)
		fault = wye_head_check_line(line);
	if (!fault.status)
		fault = check_target(request);
	if (!fault.status)
		fault = wye_head_read(&request->head, &request->arena, line);
	if (!fault.status)
		fault = choose_host(request);
	return fault.status ? fault : begin_body(request, line->end);
}

/* Before the lane is chosen: both see the client, and not the proxy. */
static void find_client(struct wye_request *request)
{
	const struct wye_http_connection *connection = request->connection;
	union wye_address client;
	char text[WYE_ADDRESS_TEXT];
	size_t length;

	wye_address_bytes(&connection->peer, request->address);
	if (!connection->listener->trust.count ||
	    !wye_forwarded_client(&connection->listener->trust, &connection->peer,
				  request->head.fields, request->head.count, &client))
		return;
	wye_address_bytes(&client, request->address);
	length = wye_address_text(&client, text);
	request->client = wye_arena_copy(&request->arena, text, length);
}

static enum MHD_Result head_read(struct wye_request *request, const char *method,
				 const char *version, void **context)
{
	struct wye_http_connection *connection = request->connection;
	struct wye_request_line line = split_line(request, method, version);
	struct wye_fault fault;
	bool body;

	request->chain = request->lanes->rest.chain;
	if (!keep_line(request, &line))
		return MHD_NO;
	if (!wye_room_holds_request(request))
		return wye_unreadable_refuse(request, 431);
	fault = read_head(request, &line);
	if (fault.status)
		return refuse(request, fault, context);
	find_client(request);
	body = request->head.chunked || request->head.length;
	if (wye_redirect_wanted(request))
		return wye_redirect_answer(request, body, context);
	if (request->head.upgrades && wye_upgrade_wanted(request))
		return wye_upgrade_begin(request, body, line.end, context);
	if (!wye_chain_route(request))
		return refuse(request, (struct wye_fault) { 503, "out of memory\n" }, context);
	if (body)
		return wye_body_begin(request, context);
	request->state = WYE_REQUEST_READING;
	wye_http_connection_serve(connection);
	return MHD_YES;
}

/* Behind its 100 (Continue) to a head without a body the engine takes what it has of the next
 * request for one, and calls once more than it should: an answer to that call would be lost. */
static bool is_called_too_soon(struct wye_request *request)
{
	const struct wye_intake *intake = &request->connection->intake;
	bool expects = request->head.expects;

	request->head.expects = false;
	return expects && !request->reading && intake->received > intake->next &&
	       (request->state == WYE_REQUEST_READING || request->state == WYE_REQUEST_UPGRADE);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *engine, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	struct wye_request *request;

	(void)cls;
	(void)engine;
	(void)url;
	if (!*context) /* no memory for it at the request line */
		return MHD_NO;
	request = wye_request_from(*context);
	wye_loop_wake_up(&request->connection->thread->loop);
	request->connection->intake.mute = false;
	if (request->state == WYE_REQUEST_NEW)
		return head_read(request, method, version, context);
	if (request->suspended) /* it shows pieces that have come all the same: not now */
		return MHD_YES;
	if (request->at_head && !*length)
		return wye_body_go_on(request, context);
	if (*length && request->reading && request->state != WYE_REQUEST_CUT)
		return wye_body_piece(request, data, length);
	if (is_called_too_soon(request))
		return MHD_YES;
	if (request->reading || request->state == WYE_REQUEST_READING)
		wye_body_end(request);
	switch (request->state) {
	case WYE_REQUEST_RESUMED:
		return wye_reply_queue(request, context);
	case WYE_REQUEST_UPGRADE:
		return wye_upgrade_refuse(request, context);
	case WYE_REQUEST_CUT:
	case WYE_REQUEST_HANDED:
		return MHD_NO;
	default:
		return MHD_YES;
	}
}

/* The status that the engine chose when it refused a request by itself. */
static unsigned engine_status(struct MHD_Connection *engine)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(engine, MHD_CONNECTION_INFO_HTTP_STATUS);

	return info ? info->http_status : 0;
}

/* A body whose framing is bad: the engine has ended it as if the client had gone. */
static bool is_body_bad(const struct wye_request *request)
{
	return request->connection->intake.fault.status && request->reading &&
	       request->ending == WYE_REQUEST_FINISHED && !request->said &&
	       request->state != WYE_REQUEST_QUEUED;
}

static void note_ending(struct wye_request *request, enum MHD_RequestTerminationCode code)
{
	unsigned status = engine_status(request->connection->engine);

	if (request->ending != WYE_REQUEST_FINISHED || request->said)
		return; /* known: refused, timed out, stopped, aborted, answered by ourselves */
	if (request->state == WYE_REQUEST_NEW && status) {
		(void)wye_unreadable_refuse(request, status);
	} else if (request->state == WYE_REQUEST_NEW &&
		   code == MHD_REQUEST_TERMINATED_WITH_ERROR &&
		   !request->connection->intake.ended) { /* its pool is full */
		(void)wye_unreadable_refuse(request, 431);
	} else if (request->state != WYE_REQUEST_QUEUED &&
		   (code == MHD_REQUEST_TERMINATED_COMPLETED_OK || status)) {
		request->ending = WYE_REQUEST_REFUSED;
		request->reply.status = status;
	} else if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		request->ending = WYE_REQUEST_ABORTED;
		wye_context_cancel(&request->context, WYE_CANCEL_GONE);
	}
}

/* The engine closes behind a last answer: what the client has sent beyond the request would
 * reset the connection, and what is on its way to it would be lost (RFC 9112, 9.6). */
static void linger(struct wye_request *request)
{
	struct wye_http_connection *connection = request->connection;
	bool refused = request->ending == WYE_REQUEST_REFUSED;
	bool unread = request->reading && request->state == WYE_REQUEST_QUEUED;

	if (request->said || connection->bridge)
		return;
	if (refused || unread ||
	    (wye_reply_is_last(request) && wye_transport_is_in_danger(connection)))
		wye_http_connection_leave(connection, NULL, 0);
}

/* Before the chain, by us or by the engine. */
static void note_refusal(const struct wye_request *request)
{
	const struct wye_reply *reply = &request->reply;
	struct wye_text why = { NULL, 0 };

	if (reply->kind == WYE_REPLY_BYTES)
		why = (struct wye_text) { reply->body, (size_t)reply->length };
	wye_refusal_note(request->connection, reply->status, why);
}

static void count_ending(const struct wye_request *request)
{
	const struct wye_http_metrics *metrics = request->connection->thread->metrics;

	switch (request->ending) {
	case WYE_REQUEST_FINISHED:
		wye_metric_add(metrics->completed, 1);
		break;
	case WYE_REQUEST_REFUSED:
		note_refusal(request);
		break;
	default:
		wye_metric_add(metrics->aborted, 1);
	}
}

static void end_request(struct wye_request *request, enum MHD_RequestTerminationCode code)
{
	struct wye_http_connection *connection = request->connection;

	wye_loop_wake_up(&connection->thread->loop);
	if (request->handshake || request->state == WYE_REQUEST_HANDED) {
		wye_upgrade_end(request);
	} else {
		if (is_body_bad(request))
			(void)wye_body_refuse(request, connection->intake.fault);
		note_ending(request, code);
		count_ending(request);
		if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
			linger(request);
		wye_chain_done(request);
	}
	wye_unreadable_expect(request);
	wye_metric_add(connection->thread->metrics->ended, 1);
	connection->request = NULL;
	wye_http_connection_rest(connection);
	wye_request_finish(request);
}

static void completed(void *cls, struct MHD_Connection *engine, void **context,
		      enum MHD_RequestTerminationCode code)
{
	struct wye_request *request;

	(void)cls;
	(void)engine;
	if (!*context)
		return;
	request = wye_request_from(*context);
	*context = NULL;
	end_request(request, code);
}

/* The engine closes without a word to us but this one where a query has more parameters than
 * the pool has room for, and where it can't read a request line. */
static void notice(void *cls, struct MHD_Connection *engine, void **context,
		   enum MHD_ConnectionNotificationCode code)
{
	struct wye_http_connection *connection = *context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED && connection->request)
		end_request(connection->request, MHD_REQUEST_TERMINATED_WITH_ERROR);
	else if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		wye_unreadable_answer(connection);
	wye_http_connection_notice(cls, engine, context, code);
}

/* Targets reach us as they came (RFC 3986): each segment is decoded once, by the router. */
static size_t keep_escapes(void *cls, struct MHD_Connection *engine, char *text)
{
	(void)cls;
	(void)engine;
	return strlen(text);
}

/* It logs each connection that we take out of it as an error; what matters we count. */
static void ignore_log(void *cls, const char *format, va_list arguments)
{
	(void)cls;
	(void)format;
	(void)arguments;
}

static void client_ended(void *engine)
{
	wye_http_connection_ended(connection_of(engine));
}

int wye_engine_start(struct wye_http_thread *thread)
{
	const union MHD_DaemonInfo *info;

	thread->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_TURBO | MHD_USE_NO_LISTEN_SOCKET |
			MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
		0, NULL, NULL, handle, thread, MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)INT_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		0u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, wye_room_size(thread->http),
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_STRICT_FOR_CLIENT, 0,
		MHD_OPTION_URI_LOG_CALLBACK, request_line, thread, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed, thread,
		MHD_OPTION_NOTIFY_CONNECTION, notice, thread, MHD_OPTION_END);
	if (!thread->daemon)
		return errno ? -errno : -EIO;
	info = MHD_get_daemon_info(thread->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	thread->own.set = info->epoll_fd;
	thread->own.ended = client_ended;
	return 0;
}
