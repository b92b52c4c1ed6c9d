/* SPDX-License-Identifier: MIT
 *
 * nearest.c - see nearest.h.
 */
#include <stdio.h>
#include <string.h>

#include "config/nearest.h"

enum {
	LONGEST = 48,
};

void wye_nearest_init(struct wye_nearest *nearest, const char *wanted)
{
	/* Half of the letters may be wrong, at most. */
	*nearest = (struct wye_nearest) { wanted, NULL, (unsigned)strlen(wanted) / 2 + 1 };
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned low = a < b ? a : b;

	return low < c ? low : c;
}

/* Damerau-Levenshtein, optimal string alignment. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][LONGEST + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *swap = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned wrong = a[i - 1] != b[j - 1];

			row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + wrong);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = swap;
	}
	return last[b_length];
}

void wye_nearest_offer(struct wye_nearest *nearest, const char *name)
{
	size_t wanted = strlen(nearest->wanted), length = strlen(name);
	size_t shorter = wanted < length ? wanted : length;
	unsigned apart;

	if (wanted > LONGEST || length > LONGEST)
		return;
	apart = distance(nearest->wanted, wanted, name, length);
	if (shorter > 2 && !memcmp(nearest->wanted, name, shorter))
		apart = 1; /* "warn" for "warning" */
	if (apart < nearest->distance) {
		nearest->best = name;
		nearest->distance = apart;
	}
}

const char *wye_nearest_hint(const struct wye_nearest *nearest, char out[128])
{
	out[0] = '\0';
	if (nearest->best)
		snprintf(out, 128, ", did you mean \"%s\"?", nearest->best);
	return out;
}
