/* SPDX-License-Identifier: MIT
 * The engine reads by recv(), which a program can define by itself; and what it has read beyond
 * a head lies behind that head at the first call, also of a second request. */
#include <sys/types.h>

#include "guard_mhd.h"

#define FIRST  "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
#define SECOND "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
#define BODY   "5\r\nhello\r\n0\r\n\r\n"

static size_t received, read_at_second;

__attribute__((visibility("default"))) ssize_t recv(int fd, void *data, size_t size, int flags)
{
	ssize_t got = recvfrom(fd, data, size, flags, NULL, NULL);

	received += got > 0 ? (size_t)got : 0;
	return got;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	size_t size =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
			->header_size;
	int *seen = cls;

	(void)version, (void)data;
	if (*context && *length) {
		*length = 0;
		return MHD_YES;
	}
	if (*context)
		return guard_answer(connection, 200, "ok");
	*context = connection;
	++*seen;
	if (url[1] == '1')
		return MHD_YES;
	read_at_second = received - (sizeof FIRST - 1) - size;
	GUARD(read_at_second == sizeof BODY - 1 && !memcmp(method + size, BODY, read_at_second),
	      "what came behind the head does not lie there: bodies would be checked wrongly");
	return MHD_YES;
}

int main(void)
{
	int fds[2], seen = 0;
	struct MHD_Daemon *daemon = GUARD_DAEMON(handle, &seen);

	guard_pair(fds);
	guard_add(daemon, fds[0]);
	guard_send(fds[1], FIRST SECOND BODY);
	guard_turn(daemon, 6);
	GUARD(received == sizeof FIRST SECOND BODY - 1,
	      "the engine has read %zu bytes by recv(): wye would not see what it reads",
	      received);
	GUARD(seen == 2, "%d requests were seen", seen);
	MHD_stop_daemon(daemon);
	return 0;
}
