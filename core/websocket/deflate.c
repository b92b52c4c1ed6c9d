/* SPDX-License-Identifier: MIT
 *
 * deflate.c - see deflate.h.
 */
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#include "websocket/deflate.h"
#include "websocket/offers.h"

enum {
	FIRST_ALLOCATION = 256,
	GUESS = 4,         /* times the compressed length: what is allocated first */
	TAIL = 4,          /* bytes that each message ends with and that aren't sent (7.2.1) */
	LEVEL = 3,         /* JSON of 16 KB: three times as fast as 6, and 9 % longer */
	MEMORY_MAX = 8,    /* zlib's default */
	LOOKAHEAD = 262,   /* bytes of its window that zlib doesn't reach back to */
	BLOCK_ENDED = 128, /* z_stream.data_type: behind a block, at a whole byte */
};

/* ---- a thread's streams ---- */

struct streams {
	z_stream inflate;                           /* made if its state is set; so each */
	z_stream deflate[WYE_DEFLATE_BITS_MAX + 1]; /* by the bits of the window */
};

static pthread_key_t key;
static bool key_made;

static void streams_destroy(void *argument)
{
	struct streams *streams = argument;

	inflateEnd(&streams->inflate);
	for (unsigned bits = WYE_DEFLATE_BITS_MIN; bits <= WYE_DEFLATE_BITS_MAX; bits++)
		deflateEnd(&streams->deflate[bits]);
	free(streams);
}

static void make_key(void)
{
	key_made = !pthread_key_create(&key, streams_destroy);
}

/* This thread's, or NULL. They are freed when it ends. */
static struct streams *own_streams(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct streams *streams;

	pthread_once(&once, make_key);
	if (!key_made)
		return NULL;
	streams = pthread_getspecific(key);
	if (streams)
		return streams;
	streams = calloc(1, sizeof *streams);
	if (!streams || !pthread_setspecific(key, streams))
		return streams;
	free(streams);
	return NULL;
}

/* ---- inflating ---- */

struct output {
	uint8_t *data;
	size_t length, capacity;
	size_t limit; /* one more than a message may have: that byte tells that it has more */
};

/* The context-less stream of this thread, at its start. */
static z_stream *shared_inflate(void)
{
	struct streams *streams = own_streams();
	int status;

	if (!streams)
		return NULL;
	status = streams->inflate.state
			 ? inflateReset(&streams->inflate)
			 : inflateInit2(&streams->inflate, -WYE_DEFLATE_BITS_MAX);
	return status == Z_OK ? &streams->inflate : NULL;
}

/* A client whose zlib turns 8 bits into 9 is understood, too. */
static z_stream *kept_inflate(struct wye_inflater *inflater)
{
	int bits =
		inflater->bits < WYE_DEFLATE_BITS_MIN ? WYE_DEFLATE_BITS_MIN : inflater->bits;

	if (inflater->stream)
		return inflater->stream;
	inflater->stream = calloc(1, sizeof *inflater->stream);
	if (inflater->stream && inflateInit2(inflater->stream, -bits) != Z_OK) {
		free(inflater->stream);
		inflater->stream = NULL;
	}
	return inflater->stream;
}

void wye_inflater_fini(struct wye_inflater *inflater)
{
	if (inflater->stream)
		inflateEnd(inflater->stream);
	free(inflater->stream);
	inflater->stream = NULL;
}

/* Sees to it that there is room for a byte at least; the limit isn't reached. */
static bool make_room(struct output *out)
{
	size_t capacity = 2 * out->capacity;
	uint8_t *grown;

	if (out->length < out->capacity)
		return true;
	if (capacity > out->limit)
		capacity = out->limit;
	grown = realloc(out->data, capacity);
	if (!grown)
		return false;
	out->data = grown;
	out->capacity = capacity;
	return true;
}

static bool begin_output(struct output *out, size_t compressed, size_t max_message)
{
	*out = (struct output) { .limit = max_message < UINT32_MAX ? max_message + 1
								   : UINT32_MAX };
	out->capacity =
		compressed < FIRST_ALLOCATION / GUESS ? FIRST_ALLOCATION : compressed * GUESS;
	if (out->capacity > out->limit)
		out->capacity = out->limit;
	out->data = malloc(out->capacity);
	return out->data;
}

/* Inflates all of the bytes. A block that says that it is the last ends a stream and its
 * context; another may follow in the same message (7.2.3.4). Returns 0 or a close code. */
