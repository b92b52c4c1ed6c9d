/* SPDX-License-Identifier: MIT
 * One daemon takes more than 10,000 connections by MHD_add_connection(), and lets them go.
 * Their other ends are in a child process, as the descriptor limit may be 20,000. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "guard_mhd.h"

static int open_now;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *length, void **context)
{
	(void)cls, (void)url, (void)method, (void)version, (void)data, (void)length,
		(void)context;
	return guard_answer(connection, 200, "ok");
}

static void notice(void *cls, struct MHD_Connection *connection, void **context,
		   enum MHD_ConnectionNotificationCode code)
{
	(void)cls, (void)connection, (void)context;
	open_now += code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1;
}

static void be_clients(struct sockaddr_in at, int count, int go)
{
	char byte;

	for (int i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at))
			_exit(1);
	}
	(void)!read(go, &byte, 1); /* the parent closes its end */
	_exit(0);
}

int main(void)
{
	struct MHD_Daemon *daemon =
		GUARD_DAEMON(handle, NULL, MHD_OPTION_NOTIFY_CONNECTION, notice, NULL);
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t length = sizeof at;
	struct rlimit limit;
	int listener = socket(AF_INET, SOCK_STREAM, 0), go[2], count = 11000;
	pid_t child;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < 11100)
		count = (int)limit.rlim_max - 100;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	GUARD(!bind(listener, (struct sockaddr *)&at, sizeof at) && !listen(listener, 4096) &&
		      !getsockname(listener, (struct sockaddr *)&at, &length) && !pipe(go),
	      "no listener");
	child = fork();
	if (!child) {
		close(go[1]);
		be_clients(at, count, go[0]);
	}
	close(go[0]);
	for (int i = 0; i < count; i++) {
		guard_add(daemon, accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
		if (i % 100 == 0)
			(void)MHD_run_wait(daemon, 0);
	}
	GUARD(open_now == count, "a daemon holds %d of %d connections", open_now, count);
	close(go[1]);
	for (int i = 0; i < 2000 && open_now; i++)
		(void)MHD_run_wait(daemon, 10);
	GUARD(!open_now, "%d connections stay after their peers have gone", open_now);
	waitpid(child, NULL, 0);
	MHD_stop_daemon(daemon);
	return 0;
}
