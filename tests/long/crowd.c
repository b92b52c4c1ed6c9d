/* SPDX-License-Identifier: MIT
 *
 * crowd.c - many WebSocket clients that only receive, of which some behave badly: one thread,
 * epoll. What they receive are messages of the plugin `herald`, which hold when they were sent.
 *
 *   crowd HOST:PORT/PATH COUNT [RECEIVE_BUFFER]
 *
 * Opens all, then takes one command a line from stdin and answers each with one line:
 *
 *   stop FROM TO        these (FROM <= n < TO) read nothing any more, nor do they answer
 *   slow FROM TO RATE   these read RATE bytes per second
 *   read FROM TO        these read again
 *   clear               what was counted so far is forgotten
 *   report              what was counted, as JSON
 *   quit                all are closed with 1000; so does the end of stdin
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OPCODE_BINARY = 2, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };
enum { BUFFER = 8192, STAMP = 16, CODES = 5000, AT_ONCE = 64 };
enum { TICK = 100 /* milliseconds between two reads of a slow one */ };
/* Latencies in microseconds: 64 steps for each power of two, so within 1.6 %. */
enum { STEPS = 64, POWERS = 34 };

enum state { CLOSED, CONNECTING, UPGRADING, OPEN };
enum manner { READS, STUCK, SLOW };

struct client {
	int fd;
	enum state state;
	enum manner manner;
	unsigned rate;
	bool has_number;
	uint64_t number; /* of the last message */
	size_t have;
	uint8_t in[BUFFER];
};

static struct {
	struct sockaddr_in target;
	char request[512];
	int epoll, buffer;
	unsigned count, next, opening, open, ended;
	struct client *clients;
} crowd;

static struct {
	uint64_t messages, gaps, pings, most;
	unsigned codes[CODES]; /* close codes; 0: the connection broke */
	uint64_t latencies[STEPS * POWERS];
} counted;

static void die(const char *what, int error)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(error));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- latencies ---- */

static unsigned step_of(uint64_t value)
{
	unsigned power = 0;

	while (value >> power >= 2 * STEPS && power < POWERS - 2)
		power++;
	if (value < 2 * STEPS)
		return (unsigned)value;
	return STEPS * power + (unsigned)(value >> power);
}

static uint64_t value_of(unsigned step)
{
	unsigned power = step < 2 * STEPS ? 0 : step / STEPS - 1;

	return power ? (uint64_t)(step - STEPS * power) << power : step;
}

static uint64_t quantile(double part)
{
	uint64_t left = (uint64_t)(part * (double)counted.messages);

	for (unsigned i = 0; i < STEPS * POWERS; i++) {
		if (counted.latencies[i] > left)
			return value_of(i);
		left -= counted.latencies[i];
	}
	return counted.most;
}

static void message_came(struct client *client, const uint8_t *data, size_t length)
{
	uint64_t at, number, now = now_ns(), took;

	if (length < STAMP)
		die("a message without a stamp", EPROTO);
	memcpy(&at, data, sizeof at);
	memcpy(&number, data + sizeof at, sizeof number);
	if (client->has_number && number != client->number + 1)
		counted.gaps++;
	client->has_number = true;
	client->number = number;
	took = (now - at) / 1000;
	counted.messages++;
	counted.latencies[step_of(took)]++;
	if (took > counted.most)
		counted.most = took;
}

/* ---- one client ---- */

static void watch(struct client *client)
{
	bool reads = client->manner == READS || client->state != OPEN;
	struct epoll_event event = { .events = client->state == CONNECTING ? EPOLLOUT
					       : reads                     ? EPOLLIN
									   : 0,
				     .data.ptr = client };

	if (epoll_ctl(crowd.epoll, EPOLL_CTL_MOD, client->fd, &event))
		die("epoll_ctl", errno);
}

static void leave(struct client *client, unsigned code)
{
	if (client->state == CLOSED)
		return;
	if (client->state != OPEN)
		die("a connection was refused", ECONNREFUSED);
	close(client->fd);
	client->state = CLOSED;
	crowd.open--;
	crowd.ended++;
	counted.codes[code < CODES ? code : 0]++;
}

