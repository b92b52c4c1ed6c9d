/* SPDX-License-Identifier: MIT
 *
 * names.c - see names.h.
 */
#include <stdlib.h>
#include <string.h>

#include "tls/names.h"

static char fold(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte + 'a' - 'A') : byte;
}

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	       byte == '_' || byte == '.';
}

bool wye_tls_name_fold(const char *name, size_t length, char out[WYE_TLS_NAME_MAX + 1])
{
	size_t wildcard = length > 2 && name[0] == '*' && name[1] == '.' ? 1 : 0;

	if (!length || length > WYE_TLS_NAME_MAX || name[wildcard ? 2 : 0] == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		out[i] = fold(name[i]);
		if (i >= wildcard && !is_name_byte(out[i]))
			return false;
	}
	out[length] = '\0';
	return true;
}

static int compare(const void *asked, const void *item)
{
	return strcmp(asked, ((const struct wye_tls_name *)item)->name);
}

static void *find(const struct wye_tls_names *names, const char *name)
{
	const struct wye_tls_name *item =
		bsearch(name, names->items, names->count, sizeof names->items[0], compare);

	return item ? item->value : NULL;
}

/* The star takes the place of the label's last byte. */
void *wye_tls_names_find(const struct wye_tls_names *names, const char *asked)
{
	char name[WYE_TLS_NAME_MAX + 1], *dot;
	void *value;

	if (asked[0] == '*' || !wye_tls_name_fold(asked, strlen(asked), name))
		return NULL;
	value = find(names, name);
	dot = strchr(name, '.');
	if (value || !dot || dot == name)
		return value;
	dot[-1] = '*';
	return find(names, dot - 1);
}
