/* SPDX-License-Identifier: MIT
 *
 * test_group.c - the directory of groups, from one thread and from several at once.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/metric.h"
#include "unit.h"
#include "websocket/group.h"

enum {
	LOOPS = 5,
	THREADS = 4,
	NAMES = 20, /* that the threads meet at */
	STEPS = 20000,
	MANY = 3000,
};

static struct wye_group_name name_of(const char *text, enum wye_group_space space)
{
	struct wye_group_name name;

	assert_int_equal(
		wye_group_name_make(&name, (struct wye_text) { text, strlen(text) }, space), 0);
	return name;
}

static int64_t metric(const char *name)
{
	return wye_metric_read(wye_metric_register(name, WYE_GAUGE));
}

static void has(const struct wye_group *group, size_t members, unsigned holders)
{
	assert_int_equal(atomic_load(&group->members), members);
	assert_int_equal(atomic_load(&group->holders), holders);
}

static int start(void **state)
{
	(void)state;
	wye_hash_start();
	wye_groups_start(LOOPS);
	return 0;
}

/* Every test leaves the directory empty. */
static int nothing_left(void **state)
{
	(void)state;
	assert_int_equal(metric("ws_groups"), 0);
	assert_int_equal(metric("ws_group_members"), 0);
	return 0;
}

static void names(void **state)
{
	char text[WYE_GROUP_NAME_MAX + 1] = { 0 };
	struct wye_group_name name;

	(void)state;
	for (size_t length = 1; length <= WYE_GROUP_NAME_MAX; length++)
		assert_int_equal(wye_group_name_make(&name, (struct wye_text) { text, length },
						     WYE_GROUP_NAMED),
				 0);
	assert_int_equal(wye_group_name_make(&name, (struct wye_text) { text, sizeof text },
					     WYE_GROUP_NAMED),
			 -EINVAL);
	assert_int_equal(
		wye_group_name_make(&name, (struct wye_text) { text, 0 }, WYE_GROUP_NAMED),
		-EINVAL);
	assert_int_equal(
		wye_group_name_make(&name, (struct wye_text) { NULL, 0 }, WYE_GROUP_USER),
		-EINVAL);
}

static void enters_and_quits(void **state)
{
	struct wye_group_name name = name_of("room", WYE_GROUP_NAMED);
	struct wye_group *group = wye_group_enter(&name, 0, 15);

	(void)state;
	assert_ptr_equal(wye_group_enter(&name, 3, 15), group);
	assert_ptr_equal(wye_group_enter(&name, 3, 15), group);
	has(group, 3, 3);
	for (unsigned loop = 0; loop < LOOPS; loop++)
		assert_int_equal(wye_group_at(group, loop), loop == 0 || loop == 3);
	assert_ptr_equal(wye_group_find(&name), group);
	has(group, 3, 4);
	wye_group_drop(group);
	wye_group_quit(group, 3, 15);
	assert_true(wye_group_at(group, 3));
	wye_group_quit(group, 3, 15);
	assert_false(wye_group_at(group, 3));
	assert_int_equal(metric("ws_groups"), 1);
	assert_int_equal(metric("ws_group_members"), 1);
	wye_group_quit(group, 0, 15);
	assert_null(wye_group_find(&name));
}

/* Who holds one without members keeps its memory, but it is not found: the next one of that
 * name is another. */
static void held_without_members(void **state)
{
	struct wye_group_name name = name_of("room", WYE_GROUP_NAMED);
	struct wye_group *group = wye_group_enter(&name, 1, 15), *next;

	(void)state;
	wye_group_hold(group);
	wye_group_quit(group, 1, 15);
	has(group, 0, 1);
	assert_null(wye_group_find(&name));
	next = wye_group_enter(&name, 1, 15);
	assert_ptr_not_equal(next, group);
	assert_true(wye_group_is(group, &name));
	assert_false(wye_group_at(group, 1));
	wye_group_drop(group);
	assert_ptr_equal(wye_group_find(&name), next);
	wye_group_drop(next);
	wye_group_quit(next, 1, 15);
}