/* A control frame (RFC 6455, 5.5) with a mask of zeros. */
static void control(struct client *client, int opcode, const uint8_t *payload, size_t length)
{
	uint8_t frame[6 + 125] = { (uint8_t)(0x80 | opcode), (uint8_t)(0x80 | length) };
	ssize_t sent;

	if (length)
		memcpy(frame + 6, payload, length);
	sent = send(client->fd, frame, 6 + length, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent >= 0 && sent < (ssize_t)(6 + length))
		die("a control frame was cut", EIO);
}

static void frame_came(struct client *client, int opcode, const uint8_t *data, size_t length)
{
	unsigned code = length >= 2 ? (unsigned)(data[0] << 8 | data[1]) : 1005;

	switch (opcode) {
	case OPCODE_BINARY:
		message_came(client, data, length);
		break;
	case OPCODE_PING:
		counted.pings++;
		control(client, OPCODE_PONG, data, length);
		break;
	case OPCODE_CLOSE:
		control(client, OPCODE_CLOSE, data, length < 2 ? length : 2);
		leave(client, code);
		break;
	default:
		die("an unexpected frame", EPROTO);
	}
}

/* The size of the frame at the front with its head, 0: not known yet. */
static size_t frame_size(const uint8_t *data, size_t have, size_t *head)
{
	if (have < 2)
		return 0;
	*head = data[1] < 126 ? 2 : 4;
	if (data[1] > 126)
		die("a frame is too large", EMSGSIZE);
	if (*head == 2)
		return 2u + data[1];
	return have < 4 ? 0 : 4 + ((size_t)data[2] << 8 | data[3]);
}

static void take_frames(struct client *client, size_t from)
{
	size_t head = 0, size;

	while (client->state == OPEN) {
		const uint8_t *at = client->in + from;

		size = frame_size(at, client->have - from, &head);
		if (!size || client->have - from < size)
			break;
		from += size;
		frame_came(client, at[0] & 0x0f, at + head, size - head);
	}
	client->have -= from;
	memmove(client->in, client->in + from, client->have);
	if (client->have == BUFFER)
		die("a frame is too large", EMSGSIZE);
}

static void take_answer(struct client *client)
{
	const uint8_t *end = memmem(client->in, client->have, "\r\n\r\n", 4);

	if (!end)
		return;
	if (memcmp(client->in, "HTTP/1.1 101 ", 13) != 0)
		die("no 101", EPROTO);
	client->state = OPEN;
	crowd.open++;
	crowd.opening--;
	take_frames(client, (size_t)(end + 4 - client->in));
}

/* Reads once. Returns what was read; 0: nothing is there, or the end. */
static size_t read_some(struct client *client, size_t limit)
{
	size_t room = BUFFER - client->have;
	ssize_t got = recv(client->fd, client->in + client->have, room < limit ? room : limit,
			   MSG_DONTWAIT);

	if (got <= 0) {
		if (!got || errno != EAGAIN)
			leave(client, 0);
		return 0;
	}
	client->have += (size_t)got;
	if (client->state == UPGRADING)
		take_answer(client);
	else
		take_frames(client, 0);
	return (size_t)got;
}

static void happened(struct client *client, uint32_t events)
{
	if (client->state == CONNECTING) {
		size_t length = strlen(crowd.request);

		if (send(client->fd, crowd.request, length, MSG_NOSIGNAL) != (ssize_t)length)
			die("connect", errno);
		client->state = UPGRADING;
		watch(client);
	} else if (client->manner != READS && client->state == OPEN) {
		if (events & (EPOLLHUP | EPOLLERR))
			leave(client, 0);
	} else {
		read_some(client, BUFFER);
	}
}

static void connect_one(struct client *client)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = client };
	int one = 1;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		die("socket", errno);
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (crowd.buffer)
		setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &crowd.buffer,
			   sizeof crowd.buffer);
	if (connect(client->fd, (struct sockaddr *)&crowd.target, sizeof crowd.target) &&
	    errno != EINPROGRESS)
		die("connect", errno);
	client->state = CONNECTING;
	crowd.opening++;
	if (epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, client->fd, &event))
		die("epoll_ctl", errno);
}

/* ---- commands ---- */

static void behave(enum manner manner, unsigned from, unsigned to, unsigned rate)
{
	for (unsigned i = from; i < to && i < crowd.count; i++) {
		struct client *client = &crowd.clients[i];

		client->manner = manner;
		client->rate = rate;
		if (client->state == OPEN)
			watch(client);
	}
}

