/* SPDX-License-Identifier: MIT
 * An answer queued at the first handler call closes the connection; at the second it lives on.
 */
#include "guard_mhd.h"

static bool at_first;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	(void)cls, (void)url, (void)method, (void)version, (void)data, (void)length;
	if (!*context && !at_first) {
		*context = connection;
		return MHD_YES;
	}
	return guard_answer(connection, 401, "no");
}

static bool lives_on(struct MHD_Daemon *daemon)
{
	char text[1024];
	int fds[2];

	guard_pair(fds);
	guard_add(daemon, fds[0]);
	for (int i = 0; i < 2; i++) {
		if (send(fds[1], "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, MSG_NOSIGNAL) < 0)
			break;
		guard_turn(daemon, 4);
		guard_read(fds[1], text, sizeof text, "\r\n\r\nno", 200);
	}
	close(fds[1]);
	guard_turn(daemon, 2);
	return strstr(text, "401");
}

int main(void)
{
	struct MHD_Daemon *daemon = GUARD_DAEMON(handle, NULL);

	at_first = true;
	GUARD(!lives_on(daemon),
	      "an answer at the first call keeps the connection: bodies that "
	      "were refused would be read as requests");
	at_first = false;
	GUARD(lives_on(daemon), "an answer at the second call closes the connection: each 401 "
				"would cost a connection");
	MHD_stop_daemon(daemon);
	return 0;
}