static unsigned feed(z_stream *stream, struct output *out, const uint8_t *data, size_t length)
{
	stream->next_in = (uint8_t *)data;
	stream->avail_in = (uInt)length;
	do {
		int status;

		if (!make_room(out))
			return WYE_WS_INTERNAL_ERROR;
		stream->next_out = out->data + out->length;
		stream->avail_out = (uInt)(out->capacity - out->length);
		status = inflate(stream, Z_SYNC_FLUSH);
		out->length = out->capacity - stream->avail_out;
		if (out->length == out->limit)
			return WYE_WS_TOO_BIG;
		if (status == Z_STREAM_END)
			status = inflateReset(stream);
		if (status == Z_MEM_ERROR)
			return WYE_WS_INTERNAL_ERROR;
		if (status != Z_OK && status != Z_BUF_ERROR)
			return WYE_WS_BAD_DATA;
	} while (stream->avail_in || (!stream->avail_out && stream->data_type != BLOCK_ENDED));
	return 0;
}

/* RFC 7692 gives no code for data that can't be inflated; 1007 says "not consistent with the
 * type of the message" (RFC 6455, 7.4.1), and is what others use. */
static unsigned inflate_all(z_stream *stream, struct output *out,
			    const struct wye_ws_input *event)
{
	static const uint8_t tail[TAIL] = { 0x00, 0x00, 0xff, 0xff };
	unsigned code;

	if (!event->length) /* not even the one byte of 7.2.3.6: nothing that the tail ends */
		return 0;
	code = feed(stream, out, event->data, event->length);
	if (!code)
		code = feed(stream, out, tail, sizeof tail);
	if (!code && stream->data_type != BLOCK_ENDED)
		code = WYE_WS_BAD_DATA;
	return code;
}

static enum wye_ws_event fail(struct wye_ws_input *event, unsigned code, const char *why)
{
	event->code = code;
	event->why = why;
	return WYE_WS_BROKEN;
}

enum wye_ws_event wye_inflate_message(struct wye_inflater *inflater, size_t max_message,
				      struct wye_ws_input *event, uint8_t **out)
{
	z_stream *stream = inflater->bits ? kept_inflate(inflater) : shared_inflate();
	struct output output = { .data = NULL };
	unsigned code = WYE_WS_INTERNAL_ERROR;

	if (stream && begin_output(&output, event->length, max_message))
		code = inflate_all(stream, &output, event);
	*out = output.data;
	if (code == WYE_WS_BAD_DATA)
		return fail(event, code, "broken deflate data");
	if (code)
		return fail(event, code,
			    code == WYE_WS_TOO_BIG ? "message too big" : "out of memory");
	if (event->opcode == WYE_WS_OP_TEXT && !wye_utf8_valid(output.data, output.length))
		return fail(event, WYE_WS_BAD_DATA, "text is not UTF-8");
	event->data = output.data;
	event->length = output.length;
	event->compressed = false;
	event->kept = true;
	return WYE_WS_MESSAGE;
}

/* ---- deflating ---- */

/* A window that reaches over the whole message is enough, and the smaller it is the less has to
 * be cleared before each message. */
static unsigned fitting_bits(unsigned most, size_t length)
{
	unsigned bits = WYE_DEFLATE_BITS_MIN;

	while (bits < most && (size_t)1 << bits < length + LOOKAHEAD)
		bits++;
	return bits;
}

static z_stream *shared_deflate(unsigned bits)
{
	struct streams *streams = own_streams();
	int memory = (int)bits - 6, status;
	z_stream *stream;

	if (!streams)
		return NULL;
	stream = &streams->deflate[bits];
	status = stream->state ? deflateReset(stream)
			       : deflateInit2(stream, LEVEL, Z_DEFLATED, -(int)bits,
					      memory < MEMORY_MAX ? memory : MEMORY_MAX,
					      Z_DEFAULT_STRATEGY);
	return status == Z_OK ? stream : NULL;
}

size_t wye_deflate_message(unsigned window_bits, size_t minimum, const void *data,
			   size_t length, void *out)
{
	z_stream *stream;

	if (length < minimum || length <= TAIL || length > UINT32_MAX)
		return 0;
	stream = shared_deflate(fitting_bits(window_bits, length));
	if (!stream)
		return 0;
	stream->next_in = (uint8_t *)data;
	stream->avail_in = (uInt)length;
	stream->next_out = out;
	stream->avail_out = (uInt)length;
	/* Room that is left tells that the flush is complete, and then it ends in the tail. */
	if (deflate(stream, Z_SYNC_FLUSH) != Z_OK || !stream->avail_out)
		return 0;
	return length - stream->avail_out - TAIL;
}