static void report(void)
{
	const char *before = "";

	printf("{\"open\":%u,\"ended\":%u,\"messages\":%llu,\"gaps\":%llu,\"pings\":%llu,"
	       "\"p50\":%llu,\"p99\":%llu,\"p999\":%llu,\"max\":%llu,\"codes\":{",
	       crowd.open, crowd.ended, (unsigned long long)counted.messages,
	       (unsigned long long)counted.gaps, (unsigned long long)counted.pings,
	       (unsigned long long)quantile(0.5), (unsigned long long)quantile(0.99),
	       (unsigned long long)quantile(0.999), (unsigned long long)counted.most);
	for (unsigned i = 0; i < CODES; i++) {
		if (!counted.codes[i])
			continue;
		printf("%s\"%u\":%u", before, i, counted.codes[i]);
		before = ",";
	}
	printf("}}\n");
}

static void quit(void)
{
	static const uint8_t normal[2] = { 1000 >> 8, 1000 & 0xff };

	for (unsigned i = 0; i < crowd.count; i++)
		if (crowd.clients[i].state == OPEN)
			control(&crowd.clients[i], OPCODE_CLOSE, normal, sizeof normal);
	exit(0);
}

static void obey(const char *line)
{
	unsigned from = 0, to = 0, rate = 0;

	if (sscanf(line, "stop %u %u", &from, &to) == 2)
		behave(STUCK, from, to, 0);
	else if (sscanf(line, "slow %u %u %u", &from, &to, &rate) == 3)
		behave(SLOW, from, to, rate);
	else if (sscanf(line, "read %u %u", &from, &to) == 2)
		behave(READS, from, to, 0);
	else if (!strncmp(line, "clear", 5))
		memset(&counted, 0, sizeof counted);
	else if (strncmp(line, "report", 6) != 0)
		quit();
	report();
	fflush(stdout);
}

/* All that is there, line by line; a line comes in one piece, as its writer flushes it. */
static void read_commands(void)
{
	char text[1024], *rest = text;
	ssize_t got = read(STDIN_FILENO, text, sizeof text - 1);

	if (got <= 0)
		quit();
	text[got] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		obey(line);
}

/* ---- all ---- */

static void read_slowly(void)
{
	for (unsigned i = 0; i < crowd.count; i++) {
		struct client *client = &crowd.clients[i];
		size_t left = client->rate * TICK / 1000, got = 1;

		while (client->manner == SLOW && client->state == OPEN && left && got) {
			got = read_some(client, left);
			left -= got;
		}
	}
}

static void open_more(void)
{
	while (crowd.next < crowd.count && crowd.opening < AT_ONCE)
		connect_one(&crowd.clients[crowd.next++]);
}

static void turn(int timeout)
{
	struct epoll_event events[256];
	int count = epoll_wait(crowd.epoll, events, 256, timeout);

	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr)
			happened(events[i].data.ptr, events[i].events);
		else
			read_commands();
	}
}

static void open_all(void)
{
	while (crowd.open + crowd.ended < crowd.count) {
		open_more();
		turn(1000);
	}
	report();
	fflush(stdout);
}

static void run(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	uint64_t next = now_ns();

	if (epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event))
		die("stdin", errno);
	for (;;) {
		uint64_t now = now_ns();

		if (now >= next) {
			read_slowly();
			next = now + TICK * 1000000u;
		}
		turn(TICK);
	}
}

static bool parse(char **words, int count)
{
	char host[64], path[256] = "/";
	struct rlimit limit;
	unsigned port;

	if (count < 3 || sscanf(words[1], "%63[0-9.]:%u%255s", host, &port, path) < 2)
		return false;
	crowd.target.sin_family = AF_INET;
	crowd.target.sin_port = htons((uint16_t)port);
	crowd.count = (unsigned)atoi(words[2]);
	crowd.buffer = count > 3 ? atoi(words[3]) : 0;
	snprintf(crowd.request, sizeof crowd.request,
		 "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		 "Sec-WebSocket-Version: 13\r\n\r\n",
		 path, host);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return inet_pton(AF_INET, host, &crowd.target.sin_addr) == 1 && crowd.count;
}

int main(int count, char **words)
{
	if (!parse(words, count)) {
		fputs("usage: crowd HOST:PORT/PATH COUNT [RECEIVE_BUFFER]\n", stderr);
		return 2;
	}
	crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
	crowd.clients = calloc(crowd.count, sizeof *crowd.clients);
	if (crowd.epoll < 0 || !crowd.clients)
		die("start", errno);
	open_all();
	run();
}
