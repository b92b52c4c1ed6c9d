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
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "http/chain.h"
#include "http/connection.h"
#include "http/engine.h"
#include "http/request.h"
#include "http/upgrade.h"
#include "http/wait.h"
#include "route/target.h"

enum {
	BODY_STEP = 4096,  /* bytes of a body that count as progress */
	FIELD_ENTRY = 80,  /* bytes of the engine's index per field, at most */
	REPLY_ROOM = 1024, /* bytes for the head of a reply */
};

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
	if (!request)
		return NULL;
	connection->request = request;
	connection->phase = WYE_HTTP_HEAD;
	connection->since = connection->thread->loop.now;
	wye_metric_add(connection->thread->metrics->requests, 1);
	return request;
}

static bool has(const struct wye_request *request, const char *name, struct wye_text *value)
{
	*value = wye_request_header(request, name);
	return value->data;
}

static size_t head_size(const struct wye_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		request->connection->engine, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

/* The pool of a connection must hold the request's head, its fields' index and the reply's
 * head; and it is zeroed after each request, so it is no larger than heads of common fields
 * need. */
static size_t pool_size(const struct wye_http_limits *limits)
{
	return limits->max_header + limits->max_header / 4;
}

/* The pool must hold the head, an index entry per field and the reply's head: where it would
 * not, the engine closes without a word. */
static bool fits(const struct wye_request *request)
{
	const struct wye_http_limits *limits = request->connection->thread->http;
	size_t size = head_size(request);
	int fields;

	if (size > limits->max_header)
		return false;
	if (size < limits->max_header / 8) /* even if all fields were of the shortest */
		return true;
	fields = MHD_get_connection_values_n(request->connection->engine, MHD_HEADER_KIND, NULL,
					     NULL);
	return size + (size_t)fields * FIELD_ENTRY + REPLY_ROOM <= pool_size(limits);
}

/* Written by ourselves, as the pool may have no room for it. */
static enum MHD_Result too_large(struct wye_request *request)
{
	static const char text[] = "HTTP/1.1 431 Request Header Fields Too Large\r\n"
				   "Content-Type: text/plain\r\n"
				   "Content-Length: 24\r\n"
				   "Connection: close\r\n"
				   "\r\n"
				   "header fields too large\n";

	(void)!send(request->connection->descriptor, text, sizeof text - 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(request->connection->descriptor, SHUT_WR);
	request->ending = WYE_REQUEST_REFUSED;
	request->reply.status = 431;
	request->state = WYE_REQUEST_CUT;
	return MHD_NO;
}

/* Answers at once and closes: for requests whose body will not be read. */
static enum MHD_Result refuse(struct wye_request *request, unsigned status, const char *text)
{
	wye_reply_plain(request, status, text);
	return wye_reply_queue(request);
}

static enum MHD_Result start_body(struct wye_request *request, struct wye_text length)
{
	uint64_t limit = request->connection->thread->http->max_body;

	if (length.data && strtoull(length.data, NULL, 10) > limit)
		return refuse(request, 413, "body too large\n");
	wye_http_connection_read_body(request->connection);
	return MHD_YES;
}

/* The engine clears its pool when it refuses a request that it has shown us already. */
static struct wye_text keep(struct wye_request *request, const char *text)
{
	return wye_arena_copy(&request->arena, text, strlen(text));
}

static enum MHD_Result head_read(struct wye_request *request, const char *method,
				 const char *version)
{
	struct wye_text field, length = { NULL, 0 };
	bool body;

	request->method = keep(request, method);
	request->version = keep(request, version);
	if (!request->method.data || !request->version.data)
		return MHD_NO;
	request->method_bit = wye_method_parse(request->method);
	request->state = WYE_REQUEST_BODY;
	if (!fits(request))
		return too_large(request);
	if (!wye_path_valid(request->path))
		return refuse(request, 400, "bad request target\n");
	body = has(request, "Content-Length", &length) && strcmp(length.data, "0");
	request->connection->inexact = has(request, "Transfer-Encoding", &field);
	request->connection->consumed += head_size(request);
	body = body || request->connection->inexact;
	if (has(request, "Upgrade", &field) && wye_upgrade_wanted(request))
		return wye_upgrade_begin(request, body);
	if (body)
		return start_body(request, length);
	wye_http_connection_serve(request->connection);
	return MHD_YES;
}

static enum MHD_Result body_piece(struct wye_request *request, size_t *length)
{
	uint64_t before = request->body_received;

	request->body_received += *length;
	request->connection->consumed += *length;
	*length = 0; /* read and dropped: handlers get bodies with a later interface */
	if (before / BODY_STEP != request->body_received / BODY_STEP)
		wye_http_connection_progress(request->connection);
	return MHD_YES;
}

static void all_read(struct wye_request *request)
{
	wye_http_connection_serve(request->connection);
	wye_chain_route(request);
	if (request->body_received <= request->connection->thread->http->max_body) {
		wye_chain_run(request);
		return;
	}
	wye_reply_plain(request, 413, "body too large\n");
	request->state = WYE_REQUEST_RESUMED;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *engine, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	struct wye_request *request;

	(void)cls;
	(void)engine;
	(void)url;
	(void)data;
	if (!*context) /* no memory for it at the request line */
		return MHD_NO;
	request = wye_request_from(*context);
	if (request->state == WYE_REQUEST_NEW)
		return head_read(request, method, version);
	if (request->state == WYE_REQUEST_BODY && *length)
		return body_piece(request, length);
	if (request->state == WYE_REQUEST_BODY)
		all_read(request);
	switch (request->state) {
	case WYE_REQUEST_RESUMED:
		return wye_reply_queue(request);
	case WYE_REQUEST_UPGRADE:
		return wye_upgrade_refuse(request);
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

static void note_ending(struct wye_request *request, enum MHD_RequestTerminationCode code)
{
	if (request->ending != WYE_REQUEST_FINISHED)
		return; /* known: timed out, stopped, aborted */
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK &&
	    request->state != WYE_REQUEST_QUEUED) {
		request->ending = WYE_REQUEST_REFUSED;
		request->reply.status = engine_status(request->connection->engine);
	} else if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		request->ending = WYE_REQUEST_ABORTED;
	}
}

static void count_ending(const struct wye_request *request)
{
	const struct wye_http_metrics *metrics = request->connection->thread->metrics;

	switch (request->ending) {
	case WYE_REQUEST_FINISHED:
		wye_metric_add(metrics->completed, 1);
		break;
	case WYE_REQUEST_REFUSED:
		wye_metric_add(metrics->engine_refused, 1);
		break;
	default:
		wye_metric_add(metrics->aborted, 1);
	}
}

static void completed(void *cls, struct MHD_Connection *engine, void **context,
		      enum MHD_RequestTerminationCode code)
{
	struct wye_request *request;
	struct wye_http_connection *connection;

	(void)cls;
	(void)engine;
	if (!*context)
		return;
	request = wye_request_from(*context);
	*context = NULL;
	connection = request->connection;
	if (request->handshake || request->state == WYE_REQUEST_HANDED) {
		wye_upgrade_end(request);
	} else {
		note_ending(request, code);
		count_ending(request);
		wye_chain_done(request);
	}
	wye_metric_add(connection->thread->metrics->ended, 1);
	connection->request = NULL;
	wye_http_connection_rest(connection);
	wye_request_finish(request);
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

int wye_engine_start(struct wye_http_thread *thread)
{
	const union MHD_DaemonInfo *info;

	thread->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_TURBO | MHD_USE_NO_LISTEN_SOCKET |
			MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
		0, NULL, NULL, handle, thread, MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)INT_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		0u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_size(thread->http),
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, request_line, thread, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed, thread,
		MHD_OPTION_NOTIFY_CONNECTION, wye_http_connection_notice, thread,
		MHD_OPTION_END);
	if (!thread->daemon)
		return errno ? -errno : -EIO;
	info = MHD_get_daemon_info(thread->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	thread->epoll = info->epoll_fd;
	return 0;
}
