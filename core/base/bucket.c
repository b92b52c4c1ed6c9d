/* SPDX-License-Identifier: MIT
 *
 * bucket.c - see wye/limit.h: one bucket, and tables of them. A shard is an array of entries
 * that hang in chains by their hash, and in a list by their last use.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wye/limit.h>
#include <wye/metric.h>

#include "base/hash.h"

enum {
	EVENT = 1000,   /* thousandths */
	FEW = 1024,     /* keys, below which there is one shard */
	SHARDS = 16,    /* else */
	IDLE = 60000,   /* milliseconds before an empty bucket may go */
	CACHELINE = 64, /* locks of their own */
	MOST = 1 << 24, /* keys */
};

/* ---- one bucket ---- */

/* Clocks of threads differ by a turn of their loops: that is no time. One that has jumped back
 * by more than a minute is believed. */
static uint64_t passed(uint64_t last, uint64_t now)
{
	int64_t milliseconds = (int64_t)(now - last);

	if (milliseconds < -60000)
		return 1;
	if (milliseconds < 0)
		return 0;
	return milliseconds < UINT32_MAX ? (uint64_t)milliseconds : UINT32_MAX;
}

static uint64_t less(uint64_t from, uint64_t amount)
{
	return from > amount ? from - amount : 0;
}

struct wye_bucket_answer wye_bucket_take(const struct wye_bucket_limits *limits,
					 struct wye_bucket *bucket, uint64_t now)
{
	uint64_t burst = (uint64_t)limits->burst * EVENT,
		 delay = (uint64_t)limits->delay * EVENT, milliseconds;
	struct wye_bucket_answer answer = { .verdict = WYE_BUCKET_PASSES };

	if (!bucket->last) {
		bucket->last = now;
		return answer;
	}
	milliseconds = passed(bucket->last, now);
	answer.excess =
		less(bucket->excess + EVENT, (uint64_t)limits->rate * milliseconds / 1000);
	if (answer.excess > burst) {
		answer.verdict = WYE_BUCKET_REFUSES;
		answer.wait =
			((answer.excess - burst) * 1000 + limits->rate - 1) / limits->rate;
		return answer;
	}
	bucket->excess = answer.excess;
	if (milliseconds)
		bucket->last = now;
	answer.wait =
		less(answer.excess, delay) * 1000 / limits->rate; /* down, as nginx does */
	if (answer.wait)
		answer.verdict = WYE_BUCKET_WAITS;
	return answer;
}

/* ---- tables ---- */

static const uint32_t NONE = UINT32_MAX;

struct entry {
	uint64_t hash;
	struct wye_bucket bucket;
	uint32_t next; /* of its chain, or of the free ones */
	uint32_t older, newer;
};

struct shard {
	_Alignas(CACHELINE) pthread_mutex_t lock;
	uint32_t capacity, used; /* entries behind `used` were never taken */
	uint32_t free, oldest, newest;
	uint32_t mask;
	uint32_t *chains;
	struct entry *entries;
};

struct wye_buckets {
	struct wye_bucket_limits limits;
	wye_metric keys, forgotten;
	unsigned count; /* of shards: a power of two */
	struct shard *shards;
};

static uint32_t index_of(const struct shard *shard, const struct entry *entry)
{
	return (uint32_t)(entry - shard->entries);
}

static struct entry *find(const struct shard *shard, uint64_t hash)
{
	uint32_t at = shard->chains[hash & shard->mask];

	while (at != NONE && shard->entries[at].hash != hash)
		at = shard->entries[at].next;
	return at == NONE ? NULL : &shard->entries[at];
}

static void unlist(struct shard *shard, const struct entry *entry)
{
	if (entry->older == NONE)
		shard->oldest = entry->newer;
	else
		shard->entries[entry->older].newer = entry->newer;
	if (entry->newer == NONE)
		shard->newest = entry->older;
	else
		shard->entries[entry->newer].older = entry->older;
}

static void list_newest(struct shard *shard, struct entry *entry)
{
	entry->older = shard->newest;
	entry->newer = NONE;
	if (shard->newest == NONE)
		shard->oldest = index_of(shard, entry);
	else
		shard->entries[shard->newest].newer = index_of(shard, entry);
	shard->newest = index_of(shard, entry);
}

static void forget_oldest(struct wye_buckets *buckets, struct shard *shard)
{
	uint32_t gone = shard->oldest;
	struct entry *entry = &shard->entries[gone];
	uint32_t *link = &shard->chains[entry->hash & shard->mask];

	while (*link != gone)
		link = &shard->entries[*link].next;
	*link = entry->next;
	unlist(shard, entry);
	entry->next = shard->free;
	shard->free = gone;
	wye_metric_add(buckets->keys, -1);
}

