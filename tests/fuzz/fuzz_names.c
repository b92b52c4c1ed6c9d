/* SPDX-License-Identifier: MIT
 *
 * fuzz_names.c - which certificate a server name stands for, by a list and by comparing label
 * by label. Input: lines; the last is what a client asks for, the others are names of
 * certificates.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tls/names.h"
#include "target.h"

enum { NAMES = 16 };

static char texts[NAMES][WYE_TLS_NAME_MAX + 1];
static struct wye_tls_name items[NAMES];

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct wye_tls_name *)a)->name,
		      ((const struct wye_tls_name *)b)->name);
}

/* Letters, digits, "-", "_" and dots, none of these in front. */
static bool is_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !memchr("-_.", text[i], 3))
			return false;
	return length && text[0] != '.';
}

static bool is_pattern(const char *text, size_t length)
{
	if (length > WYE_TLS_NAME_MAX)
		return false;
	if (length > 2 && !memcmp(text, "*.", 2))
		return is_name(text + 2, length - 2);
	return is_name(text, length);
}

static void add(struct wye_tls_names *names, const char *line, size_t length)
{
	char *text = texts[names->count];
	bool taken = wye_tls_name_fold(line, length, text);

	must(taken == is_pattern(line, length), "a name, or none");
	if (!taken)
		return;
	must(strlen(text) == length && !strncasecmp(text, line, length), "folded otherwise");
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(items[i].name, text))
			return;
	items[names->count++] = (struct wye_tls_name) { text, text };
}

/* Itself, else what has a star for its first label. */
static const char *naive_find(const struct wye_tls_names *names, const char *asked)
{
	const char *dot = strchr(asked, '.');

	if (!is_name(asked, strlen(asked)) || strlen(asked) > WYE_TLS_NAME_MAX)
		return NULL;
	for (size_t i = 0; i < names->count; i++)
		if (!strcasecmp(items[i].name, asked))
			return items[i].name;
	for (size_t i = 0; dot && i < names->count; i++)
		if (items[i].name[0] == '*' && !strcasecmp(items[i].name + 1, dot))
			return items[i].name;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct wye_tls_names names = { .items = items };
	const char *at = (const char *)data, *end = at + length, *stop;
	char *asked;

	while (at < end && names.count < NAMES &&
	       (stop = memchr(at, '\n', (size_t)(end - at)))) {
		add(&names, at, (size_t)(stop - at));
		at = stop + 1;
	}
	qsort(items, names.count, sizeof items[0], by_name);
	asked = strndup(at, (size_t)(end - at));
	if (!asked)
		return 0;
	must(wye_tls_names_find(&names, asked) == naive_find(&names, asked), "another name");
	free(asked);
	return 0;
}
