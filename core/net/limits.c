/* SPDX-License-Identifier: MIT
 *
 * limits.c - see limits.h. Addresses are counted in a chained hash table whose shards have a
 * lock each; it is only touched where a limit per address is set.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/limits.h"

enum {
	SHARDS = 16,
	BUCKETS = 256, /* of a shard */
};

struct entry {
	struct entry *next;
	uint8_t bytes[16];
	unsigned open;
};

struct shard {
	pthread_mutex_t lock;
	struct entry *buckets[BUCKETS];
};

struct wye_limits {
	unsigned total, per_address;
	atomic_uint open;
	const struct wye_cidr *trusted;
	size_t trusted_count;
	uint64_t seed; /* so that nobody can choose addresses that meet in one bucket */
	struct shard shards[SHARDS];
};

int wye_limits_create(struct wye_limits **out, unsigned total, unsigned per_address,
		      const struct wye_cidr *trusted, size_t count)
{
	struct wye_limits *limits = calloc(1, sizeof *limits);

	if (!limits)
		return -ENOMEM;
	limits->total = total;
	limits->per_address = per_address;
	limits->trusted = trusted;
	limits->trusted_count = count;
	if (getrandom(&limits->seed, sizeof limits->seed, 0) < 0)
		limits->seed = (uintptr_t)limits;
	for (int i = 0; i < SHARDS; i++)
		pthread_mutex_init(&limits->shards[i].lock, NULL);
	*out = limits;
	return 0;
}

void wye_limits_destroy(struct wye_limits *limits)
{
	if (!limits)
		return;
	for (int i = 0; i < SHARDS; i++) {
		struct shard *shard = &limits->shards[i];

		for (int bucket = 0; bucket < BUCKETS; bucket++)
			while (shard->buckets[bucket]) {
				struct entry *next = shard->buckets[bucket]->next;

				free(shard->buckets[bucket]);
				shard->buckets[bucket] = next;
			}
		pthread_mutex_destroy(&shard->lock);
	}
	free(limits);
}

/* An IPv6 host owns at least a /64 (RFC 6177): the rest of its address is its own choice. */
static void address_key(const union wye_address *peer, uint8_t key[16])
{
	wye_address_bytes(peer, key);
	if (peer->any.sa_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&peer->v6.sin6_addr))
		memset(key + 8, 0, 8);
}

static uint64_t mix(const struct wye_limits *limits, const uint8_t key[16])
{
	uint64_t words[2];

	memcpy(words, key, sizeof words);
	for (int i = 0; i < 2; i++) {
		words[i] ^= limits->seed;
		words[i] *= UINT64_C(0x9e3779b97f4a7c15);
		words[i] ^= words[i] >> 32;
	}
	return (words[0] ^ (words[1] * UINT64_C(0xbf58476d1ce4e5b9))) >> 16;
}

static bool exempt(const struct wye_limits *limits, const union wye_address *peer)
{
	uint8_t bytes[16];

	wye_address_bytes(peer, bytes);
	for (size_t i = 0; i < limits->trusted_count; i++)
		if (wye_cidr_holds(&limits->trusted[i], bytes))
			return true;
	return false;
}

static struct entry **find_entry(struct shard *shard, uint64_t hash, const uint8_t key[16])
{
	struct entry **link = &shard->buckets[hash / SHARDS % BUCKETS];

	while (*link && memcmp((*link)->bytes, key, 16))
		link = &(*link)->next;
	return link;
}

/* Counts one more of this address; false above the limit or without memory. */
static bool enter_address(struct wye_limits *limits, const union wye_address *peer)
{
	uint8_t key[16];
	struct shard *shard;
	struct entry **link;
	uint64_t hash;
	bool fits;

	address_key(peer, key);
	hash = mix(limits, key);
	shard = &limits->shards[hash % SHARDS];
	pthread_mutex_lock(&shard->lock);
	link = find_entry(shard, hash, key);
	if (!*link) {
		*link = calloc(1, sizeof **link);
		if (*link)
			memcpy((*link)->bytes, key, sizeof key);
	}
	fits = *link && (*link)->open < limits->per_address;
	if (fits)
		(*link)->open++;
	pthread_mutex_unlock(&shard->lock);
	return fits;
}

static void leave_address(struct wye_limits *limits, const union wye_address *peer)
{
	uint8_t key[16];
	struct shard *shard;
	struct entry **link, *gone = NULL;
	uint64_t hash;

	address_key(peer, key);
	hash = mix(limits, key);
	shard = &limits->shards[hash % SHARDS];
	pthread_mutex_lock(&shard->lock);
	link = find_entry(shard, hash, key);
	if (*link && --(*link)->open == 0) {
		gone = *link;
		*link = gone->next;
	}
	pthread_mutex_unlock(&shard->lock);
	free(gone);
}

static bool count_address(struct wye_limits *limits, const union wye_address *peer)
{
	return !limits->per_address || exempt(limits, peer) || enter_address(limits, peer);
}

static void forget_address(struct wye_limits *limits, const union wye_address *peer)
{
	if (limits->per_address && !exempt(limits, peer))
		leave_address(limits, peer);
}

enum wye_limits_verdict wye_limits_enter(struct wye_limits *limits,
					 const union wye_address *peer)
{
	if (atomic_fetch_add(&limits->open, 1) >= limits->total) {
		atomic_fetch_sub(&limits->open, 1);
		return WYE_LIMITS_TOTAL;
	}
	if (!count_address(limits, peer)) {
		atomic_fetch_sub(&limits->open, 1);
		return WYE_LIMITS_ADDRESS;
	}
	return WYE_LIMITS_OK;
}

enum wye_limits_verdict wye_limits_change(struct wye_limits *limits,
					  const union wye_address *from,
					  const union wye_address *to)
{
	if (!count_address(limits, to))
		return WYE_LIMITS_ADDRESS;
	forget_address(limits, from);
	return WYE_LIMITS_OK;
}

void wye_limits_leave(struct wye_limits *limits, const union wye_address *peer)
{
	forget_address(limits, peer);
	atomic_fetch_sub(&limits->open, 1);
}

unsigned wye_limits_open(const struct wye_limits *limits)
{
	return atomic_load(&limits->open);
}
