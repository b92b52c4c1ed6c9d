/* SPDX-License-Identifier: MIT
 *
 * access-log-line.h - a line of the access log: what is in it, and its two formats. A line is
 * put together on the stack of the thread that calls: no allocation, lock or system call.
 */
#ifndef WYE_MIDDLEWARE_ACCESS_LOG_LINE_H
#define WYE_MIDDLEWARE_ACCESS_LOG_LINE_H

#include <wye/rest.h>
#include <wye/types.h>
#include <wye/websocket.h>

enum access_text {
	ACCESS_CLIENT,
	ACCESS_USER,
	ACCESS_ID,
	ACCESS_METHOD,
	ACCESS_TARGET,
	ACCESS_PROTOCOL,
	ACCESS_ROUTE,
	ACCESS_REFERER,
	ACCESS_USER_AGENT,
	ACCESS_TEXTS,
};

enum {
	ACCESS_LINE =
		4608, /* bytes of a line, at most: all texts at their longest, and the rest */
};

/* Bytes that each text takes in a line, at most; what is longer is cut. */
extern const uint16_t access_longest[ACCESS_TEXTS];

/* What a line is made of. Texts are borrowed; an empty one counts as none. */
struct access_entry {
	struct wye_text texts[ACCESS_TEXTS];
	unsigned status;
	uint64_t bytes;                     /* of the reply's body */
	uint64_t duration;                  /* of a request, microseconds */
	uint64_t upstream;                  /* of it, that others took; or ACCESS_NOBODY */
	enum wye_request_end end;           /* of a request */
	const struct wye_ws_ending *ending; /* of a connection; NULL: this is a request */
};

struct access_line {
	size_t length;
	char text[ACCESS_LINE];
};

#define ACCESS_NOBODY UINT64_MAX

/* Each makes one whole line, whatever the texts hold. Any thread. */
void access_line_combined(struct access_line *line, const struct access_entry *entry);
/* That, with route, id and times behind it. */
void access_line_extended(struct access_line *line, const struct access_entry *entry);
/* An object of RFC 8259, in UTF-8. */
void access_line_json(struct access_line *line, const struct access_entry *entry);

#endif
