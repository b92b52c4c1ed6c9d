/* SPDX-License-Identifier: MIT
 *
 * head.h - the fields of a request's head, checked as RFC 9112 asks for, the same for both
 * lanes. libmicrohttpd lets malformed ones pass and hides some; this reads the bytes that came,
 * in which it has only zeroed separators. Pure; any thread.
 */
#ifndef WYE_CORE_HTTP_HEAD_H
#define WYE_CORE_HTTP_HEAD_H

#include <wye/types.h>

#include "base/arena.h"

struct wye_head {
	struct wye_field *fields; /* in the arena, as are their texts */
	size_t count, room;       /* in it, and that it has room for */
	struct wye_text host;     /* of Host, or of an absolute-form target */
	bool chunked;             /* a body in chunks */
	bool has_length;
	uint64_t length;    /* of the body */
	bool expects;       /* Expect: 100-continue */
	bool upgrades;      /* there is an Upgrade field */
	bool closes, keeps; /* Connection: close, keep-alive */
};

/* What a request line says, as the engine has split it. */
struct wye_request_line {
	struct wye_text method, target, version;
	const char *rest; /* what follows the version and its line end: the fields */
	const char *end;  /* behind the head's last line end */
	size_t between;   /* bytes from the method's end to the version; to see hidden ones */
	size_t fields; /* as the engine has counted them: it has another count where a NUL has
			  hidden something from it, or from us */
};

/* Why a head is refused; status 0: it is not. `text` is a line for the client. */
struct wye_fault {
	unsigned status;
	const char *text;
};

/* host [":" port] (RFC 9110, 4.2.3, RFC 3986, 3.2.2), with no user in it. */
bool wye_head_is_host(struct wye_text host);

/* Whether the fields of a name, which are one list (RFC 9110, 5.3), have an element, in any
 * case. */
bool wye_head_lists(const struct wye_head *head, const char *name, const char *token);

/* The request line (RFC 9112, 3). */
struct wye_fault wye_head_check_line(const struct wye_request_line *line);

/* Copies and splits the fields (RFC 9112, 5) and reads those that frame the message. */
struct wye_fault wye_head_read(struct wye_head *head, struct wye_arena *arena,
			       const struct wye_request_line *line);

#endif