/* The name is copied; a user is no group of that name; a NUL and what follows count. */
static void names_are_told_apart(void **state)
{
	char text[] = { 'a', '\0', 'b' };
	struct wye_group_name name, again;
	struct wye_group *groups[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(wye_group_name_make(&name,
						     (struct wye_text) { text, 1 + i / 2 * 2 },
						     i % 2 ? WYE_GROUP_USER : WYE_GROUP_NAMED),
				 0);
		groups[i] = wye_group_enter(&name, i, 15);
		has(groups[i], 1, 1);
	}
	assert_int_equal(metric("ws_groups"), 4);
	memset(text, 'x', sizeof text);
	assert_null(wye_group_find(&name));
	again = name_of("a", WYE_GROUP_USER);
	assert_ptr_equal(wye_group_find(&again), groups[1]);
	wye_group_drop(groups[1]);
	for (unsigned i = 0; i < 4; i++)
		wye_group_quit(groups[i], i, 15);
}

/* Two names of one hash, as if it had been found out. */
static void hashes_may_meet(void **state)
{
	struct wye_group_name one = name_of("one", WYE_GROUP_NAMED),
			      two = name_of("two", WYE_GROUP_NAMED);
	struct wye_group *first, *second;

	(void)state;
	two.hash = one.hash;
	first = wye_group_enter(&one, 0, 15);
	assert_null(wye_group_find(&two));
	second = wye_group_enter(&two, 0, 15);
	assert_ptr_not_equal(first, second);
	wye_group_quit(first, 0, 15);
	assert_null(wye_group_find(&one));
	assert_ptr_equal(wye_group_find(&two), second);
	wye_group_drop(second);
	wye_group_quit(second, 0, 15);
}

static void many_groups(void **state)
{
	static struct wye_group *groups[MANY];
	struct wye_group_name name;
	char text[16];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < MANY; i++) {
			struct wye_group *group;

			snprintf(text, sizeof text, "%d", i);
			name = name_of(text, WYE_GROUP_NAMED);
			group = wye_group_enter(&name, (unsigned)i % LOOPS, 15);
			assert_true(!round || group == groups[i]);
			groups[i] = group;
		}
	assert_int_equal(metric("ws_groups"), MANY);
	assert_int_equal(metric("ws_group_members"), 2 * MANY);
	for (int i = 0; i < 2 * MANY; i++)
		wye_group_quit(groups[i % MANY], (unsigned)(i % MANY) % LOOPS, 15);
}

/* ---- several threads ---- */

/* A thread is a loop: it has at most one membership of each name, and those are its own. */
struct worker {
	struct wye_group *member[NAMES];
	unsigned loop, seed, failures;
};

static void count_failure(struct worker *worker, bool fine)
{
	worker->failures += !fine;
}

static void use_found(struct worker *worker, const struct wye_group_name *name, bool member)
{
	struct wye_group *group = wye_group_find(name);

	count_failure(worker, group || !member); /* who has joined finds it */
	if (!group)
		return;
	count_failure(worker, wye_group_is(group, name));
	count_failure(worker, !member || wye_group_at(group, worker->loop));
	wye_group_hold(group);
	wye_group_drop(group);
	wye_group_drop(group);
}

static void work_once(struct worker *worker)
{
	unsigned n = (unsigned)rand_r(&worker->seed) % NAMES;
	struct wye_group_name name;
	char text[16];

	snprintf(text, sizeof text, "of %u", n);
	if (wye_group_name_make(&name, (struct wye_text) { text, strlen(text) },
				WYE_GROUP_NAMED))
		return;
	if (rand_r(&worker->seed) % 3 == 0) {
		use_found(worker, &name, worker->member[n]);
	} else if (worker->member[n]) {
		wye_group_quit(worker->member[n], worker->loop, 15);
		worker->member[n] = NULL;
	} else {
		worker->member[n] = wye_group_enter(&name, worker->loop, 15);
		use_found(worker, &name, true);
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (int i = 0; i < STEPS; i++)
		work_once(worker);
	for (unsigned n = 0; n < NAMES; n++)
		if (worker->member[n])
			wye_group_quit(worker->member[n], worker->loop, 15);
	return NULL;
}

static void from_several_threads(void **state)
{
	static struct worker workers[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker) { .loop = i, .seed = i };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failures, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(names, nothing_left),
		cmocka_unit_test_teardown(enters_and_quits, nothing_left),
		cmocka_unit_test_teardown(held_without_members, nothing_left),
		cmocka_unit_test_teardown(names_are_told_apart, nothing_left),
		cmocka_unit_test_teardown(hashes_may_meet, nothing_left),
		cmocka_unit_test_teardown(many_groups, nothing_left),
		cmocka_unit_test_teardown(from_several_threads, nothing_left),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
