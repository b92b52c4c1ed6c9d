/* SPDX-License-Identifier: MIT
 *
 * room.c - see room.h.
 */
#include <errno.h>

#include "stream/room.h"

enum {
	MOST_MESSAGES = 65535, /* that the word can count */
};

/* A message was refused although less than a quarter waits: there is no room for it before all
 * has left. */
#define STARVED (UINT64_C(1) << 32)

/* ---- bounds ---- */

static enum wye_slow_consumer policy_of(const struct wye_slot *slot)
{
	return (enum wye_slow_consumer)(wye_slot_spare(slot, WYE_SLOT_NATURE) >> 8 & 0xff);
}

/* What to do with a message that makes an outbox fuller than it may be: 1: it goes in, older
 * ones go; they wait at their loop, and until then there is a limit to that, too. */
int wye_room_judge_over(const struct wye_slot *slot, size_t bytes, size_t messages)
{
	enum wye_slow_consumer policy = policy_of(slot);

	if (wye_policy_drops(policy) && bytes <= 2 * wye_slot_spare(slot, WYE_SLOT_BYTES) &&
	    messages <= 2 * wye_slot_spare(slot, WYE_SLOT_MESSAGES) &&
	    messages <= MOST_MESSAGES)
		return 1;
	return policy == WYE_SLOW_DISCONNECT ? -ENOBUFS : -EAGAIN;
}

/* Whether `word` is at most so full: a half, a quarter. */
static bool is_within(const struct wye_slot *slot, uint64_t word, unsigned part)
{
	return wye_word_bytes(word) <= wye_slot_spare(slot, WYE_SLOT_BYTES) / part &&
	       wye_word_messages(word) <= wye_slot_spare(slot, WYE_SLOT_MESSAGES) / part;
}

void wye_room_note_refusal(struct wye_slot *slot)
{
	if (is_within(slot, atomic_load_explicit(&slot->word, memory_order_relaxed), 4))
		atomic_fetch_or_explicit(&slot->spare[WYE_SLOT_NATURE], STARVED,
					 memory_order_relaxed);
}

void wye_socket_unreserve(struct wye_socket *socket, unsigned messages, size_t payload)
{
	if (socket->slot)
		atomic_fetch_sub_explicit(&socket->slot->word,
					  ((uint64_t)messages << WYE_WORD_PAYLOAD_BITS) +
						  payload,
					  memory_order_relaxed);
}

void wye_socket_crowd(struct wye_socket *socket)
{
	socket->crowded = true;
	if (socket->slot)
		wye_room_note_refusal(socket->slot);
	wye_socket_touch(socket);
}

bool wye_socket_half_full(const struct wye_socket *socket)
{
	return socket->slot &&
	       !is_within(socket->slot,
			  atomic_load_explicit(&socket->slot->word, memory_order_relaxed), 2);
}

bool wye_socket_is_relieved(const struct wye_socket *socket)
{
	uint64_t word = atomic_load_explicit(&socket->slot->word, memory_order_relaxed);

	if (wye_slot_spare(socket->slot, WYE_SLOT_NATURE) & STARVED)
		return !(word & WYE_ID_STATE_MASK);
	return is_within(socket->slot, word, 4) &&
	       !(wye_word_bytes(word) > WYE_PRESSED && wye_pressure_high());
}

size_t wye_socket_room(const struct wye_socket *socket)
{
	uint64_t word, bytes;

	if (!socket->slot)
		return 0;
	word = atomic_load_explicit(&socket->slot->word, memory_order_relaxed);
	bytes = wye_word_bytes(word);
	if (wye_word_messages(word) >= wye_slot_spare(socket->slot, WYE_SLOT_MESSAGES) ||
	    bytes >= wye_slot_spare(socket->slot, WYE_SLOT_BYTES) ||
	    (bytes > WYE_PRESSED && wye_pressure_high()))
		return 0;
	return wye_slot_spare(socket->slot, WYE_SLOT_BYTES) - bytes;
}

/* ---- who waits ---- */

/* Takes the list, which has the latest in front, turned round: who waits for long comes first.
 */
static struct wye_room_wait *take_waits(struct wye_socket *socket)
{
	struct wye_room_wait *oldest = NULL;

	while (socket->waits) {
		struct wye_room_wait *wait = socket->waits;

		socket->waits = wait->next;
		wait->next = oldest;
		oldest = wait;
	}
	return oldest;
}

static void end_waits(struct wye_socket *socket, int status)
{
	struct wye_room_wait *wait = take_waits(socket); /* they may wait again */

	while (wait) {
		struct wye_room_wait *next = wait->next;

		wait->run(wait, status);
		wait = next;
	}
}

void wye_socket_relieve(struct wye_socket *socket)
{
	socket->crowded = false;
	if (socket->slot)
		atomic_fetch_and_explicit(&socket->slot->spare[WYE_SLOT_NATURE], ~STARVED,
					  memory_order_relaxed);
	end_waits(socket, socket->slot ? 0 : -ENOENT);
	if (socket->ops->relieved && !socket->killed)
		socket->ops->relieved(socket);
}

void wye_socket_wait(struct wye_socket *socket, struct wye_room_wait *wait)
{
	wait->next = socket->waits;
	socket->waits = wait;
	socket->crowded = true;
	wye_socket_touch(socket); /* if it has room already, the turn's end tells */
}
