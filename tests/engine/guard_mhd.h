/* SPDX-License-Identifier: MIT
 *
 * guard_mhd.h - a libmicrohttpd daemon as wye runs it: no listener, no thread, epoll, turbo.
 */
#ifndef WYE_TESTS_ENGINE_GUARD_MHD_H
#define WYE_TESTS_ENGINE_GUARD_MHD_H

#include <limits.h>
#include <microhttpd.h>

#include "guard.h"

static GUARD_UNUSED void guard_quiet(void *cls, const char *format, va_list arguments)
{
	(void)cls;
	(void)format;
	(void)arguments;
}

#define GUARD_DAEMON(handler, cls, ...)                                                        \
	MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO | MHD_USE_NO_LISTEN_SOCKET |            \
				 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,                 \
			 0, NULL, NULL, handler, cls, MHD_OPTION_EXTERNAL_LOGGER, guard_quiet, \
			 NULL, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,                           \
			 MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_CONNECTION_LIMIT,         \
			 (unsigned)INT_MAX, ##__VA_ARGS__, MHD_OPTION_END)

static GUARD_UNUSED void guard_add(struct MHD_Daemon *daemon, int fd)
{
	struct sockaddr_in peer = { .sin_family = AF_INET };

	GUARD(MHD_add_connection(daemon, fd, (struct sockaddr *)&peer, sizeof peer),
	      "MHD_add_connection() refused a socket");
}

/* Some turns of the daemon, as the loop on the client's side is in the same thread. */
static GUARD_UNUSED void guard_turn(struct MHD_Daemon *daemon, int times)
{
	while (times--)
		(void)MHD_run_wait(daemon, 5);
}

static GUARD_UNUSED enum MHD_Result guard_answer(struct MHD_Connection *connection,
						 unsigned status, const char *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(body), (void *)body, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return result;
}

#endif
