/* SPDX-License-Identifier: MIT
 *
 * client.c - see client.h. Readiness is edge-triggered: each descriptor is registered once, and
 * read until a read comes back short.
 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static uint8_t incoming[256 * 1024];

static void note(struct client_load *load, const char *what)
{
	if (!load->trouble[0])
		snprintf(load->trouble, sizeof load->trouble, "%s", what);
}

static void leave(struct client_load *load, struct client *client)
{
	if (client->state >= CLIENT_OPEN)
		load->open--;
	else if (client->state != CLIENT_CLOSED)
		load->beginning--;
	wire_close(&client->wire);
	client->state = CLIENT_CLOSED;
}

static void ended(struct client_load *load, struct client *client, const char *why)
{
	bool proper = client->state == CLIENT_CLOSING && client->said_close && !why;
	bool was_open = client->state >= CLIENT_OPEN;

	if (!proper)
		note(load, why ? why : "closed by the server");
	leave(load, client);
	if (was_open) {
		load->hooks->closed(load, client, proper);
	} else {
		load->failed++;
		load->hooks->failed(load, client);
	}
}

void client_reset(struct client_load *load, struct client *client)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(client->wire.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	leave(load, client);
}

/* The port is chosen at connect(), so that one address serves as many ports as there are. */
static int source_bind(const struct client_load *load, const struct client *client)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int one = 1;

	if (!load->sources)
		return 0;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + client->index % load->sources);
	setsockopt(client->wire.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	return bind(client->wire.fd, (struct sockaddr *)&from, sizeof from) ? -errno : 0;
}

static int connect_begin(struct client_load *load, struct client *client)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				     .data.ptr = client };
	int one = 1, error = source_bind(load, client);

	if (error)
		return error;
	setsockopt(client->wire.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(client->wire.fd, (struct sockaddr *)&load->target, sizeof load->target) &&
	    errno != EINPROGRESS)
		return -errno;
	return epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->wire.fd, &event) ? -errno : 0;
}

int client_connect(struct client_load *load, struct client *client)
{
	unsigned index = client->index;
	int fd, error;

	memset(client, 0, sizeof *client);
	client->index = index;
	frame_begin(&client->in);
	client->since = client_now();
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	error = wire_open(&client->wire, fd);
	if (!error)
		error = connect_begin(load, client);
	if (error) {
		wire_close(&client->wire);
		return error;
	}
	client->state = CLIENT_CONNECTING;
	load->beginning++;
	return 0;
}

static ssize_t control_flush(struct client *client)
{
	ssize_t n = wire_send(&client->wire, client->control, client->control_length);

	if (n > 0) {
		client->control_length -= (size_t)n;
		memmove(client->control, client->control + n, client->control_length);
	}
	return n;
}

static ssize_t messages_flush(const struct client_load *load, struct client *client)
{
	size_t most = (load->batch + 1) * load->frame - client->sent;
	ssize_t n = wire_send(&client->wire, load->frames + client->sent,
			      client->owed < most ? client->owed : most);

	if (n > 0) {
		client->owed -= (size_t)n;
		client->sent = (client->sent + (size_t)n) % load->ring;
	}
	return n;
}

/* A control frame goes out between two messages; what is stuck on the way goes on. */
static bool next_is_control(const struct client_load *load, const struct client *client)
{
	if (client->wire.is_stuck)
		return client->sends_control;
	return client->control_length && client->sent % load->frame == 0;
}

/* Sends what is owed. Returns 0 or a negative errno. */
static int flush(const struct client_load *load, struct client *client)
{
	while (client->owed || client->control_length) {
		client->sends_control = next_is_control(load, client);
		if ((client->sends_control ? control_flush(client)
					   : messages_flush(load, client)) < 0)
			return errno == EAGAIN ? 0 : -errno;
	}
	return 0;
}

/* A broken connection is reported by its next readiness event, so the verdict is dropped here.
 */
