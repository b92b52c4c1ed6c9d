/* SPDX-License-Identifier: MIT
 *
 * swap.h - a pointer that one thread replaces while many read what it points to. Reading takes
 * no lock: a reader counts itself in cells that few threads share. Who replaces waits until
 * nobody can still see the old one.
 */
#ifndef WYE_CORE_BASE_SWAP_H
#define WYE_CORE_BASE_SWAP_H

#include <stdatomic.h>

#include <wye/types.h>

enum {
	WYE_SWAP_CELLS = 16,
};

struct wye_swap {
	_Atomic(void *) value;
	atomic_uint turn;
	struct wye_swap_cell {
		atomic_uint readers[2]; /* of even and of odd turns */
		char apart[56];         /* a cell has a cache line for itself */
	} cells[WYE_SWAP_CELLS];
};

void wye_swap_init(struct wye_swap *swap, void *value);

/* What it points to now, which stays until wye_swap_leave() with the same mark. Any thread; a
 * reader may not wait in between. */
void *wye_swap_enter(struct wye_swap *swap, atomic_uint **mark);
void wye_swap_leave(atomic_uint *mark);

/* Puts another value there and returns the old one once nobody reads it: the caller may free
 * it. One thread at a time, which sleeps a little while there are readers. */
void *wye_swap_replace(struct wye_swap *swap, void *value);

#endif
