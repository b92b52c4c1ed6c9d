/* SPDX-License-Identifier: MIT
 * Own descriptors join the daemon's epoll set: they wake it, and those whose data.ptr is NULL, or
 * is made so in epoll_wait(), which a program can define by itself, are skipped. */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "guard_mhd.h"

static int own, calls; /* events of ours, known by this address; calls in all */

__attribute__((visibility("default"))) int epoll_wait(int set, struct epoll_event *events,
						      int most, int timeout)
{
	int count = epoll_pwait(set, events, most, timeout, NULL);

	calls++;
	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == &own) {
			own++;
			events[i].data.ptr = NULL;
		}
	return count;
}

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

int main(void)
{
	struct MHD_Daemon *daemon = GUARD_DAEMON(handle, NULL);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = NULL };
	struct epoll_event named = { .events = EPOLLIN, .data.ptr = &own };
	int wake = eventfd(0, EFD_NONBLOCK), other = eventfd(1, EFD_NONBLOCK), fds[2];
	int set = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	const uint64_t one = 1;
	char reply[512];
	long start;

	GUARD(!epoll_ctl(set, EPOLL_CTL_ADD, wake, &event),
	      "its epoll set takes no descriptor");
	(void)!write(wake, &one, sizeof one);
	start = guard_ms();
	(void)MHD_run_wait(daemon, 3000);
	GUARD(guard_ms() - start < 1000, "an own descriptor does not wake MHD_run_wait(): "
					 "mail to http threads would wait");
	start = guard_ms();
	(void)MHD_run_wait(daemon, 50);
	GUARD(guard_ms() - start >= 40, "an edge-triggered eventfd fires twice: "
					"http threads would spin");
	(void)!write(wake, &one, sizeof one);
	guard_pair(fds);
	guard_add(daemon, fds[0]);
	guard_send(fds[1], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	guard_turn(daemon, 3);
	guard_read(fds[1], reply, sizeof reply, "ok", 500);
	GUARD(strstr(reply, "ok"), "an own event disturbs the daemon's connections");
	calls = 0;
	GUARD(!epoll_ctl(set, EPOLL_CTL_ADD, other, &named) && !own, "it is known already");
	(void)MHD_run_wait(daemon, 0);
	GUARD(calls == 1 && own == 1,
	      "it waits otherwise than by epoll_wait(), once a turn: nobody would be accepted");
	MHD_stop_daemon(daemon);
	return 0;
}
