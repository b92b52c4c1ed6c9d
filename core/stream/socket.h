/* SPDX-License-Identifier: MIT
 *
 * socket.h - an adopted socket: what a WebSocket connection, a byte relay and an event stream
 * have in common. Its taker embeds it as the first member. It lives on one stream loop, and all
 * calls are for that loop's thread.
 */
#ifndef WYE_CORE_STREAM_SOCKET_H
#define WYE_CORE_STREAM_SOCKET_H

#include "net/wire.h"
#include "stream/loop.h"
#include "stream/outbox.h"

struct wye_socket;

enum wye_socket_end {
	WYE_SOCKET_PEER,    /* the peer closed or reset the connection */
	WYE_SOCKET_CLOSED,  /* wye_socket_close() has written everything */
	WYE_SOCKET_KILLED,  /* wye_socket_kill() */
	WYE_SOCKET_STALLED, /* the peer took nothing for write_timeout */
	WYE_SOCKET_STOPPED, /* the loop has ended */
};

struct wye_socket_ops {
	/* Bytes from the peer, to be used or copied during the call; they may be changed. Not
	 * called while paused or after wye_socket_close(). */
	void (*received)(struct wye_socket *socket, uint8_t *data, size_t length);
	/* The outbox is about to be written, and more may be put in; for sockets that are
	 * hooked. */
	void (*flushing)(struct wye_socket *socket);
	/* Messages have left the outbox for the kernel; nothing may be called back. */
	void (*written)(struct wye_socket *socket, unsigned messages, size_t payload);
	/* A policy has taken messages out of the outbox, unwritten. */
	void (*dropped)(struct wye_socket *socket, const struct wye_outbox_left *left);
	/* The outbox, crowded before, has emptied to a quarter of its bounds; or altogether, if
	 * something was refused that a quarter leaves no room for. */
	void (*relieved)(struct wye_socket *socket);
	/* Called once after each wye_socket_resume(), at the turn's end: what was kept back may
	 * be worked off; reading goes on afterwards, unless it was paused again. */
	void (*resumed)(struct wye_socket *socket);
	/* A deadline set by wye_socket_deadline() is over. */
	void (*expired)(struct wye_socket *socket);
	/* The program stops: the connection is to be ended gently. False if it is ending
	 * already. */
	bool (*drain)(struct wye_socket *socket);
	/* The last call, exactly once for each adopted socket; free() follows at the turn's
	 * end. */
	void (*ended)(struct wye_socket *socket, enum wye_socket_end how);
	void (*free)(struct wye_socket *socket);
};

struct wye_socket {
	const struct wye_socket_ops *ops;
	struct wye_stream_loop *loop;
	struct lws *wsi;
	struct wye_tls *tls;             /* NULL: plain */
	struct wye_socket *next, **link; /* all of the loop; later: the dead */
	struct wye_socket *next_dirty;
	struct wye_slot *slot; /* NULL before it has an id, and once that is refused (send.h) */
	uint64_t id;
	struct wye_outbox outbox;
	struct wye_room_wait *waits; /* for room (send.h) */
	struct wye_timer timer;      /* write progress and the deadline */
	uint64_t deadline;           /* milliseconds of the loop's clock; 0: none */
	uint64_t progress_at;        /* when the peer last took something */
	uint64_t written, taken; /* plain bytes given to the kernel or to TLS; taken by the peer
				    at the last look */
	unsigned write_timeout;  /* milliseconds; 0: none */
	unsigned served;    /* in which flush it went on after a pause, or was told of room */
	unsigned accounted; /* bytes of the outbox that wye_pressure counts */
	int descriptor;
	uint8_t end;    /* enum wye_socket_end */
	uint8_t policy; /* enum wye_slow_consumer, when the outbox is full */
	bool hooked;
	bool crowded; /* the outbox was more than half full, or refused something, or somebody
			 waits for room */
	bool broken;  /* a write failed where it could not be told */
	bool dropped; /* what waits is not waited for */
	bool early;   /* something of it lies in the loop's list (early.h) */
	bool dirty, blocked, receiving, closing, killed, paused, resuming, ticking;
};

/* The socket whose received() runs on this thread: most sends go to it. NULL: none. */
extern _Thread_local struct wye_socket *wye_socket_speaking;

/* Adopts a client's socket, which belongs to `socket` from now on. What was read of it too
 * early is received at the turn's end. Returns 0, or a negative errno; the wire is closed then,
 * and no callback comes. */
int wye_socket_adopt(struct wye_socket *socket, struct wye_stream_loop *loop,
		     struct wye_wire wire, const struct wye_socket_ops *ops,
		     unsigned write_timeout) WYE_MUST_CHECK;

/* Gives an adopted socket to another taker: `to` takes its place, `from` is only memory then.
 * Not in a callback of the socket's own. */
void wye_socket_move(struct wye_socket *from, struct wye_socket *to,
		     const struct wye_socket_ops *ops, unsigned write_timeout);

/* Something was put into the outbox: it is flushed at the turn's end at the latest. */
void wye_socket_touch(struct wye_socket *socket);

/* Writes what the kernel takes, now: for who has filled the outbox within one turn. Calls
 * nothing back but `written`, and is always safe. */
void wye_socket_write(struct wye_socket *socket);

/* Closes after the outbox is written; nothing is received any more. */
void wye_socket_close(struct wye_socket *socket);
/* Closes at the turn's end; what waits is dropped. */
void wye_socket_drop(struct wye_socket *socket);
/* Closes at once, from wherever the caller is; what waits is dropped. */
void wye_socket_kill(struct wye_socket *socket, enum wye_socket_end how);

/* Stops and continues reading. */
void wye_socket_pause(struct wye_socket *socket);
void wye_socket_resume(struct wye_socket *socket);

/* How many bytes the peer has taken so far: its system, not its program. A system call. */
uint64_t wye_socket_taken(const struct wye_socket *socket);

/* Calls ops->expired `milliseconds` from now; 0 takes a deadline back. */
void wye_socket_deadline(struct wye_socket *socket, unsigned milliseconds);

/* Of many sockets that are written in turn most are cold: fetches the next, with what its taker
 * counts behind it. NULL is accepted. */
static inline void wye_socket_fetch(const struct wye_socket *socket)
{
	for (size_t line = 0; socket && line < 704; line += 64)
		__builtin_prefetch((const char *)socket + line, 1);
}

/* The turn's end, for the loop: flushes what is dirty, frees what is dead. If something is
 * dirty afterwards, the next turn must come at once. */
void wye_sockets_flush(struct wye_stream_loop *loop);
/* The engine's callback for all adopted sockets. */
int wye_socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			size_t length);

#endif
