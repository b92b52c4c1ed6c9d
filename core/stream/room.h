/* SPDX-License-Identifier: MIT
 *
 * room.h - the bounds of an outbox, and what they leave: counted in the slot of the socket's
 * id, so that a send on any thread knows at once whether there is room, and whether the socket
 * is there at all. And who waits for room.
 *
 * The 44 bits of state in the slot's word: messages (16) and payload bytes (28) in the outbox,
 * those on their way to it included.
 */
#ifndef WYE_CORE_STREAM_ROOM_H
#define WYE_CORE_STREAM_ROOM_H

#include <errno.h>

#include "route/route.h"
#include "stream/pressure.h"
#include "stream/socket.h"

/* Payload of one message, and of all that waits, is below this. */
#define WYE_SEND_MAX ((UINT64_C(1) << 28) - 1)

enum {
	WYE_WORD_PAYLOAD_BITS = 28,
};

/* The slot's spare words, as a socket uses them. */
enum wye_slot_spare {
	WYE_SLOT_BYTES, /* bounds */
	WYE_SLOT_MESSAGES,
	WYE_SLOT_NATURE, /* kind, policy and flags, a byte each; and STARVED (room.c) */
	WYE_SLOT_TAG,
};

static inline size_t wye_word_bytes(uint64_t word)
{
	return word & WYE_SEND_MAX;
}

static inline unsigned wye_word_messages(uint64_t word)
{
	return (unsigned)((word & WYE_ID_STATE_MASK) >> WYE_WORD_PAYLOAD_BITS);
}

static inline uint64_t wye_slot_spare(const struct wye_slot *slot, enum wye_slot_spare index)
{
	return atomic_load_explicit(&slot->spare[index], memory_order_relaxed);
}

static inline bool wye_policy_drops(enum wye_slow_consumer policy)
{
	return policy == WYE_SLOW_DROP_OLDEST || policy == WYE_SLOW_KEEP_LATEST;
}

/* With `bytes` and `messages` waiting, and `before` bytes of them before this one. */
static inline bool wye_room_is_over(const struct wye_slot *slot, size_t bytes, size_t messages,
				    size_t before)
{
	return bytes > wye_slot_spare(slot, WYE_SLOT_BYTES) ||
	       messages > wye_slot_spare(slot, WYE_SLOT_MESSAGES) ||
	       (before > WYE_PRESSED && wye_pressure_high());
}

/* What to do with a message that makes an outbox fuller than it may be: as wye_room_reserve().
 */
int wye_room_judge_over(const struct wye_slot *slot, size_t bytes, size_t messages);

/* Somebody was refused: how much has to leave before there is room for him depends on how much
 * waits now. Any thread. */
void wye_room_note_refusal(struct wye_slot *slot);

/* Takes room for one message. Any thread. Returns 0; 1: others have to give way to it; -ENOENT
 * if the slot is no longer the id's; -EMSGSIZE; -EAGAIN or -ENOBUFS: there is none. */
static inline int wye_room_reserve(struct wye_slot *slot, uint64_t id, size_t length)
{
	uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
	int verdict;

	do {
		size_t before = wye_word_bytes(word), messages = wye_word_messages(word) + 1;

		if (!wye_id_matches(id, word))
			return -ENOENT;
		if (length > wye_slot_spare(slot, WYE_SLOT_BYTES))
			return -EMSGSIZE;
		verdict = wye_room_is_over(slot, before + length, messages, before)
				  ? wye_room_judge_over(slot, before + length, messages)
				  : 0;
		if (verdict < 0)
			return verdict;
	} while (!atomic_compare_exchange_weak_explicit(
		&slot->word, &word, word + (UINT64_C(1) << WYE_WORD_PAYLOAD_BITS) + length,
		memory_order_relaxed, memory_order_relaxed));
	return verdict;
}

/* What has left the outbox gives its room back. Loop's thread; called by socket.c. */
void wye_socket_unreserve(struct wye_socket *socket, unsigned messages, size_t payload);

/* Payload that would still find room. Loop's thread. */
size_t wye_socket_room(const struct wye_socket *socket);

/* The taker could not send, and is to be told by ops->relieved when there is room again. */
void wye_socket_crowd(struct wye_socket *socket);

/* Whether more than half of a bound waits; and whether so little does that who was refused may
 * try again. Both count what is on its way to the outbox. Loop's thread; the second only with a
 * name. */
bool wye_socket_half_full(const struct wye_socket *socket);
bool wye_socket_is_relieved(const struct wye_socket *socket);

/* Somebody waits for room: called once on the socket's loop, when the outbox has emptied to a
 * quarter (0) or the socket is refused (-ENOENT). */
struct wye_room_wait {
	struct wye_room_wait *next;
	void (*run)(struct wye_room_wait *wait, int status);
};
/* Loop's thread. */
void wye_socket_wait(struct wye_socket *socket, struct wye_room_wait *wait);
/* Tells those that wait, and the taker: for socket.c. */
void wye_socket_relieve(struct wye_socket *socket);

#endif
