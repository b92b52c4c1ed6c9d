/* SPDX-License-Identifier: MIT
 *
 * client.h - one WebSocket connection of the load client, and what all of them share.
 *
 * Everything runs on one thread, in client_turn(). A connection belongs to the mode that drives
 * it (modes.h), which learns what happens by three hooks. A `struct client` may be connected
 * again once its `closed` or `failed` hook runs.
 */
#ifndef WYE_TESTS_BENCH_CLIENT_H
#define WYE_TESTS_BENCH_CLIENT_H

#include <netinet/in.h>

#include "frame.h"
#include "wire.h"

/* The sample pair of RFC 6455, 1.3: every connection sends the one and expects the other. */
#define CLIENT_KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define CLIENT_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum client_state {
	CLIENT_CLOSED,
	CLIENT_CONNECTING,
	CLIENT_UPGRADING,
	CLIENT_OPEN,
	CLIENT_CLOSING, /* our close frame is sent, the server's is awaited */
};

struct client {
	struct wire wire;
	enum client_state state;
	unsigned index; /* chooses the source address */
	struct frame_reader in;
	uint64_t offset;      /* of the next payload byte within the current message */
	size_t owed;          /* bytes of whole and partial messages still to be sent */
	size_t sent;          /* where in the frames the rest of it begins */
	uint8_t control[144]; /* a pong or close frame that waits for a frame boundary */
	size_t control_length;
	bool sends_control; /* it is what was sent last */
	uint8_t ping[125];
	unsigned heard;    /* messages completed by the bytes of this event */
	bool verified;     /* the first message was compared byte by byte */
	bool mismatch;     /* in the current message */
	uint64_t number;   /* of the current message, if the load is numbered */
	uint64_t expected; /* the mode's: the number that comes next */
	bool said_close;   /* the server's close frame has come */
	char answer[1024]; /* the head of the answer to the Upgrade */
	size_t answer_length;
	uint64_t since; /* ns, when the connect began */
};

struct client_load;

/* `failed` ends a connection that never opened, `closed` one that did; the latter is told
 * whether the close was proper: close frames both ways, then the end. `numbered` may be NULL: a
 * message of a numbered load has come.
 */
struct client_hooks {
	void (*opened)(struct client_load *load, struct client *client);
	void (*heard)(struct client_load *load, struct client *client, unsigned messages);
	void (*numbered)(struct client_load *load, struct client *client, uint64_t number);
	void (*failed)(struct client_load *load, struct client *client);
	void (*closed)(struct client_load *load, struct client *client, bool proper);
};

/* What all connections of a run share. Filled by client_load_init(), counted in client.c. */
struct client_load {
	struct sockaddr_in target;
	unsigned sources; /* loopback source addresses, 127.0.0.2 on; 0: the kernel's choice */
	const struct client_hooks *hooks;
	int epoll;
	bool greets_only; /* no Upgrade: a connection ends as soon as it could send */
	bool verify_all;
	bool numbered; /* payloads begin with their number, as CLIENT_NUMBER hexadecimal digits
			*/
	char request[1024];
	size_t request_length;
	uint8_t *payload, *frames; /* one message's payload; `batch` + 1 masked frames of it */
	size_t size, frame;        /* bytes of the payload, of the frame */
	size_t ring;               /* bytes after which sending begins again at `frames` */
	unsigned batch;
	unsigned open;      /* connections in CLIENT_OPEN or CLIENT_CLOSING */
	unsigned beginning; /* connections on the way there */
	unsigned failed;    /* never got there */
	uint64_t messages, bad;
	char trouble[128]; /* the first thing that went wrong */
};

/* CLOCK_MONOTONIC in ns. */
uint64_t client_now(void);

/* Digits of a message's number. */
enum { CLIENT_NUMBER = 16 };

/* `target` is HOST:PORT/PATH with a numeric IPv4 host. `size` is the payload in bytes, `batch`
 * the most messages that client_send() is asked for at once. Returns 0 or a negative errno.
 */
int client_load_init(struct client_load *load, const char *target, size_t size, unsigned batch);

/* Has messages numbered, which only one connection may send then. Payloads have room for it. */
void client_load_number(struct client_load *load);

/* Waits at most `timeout_ms` and runs the hooks for what happened. */
void client_turn(struct client_load *load, int timeout_ms);

/* Begins a connection; `opened` or `failed` follows. Returns 0 or a negative errno. */
int client_connect(struct client_load *load, struct client *client);

/* Sends `messages` more equal messages (RFC 6455, 5). */
void client_send(struct client_load *load, struct client *client, unsigned messages);

/* Sends the message of that number, in a numbered load; no more than `batch` wait unsent. */
void client_send_number(struct client_load *load, struct client *client, uint64_t number);

/* Begins the close handshake with 1000 (RFC 6455, 7.1.1); `closed` follows. */
void client_close(struct client_load *load, struct client *client);

/* Resets the connection, so that no port stays in TIME_WAIT. No hook runs. */
void client_reset(struct client_load *load, struct client *client);

#endif
