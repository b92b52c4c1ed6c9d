/* SPDX-License-Identifier: MIT
 *
 * intake.c - see intake.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/intake.h"

/* A line that begins with a blank, or has none, is one that the engine can't read. */
enum lead {
	LEAD_NONE, /* nothing of the head has come, or a line's end in front of it */
	LEAD_CR,
	LEAD_METHOD, /* the head itself has begun */
	LEAD_BLANK,
	LEAD_OVER, /* from here on nothing changes: the method has come */
	LEAD_UNREADABLE,
};

enum {
	TOGETHER = 1024, /* bytes that are rather copied than sent as two pieces */
};

/* By descriptor: those of this thread's engine, so that other threads' reads never meet them.
 */
static _Thread_local struct wye_intakes here;

int wye_intakes_init(struct wye_intakes *intakes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	intakes->places = calloc(limit.rlim_cur, sizeof *intakes->places);
	intakes->count = intakes->places ? limit.rlim_cur : 0;
	return intakes->places ? 0 : -ENOMEM;
}

void wye_intakes_fini(struct wye_intakes *intakes)
{
	free(intakes->places);
	*intakes = (struct wye_intakes) { NULL, 0 };
}

void wye_intakes_enter(const struct wye_intakes *intakes)
{
	here = *intakes;
}

void wye_intake_begin(struct wye_intake *intake, int descriptor, bool is_tcp)
{
	*intake = (struct wye_intake) {
		.end = UINT64_MAX, .null_at = UINT64_MAX, .mute = true, .is_tcp = is_tcp
	};
	if ((size_t)descriptor < here.count)
		here.places[descriptor] = intake;
}

void wye_intake_end(const struct wye_intake *intake, int descriptor)
{
	if ((size_t)descriptor < here.count && here.places[descriptor] == intake)
		here.places[descriptor] = NULL;
}

/* ---- heads ---- */

/* In front of a head: RFC 9112, 2.2: one empty line is passed over. */
static enum lead lead_begin(struct wye_intake *intake, char byte)
{
	bool in_line = intake->lead == LEAD_CR, is_end = byte == '\r' || byte == '\n';

	if (in_line != (byte == '\n') || (is_end && intake->led))
		intake->led_badly = true;
	if (byte == '\r')
		return LEAD_CR;
	if (byte == '\n') {
		intake->led = true;
		return LEAD_NONE;
	}
	intake->method = (uint8_t)byte;
	return byte == ' ' ? LEAD_BLANK : LEAD_METHOD;
}

static enum lead lead_step(struct wye_intake *intake, char byte)
{
	switch (intake->lead) {
	case LEAD_NONE:
	case LEAD_CR:
		return lead_begin(intake, byte);
	case LEAD_METHOD:
		if (byte == ' ')
			return LEAD_OVER;
		intake->method = intake->method << 8 | (uint8_t)byte;
		break;
	default:
		break;
	}
	return byte == '\n' ? LEAD_UNREADABLE : (enum lead)intake->lead;
}

/* The last four bytes of `length`, behind `tail`, as they lie in memory. */
static uint32_t shift(uint32_t tail, const char *data, size_t length)
{
	char bytes[8];

	if (length >= sizeof tail) {
		memcpy(&tail, data + length - sizeof tail, sizeof tail);
		return tail;
	}
	memcpy(bytes, &tail, sizeof tail);
	memcpy(bytes + sizeof tail, data, length);
	memcpy(&tail, bytes + length, sizeof tail);
	return tail;
}

/* How much of `length` is the head's. */
static size_t find_end(struct wye_intake *intake, const char *data, size_t length)
{
	const char *at = memchr(data, '\n', length);

	while (at) {
		size_t used = (size_t)(at - data) + 1;
		uint32_t tail = shift(intake->tail, data, used);

		if (!memcmp(&tail, "\r\n\r\n", sizeof tail))
			return used;
		at = memchr(at + 1, '\n', length - used);
	}
	intake->tail = shift(intake->tail, data, length);
	return 0;
}

