/* SPDX-License-Identifier: MIT
 *
 * wheel.c - see wheel.h.
 *
 * A slot of level n spans 64^n ticks. A timer stands on the lowest level whose 64 slots reach
 * to its tick; when the wheel's tick comes to the start of a higher slot, that slot's timers
 * are put in again, lower. Those beyond the range wait in the last slot and are put in again
 * from there.
 */
#include <string.h>

#include "base/wheel.h"

#define RANGE (UINT64_C(1) << (6 * WYE_WHEEL_LEVELS))

void wye_timer_init(struct wye_timer *timer, void (*run)(void *argument), void *argument)
{
	*timer = (struct wye_timer) { .run = run, .argument = argument };
}

void wye_wheel_init(struct wye_wheel *wheel, uint64_t now)
{
	memset(wheel, 0, sizeof *wheel);
	wheel->tick = now / WYE_WHEEL_TICK;
}

static void insert(struct wye_wheel *wheel, struct wye_timer *timer, uint64_t tick)
{
	unsigned level = 0, slot;
	uint64_t ahead = tick - wheel->tick;

	if (ahead >= RANGE) {
		tick = wheel->tick + RANGE - 1;
		ahead = RANGE - 1;
	}
	while (ahead >> (6 * (level + 1)))
		level++;
	slot = (unsigned)(tick >> (6 * level)) % WYE_WHEEL_SLOTS;
	/* The slot under the hand of a higher level has been spread already: one round later.
	 */
	timer->link = &wheel->slots[level][slot];
	timer->next = *timer->link;
	if (timer->next)
		timer->next->link = &timer->next;
	*timer->link = timer;
	wheel->used[level] |= UINT64_C(1) << slot;
}

void wye_wheel_start(struct wye_wheel *wheel, struct wye_timer *timer, uint64_t due)
{
	uint64_t tick = (due + WYE_WHEEL_TICK - 1) / WYE_WHEEL_TICK;

	wye_wheel_stop(wheel, timer);
	timer->due = due;
	insert(wheel, timer, tick > wheel->tick ? tick : wheel->tick + 1);
	wheel->running++;
}

void wye_wheel_stop(struct wye_wheel *wheel, struct wye_timer *timer)
{
	if (!timer->link)
		return;
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->link = NULL;
	wheel->running--;
}

/* Empties a slot into a list of its own, whose head timers may leave by being stopped. */
static void detach(struct wye_wheel *wheel, unsigned level, unsigned slot,
		   struct wye_timer **list)
{
	*list = wheel->slots[level][slot];
	if (*list)
		(*list)->link = list;
	wheel->slots[level][slot] = NULL;
	wheel->used[level] &= ~(UINT64_C(1) << slot);
}

static struct wye_timer *pop(struct wye_timer **list)
{
	struct wye_timer *timer = *list;

	if (!timer)
		return NULL;
	*list = timer->next;
	if (timer->next)
		timer->next->link = list;
	timer->link = NULL;
	return timer;
}

/* Puts the timers of a higher slot in again, as the wheel's tick has come to its start. */
static void spread(struct wye_wheel *wheel, unsigned level)
{
	unsigned slot = (unsigned)(wheel->tick >> (6 * level)) % WYE_WHEEL_SLOTS;
	struct wye_timer *list, *timer;

	detach(wheel, level, slot, &list);
	while ((timer = pop(&list))) {
		uint64_t tick = (timer->due + WYE_WHEEL_TICK - 1) / WYE_WHEEL_TICK;

		insert(wheel, timer, tick > wheel->tick ? tick : wheel->tick);
	}
}

static void run_tick(struct wye_wheel *wheel)
{
	unsigned slot = (unsigned)wheel->tick % WYE_WHEEL_SLOTS;
	struct wye_timer *list, *timer;

	for (unsigned level = WYE_WHEEL_LEVELS - 1; level > 0; level--)
		if (!(wheel->tick & ((UINT64_C(1) << (6 * level)) - 1)))
			spread(wheel, level);
	detach(wheel, 0, slot, &list);
	while ((timer = pop(&list))) {
		wheel->running--;
		timer->run(timer->argument);
	}
}

/* The next tick, after the present one, at which there is something to run or to spread. */
static uint64_t next_tick(const struct wye_wheel *wheel)
{
	uint64_t best = UINT64_MAX;

	for (unsigned level = 0; level < WYE_WHEEL_LEVELS; level++) {
		uint64_t unit = wheel->tick >> (6 * level), used = wheel->used[level], turned,
			 tick;
		unsigned from = (unsigned)(unit + 1) % WYE_WHEEL_SLOTS;

		if (!used)
			continue;
		turned = from ? used >> from | used << (64 - from) : used;
		tick = (unit + 1 + (unsigned)__builtin_ctzll(turned)) << (6 * level);
		if (tick < best)
			best = tick;
	}
	return best;
}

void wye_wheel_run(struct wye_wheel *wheel, uint64_t now)
{
	uint64_t target = now / WYE_WHEEL_TICK;

	while (wheel->tick < target) {
		uint64_t next = next_tick(wheel);

		if (next > target) {
			wheel->tick = target;
			return;
		}
		wheel->tick = next;
		run_tick(wheel);
	}
}

int wye_wheel_timeout(const struct wye_wheel *wheel, uint64_t now)
{
	uint64_t next, due;

	if (!wheel->running)
		return -1;
	next = next_tick(wheel);
	if (next == UINT64_MAX)
		return -1;
	due = next * WYE_WHEEL_TICK;
	if (due <= now)
		return 0;
	return due - now > INT32_MAX ? INT32_MAX : (int)(due - now);
}
