/* SPDX-License-Identifier: MIT
 * Suspending and resuming on the daemon's own thread: a resume is acted on at the next turn
 * without waiting; a suspend after a resume in one turn keeps the connection suspended; a
 * disconnect is not seen meanwhile, so waits need deadlines of their own. */
#include "guard_mhd.h"

static struct MHD_Connection *suspended;
static int calls, ends;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	(void)cls, (void)url, (void)method, (void)version, (void)data, (void)length;
	if (!*context) {
		*context = connection;
		return MHD_YES;
	}
	if (++calls == 1) {
		suspended = connection;
		MHD_suspend_connection(connection);
		return MHD_YES;
	}
	return guard_answer(connection, 200, "late");
}

static void completed(void *cls, struct MHD_Connection *connection, void **context,
		      enum MHD_RequestTerminationCode code)
{
	(void)cls, (void)connection, (void)context, (void)code;
	ends++;
}

static int ask(struct MHD_Daemon *daemon)
{
	int fds[2];

	calls = 0;
	guard_pair(fds);
	guard_add(daemon, fds[0]);
	guard_send(fds[1], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	guard_turn(daemon, 3);
	GUARD(calls == 1, "the handler ran %d times before the wait", calls);
	return fds[1];
}

int main(void)
{
	struct MHD_Daemon *daemon =
		GUARD_DAEMON(handle, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL);
	int client = ask(daemon);
	char text[512];
	long start;

	MHD_resume_connection(suspended);
	start = guard_ms();
	(void)MHD_run_wait(daemon, 3000);
	guard_turn(daemon, 2);
	GUARD(guard_ms() - start < 1000, "a resume does not wake its own thread");
	guard_read(client, text, sizeof text, "late", 500);
	GUARD(strstr(text, "late"), "no answer after a resume");
	close(client);
	guard_turn(daemon, 2);

	client = ask(daemon);
	MHD_resume_connection(suspended);
	MHD_suspend_connection(suspended);
	guard_turn(daemon, 4);
	GUARD(calls == 1, "a suspend right after a resume is lost");
	ends = 0;
	close(client);
	guard_turn(daemon, 4);
	GUARD(!ends,
	      "a suspended connection sees its client's end: the watch for it is double");
	MHD_resume_connection(suspended);
	guard_turn(daemon, 4);
	GUARD(ends == 1, "%d completed calls after the client of a suspended one left", ends);
	MHD_stop_daemon(daemon);
	return 0;
}