static void look_at_head(struct wye_intake *intake, const char *data, size_t length,
			 uint64_t position)
{
	size_t used;
	const char *null;

	if (intake->end != UINT64_MAX)
		return;
	for (size_t i = 0; i < length && intake->lead < LEAD_OVER; i++)
		intake->lead = (uint8_t)lead_step(intake, data[i]);
	used = find_end(intake, data, length);
	if (used)
		intake->end = position + used;
	if (intake->null_at != UINT64_MAX)
		return;
	null = memchr(data, '\0', used ? used : length);
	if (null)
		intake->null_at = position + (size_t)(null - data);
}

struct wye_fault wye_intake_take_head(struct wye_intake *intake, size_t size)
{
	uint64_t end = intake->next + (intake->led ? 2 : 0) + size;

	if (intake->led_badly)
		return (struct wye_fault) { 400, "bad line before the request\n" };
	if (intake->null_at < end)
		return (struct wye_fault) { 400, "NUL in the head\n" };
	if (intake->received < end)
		return (struct wye_fault) { 503, "the head was not seen\n" };
	if (intake->end != end) /* a line that begins with a colon is empty for the engine */
		return (struct wye_fault) { 400, "bad line end\n" };
	intake->next = end;
	return (struct wye_fault) { 0, NULL };
}

bool wye_intake_is_unreadable(const struct wye_intake *intake)
{
	return intake->lead == LEAD_UNREADABLE || intake->led_badly ||
	       intake->null_at != UINT64_MAX || intake->held;
}

bool wye_intake_is_head(const struct wye_intake *intake)
{
	return intake->lead == LEAD_OVER && intake->method == 0x48454144; /* "HEAD" */
}

/* ---- bodies ---- */

static void look_at_chunks(struct wye_intake *intake, const char *data, size_t length,
			   uint64_t position)
{
	size_t used;

	switch (wye_chunking_read(&intake->chunks, data, length, &used)) {
	case WYE_CHUNKING_DONE:
		intake->next = position + used;
		break;
	case WYE_CHUNKING_BAD:
		intake->fault = (struct wye_fault) { 400, "bad chunk\n" };
		break;
	case WYE_CHUNKING_LARGE:
		intake->fault =
			(struct wye_fault) { 431, "chunk extensions or trailers too large\n" };
		break;
	case WYE_CHUNKING_MORE:
		break;
	}
}

/* Bytes that begin at `position` of all that came. */
static void look(struct wye_intake *intake, const char *data, size_t length, uint64_t position)
{
	if (intake->next == UINT64_MAX)
		look_at_chunks(intake, data, length, position);
	if (intake->next < position + length) {
		size_t skip = intake->next > position ? intake->next - position : 0;

		look_at_head(intake, data + skip, length - skip, position + skip);
	}
}

/* What the engine has received beyond the head, while that was not read yet. */
static struct wye_fault look_behind(struct wye_intake *intake, const char *behind, uint64_t end)
{
	intake->lead = LEAD_NONE;
	intake->method = 0;
	intake->led = intake->led_badly = false;
	intake->end = intake->null_at = UINT64_MAX;
	intake->tail = 0;
	if (intake->received > end)
		look(intake, behind, intake->received - end, end);
	return intake->fault;
}

struct wye_fault wye_intake_take_length(struct wye_intake *intake, const char *behind,
					uint64_t length)
{
	uint64_t end = intake->next;

	intake->body = end;
	intake->next = end + length;
	return look_behind(intake, behind, end);
}

struct wye_fault wye_intake_take_chunks(struct wye_intake *intake, const char *behind,
					uint32_t room)
{
	uint64_t end = intake->next;

	intake->body = end;
	intake->next = UINT64_MAX;
	wye_chunking_begin(&intake->chunks, room);
	return look_behind(intake, behind, end);
}

/* ---- the engine's calls ---- */

static struct wye_intake *find(int descriptor)
{
	return (size_t)descriptor < here.count ? here.places[descriptor] : NULL;
}

/* Stands before the one of the C library, for all in this program; the same for all descriptors
 * but those of the engine, which is not to go on with a body that was refused. */
