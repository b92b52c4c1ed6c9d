/* SPDX-License-Identifier: MIT
 *
 * arena.c - see arena.h.
 */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum {
	FIRST_BLOCK = 512, /* each next one is twice as large, */
	LAST_BLOCK = 4096, /* up to this */
};

struct wye_arena_block {
	struct wye_arena_block *next;
	size_t room;
	alignas(max_align_t) char data[];
};

/* The first block may be none at all. */
static void use_first(struct wye_arena *arena)
{
	arena->next = arena->first;
	arena->end = arena->first_size ? arena->first + arena->first_size : arena->first;
}

void wye_arena_init(struct wye_arena *arena, void *first, size_t size)
{
	arena->first = first;
	arena->first_size = WYE_ARENA_EACH_ITS_OWN ? 0 : size;
	use_first(arena);
	arena->blocks = NULL;
}

void wye_arena_reset(struct wye_arena *arena)
{
	while (arena->blocks) {
		struct wye_arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	use_first(arena);
}

static void *allocate_block(struct wye_arena *arena, size_t size)
{
	size_t next = arena->blocks ? 2 * arena->blocks->room : FIRST_BLOCK;
	size_t common = next < LAST_BLOCK ? next : LAST_BLOCK;
	size_t room = WYE_ARENA_EACH_ITS_OWN || size > common ? size : common;
	struct wye_arena_block *block;

	if (room > SIZE_MAX - sizeof *block)
		return NULL;
	block = malloc(sizeof *block + room);
	if (!block)
		return NULL;
	block->next = arena->blocks;
	block->room = room;
	arena->blocks = block;
	if (room > size) {
		arena->next = block->data + size;
		arena->end = block->data + room;
	}
	return block->data;
}

void *wye_arena_allocate(struct wye_arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	size_t rounded = (size + align - 1) & ~(align - 1);
	char *data = arena->next;

	if (rounded < size)
		return NULL;
	if (rounded > (size_t)(arena->end - arena->next))
		return allocate_block(arena, WYE_ARENA_EACH_ITS_OWN ? size : rounded);
	arena->next += rounded;
	return data;
}

struct wye_text wye_arena_copy(struct wye_arena *arena, const char *data, size_t length)
{
	char *copy = wye_arena_allocate(arena, length + 1);

	if (!copy)
		return (struct wye_text) { NULL, 0 };
	memcpy(copy, data, length);
	copy[length] = '\0';
	return (struct wye_text) { copy, length };
}
