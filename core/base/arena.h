/* SPDX-License-Identifier: MIT
 *
 * arena.h - memory that is freed all at once, with the request that it belongs to. The first
 * block lies in the owner's own memory, so that a small request allocates nothing. Under
 * AddressSanitizer each allocation is a malloc of its own, so that its bugs show.
 *
 * Owned by whoever holds the request.
 */
#ifndef WYE_CORE_BASE_ARENA_H
#define WYE_CORE_BASE_ARENA_H

#include <wye/types.h>

#if defined(__SANITIZE_ADDRESS__)
#define WYE_ARENA_EACH_ITS_OWN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WYE_ARENA_EACH_ITS_OWN 1
#endif
#endif
#ifndef WYE_ARENA_EACH_ITS_OWN
#define WYE_ARENA_EACH_ITS_OWN 0
#endif

struct wye_arena_block;

struct wye_arena {
	char *next, *end;
	char *first;
	size_t first_size;
	struct wye_arena_block *blocks;
};

/* `first` is aligned for any type and stays the caller's. */
void wye_arena_init(struct wye_arena *arena, void *first, size_t size);

/* Frees everything; the arena can be used again at once. */
void wye_arena_reset(struct wye_arena *arena);

/* Aligned for any type; NULL without memory. */
void *wye_arena_allocate(struct wye_arena *arena, size_t size);

/* A copy with a NUL behind it; `data` is NULL without memory. */
struct wye_text wye_arena_copy(struct wye_arena *arena, const char *data, size_t length);

#endif