void client_send(struct client_load *load, struct client *client, unsigned messages)
{
	client->owed += messages * load->frame;
	(void)flush(load, client);
}

void client_send_number(struct client_load *load, struct client *client, uint64_t number)
{
	uint8_t *frame = load->frames + (client->sent + client->owed) % load->ring;
	char digits[CLIENT_NUMBER + 1];

	snprintf(digits, sizeof digits, "%0*llx", CLIENT_NUMBER, (unsigned long long)number);
	memcpy(load->payload, digits, CLIENT_NUMBER);
	frame_put(frame, OPCODE_TEXT, load->payload, load->size);
	client_send(load, client, 1);
}

void client_close(struct client_load *load, struct client *client)
{
	static const uint8_t normal[2] = { 1000 >> 8, 1000 & 0xff };

	client->state = CLIENT_CLOSING;
	client->control_length =
		frame_put(client->control, OPCODE_CLOSE, normal, sizeof normal);
	(void)flush(load, client);
}

static void control_heard(struct client_load *load, struct client *client, int opcode,
			  size_t length)
{
	if (opcode == OPCODE_CLOSE) {
		client->said_close = true;
		if (client->state == CLIENT_OPEN)
			client_close(load, client);
	} else if (opcode == OPCODE_PING && !client->control_length)
		client->control_length =
			frame_put(client->control, OPCODE_PONG, client->ping, length);
}

static void message_heard(struct client_load *load, struct client *client)
{
	if (client->mismatch || client->offset != load->size) {
		load->bad++;
		note(load, "a message differs from what was sent");
	} else if (load->numbered) {
		load->hooks->numbered(load, client, client->number);
	}
	load->messages++;
	client->verified = true;
	client->mismatch = false;
	client->offset = 0;
	client->heard++;
}

/* Reads what is there of the number, and returns its bytes. */
static size_t number_piece(struct client *client, const uint8_t *data, size_t length)
{
	size_t part = 0;

	for (; part < length && client->offset + part < CLIENT_NUMBER; part++)
		client->number = client->number << 4 |
				 (unsigned)(data[part] - (data[part] <= '9' ? '0' : 'a' - 10));
	return part;
}

static void message_piece(const struct client_load *load, struct client *client,
			  const uint8_t *data, size_t length)
{
	size_t part = load->numbered ? number_piece(client, data, length) : 0;

	client->offset += part;
	data += part;
	length -= part;
	if (!client->verified || load->verify_all)
		client->mismatch |= client->offset + length > load->size ||
				    memcmp(load->payload + client->offset, data, length);
	client->offset += length;
}

static void frame_end(struct client_load *load, struct client *client)
{
	int opcode = frame_opcode(&client->in);

	if (opcode >= OPCODE_CLOSE)
		control_heard(load, client, opcode, client->in.head[1]);
	else if (frame_final(&client->in))
		message_heard(load, client);
	frame_begin(&client->in);
}

static void payload_take(struct client_load *load, struct client *client, const uint8_t *data,
			 size_t length)
{
	struct frame_reader *in = &client->in;

	if (frame_opcode(in) < OPCODE_CLOSE)
		message_piece(load, client, data, length);
	else
		memcpy(client->ping + (in->head[1] - in->left), data, length);
	in->left -= length;
}

static const char *frames_take(struct client_load *load, struct client *client,
			       const uint8_t *data, size_t length)
{
	struct frame_reader *in = &client->in;

	while (length) {
		size_t part = 0;

		if (in->have < in->need) {
			if (!frame_head(in, data, length, &part))
				return NULL;
			if (frame_bad(in))
				return "a bad frame from the server";
			data += part;
			length -= part;
		}
		part = in->left < length ? (size_t)in->left : length;
		payload_take(load, client, data, part);
		data += part;
		length -= part;
		if (!in->left)
			frame_end(load, client);
	}
	return NULL;
}

