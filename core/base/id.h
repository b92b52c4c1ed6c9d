/* SPDX-License-Identifier: MIT
 *
 * id.h - a table of slots that hands out 64-bit ids: slot, generation, loop, and room for a
 * node. An id names a thing for ever: once the thing is released, its id is refused by
 * everyone.
 *
 * A table belongs to one loop, which alone acquires and releases; any thread may look a slot
 * up. Slots are never freed before the table is, so a look-up by a stale id touches valid
 * memory. Slots are reused oldest first, so that generations last.
 */
#ifndef WYE_CORE_BASE_ID_H
#define WYE_CORE_BASE_ID_H

#include <stdatomic.h>

#include <wye/types.h>

/*  63    56 55    48 47        28 27        0
 *  | node  |  loop  | generation |   slot   |   generation is never 0, so no id is 0 */
enum {
	WYE_ID_SLOT_BITS = 28,
	WYE_ID_GENERATION_BITS = 20,
	WYE_ID_LOOP_BITS = 8,
};

/* The word of a slot joins the generation (the upper bits; 0 while it is free) with the owner's
 * own 44 bits of state, so that both are tested and changed in one atomic step. */
#define WYE_ID_STATE_BITS 44
#define WYE_ID_STATE_MASK ((UINT64_C(1) << WYE_ID_STATE_BITS) - 1)

struct wye_slot {
	_Atomic uint64_t word;
	_Atomic(void *) object; /* for the owner's loop; others may only compare `word` */
	uint32_t index;
	uint32_t generation; /* of the next or present use */
	struct wye_slot *next_free;
	_Atomic uint64_t spare[4]; /* the owner's; stay through reuse */
};

struct wye_id_table;

int wye_id_table_create(struct wye_id_table **out, unsigned loop,
			unsigned limit) WYE_MUST_CHECK;
void wye_id_table_destroy(struct wye_id_table *table);

/* Takes a free slot for `object`, state 0; owner's thread. Returns 0; -ENOMEM; -ENFILE above
 * the table's limit. */
int wye_id_acquire(struct wye_id_table *table, void *object, struct wye_slot **slot,
		   uint64_t *id) WYE_MUST_CHECK;
/* The id is refused from now on. Owner's thread. */
void wye_id_release(struct wye_id_table *table, struct wye_slot *slot);

/* The slot that an id names, if its generation is the slot's; else NULL. Any thread. */
struct wye_slot *wye_id_find(const struct wye_id_table *table, uint64_t id);

static inline unsigned wye_id_loop(uint64_t id)
{
	return (unsigned)(id >> (WYE_ID_SLOT_BITS + WYE_ID_GENERATION_BITS)) & 0xff;
}

static inline uint64_t wye_id_generation(uint64_t id)
{
	return (id >> WYE_ID_SLOT_BITS) & ((UINT64_C(1) << WYE_ID_GENERATION_BITS) - 1);
}

/* True if a slot's word, as loaded, belongs to the use that `id` names. */
static inline bool wye_id_matches(uint64_t id, uint64_t word)
{
	return wye_id_generation(id) == word >> WYE_ID_STATE_BITS;
}

/* For ids that are good for one use, as of tickets: the first claim wins, whatever thread makes
 * it. The slot's state is theirs. */
bool wye_id_claim(struct wye_slot *slot, uint64_t id);
bool wye_id_unclaimed(const struct wye_slot *slot, uint64_t id);

/* How many are acquired now. Any thread. */
size_t wye_id_count(const struct wye_id_table *table);

#endif
