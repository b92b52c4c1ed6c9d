/* SPDX-License-Identifier: MIT
 * What a connection's pool carries: the head, an entry of at most 80 bytes per field in its
 * index, and the reply's head. wye counts so, and answers 431 by itself where it would not fit:
 * the engine closes without an answer in a window just below the pool's size. */
#include "guard_mhd.h"

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	(void)cls, (void)url, (void)method, (void)version, (void)data, (void)length;
	if (!*context) {
		*context = connection;
		return MHD_YES;
	}
	return guard_answer(connection, 200, "ok");
}

/* A head of `size` bytes made of fields of `field` bytes each. */
static char *make_head(size_t size, size_t field)
{
	char *head = malloc(size + field + 64);
	size_t length = (size_t)sprintf(head, "GET / HTTP/1.1\r\nHost: a\r\n");

	while (length + field + 2 <= size) {
		memset(head + length, 'x', field);
		memcpy(head + length, "A: ", 3);
		memcpy(head + length + field - 2, "\r\n", 2);
		length += field;
	}
	strcpy(head + length, "\r\n");
	return head;
}

static unsigned status_of(struct MHD_Daemon *daemon, size_t size, size_t field)
{
	char *head = make_head(size, field), text[1024];
	int fds[2];

	guard_pair(fds);
	guard_add(daemon, fds[0]);
	guard_send(fds[1], head);
	for (int i = 0; i < 400 && recv(fds[1], text, 1, MSG_PEEK | MSG_DONTWAIT) < 0; i++)
		(void)MHD_run_wait(daemon, 1);
	guard_read(fds[1], text, sizeof text, "\r\n", 200);
	close(fds[1]);
	guard_turn(daemon, 2);
	free(head);
	return strlen(text) > 12 ? (unsigned)atoi(text + 9) : 0;
}

static bool carries(size_t pool, size_t size, size_t field)
{
	return size + size / field * 80 + 512 <= pool;
}

int main(void)
{
	for (size_t pool = 4096; pool <= 65536; pool *= 2) {
		struct MHD_Daemon *daemon =
			GUARD_DAEMON(handle, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool);

		for (size_t field = 9; field <= 300; field += 97)
			for (size_t size = 100; carries(pool, size, field); size += pool / 16)
				GUARD(status_of(daemon, size, field) == 200,
				      "a head of %zu bytes in fields of %zu does not fit into "
				      "a "
				      "pool of %zu",
				      size, field, pool);
		GUARD(status_of(daemon, pool + 100, 256) == 431,
		      "a head above the pool: no 431");
		MHD_stop_daemon(daemon);
	}
	return 0;
}
