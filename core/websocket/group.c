/* SPDX-License-Identifier: MIT
 *
 * group.c - see group.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <wye/metric.h>

#include "base/hash.h"
#include "websocket/group.h"

enum {
	SHARDS = 64,
};

static struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct wye_table groups;
} shards[SHARDS];

static unsigned loops;
static wye_metric open_groups, open_members;

void wye_groups_start(unsigned count)
{
	loops = count;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&shards[i].lock, NULL);
	open_groups = wye_metric_register("ws_groups", WYE_GAUGE);
	open_members = wye_metric_register("ws_group_members", WYE_GAUGE);
}

static struct shard *shard_of(const struct wye_group_name *name)
{
	return &shards[name->hash >> 58];
}

int wye_group_name_make(struct wye_group_name *out, struct wye_text text,
			enum wye_group_space space)
{
	if (!text.length || text.length > WYE_GROUP_NAME_MAX)
		return -EINVAL;
	*out = (struct wye_group_name) { text, space, wye_hash(text, (uint8_t)space) };
	return 0;
}

bool wye_group_is(const struct wye_group *group, const struct wye_group_name *name)
{
	return group->name.hash == name->hash && group->name.space == name->space &&
	       group->name.text.length == name->text.length &&
	       !memcmp(group->name.text.data, name->text.data, name->text.length);
}

static struct wye_group *look_up(struct shard *shard, const struct wye_group_name *name)
{
	struct wye_entry *entry = wye_table_first(&shard->groups, name->hash);

	while (entry && !wye_group_is((struct wye_group *)entry, name))
		entry = wye_table_next(entry);
	return (struct wye_group *)entry;
}

static struct wye_group *make(struct shard *shard, const struct wye_group_name *name)
{
	size_t size = sizeof(struct wye_group) + loops * sizeof(atomic_uint);
	struct wye_group *group = calloc(1, size + name->text.length);
	char *text = (char *)group + size;

	if (!group)
		return NULL;
	memcpy(text, name->text.data, name->text.length);
	group->name = *name;
	group->name.text.data = text;
	group->entry.hash = name->hash;
	if (wye_table_add(&shard->groups, &group->entry)) {
		free(group);
		return NULL;
	}
	wye_metric_add(open_groups, 1);
	return group;
}

struct wye_group *wye_group_enter(const struct wye_group_name *name, unsigned loop,
				  unsigned bits)
{
	struct shard *shard = shard_of(name);
	struct wye_group *group;

	pthread_mutex_lock(&shard->lock);
	group = look_up(shard, name);
	if (!group)
		group = make(shard, name);
	if (group) {
		wye_group_hold(group);
		atomic_fetch_add_explicit(&group->members, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&group->expected[loop], 1, memory_order_relaxed);
		wye_ws_windows_add(&group->windows, bits, 1);
		wye_metric_add(open_members, 1);
	}
	pthread_mutex_unlock(&shard->lock);
	return group;
}

void wye_group_quit(struct wye_group *group, unsigned loop, unsigned bits)
{
	struct shard *shard = shard_of(&group->name);

	pthread_mutex_lock(&shard->lock);
	atomic_fetch_sub_explicit(&group->expected[loop], 1, memory_order_relaxed);
	wye_ws_windows_add(&group->windows, bits, -1);
	if (atomic_fetch_sub_explicit(&group->members, 1, memory_order_relaxed) == 1) {
		wye_table_remove(&shard->groups, &group->entry);
		wye_metric_add(open_groups, -1);
	}
	wye_metric_add(open_members, -1);
	pthread_mutex_unlock(&shard->lock);
	wye_group_drop(group);
}

struct wye_group *wye_group_find(const struct wye_group_name *name)
{
	struct shard *shard = shard_of(name);
	struct wye_group *group;

	pthread_mutex_lock(&shard->lock);
	group = look_up(shard, name);
	if (group)
		wye_group_hold(group);
	pthread_mutex_unlock(&shard->lock);
	return group;
}

void wye_group_hold(struct wye_group *group)
{
	atomic_fetch_add_explicit(&group->holders, 1, memory_order_relaxed);
}

void wye_group_drop(struct wye_group *group)
{
	if (atomic_fetch_sub_explicit(&group->holders, 1, memory_order_acq_rel) == 1)
		free(group);
}
