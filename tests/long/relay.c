/* SPDX-License-Identifier: MIT
 *
 * relay.c - a TCP relay on 127.0.0.1 that delays, each way: one thread, epoll. Prints its port.
 *
 *   relay HOST:PORT DELAY_MS
 *
 * What was read is written DELAY_MS later. All waits in one queue, as all wait equally long;
 * what is due moves to its lane, which is one direction of one connection. A lane that holds
 * LANE bytes is not read from, so that a receiver which stops also stops the sender; socket
 * buffers are small for the same reason. Ends with its stdin.
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

enum { LANE = 16384, READ = 8192, SOCKET_BUFFER = 8192 };

struct pair;
struct lane;

struct chunk {
	struct chunk *next;
	struct lane *lane;
	uint64_t due;
	size_t start, length; /* 0: the end */
	uint8_t data[];
};

struct queue {
	struct chunk *head, **tail;
};

/* What epoll points to: one of a pair's sockets, which a lane begins at. */
struct lane {
	struct pair *pair;
	struct lane *other; /* which begins where this one ends */
	int from;           /* other->from is where this one leads to */
	size_t held;
	bool reading, writing, ended; /* `writing`: its target is full */
	uint32_t events;              /* that `from` is watched for */
	struct queue ready;
};

struct pair {
	struct lane lanes[2];
	size_t delayed; /* chunks in the common queue */
	bool dead;
	struct pair *next_dead;
};

static struct queue delayed;
static struct pair *dead;
static struct sockaddr_in target;
static uint64_t delay;
static int epoll;

static void die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void append(struct queue *queue, struct chunk *chunk)
{
	chunk->next = NULL;
	*queue->tail = chunk;
	queue->tail = &chunk->next;
}

static struct chunk *take(struct queue *queue)
{
	struct chunk *chunk = queue->head;

	queue->head = chunk->next;
	if (!queue->head)
		queue->tail = &queue->head;
	return chunk;
}

/* ---- pairs ---- */

/* Both ends are reset. */
static void kill_pair(struct pair *pair)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	for (unsigned i = 0; i < 2; i++) {
		setsockopt(pair->lanes[i].from, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		close(pair->lanes[i].from);
	}
	pair->dead = true;
	pair->next_dead = dead;
	dead = pair;
}

static void bury(struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++)
		while (pair->lanes[i].ready.head)
			free(take(&pair->lanes[i].ready));
	free(pair);
}

/* After a turn, whose events may point to them, and when no chunk does. */
static void bury_dead(void)
{
	struct pair **link = &dead;

	while (*link) {
		struct pair *pair = *link;

		if (pair->delayed) {
			link = &pair->next_dead;
			continue;
		}
		*link = pair->next_dead;
		bury(pair);
	}
}

static void watch(struct lane *lane)
{
	uint32_t events = (lane->reading ? EPOLLIN : 0) | (lane->other->writing ? EPOLLOUT : 0);
	struct epoll_event event = { .events = events, .data.ptr = lane };

	if (events == lane->events)
		return;
	lane->events = events;
	if (epoll_ctl(epoll, EPOLL_CTL_MOD, lane->from, &event))
		die("epoll_ctl");
}

/* ---- moving bytes ---- */

static void read_lane(struct lane *lane)
{
	struct chunk *chunk = malloc(sizeof *chunk + READ);
	ssize_t got;

	if (!chunk)
		die("memory");
	got = recv(lane->from, chunk->data, READ, MSG_DONTWAIT);
	if (got < 0) {
		free(chunk);
		if (errno != EAGAIN)
			kill_pair(lane->pair);
		return;
	}
	chunk = realloc(chunk, sizeof *chunk + (size_t)got);
	if (!chunk)
		die("memory");
	chunk->lane = lane;
	chunk->due = now_ns() + delay;
	chunk->start = 0;
	chunk->length = (size_t)got;
	append(&delayed, chunk);
	lane->pair->delayed++;
	lane->held += (size_t)got;
	lane->reading = got && lane->held < LANE;
	lane->ended = !got;
	watch(lane);
}

/* Returns false if the chunk has to wait. */
static bool write_chunk(struct lane *lane, struct chunk *chunk)
{
	ssize_t sent;

	if (!chunk->length) {
		shutdown(lane->other->from, SHUT_WR);
		return true;
	}
	sent = send(lane->other->from, chunk->data + chunk->start, chunk->length - chunk->start,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && errno != EAGAIN) {
		kill_pair(lane->pair);
		return false;
	}
	chunk->start += sent > 0 ? (size_t)sent : 0;
	return chunk->start == chunk->length;
}