WYE_API ssize_t recv(int descriptor, void *data, size_t size, int flags)
{
	ssize_t got = recvfrom(descriptor, data, size, flags, NULL, NULL);
	struct wye_intake *intake = find(descriptor);

	if (!intake)
		return got;
	if (got <= 0) {
		intake->ended = intake->ended || !got || errno != EAGAIN;
		return got;
	}
	look(intake, data, (size_t)got, intake->received);
	intake->received += (size_t)got;
	if (!intake->fault.status)
		return got;
	errno = ECONNRESET;
	return -1;
}

/* "HTTP/1.1 400 Bad Request ..." */
static uint16_t status_of(const char *text, size_t length)
{
	enum { AT = sizeof "HTTP/1.1 " - 1 };
	uint16_t status = 0;

	for (size_t i = AT; i < AT + 3; i++)
		if (i < length && text[i] >= '0' && text[i] <= '9')
			status = (uint16_t)(status * 10 + (text[i] - '0'));
	return status;
}

/* What it writes of its own is said to be written. wye itself writes to such a descriptor by
 * other calls. */
static ssize_t hold(struct wye_intake *intake, const void *data, size_t size)
{
	if (!intake->held)
		intake->held = status_of(data, size);
	return (ssize_t)size;
}

/* Of such an answer its head is sent by itself, without a word of chunks, for whose end clients
 * would wait; and the end of chunks, which comes next, is not. */
static ssize_t send_head(struct wye_intake *intake, int descriptor, char *data, size_t size,
			 int flags)
{
	static const char coding[] = "\r\nTransfer-Encoding: chunked";
	char *field = memmem(data, size, coding, sizeof coding - 1);
	size_t before = field ? (size_t)(field - data) : size;
	size_t skip = field ? sizeof coding - 1 : 0;
	struct iovec parts[] = { { data, before },
				 { data + before + skip, size - before - skip } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t sent = syscall(SYS_sendmsg, descriptor, &message, flags);

	if (sent > (ssize_t)before)
		sent += (ssize_t)skip;
	if (sent == (ssize_t)size && size >= 4 && !memcmp(data + size - 4, "\r\n\r\n", 4))
		intake->mute = true;
	return sent;
}

WYE_API ssize_t send(int descriptor, const void *data, size_t size, int flags)
{
	struct wye_intake *intake = find(descriptor);

	if (intake && intake->mute)
		return hold(intake, data, size);
	if (intake && intake->head_only)
		return send_head(intake, descriptor, (char *)data, size, flags);
	return sendto(descriptor, data, size, flags, NULL, 0);
}

static ssize_t total(const struct msghdr *message)
{
	size_t sum = 0;

	for (size_t i = 0; i < message->msg_iovlen; i++)
		sum += message->msg_iov[i].iov_len;
	return (ssize_t)sum;
}

/* A short answer's head and body as one piece: the kernel is faster with that. */
static ssize_t send_joined(int descriptor, const struct msghdr *message, int flags)
{
	char joined[TOGETHER];
	size_t length = 0;

	for (size_t i = 0; i < message->msg_iovlen; i++) {
		memcpy(joined + length, message->msg_iov[i].iov_base,
		       message->msg_iov[i].iov_len);
		length += message->msg_iov[i].iov_len;
	}
	return sendto(descriptor, joined, length, flags, NULL, 0);
}

WYE_API ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
	struct wye_intake *intake = find(descriptor);

	if (intake && intake->mute && message->msg_iovlen) {
		(void)hold(intake, message->msg_iov->iov_base, message->msg_iov->iov_len);
		return total(message);
	}
	if (intake && total(message) <= TOGETHER)
		return send_joined(descriptor, message, flags);
	return syscall(SYS_sendmsg, descriptor, message, flags);
}

/* On a Unix socket the engine would set TCP's options at each answer, as they fail each time.
 */
WYE_API int setsockopt(int descriptor, int level, int name, const void *value, socklen_t length)
{
	const struct wye_intake *intake = level == IPPROTO_TCP ? find(descriptor) : NULL;

	if (intake && !intake->is_tcp)
		return 0;
	return (int)syscall(SYS_setsockopt, descriptor, level, name, value, length);
}
