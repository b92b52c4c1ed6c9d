/* SPDX-License-Identifier: MIT
 *
 * pairs.h - queries, form bodies and cookies: lists of name and value, split and decoded once
 * into an arena, in the order they came. Pure; any thread that owns the arena.
 */
#ifndef WYE_CORE_ROUTE_PAIRS_H
#define WYE_CORE_ROUTE_PAIRS_H

#include "base/arena.h"

/* All zero: not parsed yet. */
struct wye_pairs {
	struct wye_field *items;
	size_t count;
	bool parsed;
	bool incomplete; /* there was no memory for all of them */
};

/* "a=b&c=d" with escapes and "+" for a blank (WHATWG URL, 5.1). Without memory: some or no items, and incomplete. */
void wye_pairs_parse_form(struct wye_pairs *pairs, struct wye_arena *arena,
			  struct wye_text text);

/* "a=b; c=d" of one Cookie field (RFC 6265, 4.2.1), undecoded; appends, so that it can be
 * called for each such field. */
void wye_pairs_parse_cookies(struct wye_pairs *pairs, struct wye_arena *arena,
			     struct wye_text text);

/* The first value of that name, exactly; data NULL if there is none. */
struct wye_text wye_pairs_find(const struct wye_pairs *pairs, const char *name);

#endif
