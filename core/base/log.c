/* SPDX-License-Identifier: MIT
 *
 * log.c - see log.h.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sink.h"

enum {
	LINE = 2048,     /* bytes of a line that needs no allocation */
	LONGEST = 65536, /* of one that does; longer ones are cut */
};

static const char *const LEVELS[] = {
	[WYE_LOG_ERROR] = "error", [WYE_LOG_WARNING] = "warning", [WYE_LOG_NOTICE] = "notice",
	[WYE_LOG_INFO] = "info",   [WYE_LOG_DEBUG] = "debug",
};

static _Atomic(struct wye_sink *) sink;
static _Atomic int level = WYE_LOG_NOTICE;

void wye_log_set_level(enum wye_log_level new_level)
{
	atomic_store_explicit(&level, (int)new_level, memory_order_relaxed);
}

int wye_log_start(void)
{
	struct wye_sink *opened;
	int error = wye_sinks_start();

	if (error)
		return error;
	error = wye_sink_open(&opened, "stderr", NULL);
	if (!error)
		atomic_store(&sink, opened);
	return error;
}

void wye_log_stop(void)
{
	struct wye_sink *open = atomic_exchange(&sink, NULL);

	wye_sinks_stop();
	wye_sink_close(open);
}

/* RFC 3339, in UTC. */
static size_t put_time(char *out, size_t size)
{
	struct timespec now;
	struct tm utc;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	length = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return length +
	       (size_t)snprintf(out + length, size - length, ".%03ldZ ", now.tv_nsec / 1000000);
}

/* A line stays one line, whatever is in it. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void put_line(const char *line, size_t length)
{
	struct wye_sink *open = atomic_load_explicit(&sink, memory_order_acquire);

	if (open)
		(void)wye_sink_write(open, line, length); /* a lost line is counted there */
	else
		(void)!write(STDERR_FILENO, line, length);
}

/* Writes the line into `line`, as far as it has room. Returns the length that it needs, with
 * its end. */
static size_t format_line(char *line, size_t size, enum wye_log_level line_level,
			  const char *format, va_list arguments)
{
	size_t length = put_time(line, size);
	int text;

	length += (size_t)snprintf(line + length, size - length, "%s ", LEVELS[line_level]);
	text = vsnprintf(line + length, size - length - 1, format, arguments);
	make_printable(line + length);
	length += text > 0 ? (size_t)text : 0;
	return length + 1;
}

void wye_log(enum wye_log_level line_level, const char *format, ...)
{
	char small[LINE], *line = small;
	va_list arguments;
	size_t length;

	if ((int)line_level > atomic_load_explicit(&level, memory_order_relaxed))
		return;
	va_start(arguments, format);
	length = format_line(line, LINE, line_level, format, arguments);
	va_end(arguments);
	if (length >= LINE) { /* rare: all metrics, say */
		size_t size = length < LONGEST ? length + 2 : LONGEST;

		line = malloc(size);
		if (!line)
			return;
		va_start(arguments, format);
		length = format_line(line, size, line_level, format, arguments);
		va_end(arguments);
		if (length >= size)
			length = size - 1;
	}
	line[length - 1] = '\n';
	put_line(line, length);
	if (line != small)
		free(line);
}
