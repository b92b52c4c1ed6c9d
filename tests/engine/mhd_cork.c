/* SPDX-License-Identifier: MIT
 * After an answer from a file TCP_CORK may still be set; clearing it and setting TCP_NODELAY on
 * a duplicate of the socket lets small writes leave at once. */
#include "guard_mhd.h"

static int copy = -1;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	int fd;

	(void)cls, (void)method, (void)version, (void)data, (void)length;
	if (!strcmp(url, "/ws")) {
		copy = fcntl(
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd,
			F_DUPFD_CLOEXEC, 0);
		return MHD_NO;
	}
	if (!*context) {
		*context = connection;
		return MHD_YES;
	}
	fd = open("/proc/self/exe", O_RDONLY);
	response = MHD_create_response_from_fd(4096, fd);
	result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

int main(void)
{
	struct MHD_Daemon *daemon = GUARD_DAEMON(handle, NULL);
	static char text[16384];
	const int on = 1, off = 0;
	int fds[2];

	guard_pair(fds);
	guard_add(daemon, fds[0]);
	guard_send(fds[1], "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
	guard_turn(daemon, 5);
	guard_read(fds[1], text, sizeof text, NULL, 100);
	guard_send(fds[1], "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n");
	guard_turn(daemon, 3);
	GUARD(copy >= 0, "no hand-over after an answer from a file");
	GUARD(!setsockopt(copy, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) &&
		      !setsockopt(copy, IPPROTO_TCP, TCP_CORK, &off, sizeof off),
	      "the socket's options can't be set");
	for (int i = 0; i < 5; i++) {
		long start = guard_ms();

		guard_send(copy, "frame");
		guard_read(fds[1], text, sizeof text, "frame", 1000);
		GUARD(guard_ms() - start < 30, "small frames after a hand-over are late");
	}
	MHD_stop_daemon(daemon);
	return 0;
}
