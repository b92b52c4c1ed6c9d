/* SPDX-License-Identifier: MIT
 *
 * fuzz_intake.c - what the intake knows of a connection does not depend on how the bytes came:
 * the ends of messages, the first fault, and whether what is left can be read. Input: a byte
 * for the cuts, one for the kinds of bodies (two bits each), then what a client sends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/intake.h"
#include "target.h"

enum {
	MESSAGES = 4,
	LONGEST = 4096, /* beyond, a pair of sockets may not take it at once */
	ROOM = 24,      /* of extensions and trailers */
};

/* What came out of it. */
struct result {
	uint64_t ends[MESSAGES]; /* of heads */
	size_t count;
	unsigned status; /* of the fault */
	bool unreadable; /* what lies behind the last message */
};

/* What an engine does: it reads into its buffer, and looks for a head in it. */
struct engine {
	struct wye_intake intake;
	int ends[2];
	char buffer[LONGEST];
	size_t length, at; /* a message begins there, as the engine sees it */
	bool in_body, led; /* an empty line stood in front of it */
	unsigned kinds;
	struct result result;
};

/* The length of the first head from `at` on, without an empty line in front; 0: not there. */
static size_t head_length(struct engine *engine)
{
	const char *start = engine->buffer + engine->at, *stop;
	size_t left = engine->length - engine->at;

	if (!engine->led && left >= 2 && !memcmp(start, "\r\n", 2)) {
		engine->led = true;
		engine->at += 2;
		start += 2;
		left -= 2;
	}
	stop = memmem(start, left, "\r\n\r\n", 4);
	return stop ? (size_t)(stop - start) + 4 : 0;
}

static struct wye_fault take_body(struct engine *engine)
{
	const char *behind = engine->buffer + engine->at;
	unsigned kind = engine->kinds & 3;

	engine->kinds >>= 2;
	if (kind == 3)
		return wye_intake_take_chunks(&engine->intake, behind, ROOM);
	return wye_intake_take_length(&engine->intake, behind, kind * 7);
}

/* Returns true if a head was taken. */
static bool take_head(struct engine *engine)
{
	size_t length = head_length(engine);
	struct wye_fault fault;

	if (!length)
		return false;
	fault = wye_intake_take_head(&engine->intake, length);
	engine->at += length;
	if (!fault.status) {
		must(engine->intake.next == engine->at, "the head ends elsewhere");
		engine->result.ends[engine->result.count++] = engine->at;
		engine->in_body = true;
		engine->led = false;
		if (engine->result.count < MESSAGES)
			fault = take_body(engine);
	}
	engine->result.status = fault.status;
	return true;
}

/* The next head begins where the intake says that the body ends, once all of that has come. */
static bool end_body(struct engine *engine)
{
	if (engine->intake.next > engine->length)
		return false;
	must(engine->intake.next >= engine->at, "a body ends before its head");
	engine->at = engine->intake.next;
	engine->in_body = false;
	return true;
}

static void serve(struct engine *engine)
{
	bool goes_on = true;

	while (goes_on && !engine->result.status && engine->result.count < MESSAGES)
		goes_on = engine->in_body ? end_body(engine) : take_head(engine);
}

/* True: it goes on. */
static bool receive(struct engine *engine, size_t most)
{
	ssize_t got = recv(engine->ends[0], engine->buffer + engine->length, most, 0);

	if (got < 0) {
		must(errno == ECONNRESET && engine->intake.fault.status, "a read that failed");
		engine->result.status = engine->intake.fault.status;
		return false;
	}
	engine->length += (size_t)got;
	must(engine->intake.received == engine->length, "bytes were not seen");
	return true;
}

/* By a second, plain look at what is no whole head. */
static bool is_unreadable(const struct engine *engine)
{
	size_t at = engine->at - (engine->led ? 2 : 0);
	const char *text = engine->buffer + at, *line;
	size_t left = engine->length - at;
	bool led = left >= 2 && !memcmp(text, "\r\n", 2);

	if (engine->in_body || !left)
		return false;
	if (memchr(text, '\0', left) || *text == '\n' || (*text == '\r' && !led && left > 1))
		return true;
	text += led ? 2 : 0;
	left -= led ? 2 : 0;
	if (led && left && (*text == '\r' || *text == '\n'))
		return true;
	line = memchr(text, '\n', left);
	return line && (*text == ' ' || !memchr(text, ' ', (size_t)(line - text)));
}

static void check_rest(struct engine *engine)
{
	struct result *result = &engine->result;

	if (result->status || result->count == MESSAGES)
		return; /* nothing was read any more */
	result->unreadable = wye_intake_is_unreadable(&engine->intake);
	must(result->unreadable == is_unreadable(engine), "can it be read or not");
}

/* What an engine says by itself is held back, until it shows a head. */
static void check_hold(struct engine *engine)
{
	static char text[] = "HTTP/1.1 505 Too New\r\n\r\n";
	struct iovec part = { .iov_base = text, .iov_len = sizeof text - 1 };
	const struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	char got[sizeof text];
	int on = 1;

	for (int shown = 0; shown < 2; shown++) {
		ssize_t wanted = shown ? (ssize_t)part.iov_len : -1;

		engine->intake.mute = !shown;
		must(send(engine->ends[0], text, part.iov_len, 0) == (ssize_t)part.iov_len,
		     "said to be sent");
		must(recv(engine->ends[1], got, sizeof got, MSG_DONTWAIT) == wanted, "sent");
		must(sendmsg(engine->ends[0], &message, 0) == (ssize_t)part.iov_len,
		     "said to be sent, in parts");
		must(recv(engine->ends[1], got, sizeof got, MSG_DONTWAIT) == wanted,
		     "sent in parts");
	}
	must(engine->intake.held == 505 && wye_intake_is_unreadable(&engine->intake), "held");
	must(!setsockopt(engine->ends[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on),
	     "an option that is of no interest");
}

static struct result run(const uint8_t *data, size_t length, unsigned kinds, size_t cut)
{
	static struct wye_intakes intakes;
	struct engine engine = { .kinds = kinds };
	uint32_t seed = (uint32_t)cut;

	if (!intakes.count) {
		must(!wye_intakes_init(&intakes), "intakes");
		wye_intakes_enter(&intakes);
	}
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, engine.ends), "sockets");
	wye_intake_begin(&engine.intake, engine.ends[0], false);
	must(send(engine.ends[1], data, length, 0) == (ssize_t)length, "sent");
	while (engine.length < length && !engine.result.status &&
	       engine.result.count < MESSAGES) {
		seed = seed * 1664525 + 1013904223;
		if (receive(&engine, cut < 4 ? cut + 1 : 1 + (seed >> 16) % cut))
			serve(&engine);
	}
	check_rest(&engine);
	if (kinds & 0x80)
		check_hold(&engine);
	wye_intake_end(&engine.intake, engine.ends[0]);
	close(engine.ends[0]);
	close(engine.ends[1]);
	return engine.result;
}

static void check_same(const struct result *a, const struct result *b)
{
	must(a->count == b->count && a->status == b->status && a->unreadable == b->unreadable,
	     "another result");
	must(!memcmp(a->ends, b->ends, a->count * sizeof a->ends[0]), "other messages");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct result whole, cut;

	if (length < 3 || length - 2 > LONGEST)
		return 0;
	whole = run(data + 2, length - 2, data[1], LONGEST - 1);
	cut = run(data + 2, length - 2, data[1], data[0] % 32);
	check_same(&whole, &cut);
	return 0;
}
