/* SPDX-License-Identifier: MIT
 *
 * request-id.c - gives every request and every handshake an id, and says it in X-Request-Id. A
 * well-formed id that the client or a proxy sent is kept.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <wye/plugin.h>

enum {
	LONGEST = 64, /* of an id that is kept */
	RANDOM = 8,   /* bytes of the part that tells threads and restarts apart */
	COUNTER = 4,  /* bytes of the part that tells requests of one thread apart */
	LENGTH = 2 * (RANDOM + COUNTER),
};

static const char NAME[] = "X-Request-Id";

/* Made once per thread: ids need no lock. Two instances may share it, ids stay different. */
static _Thread_local struct {
	char prefix[2 * RANDOM];
	uint32_t counter;
	bool ready;
} thread;

static void put_hex(char *out, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 0xf];
	}
}

static void prepare_thread(void)
{
	unsigned char bytes[RANDOM];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		memset(bytes, 0, sizeof bytes);
	put_hex(thread.prefix, bytes, sizeof bytes);
	thread.ready = true;
}

static struct wye_text make_id(char out[LENGTH])
{
	uint32_t count = thread.counter++;
	unsigned char bytes[COUNTER] = { (unsigned char)(count >> 24),
					 (unsigned char)(count >> 16),
					 (unsigned char)(count >> 8), (unsigned char)count };

	if (!thread.ready)
		prepare_thread();
	memcpy(out, thread.prefix, sizeof thread.prefix);
	put_hex(out + sizeof thread.prefix, bytes, sizeof bytes);
	return (struct wye_text) { out, LENGTH };
}

static bool well_formed(struct wye_text id)
{
	if (!id.data || !id.length || id.length > LONGEST)
		return false;
	for (size_t i = 0; i < id.length; i++) {
		unsigned char byte = (unsigned char)id.data[i], lower = byte | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(byte >= '0' && byte <= '9') &&
		    byte != '.' && byte != '_' && byte != '-')
			return false;
	}
	return true;
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	struct wye_text id = wye_request_header(request, NAME);
	char made[LENGTH];

	(void)instance;
	(void)state;
	if (!well_formed(id))
		id = make_id(made);
	if (!wye_request_set_id(request, id))
		wye_reply_header(request, NAME, id);
	return WYE_NEXT;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	struct wye_text id = wye_handshake_header(handshake, NAME);
	char made[LENGTH];

	(void)instance;
	(void)state;
	if (!well_formed(id))
		id = make_id(made);
	if (!wye_handshake_set_id(handshake, id))
		wye_handshake_reply_header(handshake, NAME, id);
	return WYE_NEXT;
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "request-id",
						 .request = on_request };
static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "request-id",
					     .handshake = on_handshake };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_request_id;

const struct wye_plugin wye_builtin_request_id = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_request_id,
	.name = "request-id",
	.sentence = "gives every request an id",
	.rest_middleware = rest_list,
	.ws_middleware = ws_list,
};
