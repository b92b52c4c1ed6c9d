/* SPDX-License-Identifier: MIT
 *
 * guard_lws.h - libwebsockets as wye runs it: sockets adopted in the raw-skt role, on a uv loop
 * that is ours.
 */
#ifndef WYE_TESTS_ENGINE_GUARD_LWS_H
#define WYE_TESTS_ENGINE_GUARD_LWS_H

#include <libwebsockets.h>
#include <uv.h>

#include "guard.h"

struct guard_lws {
	uv_loop_t loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct lws_protocols protocols[2];
};

static GUARD_UNUSED void guard_lws_start(struct guard_lws *lws, lws_callback_function *callback)
{
	struct lws_context_creation_info info = { 0 };
	void *loops[1] = { &lws->loop };

	lws_set_log_level(0, NULL);
	memset(lws, 0, sizeof *lws);
	GUARD(!uv_loop_init(&lws->loop), "no uv loop");
	lws->protocols[0] = (struct lws_protocols) { .name = "raw", .callback = callback };
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = lws->protocols;
	info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.foreign_loops = loops;
	info.pt_serv_buf_size = 65536;
	info.gid = info.uid = -1;
	lws->context = lws_create_context(&info);
	GUARD(lws->context, "no libwebsockets context on libuv: is the Debian package "
			    "libwebsockets-evlib-uv installed?");
	lws->vhost = lws_create_vhost(lws->context, &info);
	GUARD(lws->vhost, "no vhost");
}

static GUARD_UNUSED struct lws *guard_lws_adopt(struct guard_lws *lws, int fd)
{
	lws_sock_file_fd_type socket = { .sockfd = fd };
	struct lws *wsi =
		lws_adopt_descriptor_vhost(lws->vhost, LWS_ADOPT_SOCKET, socket, "raw", NULL);

	GUARD(wsi, "libwebsockets does not adopt a socket in the raw role");
	return wsi;
}

static GUARD_UNUSED void guard_close_handle(uv_handle_t *handle, void *data)
{
	(void)data;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Destroyed twice: in the loop, and after it has run dry. Returns uv_loop_close(). */
static GUARD_UNUSED int guard_lws_stop(struct guard_lws *lws)
{
	lws_context_destroy(lws->context);
	uv_run(&lws->loop, UV_RUN_DEFAULT);
	lws_context_destroy(lws->context);
	uv_walk(&lws->loop, guard_close_handle, NULL);
	uv_run(&lws->loop, UV_RUN_DEFAULT);
	return uv_loop_close(&lws->loop);
}

/* Turns of the loop for `ms` or until *until is true. */
static GUARD_UNUSED void guard_lws_turn(struct guard_lws *lws, long ms, const bool *until)
{
	long end = guard_ms() + ms;

	while (guard_ms() < end && !(until && *until)) {
		uv_run(&lws->loop, UV_RUN_NOWAIT);
		poll(NULL, 0, 1);
	}
}

#endif
