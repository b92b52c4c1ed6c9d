/* SPDX-License-Identifier: MIT
 * At the first call the raw head lies whole in memory from the method on, header_size bytes
 * long, with only separators zeroed; behind it lies what was read too early. */
#include "guard_mhd.h"

#define BEHIND "bytes\0behind the head"
#define HEAD   "GET /a%20b?c=%00d HTTP/1.1\r\nHost: x\r\nX-Odd: one two\r\n\r\n"

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	size_t size =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
			->header_size;
	int *seen = cls;

	(void)url, (void)version, (void)data, (void)length;
	(void)context;
	GUARD(size == sizeof HEAD - 1,
	      "header_size is %zu, the head has %zu bytes: "
	      "the scan of the raw head would miss some",
	      size, sizeof HEAD - 1);
	for (size_t i = 0; i < size; i++)
		GUARD(method[i] == HEAD[i] || (!method[i] && strchr(" :\r\n?=&", HEAD[i])),
		      "byte %zu of the raw head is changed: it can't be scanned", i);
	GUARD(!memcmp(method + size, BEHIND, sizeof BEHIND - 1),
	      "what follows the head does not lie behind it: under TLS the first frames of a "
	      "WebSocket would be lost");
	++*seen;
	return MHD_NO;
}

static size_t keep(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls, (void)connection;
	return strlen(text);
}

static void *line(void *cls, const char *target, struct MHD_Connection *connection)
{
	(void)cls, (void)connection;
	GUARD(!strcmp(target, "/a%20b?c=%00d"),
	      "the target arrives as \"%s\": routing on the raw "
	      "target is impossible",
	      target);
	return NULL;
}

int main(void)
{
	static const char all[] = HEAD BEHIND;
	int fds[2], seen = 0;
	struct MHD_Daemon *daemon =
		GUARD_DAEMON(handle, &seen, MHD_OPTION_UNESCAPE_CALLBACK, keep, NULL,
			     MHD_OPTION_URI_LOG_CALLBACK, line, NULL);

	guard_pair(fds);
	guard_add(daemon, fds[0]);
	GUARD(write(fds[1], all, sizeof all - 1) == sizeof all - 1, "write");
	guard_turn(daemon, 3);
	GUARD(seen == 1, "the handler ran %d times first", seen);
	MHD_stop_daemon(daemon);
	return 0;
}
