/* SPDX-License-Identifier: MIT
 *
 * swap.c - see swap.h.
 */
#include <time.h>

#include "base/swap.h"

void wye_swap_init(struct wye_swap *swap, void *value)
{
	atomic_init(&swap->value, value);
	atomic_init(&swap->turn, 0);
	for (size_t i = 0; i < WYE_SWAP_CELLS; i++) {
		atomic_init(&swap->cells[i].readers[0], 0);
		atomic_init(&swap->cells[i].readers[1], 0);
	}
}

static struct wye_swap_cell *cell(struct wye_swap *swap)
{
	static atomic_uint threads;
	static _Thread_local unsigned mine;

	if (!mine)
		mine = 1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) %
				   WYE_SWAP_CELLS;
	return &swap->cells[mine - 1];
}

/* The value is read after the reader is counted, in the one order that all threads see. */
void *wye_swap_enter(struct wye_swap *swap, atomic_uint **mark)
{
	*mark = &cell(swap)->readers[atomic_load(&swap->turn) & 1];
	atomic_fetch_add(*mark, 1);
	return atomic_load(&swap->value);
}

void wye_swap_leave(atomic_uint *mark)
{
	atomic_fetch_sub_explicit(mark, 1, memory_order_release);
}

static bool are_readers(struct wye_swap *swap, unsigned turn)
{
	for (size_t i = 0; i < WYE_SWAP_CELLS; i++)
		if (atomic_load(&swap->cells[i].readers[turn & 1]))
			return true;
	return false;
}

/* New readers count for the next turn, so those of this one become fewer. Twice, as a reader
 * may have looked at the turn before it changed and count itself after we have looked. */
void *wye_swap_replace(struct wye_swap *swap, void *value)
{
	static const struct timespec moment = { 0, 1000000 };
	void *old = atomic_exchange(&swap->value, value);

	for (int i = 0; i < 2; i++) {
		unsigned turn = atomic_fetch_add(&swap->turn, 1);

		while (are_readers(swap, turn))
			nanosleep(&moment, NULL);
	}
	return old;
}
