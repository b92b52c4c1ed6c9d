/* SPDX-License-Identifier: MIT
 *
 * error.c - sentences that say what went wrong.
 */
#include <stdarg.h>
#include <stdio.h>

#include <wye/types.h>

void wye_error_set(struct wye_error *why, const char *format, ...)
{
	va_list arguments;

	if (!why)
		return;
	va_start(arguments, format);
	vsnprintf(why->text, sizeof why->text, format, arguments);
	va_end(arguments);
}
