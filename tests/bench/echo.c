/* SPDX-License-Identifier: MIT
 *
 * echo.c - K equal messages in flight on each connection, each of which comes back.
 */
#include "modes.h"

static uint64_t asked;

static unsigned may_send(unsigned messages)
{
	if (options.messages && asked + messages > options.messages)
		messages = (unsigned)(options.messages - asked);
	asked += messages;
	return messages;
}

static void echo_heard(struct client_load *all, struct client *client, unsigned messages)
{
	if (!ending)
		client_send(all, client, may_send(messages));
}

const struct client_hooks echo_hooks = {
	.opened = opened_count,
	.heard = echo_heard,
	.failed = failed_note,
	.closed = closed_count,
};

int mode_echo(void)
{
	struct window from, to;
	bool wrong;

	open_all(after(60));
	for (unsigned i = 0; i < started; i++)
		if (clients[i].state == CLIENT_OPEN)
			client_send(&load, &clients[i], may_send(options.in_flight));
	if (!options.messages)
		run_until(after(options.warm_up));
	window_read(&from);
	if (options.messages)
		from.messages = 0;
	run_until(after(options.messages ? 60 : options.seconds));
	window_read(&to);
	close_all(after(2));
	wrong = result_print("echo", &from, &to) || load.messages < options.messages;
	return result_end(wrong);
}
