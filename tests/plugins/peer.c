/* SPDX-License-Identifier: MIT
 *
 * peer.c - a plugin for the tests: says what is known of the other end of TLS, a line for each
 * thing; REST: in the answer, on the blocking pool ("block"), in an event stream ("stream"),
 * and in the log when a request is done; WebSocket: when it opens, for each message, and in the
 * log at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

enum {
	ROOM = 4096,
};

static size_t put(char *out, size_t at, const char *name, struct wye_text text)
{
	return at + (size_t)snprintf(out + at, ROOM - at, "%s=%.*s\n", name,
				     text.data ? (int)text.length : 1,
				     text.data ? text.data : "-");
}

static void describe(char out[ROOM], const struct wye_tls_peer *peer)
{
	static const char *const kinds[] = { [WYE_TLS_DNS] = "dns",
					     [WYE_TLS_URI] = "uri",
					     [WYE_TLS_EMAIL] = "email",
					     [WYE_TLS_IP] = "ip" };
	size_t at = 0;

	if (!peer) {
		strcpy(out, "plain\n");
		return;
	}
	at = put(out, at, "version", peer->version);
	at = put(out, at, "cipher", peer->cipher);
	at = put(out, at, "subject", peer->subject);
	at = put(out, at, "issuer", peer->issuer);
	at = put(out, at, "cn", peer->common_name);
	at = put(out, at, "serial", peer->serial);
	at = put(out, at, "fingerprint", peer->fingerprint);
	for (size_t i = 0; i < peer->name_count; i++)
		at = put(out, at, kinds[peer->names[i].kind], peer->names[i].value);
	snprintf(out + at, ROOM - at, "days=%lld\nresumed=%d\n",
		 (long long)(peer->not_after - peer->not_before) / 86400, peer->resumed);
}

static void log_end(const char *what, const struct wye_tls_peer *peer)
{
	struct wye_text name = { "nobody", 6 };

	if (peer && peer->common_name.data)
		name = peer->common_name;
	wye_log(WYE_LOG_NOTICE, "%s of %.*s has ended", what, (int)name.length, name.data);
}

/* ---- REST ---- */

static enum wye_verdict tell(struct wye_request *request, const struct wye_mount *mount)
{
	char out[ROOM];

	(void)mount;
	describe(out, wye_request_tls_peer(request));
	wye_reply(request, 200, "text/plain", out, strlen(out));
	return WYE_ANSWERED;
}

static int open_stream(struct wye_stream *stream, void *data)
{
	char out[ROOM];

	(void)data;
	describe(out, wye_request_tls_peer(wye_stream_request(stream)));
	return wye_event_send(wye_stream_identity(stream), NULL, NULL, out, strlen(out));
}

static const struct wye_stream_handler events = { .size = sizeof events, .open = open_stream };

static enum wye_verdict begin_stream(struct wye_request *request, const struct wye_mount *mount)
{
	(void)mount;
	wye_reply_events(request, NULL, &events, NULL);
	return WYE_ANSWERED;
}

static void done(struct wye_request *request, void *instance, void *state)
{
	(void)instance;
	(void)state;
	log_end("a request", wye_request_tls_peer(request));
}

/* ---- WebSocket ---- */

static int open_ws(struct wye_ws *ws, const struct wye_mount *mount,
		   const struct wye_handshake *handshake)
{
	char out[ROOM];

	(void)mount;
	describe(out, wye_handshake_tls_peer(handshake));
	return wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, out, strlen(out));
}

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	char out[ROOM];

	(void)mount;
	(void)kind;
	(void)data;
	(void)length;
	describe(out, wye_ws_tls_peer(ws));
	return wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, out, strlen(out));
}

static void close_ws(struct wye_ws *ws, const struct wye_mount *mount,
		     const struct wye_ws_ending *ending)
{
	(void)mount;
	(void)ending;
	log_end("a connection", wye_ws_tls_peer(ws));
}

static const struct wye_rest_handler tell_handler = { .size = sizeof tell_handler,
						      .name = "tell",
						      .handle = tell };
static const struct wye_rest_handler block_handler = {
	.size = sizeof block_handler, .name = "block", .flags = WYE_BLOCKING, .handle = tell
};
static const struct wye_rest_handler stream_handler = { .size = sizeof stream_handler,
							.name = "stream",
							.handle = begin_stream };
static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "end",
						 .done = done };
static const struct wye_ws_handler ws = {
	.size = sizeof ws, .name = "ws", .open = open_ws, .message = message, .close = close_ws
};

static const struct wye_rest_handler *const rest_handlers[] = { &tell_handler, &block_handler,
								&stream_handler, NULL };
static const struct wye_rest_middleware *const rest_middleware[] = { &rest, NULL };
static const struct wye_ws_handler *const ws_handlers[] = { &ws, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "peer",
	.version = "1",
	.sentence = "says who is at the other end of TLS",
	.rest_handlers = rest_handlers,
	.rest_middleware = rest_middleware,
	.ws_handlers = ws_handlers,
};
