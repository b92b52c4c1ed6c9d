/* SPDX-License-Identifier: MIT
 * MHD_NO at the first handler call lets go of the socket without shutdown(2): a duplicate lives
 * on, on a fresh connection and on a kept-alive one that has carried a request. */
#include "guard_mhd.h"

static int copy = -1;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	(void)cls, (void)method, (void)version, (void)data, (void)length;
	if (!strcmp(url, "/ws")) {
		int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				 ->connect_fd;

		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		return MHD_NO;
	}
	if (!*context) {
		*context = connection;
		return MHD_YES;
	}
	return guard_answer(connection, 200, "rest");
}

static void check(struct MHD_Daemon *daemon, bool rest_first)
{
	char text[512];
	int fds[2];

	guard_pair(fds);
	guard_add(daemon, fds[0]);
	if (rest_first) {
		guard_send(fds[1], "GET /rest HTTP/1.1\r\nHost: a\r\n\r\n");
		guard_turn(daemon, 3);
		guard_read(fds[1], text, sizeof text, "rest", 500);
		GUARD(strstr(text, "200 OK"), "no REST answer before the hand-over");
	}
	guard_send(fds[1], "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n");
	guard_turn(daemon, 3);
	GUARD(copy >= 0, "the handler did not run");
	guard_send(copy, "from server");
	GUARD(guard_read(fds[1], text, sizeof text, "server", 500) == 11,
	      "MHD_NO shuts the socket down: a hand-over to the WebSocket lane loses it");
	guard_send(fds[1], "from client");
	GUARD(guard_read(copy, text, sizeof text, "client", 500) == 11,
	      "the handed-over socket can't be read any more");
	close(copy);
	close(fds[1]);
	copy = -1;
}

int main(void)
{
	struct MHD_Daemon *daemon = GUARD_DAEMON(handle, NULL);

	check(daemon, false);
	check(daemon, true);
	MHD_stop_daemon(daemon);
	return 0;
}
