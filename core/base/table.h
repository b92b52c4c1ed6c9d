/* SPDX-License-Identifier: MIT
 *
 * table.h - a hash table of entries that are embedded in what they find: chained, it grows with
 * what is in it. Owned by whoever embeds it, who also sees to locks.
 */
#ifndef WYE_CORE_BASE_TABLE_H
#define WYE_CORE_BASE_TABLE_H

#include <wye/types.h>

struct wye_entry {
	struct wye_entry *next;
	uint64_t hash;
};

struct wye_table {
	struct wye_entry **buckets;
	size_t size; /* a power of two; 0 while it is empty */
	size_t count;
};

/* The first entry of a hash, and the next one behind it; the caller compares. NULL: none. */
struct wye_entry *wye_table_first(const struct wye_table *table, uint64_t hash);
struct wye_entry *wye_table_next(const struct wye_entry *entry);

/* Puts an entry in, with its hash set. Returns 0 or -ENOMEM. */
int wye_table_add(struct wye_table *table, struct wye_entry *entry) WYE_MUST_CHECK;
void wye_table_remove(struct wye_table *table, struct wye_entry *entry);
/* Frees the table; what is in it is the caller's. */
void wye_table_fini(struct wye_table *table);

#endif
