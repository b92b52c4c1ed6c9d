/* SPDX-License-Identifier: MIT
 *
 * table.c - see table.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/table.h"

enum {
	SMALLEST = 16,
};

static struct wye_entry *find(struct wye_entry *entry, uint64_t hash)
{
	while (entry && entry->hash != hash)
		entry = entry->next;
	return entry;
}

struct wye_entry *wye_table_first(const struct wye_table *table, uint64_t hash)
{
	return table->size ? find(table->buckets[hash & (table->size - 1)], hash) : NULL;
}

struct wye_entry *wye_table_next(const struct wye_entry *entry)
{
	return find(entry->next, entry->hash);
}

static void put(struct wye_entry **buckets, size_t size, struct wye_entry *entry)
{
	struct wye_entry **bucket = &buckets[entry->hash & (size - 1)];

	entry->next = *bucket;
	*bucket = entry;
}

static int grow(struct wye_table *table)
{
	size_t size = table->size ? table->size * 2 : SMALLEST;
	struct wye_entry **buckets = calloc(size, sizeof(struct wye_entry *));

	if (!buckets)
		return table->size ? 0 : -ENOMEM; /* longer chains will do */
	for (size_t i = 0; i < table->size; i++)
		while (table->buckets[i]) {
			struct wye_entry *entry = table->buckets[i];

			table->buckets[i] = entry->next;
			put(buckets, size, entry);
		}
	free(table->buckets);
	table->buckets = buckets;
	table->size = size;
	return 0;
}

int wye_table_add(struct wye_table *table, struct wye_entry *entry)
{
	if (table->count >= table->size) {
		int error = grow(table);

		if (error)
			return error;
	}
	put(table->buckets, table->size, entry);
	table->count++;
	return 0;
}

void wye_table_remove(struct wye_table *table, struct wye_entry *entry)
{
	struct wye_entry **link = &table->buckets[entry->hash & (table->size - 1)];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	if (!--table->count)
		wye_table_fini(table);
}

void wye_table_fini(struct wye_table *table)
{
	free(table->buckets);
	*table = (struct wye_table) { .buckets = NULL };
}
