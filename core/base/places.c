/* SPDX-License-Identifier: MIT
 *
 * places.c - see wye/limit.h: how many of each key are inside. Entries are there while somebody
 * is; shards have a lock each.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <wye/limit.h>

#include "base/hash.h"
#include "base/table.h"

enum {
	SHARDS = 16,
	SPACE = 0, /* of the hash: a table has keys of one kind */
};

struct wye_place {
	struct wye_entry entry; /* first */
	unsigned inside;
};

struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct wye_table table;
};

struct wye_places {
	struct shard shards[SHARDS];
	unsigned most;
};

int wye_places_create(struct wye_places **out, unsigned most)
{
	struct wye_places *places = aligned_alloc(_Alignof(struct wye_places), sizeof *places);

	if (!places)
		return -ENOMEM;
	places->most = most;
	for (int i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&places->shards[i].lock, NULL);
		places->shards[i].table = (struct wye_table) { .buckets = NULL };
	}
	*out = places;
	return 0;
}

void wye_places_destroy(struct wye_places *places)
{
	if (!places)
		return;
	for (int i = 0; i < SHARDS; i++) {
		wye_table_fini(&places->shards[i].table);
		pthread_mutex_destroy(&places->shards[i].lock);
	}
	free(places);
}

static struct shard *shard_of(struct wye_places *places, uint64_t hash)
{
	return &places->shards[hash >> 32 & (SHARDS - 1)];
}

static struct wye_place *add(struct shard *shard, uint64_t hash)
{
	struct wye_place *place = calloc(1, sizeof *place);

	if (!place)
		return NULL;
	place->entry.hash = hash;
	if (!wye_table_add(&shard->table, &place->entry))
		return place;
	free(place);
	return NULL;
}

static int enter(const struct wye_places *places, struct shard *shard, uint64_t hash,
		 struct wye_place **out)
{
	struct wye_place *place = (struct wye_place *)wye_table_first(&shard->table, hash);

	if (place ? place->inside >= places->most : !places->most)
		return -EAGAIN;
	if (!place)
		place = add(shard, hash);
	if (!place)
		return -ENOMEM;
	place->inside++;
	*out = place;
	return 0;
}

int wye_places_enter(struct wye_places *places, struct wye_text key, struct wye_place **out)
{
	uint64_t hash = wye_hash(key, SPACE);
	struct shard *shard = shard_of(places, hash);
	int error;

	pthread_mutex_lock(&shard->lock);
	error = enter(places, shard, hash, out);
	pthread_mutex_unlock(&shard->lock);
	return error;
}

void wye_places_leave(struct wye_places *places, struct wye_place *place)
{
	struct shard *shard = shard_of(places, place->entry.hash);

	pthread_mutex_lock(&shard->lock);
	if (--place->inside)
		place = NULL;
	else
		wye_table_remove(&shard->table, &place->entry);
	pthread_mutex_unlock(&shard->lock);
	free(place);
}
