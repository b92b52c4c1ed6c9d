/* SPDX-License-Identifier: MIT
 *
 * ip-ranges.c - see ip-ranges.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ip-ranges.h"

struct number {
	uint64_t high, low;
};

struct range {
	struct number first, last;
};

struct list {
	struct range *items;
	size_t count, room;
};

struct ip_ranges {
	struct list v4, v6;
};

static const uint8_t MAPPED[12] = { [10] = 0xff, [11] = 0xff };

struct ip_ranges *ip_ranges_create(void)
{
	return calloc(1, sizeof(struct ip_ranges));
}

void ip_ranges_destroy(struct ip_ranges *ranges)
{
	if (!ranges)
		return;
	free(ranges->v4.items);
	free(ranges->v6.items);
	free(ranges);
}

static uint64_t read_number(const uint8_t bytes[8])
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	return number;
}

static struct number number_of(const uint8_t address[16])
{
	return (struct number) { read_number(address), read_number(address + 8) };
}

static bool above(struct number a, struct number b)
{
	return a.high != b.high ? a.high > b.high : a.low > b.low;
}

static bool is_v4(const uint8_t address[16])
{
	return !memcmp(address, MAPPED, sizeof MAPPED);
}

/* ---- reading ---- */

/* Returns how many bits the address has of its own: 32, 128; 0 if it is none. */
static unsigned read_address(const char *text, uint8_t address[16])
{
	if (inet_pton(AF_INET6, text, address) == 1)
		return 128;
	memcpy(address, MAPPED, sizeof MAPPED);
	return inet_pton(AF_INET, text, address + 12) == 1 ? 32 : 0;
}

/* Returns 0 or -EINVAL. */
static int read_bits(const char *text, unsigned width, unsigned *bits)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || end - text > 3 || value > width)
		return -EINVAL;
	*bits = (unsigned)value;
	return 0;
}

static int read_range(const char *text, uint8_t address[16], unsigned *bits, unsigned *width)
{
	char copy[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "/");

	if (length >= sizeof copy)
		return -EINVAL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*width = *bits = read_address(copy, address);
	if (!*width)
		return -EINVAL;
	return text[length] ? read_bits(text + length + 1, *width, bits) : 0;
}

/* The bits behind the prefix, of all 128. */
static struct number tail_of(unsigned bits)
{
	return (struct number) { bits >= 64 ? 0 : UINT64_MAX >> bits,
				 bits <= 64   ? UINT64_MAX
				 : bits < 128 ? UINT64_MAX >> (bits - 64)
					      : 0 };
}

/* ---- making the set ---- */

static int append(struct list *list, struct range range)
{
	size_t room = list->room ? 2 * list->room : 8;
	struct range *items = list->items;

	if (list->count == list->room) {
		items = realloc(items, room * sizeof *items);
		if (!items)
			return -ENOMEM;
		list->items = items;
		list->room = room;
	}
	items[list->count++] = range;
	return 0;
}

int ip_ranges_add(struct ip_ranges *ranges, const char *text, struct wye_error *why)
{
	uint8_t address[16];
	struct number first, tail;
	unsigned bits, width;

	if (read_range(text, address, &bits, &width)) {
		wye_error_set(why, "\"%s\" is no range like \"10.0.0.0/8\" or \"fd00::/8\"",
			      text);
		return -EINVAL;
	}
	bits += 128 - width;
	tail = tail_of(bits);
	first = number_of(address);
	if (first.high & tail.high || first.low & tail.low) {
		wye_error_set(why, "\"%s\" has bits set behind its prefix", text);
		return -EINVAL;
	}
	return append(
		is_v4(address) && bits >= 96 ? &ranges->v4 : &ranges->v6,
		(struct range) { first, { first.high | tail.high, first.low | tail.low } });
}

static int compare(const void *a, const void *b)
{
	const struct range *left = a, *right = b;

	return (int)above(left->first, right->first) - (int)above(right->first, left->first);
}

static void seal(struct list *list)
{
	size_t kept = 0;

	if (!list->count)
		return;
	qsort(list->items, list->count, sizeof list->items[0], compare);
	for (size_t i = 1; i < list->count; i++) {
		struct range *last = &list->items[kept], *next = &list->items[i];

		if (above(next->first, last->last))
			list->items[++kept] = *next;
		else if (above(next->last, last->last))
			last->last = next->last;
	}
	list->count = kept + 1;
}

void ip_ranges_seal(struct ip_ranges *ranges)
{
	seal(&ranges->v4);
	seal(&ranges->v6);
}

bool ip_ranges_hold(const struct ip_ranges *ranges, const uint8_t address[16])
{
	const struct list *list = is_v4(address) ? &ranges->v4 : &ranges->v6;
	const struct number number = number_of(address);
	size_t low = 0, high = list->count; /* the first range above it lies from low to high */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (above(list->items[middle].first, number))
			high = middle;
		else
			low = middle + 1;
	}
	return low && !above(number, list->items[low - 1].last);
}
