/* SPDX-License-Identifier: MIT
 *
 * id.c - see id.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/id.h"

enum {
	CHUNK = 1024, /* slots that are allocated together */
};

#define GENERATIONS ((UINT64_C(1) << WYE_ID_GENERATION_BITS) - 1)

struct wye_id_table {
	unsigned loop, limit;
	atomic_uint made; /* slots that exist */
	atomic_size_t taken;
	struct wye_slot *oldest, **newest; /* free ones, the oldest first */
	_Atomic(struct wye_slot *) *chunks;
};

int wye_id_table_create(struct wye_id_table **out, unsigned loop, unsigned limit)
{
	struct wye_id_table *table = calloc(1, sizeof *table);
	size_t chunks = limit / CHUNK + 1;

	if (!table)
		return -ENOMEM;
	table->chunks = calloc(chunks, sizeof *table->chunks);
	if (!table->chunks) {
		free(table);
		return -ENOMEM;
	}
	table->loop = loop;
	table->limit = limit;
	table->newest = &table->oldest;
	*out = table;
	return 0;
}

void wye_id_table_destroy(struct wye_id_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i <= table->limit / CHUNK; i++)
		free(table->chunks[i]);
	free(table->chunks);
	free(table);
}

static int grow(struct wye_id_table *table)
{
	unsigned made = atomic_load_explicit(&table->made, memory_order_relaxed);
	unsigned count = table->limit - made < CHUNK ? table->limit - made : CHUNK;
	struct wye_slot *chunk;

	if (!count)
		return -ENFILE;
	chunk = calloc(CHUNK, sizeof *chunk);
	if (!chunk)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		chunk[i].index = made + i;
		*table->newest = &chunk[i];
		table->newest = &chunk[i].next_free;
	}
	atomic_store_explicit(&table->chunks[made / CHUNK], chunk, memory_order_relaxed);
	/* Published last: a look-up reads it first. */
	atomic_store_explicit(&table->made, made + count, memory_order_release);
	return 0;
}

int wye_id_acquire(struct wye_id_table *table, void *object, struct wye_slot **out,
		   uint64_t *id)
{
	struct wye_slot *slot;
	int error;

	if (!table->oldest) {
		error = grow(table);
		if (error)
			return error;
	}
	slot = table->oldest;
	table->oldest = slot->next_free;
	if (!table->oldest)
		table->newest = &table->oldest;
	slot->next_free = NULL;
	slot->generation = (uint32_t)(slot->generation % GENERATIONS + 1);
	atomic_store_explicit(&slot->object, object, memory_order_relaxed);
	atomic_store_explicit(&slot->word, (uint64_t)slot->generation << WYE_ID_STATE_BITS,
			      memory_order_release);
	atomic_fetch_add_explicit(&table->taken, 1, memory_order_relaxed);
	*out = slot;
	*id = (uint64_t)(table->loop & 0xff) << (WYE_ID_SLOT_BITS + WYE_ID_GENERATION_BITS) |
	      (uint64_t)slot->generation << WYE_ID_SLOT_BITS | slot->index;
	return 0;
}

void wye_id_release(struct wye_id_table *table, struct wye_slot *slot)
{
	atomic_store_explicit(&slot->word, 0, memory_order_release);
	atomic_store_explicit(&slot->object, NULL, memory_order_relaxed);
	atomic_fetch_sub_explicit(&table->taken, 1, memory_order_relaxed);
	*table->newest = slot;
	table->newest = &slot->next_free;
}

struct wye_slot *wye_id_find(const struct wye_id_table *table, uint64_t id)
{
	uint64_t index = id & ((UINT64_C(1) << WYE_ID_SLOT_BITS) - 1);
	struct wye_slot *slot;

	if (index >= atomic_load_explicit(&table->made, memory_order_acquire) ||
	    !wye_id_generation(id))
		return NULL;
	slot = atomic_load_explicit(&table->chunks[index / CHUNK], memory_order_relaxed) +
	       index % CHUNK;
	if (!wye_id_matches(id, atomic_load_explicit(&slot->word, memory_order_acquire)))
		return NULL;
	return slot;
}

size_t wye_id_count(const struct wye_id_table *table)
{
	return atomic_load_explicit(&table->taken, memory_order_relaxed);
}

/* ---- one use ---- */

static uint64_t unclaimed_word(uint64_t id)
{
	return wye_id_generation(id) << WYE_ID_STATE_BITS;
}

bool wye_id_claim(struct wye_slot *slot, uint64_t id)
{
	uint64_t word = unclaimed_word(id);

	return atomic_compare_exchange_strong(&slot->word, &word, word | 1);
}

bool wye_id_unclaimed(const struct wye_slot *slot, uint64_t id)
{
	return atomic_load(&slot->word) == unclaimed_word(id);
}