static bool is_idle(const struct wye_buckets *buckets, const struct wye_bucket *bucket,
		    uint64_t now)
{
	uint64_t milliseconds = passed(bucket->last, now);

	return milliseconds >= IDLE &&
	       buckets->limits.rate * milliseconds / 1000 >= bucket->excess;
}

static bool is_full(const struct shard *shard)
{
	return shard->free == NONE && shard->used == shard->capacity;
}

static struct entry *add(struct wye_buckets *buckets, struct shard *shard, uint64_t hash,
			 uint64_t now)
{
	uint32_t *chain = &shard->chains[hash & shard->mask];
	struct entry *entry;

	if (shard->oldest != NONE &&
	    is_idle(buckets, &shard->entries[shard->oldest].bucket, now)) {
		forget_oldest(buckets, shard);
	} else if (is_full(shard)) {
		forget_oldest(buckets, shard);
		wye_metric_add(buckets->forgotten, 1);
	}
	if (shard->free == NONE) {
		entry = &shard->entries[shard->used++];
	} else {
		entry = &shard->entries[shard->free];
		shard->free = entry->next;
	}
	*entry = (struct entry) { .hash = hash, .next = *chain };
	*chain = index_of(shard, entry);
	wye_metric_add(buckets->keys, 1);
	return entry;
}

struct wye_bucket_answer wye_buckets_take(struct wye_buckets *buckets, uint8_t space,
					  struct wye_text key, uint64_t now)
{
	uint64_t hash = wye_hash(key, space);
	struct shard *shard = &buckets->shards[hash >> 32 & (buckets->count - 1)];
	struct wye_bucket_answer answer;
	struct entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = find(shard, hash);
	if (entry)
		unlist(shard, entry);
	else
		entry = add(buckets, shard, hash, now);
	list_newest(shard, entry);
	answer = wye_bucket_take(&buckets->limits, &entry->bucket, now);
	pthread_mutex_unlock(&shard->lock);
	return answer;
}

/* ---- making and ending ---- */

static int init_shard(struct shard *shard, size_t capacity)
{
	uint32_t chains = 1;

	while (chains < capacity)
		chains *= 2;
	shard->capacity = (uint32_t)capacity;
	shard->free = shard->oldest = shard->newest = NONE;
	shard->mask = chains - 1;
	shard->chains = malloc(chains * sizeof *shard->chains);
	shard->entries = calloc(capacity, sizeof *shard->entries);
	if (!shard->chains || !shard->entries)
		return -ENOMEM;
	memset(shard->chains, 0xff, chains * sizeof *shard->chains);
	return 0;
}

static int init_shards(struct wye_buckets *buckets, size_t keys)
{
	size_t size = buckets->count * sizeof *buckets->shards;
	int error = 0;

	buckets->shards = aligned_alloc(CACHELINE, size);
	if (!buckets->shards)
		return -ENOMEM;
	memset(buckets->shards, 0, size);
	for (unsigned i = 0; i < buckets->count; i++) {
		pthread_mutex_init(&buckets->shards[i].lock, NULL);
		if (!error)
			error = init_shard(&buckets->shards[i],
					   (keys + buckets->count - 1) / buckets->count);
	}
	return error;
}

static int register_metrics(struct wye_buckets *buckets, const char *name)
{
	char text[128];

	if (snprintf(text, sizeof text, "%s_forgotten_total", name) >= (int)sizeof text)
		return -EINVAL;
	buckets->forgotten = wye_metric_register(text, WYE_COUNTER);
	snprintf(text, sizeof text, "%s_keys", name);
	buckets->keys = wye_metric_register(text, WYE_GAUGE);
	return 0;
}

int wye_buckets_create(struct wye_buckets **out, const char *name,
		       const struct wye_bucket_limits *limits, size_t keys)
{
	struct wye_buckets *buckets;
	int error;

	if (!limits->rate || !keys || keys > MOST)
		return -EINVAL;
	buckets = calloc(1, sizeof *buckets);
	if (!buckets)
		return -ENOMEM;
	buckets->limits = *limits;
	buckets->count = keys < FEW ? 1 : SHARDS;
	error = register_metrics(buckets, name);
	if (!error)
		error = init_shards(buckets, keys);
	if (error)
		wye_buckets_destroy(buckets);
	else
		*out = buckets;
	return error;
}

static void fini_shard(const struct wye_buckets *buckets, struct shard *shard)
{
	int64_t held = 0;

	for (uint32_t at = shard->entries ? shard->oldest : NONE; at != NONE;
	     at = shard->entries[at].newer)
		held++;
	wye_metric_add(buckets->keys, -held);
	pthread_mutex_destroy(&shard->lock);
	free(shard->chains);
	free(shard->entries);
}

void wye_buckets_destroy(struct wye_buckets *buckets)
{
	if (!buckets)
		return;
	for (unsigned i = 0; buckets->shards && i < buckets->count; i++)
		fini_shard(buckets, &buckets->shards[i]);
	free(buckets->shards);
	free(buckets);
}
