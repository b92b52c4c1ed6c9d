/* SPDX-License-Identifier: MIT
 * A connection that was suspended in the first call of a request with a body gets that call again
 * after its resume, without data, and an answer may be queued there; pieces come later. While it
 * is suspended pieces that have come already may be shown: they are not taken then. */
#include "guard_mhd.h"

static struct {
	struct MHD_Connection *connection;
	int calls, pieces;
	bool suspended, refuse;
} seen;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	(void)cls, (void)url, (void)method, (void)version, (void)data;
	if (!*context) {
		*context = &seen;
		seen.connection = connection;
		seen.suspended = true;
		MHD_suspend_connection(connection);
		return MHD_YES;
	}
	if (seen.suspended)
		return MHD_YES;
	seen.calls++;
	if (seen.calls == 1) {
		GUARD(!*length, "the first call after a resume has data: a body's first bytes "
				"would be taken for its end");
		return seen.refuse ? guard_answer(connection, 401, "no") : MHD_YES;
	}
	if (*length) {
		seen.pieces += (int)*length;
		*length = 0;
		return MHD_YES;
	}
	return guard_answer(connection, 200, "ok");
}

static void run(bool refuse, int pieces)
{
	struct MHD_Daemon *daemon = GUARD_DAEMON(handle, NULL, MHD_OPTION_END);
	int fds[2];

	memset(&seen, 0, sizeof seen);
	seen.refuse = refuse;
	guard_pair(fds);
	guard_add(daemon, fds[0]);
	guard_send(fds[1], "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
	guard_turn(daemon, 3);
	GUARD(!seen.calls, "a suspended connection was called as if it were not");
	seen.suspended = false;
	MHD_resume_connection(seen.connection);
	guard_turn(daemon, 4);
	GUARD(seen.pieces == pieces, "%d bytes of a body came, not %d", seen.pieces, pieces);
	MHD_stop_daemon(daemon);
}

int main(void)
{
	run(false, 5);
	run(true, 0);
	return 0;
}