static void write_lane(struct lane *lane)
{
	while (lane->ready.head && write_chunk(lane, lane->ready.head)) {
		struct chunk *chunk = take(&lane->ready);

		lane->held -= chunk->length;
		free(chunk);
	}
	if (lane->pair->dead)
		return;
	lane->writing = lane->ready.head;
	lane->reading = !lane->ended && lane->held < LANE;
	watch(lane);
	watch(lane->other);
}

static bool is_over(const struct pair *pair)
{
	return pair->lanes[0].ended && pair->lanes[1].ended && !pair->delayed &&
	       !pair->lanes[0].ready.head && !pair->lanes[1].ready.head;
}

static void move_due(uint64_t now)
{
	while (delayed.head && delayed.head->due <= now) {
		struct chunk *chunk = take(&delayed);
		struct lane *lane = chunk->lane;
		struct pair *pair = lane->pair;

		pair->delayed--;
		append(&lane->ready, chunk);
		if (!pair->dead && !lane->writing)
			write_lane(lane);
		if (!pair->dead && is_over(pair))
			kill_pair(pair);
	}
}

/* ---- connections ---- */

static void begin(struct pair *pair, unsigned index, int descriptor)
{
	struct lane *lane = &pair->lanes[index];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = lane };
	int one = 1;

	*lane = (struct lane) { .pair = pair,
				.other = &pair->lanes[!index],
				.from = descriptor,
				.reading = true,
				.events = EPOLLIN };
	lane->ready.tail = &lane->ready.head;
	setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event))
		die("epoll_ctl");
}

static void make_small(int descriptor)
{
	int size = SOCKET_BUFFER;

	setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/* Connects while blocking: it is to this machine. */
static void accept_one(int listener)
{
	int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pair *pair = calloc(1, sizeof *pair);

	if (client < 0 || server < 0 || !pair)
		die("accept");
	make_small(server);
	if (connect(server, (struct sockaddr *)&target, sizeof target))
		die("connect");
	begin(pair, 0, client);
	begin(pair, 1, server);
}

static int listen_here(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof here;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	make_small(listener); /* accepted ones inherit it */
	if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 1024) ||
	    getsockname(listener, (struct sockaddr *)&here, &length))
		die("listen");
	printf("%u\n", ntohs(here.sin_port));
	fflush(stdout);
	return listener;
}

static void happened(struct lane *lane, uint32_t events)
{
	struct pair *pair = lane->pair;

	if (events & EPOLLERR)
		kill_pair(pair);
	if (!pair->dead && events & (EPOLLIN | EPOLLHUP) && lane->reading)
		read_lane(lane);
	if (!pair->dead && events & EPOLLOUT)
		write_lane(lane->other);
}

static void turn(int listener, int timeout)
{
	struct epoll_event events[64];
	int count = epoll_wait(epoll, events, 64, timeout);

	for (int i = 0; i < count; i++) {
		struct lane *lane = events[i].data.ptr;

		if (!lane)
			accept_one(listener);
		else if (!lane->pair)
			exit(0); /* stdin */
		else if (!lane->pair->dead)
			happened(lane, events[i].events);
	}
}

static void run(int listener)
{
	struct lane input = { .pair = NULL };
	struct epoll_event on_listener = { .events = EPOLLIN, .data.ptr = NULL };
	struct epoll_event on_input = { .events = EPOLLIN, .data.ptr = &input };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &on_listener) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &on_input))
		die("epoll_ctl");
	for (;;) {
		uint64_t now = now_ns(), due = delayed.head ? delayed.head->due : UINT64_MAX;

		turn(listener, due == UINT64_MAX ? -1
			       : due <= now      ? 0
						 : (int)((due - now) / 1000000) + 1);
		move_due(now_ns());
		bury_dead();
	}
}

static bool parse(int count, char **words)
{
	struct rlimit limit;
	char host[64];
	unsigned port;

	if (count != 3 || sscanf(words[1], "%63[0-9.]:%u", host, &port) != 2)
		return false;
	target.sin_family = AF_INET;
	target.sin_port = htons((uint16_t)port);
	delay = strtoull(words[2], NULL, 10) * 1000000;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return inet_pton(AF_INET, host, &target.sin_addr) == 1;
}

int main(int count, char **words)
{
	if (!parse(count, words)) {
		fputs("usage: relay HOST:PORT DELAY_MS\n", stderr);
		return 2;
	}
	delayed.tail = &delayed.head;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		die("epoll_create1");
	run(listen_here());
}
