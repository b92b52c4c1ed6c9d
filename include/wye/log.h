/* SPDX-License-Identifier: MIT
 *
 * wye/log.h - the program's log, and sinks for lines of a plugin's own (an access log).
 *
 * Nothing here waits: lines go into a bounded ring of the calling thread and are written by
 * a thread of their own. Where that one falls behind (a full disk, a pipe that nobody reads)
 * lines are dropped and counted.
 */
#ifndef WYE_LOG_H
#define WYE_LOG_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum wye_log_level {
	WYE_LOG_ERROR,
	WYE_LOG_WARNING,
	WYE_LOG_NOTICE, /* the default level: start, stop, reload */
	WYE_LOG_INFO,
	WYE_LOG_DEBUG,
};

/* Writes one line to the log (standard error), with time and level in front. Control characters
 * in it are escaped. Any thread; never waits. */
WYE_API void wye_log(enum wye_log_level level, const char *format, ...) WYE_PRINTF(2, 3);

/* What no log may show: the values of query parameters and header fields of certain names. wye
 * knows the usual ones (authorization, cookie, token, password ...), `log_redact` adds more,
 * and a plugin may. Names are compared in any case, those of parameters also percent-encoded.
 *
 * Adds one; copied. Main thread (a plugin's open()). Returns 0; -ENOMEM. */
WYE_API int wye_log_hide_parameter(const char *name) WYE_MUST_CHECK;
/* Any thread; no lock. */
WYE_API bool wye_log_hides_parameter(struct wye_text name);
WYE_API bool wye_log_hides_field(const char *name);

/* A URL as a log may show it: a request's target, a Referer. It is the URL itself where there
 * is nothing to hide; else a copy in `memory`, cut at `size` bytes, with "***" for each secret,
 * and for a user in front of a host. Any thread; no lock. */
WYE_API struct wye_text wye_log_url(struct wye_text url, char *memory, size_t size);

struct wye_sink;

/* Opens a file for appending lines; "-" is standard output. Two sinks of one path share it. On
 * SIGUSR1 wye opens it anew by its path, so that it can be renamed before.
 *
 * Main thread (a plugin's open()). Returns 0; or a negative errno, with a sentence in `why`.
 */
WYE_API int wye_sink_open(struct wye_sink **out, const char *path,
			  struct wye_error *why) WYE_MUST_CHECK;

/* Appends `length` bytes, which should be whole lines with their newline; they are copied, and
 * never mixed with those of another call. Any thread; never waits; no lock on a loop's thread.
 *
 * Returns true; false if they were dropped (and counted), as the ring of this thread is full.
 */
WYE_API bool wye_sink_write(struct wye_sink *sink, const char *data, size_t length);

/* Writes out what is left, as far as that is possible within a second, and closes the sink.
 * NULL is accepted. Main thread, after the last write. */
WYE_API void wye_sink_close(struct wye_sink *sink);

#ifdef __cplusplus
}
#endif
#endif
