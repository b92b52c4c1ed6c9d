/* SPDX-License-Identifier: MIT
 *
 * intake.h - what the engine reads, seen before it does. libmicrohttpd takes more than RFC 9112
 * allows, and cuts bytes away before it shows any: empty lines and NULs in front of a request,
 * the framing of chunks. It reads by recv(), which wye defines by itself: so each byte passes
 * here as it came. And it writes by send() and sendmsg(): so its own refusals, whose head it
 * sends twice, can be held back, to be answered by wye, and short answers go out in one piece.
 *
 * One per connection, known by its descriptor from when the engine is given that until it
 * closes it. Used by the connection's http thread alone.
 */
#ifndef WYE_CORE_HTTP_INTAKE_H
#define WYE_CORE_HTTP_INTAKE_H

#include "http/chunks.h"
#include "http/head.h"

struct wye_intake {
	uint64_t received; /* bytes that the engine has */
	uint64_t next;     /* where the next head begins in them; UINT64_MAX: not known yet */
	uint64_t end;      /* and where that head ends; UINT64_MAX: it has not */
	uint64_t body;     /* where the body of the present request begins, if it has one */
	uint64_t null_at;  /* the first NUL in it; UINT64_MAX: none so far */
	uint32_t tail;     /* its last four bytes so far */
	uint64_t method;   /* its method so far, if that is short: a byte each */
	uint8_t lead;      /* how far it has come: enum lead */
	bool led;          /* an empty line stands in front of that head */
	bool led_badly;    /* or something else, or several */
	bool mute;         /* what the engine writes is not sent: no head is shown */
	bool ended;        /* the engine has read the client's end, or an error */
	bool head_only;    /* behind the present answer's head nothing is to be sent */
	uint16_t held;     /* its own, of this status */
	bool is_tcp;       /* else a Unix socket, which has no options of TCP */
	struct wye_chunking chunks; /* of the present body, while `next` isn't known */
	struct wye_fault fault;     /* of them: the engine is told that the peer has gone */
};

/* The intakes of one http thread, by descriptor. Made and freed by main while that thread does
 * not run. */
struct wye_intakes {
	struct wye_intake **places;
	size_t count;
};

/* Makes room for all descriptors that there may be. Returns 0 or a negative errno. */
int wye_intakes_init(struct wye_intakes *intakes) WYE_MUST_CHECK;
void wye_intakes_fini(struct wye_intakes *intakes);

/* They are the calling thread's from now on. */
void wye_intakes_enter(const struct wye_intakes *intakes);

/* Begins and ends to look at what the engine of the calling thread reads from a descriptor. */
void wye_intake_begin(struct wye_intake *intake, int descriptor, bool is_tcp);
void wye_intake_end(const struct wye_intake *intake, int descriptor);

/* The engine shows a head of `size` bytes: what it does not show of it is checked, and `next`
 * becomes the head's end. 503 if it has not passed here: then nothing is known of it. */
struct wye_fault wye_intake_take_head(struct wye_intake *intake, size_t size);

/* Something has come for which the engine may close without a word: a request line that it
 * can't read, or what takes it out of step with the lines. */
bool wye_intake_is_unreadable(const struct wye_intake *intake);

/* Its method is HEAD: an answer has no body. */
bool wye_intake_is_head(const struct wye_intake *intake);

/* How the body behind that head is framed: a length, or chunks whose extensions and trailers
 * have so many bytes. `behind` is the engine's memory behind the head, where the rest of what
 * it has received lies. */
struct wye_fault wye_intake_take_length(struct wye_intake *intake, const char *behind,
					uint64_t length);
struct wye_fault wye_intake_take_chunks(struct wye_intake *intake, const char *behind,
					uint32_t room);

#endif
