/* SPDX-License-Identifier: MIT
 *
 * ledger.c - see ledger.h.
 */
#include <stdlib.h>

#include "websocket/ledger.h"
#include "websocket/metrics.h"

struct entry {
	struct wye_ws_mark end;
	uint64_t at;    /* milliseconds */
	uint32_t place; /* of the last message in the outbox */
};

/* A ring that grows up to its bound. */
struct wye_ws_ledger {
	uint32_t first, count, capacity; /* a power of two */
	struct entry entries[];
};

static struct entry *nth(struct wye_ws_ledger *ledger, uint32_t n)
{
	return &ledger->entries[(ledger->first + n) & (ledger->capacity - 1)];
}

static struct wye_ws_ledger *grow(struct wye_ws_ledger *ledger)
{
	uint32_t capacity = ledger ? 2 * ledger->capacity : 4;
	struct wye_ws_ledger *grown =
		malloc(sizeof *grown + capacity * sizeof grown->entries[0]);

	if (!grown)
		return NULL;
	grown->first = 0;
	grown->count = ledger ? ledger->count : 0;
	grown->capacity = capacity;
	for (uint32_t i = 0; i < grown->count; i++)
		grown->entries[i] = *nth(ledger, i);
	free(ledger);
	return grown;
}

/* For one more entry. Not at the bound, nor without memory. */
static bool has_room(struct wye_ws_ledger **out)
{
	struct wye_ws_ledger *ledger = *out;

	if (ledger && ledger->count < ledger->capacity)
		return true;
	if (ledger && ledger->count == WYE_LEDGER_ENTRIES)
		return false;
	ledger = grow(ledger);
	if (ledger)
		*out = ledger;
	return ledger;
}

void wye_ledger_add(struct wye_ws_ledger **out, struct wye_ws_mark mark, uint32_t place,
		    uint64_t now)
{
	struct entry *last = *out ? nth(*out, (*out)->count - 1) : NULL;

	if (last && last->end.messages >= mark.messages)
		return;
	if (!(last && last->at == now) && has_room(out)) {
		*nth(*out, (*out)->count++) = (struct entry) { mark, now, place };
	} else if (last) {
		last->end = mark;
		last->place = place;
	}
}

void wye_ledger_take(struct wye_ws_ledger **out, struct wye_ws_mark from,
		     struct wye_ws_mark mark, uint64_t now,
		     const struct wye_ws_route_metrics *metrics)
{
	struct wye_ws_ledger *ledger = *out;
	uint64_t done = from.messages;

	while (ledger && ledger->count) {
		struct entry *first = nth(ledger, 0);
		uint64_t end = first->end.messages < mark.messages ? first->end.messages
								   : mark.messages;

		if (end > done)
			wye_ws_count_latency(metrics, now - first->at, (unsigned)(end - done));
		done = end > done ? end : done;
		if (first->end.messages > mark.messages)
			break;
		ledger->first++;
		ledger->count--;
	}
	if (ledger && !ledger->count)
		wye_ledger_fini(out);
}

static struct wye_ws_mark between(struct wye_ws_mark from, struct wye_ws_mark to,
				  uint64_t messages)
{
	uint64_t all = to.messages - from.messages;

	return (struct wye_ws_mark) {
		messages,
		from.bytes + (to.bytes - from.bytes) * (messages - from.messages) / all,
	};
}

struct wye_ws_mark wye_ledger_find(const struct wye_ws_ledger *ledger, struct wye_ws_mark from,
				   uint64_t messages)
{
	for (uint32_t i = 0; ledger && i < ledger->count; i++) {
		struct wye_ws_mark end = nth((struct wye_ws_ledger *)ledger, i)->end;

		if (end.messages >= messages)
			return end.messages > from.messages ? between(from, end, messages)
							    : end;
		if (end.messages > from.messages)
			from = end;
	}
	return from;
}

void wye_ledger_drop(struct wye_ws_ledger *ledger, uint32_t place, unsigned messages,
		     size_t bytes)
{
	for (uint32_t i = 0; ledger && i < ledger->count; i++) {
		struct entry *entry = nth(ledger, i);

		if ((int32_t)(entry->place - place) < 0)
			continue;
		entry->end.messages -= messages;
		entry->end.bytes -= bytes;
	}
}

void wye_ledger_fini(struct wye_ws_ledger **ledger)
{
	free(*ledger);
	*ledger = NULL;
}
