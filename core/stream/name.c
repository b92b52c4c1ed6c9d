/* SPDX-License-Identifier: MIT
 *
 * name.c - see name.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "stream/name.h"
#include "stream/room.h"

void wye_slot_mark(struct wye_slot *slot, enum wye_socket_kind kind)
{
	atomic_store_explicit(&slot->spare[WYE_SLOT_NATURE], kind, memory_order_release);
}

bool wye_slot_is(const struct wye_slot *slot, enum wye_socket_kind kind)
{
	return (wye_slot_spare(slot, WYE_SLOT_NATURE) & 0xff) == kind;
}

int wye_socket_name(struct wye_socket *socket, enum wye_socket_kind kind,
		    const struct wye_send_bounds *bounds)
{
	const uint64_t values[] = {
		[WYE_SLOT_BYTES] = bounds->bytes,
		[WYE_SLOT_MESSAGES] = bounds->messages,
		[WYE_SLOT_NATURE] =
			kind | (uint64_t)bounds->policy << 8 | (uint64_t)bounds->flags << 16,
		[WYE_SLOT_TAG] = (uintptr_t)bounds->tag,
	};
	int error = wye_id_acquire(socket->loop->ids, socket, &socket->slot, &socket->id);

	for (unsigned i = 0; !error && i < 4; i++)
		atomic_store_explicit(&socket->slot->spare[i], values[i], memory_order_release);
	socket->policy = (uint8_t)bounds->policy;
	return error;
}

void wye_socket_unname(struct wye_socket *socket)
{
	if (!socket->slot)
		return;
	wye_id_release(socket->loop->ids, socket->slot);
	socket->slot = NULL;
	if (socket->wsi) /* else it was never adopted, and its memory may go at once */
		wye_socket_touch(socket); /* who waits for room is told at the turn's end */
}

struct wye_slot *wye_slot_find(uint64_t id, enum wye_socket_kind kind,
			       struct wye_stream_loop **loop)
{
	struct wye_slot *slot;

	*loop = wye_stream_of(wye_id_loop(id));
	slot = *loop ? wye_id_find((*loop)->ids, id) : NULL;
	return slot && wye_slot_is(slot, kind) ? slot : NULL;
}

struct wye_socket_place wye_socket_place(uint64_t id, enum wye_socket_kind kind)
{
	struct wye_socket_place place;
	const struct wye_slot *slot = wye_slot_find(id, kind, &place.loop);

	if (!slot)
		return (struct wye_socket_place) { .loop = NULL };
	place.tag = (const void *)(uintptr_t)atomic_load_explicit(&slot->spare[WYE_SLOT_TAG],
								  memory_order_acquire);
	place.flags = (uint8_t)(atomic_load_explicit(&slot->spare[WYE_SLOT_NATURE],
						     memory_order_acquire) >>
				16);
	/* Has the next use of the slot put its own in meanwhile? Then its word is there, too.
	 */
	if (!wye_id_matches(id, atomic_load_explicit(&slot->word, memory_order_acquire)))
		return (struct wye_socket_place) { .loop = NULL };
	return place;
}

struct wye_socket *wye_socket_find(uint64_t id, enum wye_socket_kind kind)
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = wye_slot_find(id, kind, &loop);

	return slot ? atomic_load_explicit(&slot->object, memory_order_relaxed) : NULL;
}

/* ---- orders ---- */

struct posted_order {
	uint64_t id;
	enum wye_socket_kind kind;
	struct wye_order order;
	void (*run)(struct wye_socket *socket, const struct wye_order *order);
};

static void carry_out(void *argument)
{
	struct posted_order *posted = argument;
	struct wye_socket *socket = wye_socket_find(posted->id, posted->kind);

	if (socket)
		posted->run(socket, &posted->order);
	free(posted);
}

int wye_socket_order(uint64_t id, enum wye_socket_kind kind, const struct wye_order *order,
		     void (*run)(struct wye_socket *socket, const struct wye_order *order))
{
	struct wye_stream_loop *loop;
	struct wye_slot *slot = wye_slot_find(id, kind, &loop);
	struct posted_order *posted;
	int error;

	if (!slot)
		return -ENOENT;
	if (wye_loop_here(&loop->loop)) {
		run(atomic_load_explicit(&slot->object, memory_order_relaxed), order);
		return 0;
	}
	posted = malloc(sizeof *posted);
	if (!posted)
		return -ENOMEM;
	*posted = (struct posted_order) { id, kind, *order, run };
	error = wye_loop_post(&loop->loop, carry_out, posted);
	if (error)
		free(posted);
	return error == -ESHUTDOWN ? -ENOENT : error;
}
