/* SPDX-License-Identifier: MIT
 *
 * handshake.c - connect, Upgrade, read the 101, close, again (handshake); or only as far as the
 * handshake of TLS (greet).
 */
#include <errno.h>

#include "modes.h"

static void again(struct client *client)
{
	int error = ending ? 0 : client_connect(&load, client);

	if (error)
		die("connect", -error);
}

static void handshake_opened(struct client_load *all, struct client *client)
{
	handshakes++;
	sample_add(client_now() - client->since);
	client->index += options.connections;
	if (options.properly) {
		client_close(all, client);
	} else {
		client_reset(all, client);
		again(client);
	}
}

static void handshake_failed(struct client_load *all, struct client *client)
{
	if (all->failed + lost > 100)
		die(all->trouble, ECONNABORTED);
	again(client);
}

static void handshake_closed(struct client_load *all, struct client *client, bool proper)
{
	closed_count(all, client, proper);
	handshake_failed(all, client);
}

const struct client_hooks handshake_hooks = {
	.opened = handshake_opened,
	.heard = heard_nothing,
	.failed = handshake_failed,
	.closed = handshake_closed,
};

/* Its end is the server's: so it has seen the client's last part of the handshake. */
static void greet_closed(struct client_load *all, struct client *client, bool proper)
{
	handshakes += proper;
	client->index += options.connections;
	if (proper)
		again(client);
	else
		handshake_closed(all, client, proper);
}

const struct client_hooks greet_hooks = {
	.opened = opened_count,
	.heard = heard_nothing,
	.failed = handshake_failed,
	.closed = greet_closed,
};

static int repeat(const char *name)
{
	struct window from, to;
	bool wrong;

	open_more(options.connections);
	run_until(after(options.warm_up));
	window_read(&from);
	run_until(after(options.seconds));
	window_read(&to);
	ending = true;
	wrong = result_print(name, &from, &to);
	samples_print();
	return result_end(wrong || handshakes == 0);
}

int mode_handshake(void)
{
	return repeat("handshake");
}

int mode_greet(void)
{
	load.greets_only = true;
	return repeat("greet");
}
