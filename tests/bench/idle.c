/* SPDX-License-Identifier: MIT
 *
 * idle.c - opens many and lets them be (idle), or echoes once on each (round).
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "modes.h"

/* Waits for a line or the end of stdin, or a signal, or the deadline. */
static void stdin_wait(uint64_t deadline)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[256];

	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	while (!over(deadline)) {
		client_turn(&load, 20);
		if (poll(&fd, 1, 0) > 0 && read(STDIN_FILENO, line, sizeof line) >= 0)
			return;
	}
}

const struct client_hooks idle_hooks = {
	.opened = opened_count,
	.heard = heard_nothing,
	.failed = failed_note,
	.closed = closed_count,
};

static void ready_print(void)
{
	printf("{\"ready\":%u,\"failed\":%u}\n", load.open, load.failed);
	fflush(stdout);
}

int mode_idle(void)
{
	uint64_t deadline = after(options.seconds);
	struct window from, to;

	window_read(&from);
	open_all(deadline);
	ready_print();
	stdin_wait(deadline);
	close_all(deadline);
	window_read(&to);
	return result_end(result_print("idle", &from, &to));
}

int mode_round(void)
{
	uint64_t deadline = after(options.seconds);
	struct window from, to;
	bool wrong;

	window_read(&from);
	open_all(deadline);
	if (options.pause) {
		ready_print();
		stdin_wait(deadline);
	}
	for (unsigned i = 0; i < started; i++) {
		if (clients[i].state == CLIENT_OPEN)
			client_send(&load, &clients[i], 1);
		client_turn(&load, 0);
	}
	while (load.messages < load.open && !over(deadline))
		client_turn(&load, 100);
	close_all(deadline);
	window_read(&to);
	wrong = result_print("round", &from, &to);
	wrong |= load.messages != options.connections || proper_closes() != options.connections;
	return result_end(wrong);
}
