/* SPDX-License-Identifier: MIT
 *
 * remembered.c - see remembered.h.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "remembered.h"

enum {
	SHARDS = 16,
	WAYS = 4, /* places that a digest may be in */
};

struct entry {
	uint8_t digest[DIGEST_SIZE];
	uint64_t until; /* 0: free */
	unsigned generation;
};

struct shard {
	pthread_mutex_t lock;
	struct entry (*sets)[WAYS];
};

struct remembered {
	size_t sets; /* of each shard */
	struct shard shards[SHARDS];
};

struct remembered *remembered_create(size_t limit)
{
	struct remembered *remembered = calloc(1, sizeof *remembered);
	bool whole = remembered != NULL;

	if (!remembered)
		return NULL;
	remembered->sets = (limit + SHARDS * WAYS - 1) / (SHARDS * WAYS);
	for (int i = 0; i < SHARDS; i++) {
		struct shard *shard = &remembered->shards[i];

		pthread_mutex_init(&shard->lock, NULL);
		shard->sets = calloc(remembered->sets + 1, sizeof *shard->sets);
		whole = whole && shard->sets;
	}
	if (whole)
		return remembered;
	remembered_destroy(remembered);
	return NULL;
}

void remembered_destroy(struct remembered *remembered)
{
	if (!remembered)
		return;
	for (int i = 0; i < SHARDS; i++) {
		pthread_mutex_destroy(&remembered->shards[i].lock);
		free(remembered->shards[i].sets);
	}
	free(remembered);
}

static struct shard *shard_of(struct remembered *remembered, const uint8_t digest[DIGEST_SIZE])
{
	return &remembered->shards[digest[0] % SHARDS];
}

static struct entry *set_of(const struct remembered *remembered, const struct shard *shard,
			    const uint8_t digest[DIGEST_SIZE])
{
	uint64_t number;

	memcpy(&number, digest + 8, sizeof number);
	return shard->sets[number % remembered->sets];
}

/* The place that the digest has already, or that of what ends first. */
static struct entry *place_for(struct entry *set, const uint8_t digest[DIGEST_SIZE])
{
	struct entry *best = set;

	for (int i = 0; i < WAYS; i++) {
		if (!memcmp(set[i].digest, digest, DIGEST_SIZE))
			return &set[i];
		if (set[i].until < best->until)
			best = &set[i];
	}
	return best;
}

void remembered_add(struct remembered *remembered, const uint8_t digest[DIGEST_SIZE],
		    uint64_t until, unsigned generation)
{
	struct shard *shard = shard_of(remembered, digest);
	struct entry *entry;

	if (!remembered->sets)
		return;
	pthread_mutex_lock(&shard->lock);
	entry = place_for(set_of(remembered, shard, digest), digest);
	memcpy(entry->digest, digest, DIGEST_SIZE);
	entry->until = until;
	entry->generation = generation;
	pthread_mutex_unlock(&shard->lock);
}

bool remembered_holds(struct remembered *remembered, const uint8_t digest[DIGEST_SIZE],
		      uint64_t now, unsigned generation)
{
	struct shard *shard = shard_of(remembered, digest);
	const struct entry *set;
	bool found = false;

	if (!remembered->sets)
		return false;
	pthread_mutex_lock(&shard->lock);
	set = set_of(remembered, shard, digest);
	for (int i = 0; i < WAYS; i++)
		found |= set[i].until > now && set[i].generation == generation &&
			 !CRYPTO_memcmp(set[i].digest, digest, DIGEST_SIZE);
	pthread_mutex_unlock(&shard->lock);
	return found;
}