/* Takes the answer to the Upgrade; bytes behind it are frames. */
static const char *answer_take(struct client_load *load, struct client *client,
			       const uint8_t *data, size_t length)
{
	size_t before = client->answer_length, room = sizeof client->answer - 1 - before;
	size_t part = length < room ? length : room;
	const char *end;

	memcpy(client->answer + before, data, part);
	client->answer_length += part;
	end = strstr(client->answer, "\r\n\r\n");
	if (!end)
		return part < length ? "the answer's head is too long" : NULL;
	if (strncmp(client->answer, "HTTP/1.1 101 ", 13) ||
	    !strstr(client->answer, CLIENT_ACCEPT))
		return "the Upgrade was refused";
	part = (size_t)(end + 4 - client->answer) - before;
	client->state = CLIENT_OPEN;
	load->beginning--;
	load->open++;
	return frames_take(load, client, data + part, length - part);
}

static const char *bytes_take(struct client_load *load, struct client *client,
			      const uint8_t *data, size_t length)
{
	if (client->state == CLIENT_UPGRADING)
		return answer_take(load, client, data, length);
	return frames_take(load, client, data, length);
}

/* Reads until a read comes back short, or to the end if the peer has ended. Returns false when
 * the connection is over, with the reason in *why (NULL: an orderly end).
 */
static bool read_all(struct client_load *load, struct client *client, bool to_end,
		     const char **why)
{
	for (;;) {
		ssize_t n = wire_receive(&client->wire, incoming, sizeof incoming);

		if (n == 0)
			return false;
		if (n < 0) {
			*why = errno == EAGAIN ? NULL : strerror(errno);
			return !*why;
		}
		*why = bytes_take(load, client, incoming, (size_t)n);
		if (*why)
			return false;
		if (n < (ssize_t)sizeof incoming && !to_end &&
		    wire_short_is_last(&client->wire))
			return true;
	}
}

static void greet(struct client_load *load, struct client *client)
{
	client->state = CLIENT_CLOSING;
	client->said_close = true;
	load->beginning--;
	load->open++;
	wire_shut(&client->wire);
}

static int request_send(const struct client_load *load, struct client *client)
{
	ssize_t n = wire_send(&client->wire, load->request, load->request_length);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	client->state = CLIENT_UPGRADING;
	return n == (ssize_t)load->request_length ? 0 : -EPIPE;
}

/* The state stays as it is while the connection cannot send. */
static int talk(struct client_load *load, struct client *client)
{
	int ready = wire_ready(&client->wire);

	if (ready <= 0)
		return ready;
	if (!load->greets_only)
		return request_send(load, client);
	greet(load, client);
	return 0;
}

static void tell(struct client_load *load, struct client *client, bool was_open)
{
	unsigned heard = client->heard;

	client->heard = 0;
	if (!was_open && client->state == CLIENT_OPEN)
		load->hooks->opened(load, client);
	if (heard && client->state == CLIENT_OPEN)
		load->hooks->heard(load, client, heard);
}

static void happened(struct client_load *load, struct client *client, uint32_t events)
{
	bool was_open = client->state >= CLIENT_OPEN;
	bool to_end = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
	const char *why = NULL;
	int error = 0;

	if (client->state == CLIENT_CONNECTING)
		error = talk(load, client);
	if (!error && client->state == CLIENT_CONNECTING)
		return;
	if (!error && events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) &&
	    !read_all(load, client, to_end, &why)) {
		ended(load, client, why);
		return;
	}
	if (!error)
		error = flush(load, client);
	if (error) {
		ended(load, client, strerror(-error));
		return;
	}
	tell(load, client, was_open);
}

void client_turn(struct client_load *load, int timeout_ms)
{
	struct epoll_event events[256];
	int count = epoll_wait(load->epoll, events, 256, timeout_ms);

	for (int i = 0; i < count; i++)
		happened(load, events[i].data.ptr, events[i].events);
}
