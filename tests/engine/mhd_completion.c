/* SPDX-License-Identifier: MIT
 * With a URI-log callback each request line ends in exactly one completed call, with the status
 * in the connection's info: also where the engine refuses by itself, and where our deadline
 * shuts the socket down; and each connection in one closed notice. */
#include "guard_mhd.h"

static int lines, ends, starts, closes;
static unsigned status;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	(void)cls, (void)url, (void)method, (void)version, (void)data, (void)context;
	if (*length) {
		*length = 0;
		return MHD_YES;
	}
	return *(char *)*context == 1 ? guard_answer(connection, 200, "ok")
				      : (*(char *)*context = 1, MHD_YES);
}

static void *line(void *cls, const char *target, struct MHD_Connection *connection)
{
	static char marks[64];

	(void)cls, (void)target, (void)connection;
	return memset(&marks[lines++], 0, 1);
}

static void completed(void *cls, struct MHD_Connection *connection, void **context,
		      enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);

	(void)cls, (void)code;
	GUARD(*context, "the completed call has lost its request");
	status = info ? info->http_status : 0; /* none before there is an answer */
	ends++;
}

static void notice(void *cls, struct MHD_Connection *connection, void **context,
		   enum MHD_ConnectionNotificationCode code)
{
	(void)cls, (void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = &starts, starts++;
	else
		closes += *context == &starts;
}

static void try(struct MHD_Daemon *daemon, const char *sent, bool shut, int want_ends,
		unsigned want_status, const char *what)
{
	int fds[2], ends_before = ends, starts_before = starts, closes_before = closes;
	int server;

	guard_pair(fds);
	server = fds[0];
	guard_add(daemon, server);
	GUARD(starts == starts_before + 1, "the started notice does not come inside "
					   "MHD_add_connection(): records can't be joined");
	guard_send(fds[1], sent);
	guard_turn(daemon, 4);
	if (shut)
		shutdown(server, SHUT_RDWR);
	else
		shutdown(fds[1], SHUT_WR);
	for (int i = 0; i < 400 && closes == closes_before; i++)
		guard_turn(daemon, 1);
	GUARD(ends - ends_before == want_ends, "%s: %d completed calls", what,
	      ends - ends_before);
	GUARD(!want_status || status == want_status, "%s: status %u", what, status);
	GUARD(closes == closes_before + 1, "%s: %d closed notices", what,
	      closes - closes_before);
	close(fds[1]);
}

int main(void)
{
	char *large = malloc(40000);
	struct MHD_Daemon *daemon = GUARD_DAEMON(
		handle, NULL, MHD_OPTION_URI_LOG_CALLBACK, line, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		notice, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384);

	sprintf(large, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	memset(large + strlen(large), 'x', 30000);
	strcpy(large + 30020, "\r\n\r\n");
	try(daemon, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, 1, 200, "an ordinary request");
	try(daemon, large, false, 1, 431, "a head above the pool");
	try(daemon, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", false, 1, 400,
	    "a bad Content-Length");
	try(daemon, "", true, 0, 0, "shutdown of an idle connection");
	try(daemon, "GET / HTTP/1.1\r\nHos", true, 1, 0, "shutdown in the middle of a head");
	try(daemon, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", true, 1, 0,
	    "shutdown in the middle of a body");
	MHD_stop_daemon(daemon);
	free(large);
	return 0;
}
