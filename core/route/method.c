/* SPDX-License-Identifier: MIT
 *
 * method.c - see method.h.
 */
#include <string.h>

#include "route/method.h"

static const struct {
	const char *name;
	enum wye_method method;
} METHODS[] = {
	{ "GET", WYE_METHOD_GET },         { "HEAD", WYE_METHOD_HEAD },
	{ "POST", WYE_METHOD_POST },       { "PUT", WYE_METHOD_PUT },
	{ "DELETE", WYE_METHOD_DELETE },   { "PATCH", WYE_METHOD_PATCH },
	{ "OPTIONS", WYE_METHOD_OPTIONS },
};

enum {
	METHOD_COUNT = sizeof METHODS / sizeof METHODS[0],
};

enum wye_method wye_method_parse(struct wye_text name)
{
	for (size_t i = 0; i < METHOD_COUNT; i++)
		if (strlen(METHODS[i].name) == name.length &&
		    !memcmp(METHODS[i].name, name.data, name.length))
			return METHODS[i].method;
	return WYE_METHOD_OTHER;
}

const char *wye_method_name(enum wye_method method)
{
	for (size_t i = 0; i < METHOD_COUNT; i++)
		if (METHODS[i].method == method)
			return METHODS[i].name;
	return NULL;
}

size_t wye_method_list(unsigned methods, char out[64])
{
	size_t length = 0;

	if (methods & WYE_METHOD_GET)
		methods |= WYE_METHOD_HEAD;
	for (size_t i = 0; i < METHOD_COUNT; i++) {
		size_t name = strlen(METHODS[i].name);

		if (!(methods & METHODS[i].method))
			continue;
		if (length) {
			memcpy(out + length, ", ", 2);
			length += 2;
		}
		memcpy(out + length, METHODS[i].name, name);
		length += name;
	}
	out[length] = '\0';
	return length;
}
