/* SPDX-License-Identifier: MIT
 *
 * compress-body.c - see compress-body.h. A piece is read from the body, compressed and flushed
 * before the next one is asked for, so that nothing is held up where a source waits. All of it
 * runs on the request's http thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "compress-body.h"
#include "compress-encoder.h"

enum {
	PIECE = 32768, /* bytes that are read of a body at a time */
};

/* One answer; in the request's memory. */
struct compression {
	const struct compress_body *body;
	struct wye_inner *inner;
	struct encoder *encoder; /* NULL: all is compressed */
	char *piece;
	struct wye_text left; /* of the piece */
	uint64_t length, total;
	enum encoder_end end;
	bool done; /* all that was read has been written */
};

static _Thread_local unsigned running;

/* As soon as it is not needed: a slow client may take what is left for long. */
static void stop(struct compression *compression)
{
	if (!compression->encoder)
		return;
	encoder_destroy(compression->encoder);
	free(compression->piece);
	compression->encoder = NULL;
	running--;
	wye_metric_add(compression->body->running, -1);
}

/* Reads the next piece. Returns 0; or what the body's read() said. */
static ssize_t next_piece(struct wye_request *request, struct compression *compression)
{
	ssize_t got = wye_inner_read(request, compression->inner, compression->piece, PIECE);
	bool known = compression->length != WYE_LENGTH_UNKNOWN;

	if (got < 0)
		return got;
	compression->total += (uint64_t)got;
	if (!got && known && compression->total < compression->length)
		return -EIO; /* it broke off: that may not look whole */
	compression->left = (struct wye_text) { compression->piece, (size_t)got };
	compression->end = !got || compression->total == compression->length ? ENCODER_FINISH
									     : ENCODER_FLUSH;
	compression->done = false;
	wye_metric_add(compression->body->bytes_in, got);
	return 0;
}

/* What there is is handed on before the body is asked again, as that may wait. */
static ssize_t read_compressed(struct wye_request *request, void *argument, void *buffer,
			       size_t size)
{
	struct compression *compression = argument;
	ssize_t written = 0;

	while (!written && compression->encoder) {
		ssize_t error = compression->done ? next_piece(request, compression) : 0;

		if (error)
			return error;
		written = encoder_run(compression->encoder, &compression->left,
				      compression->end, buffer, size, &compression->done);
		if (written < 0)
			return written;
		wye_metric_add(compression->body->bytes_out, written);
		if (compression->done && compression->end == ENCODER_FINISH)
			stop(compression);
	}
	return written;
}

static void close_compressed(void *argument)
{
	stop(argument);
}

static const struct wye_source source = { .size = sizeof source,
					  .read = read_compressed,
					  .close = close_compressed };

static struct compression *start(struct wye_request *request, const struct compress_body *body,
				 enum coding coding)
{
	struct compression *compression = wye_request_allocate(request, sizeof *compression);
	uint64_t length = wye_reply_length(request);
	struct encoder *encoder;
	char *piece;

	if (!compression || running >= body->max_running)
		return NULL;
	encoder = encoder_create(coding, body->levels[coding], length);
	piece = malloc(PIECE);
	if (!encoder || !piece) {
		encoder_destroy(encoder);
		free(piece);
		return NULL;
	}
	*compression = (struct compression) {
		.body = body, .encoder = encoder, .piece = piece, .length = length, .done = true
	};
	running++;
	wye_metric_add(body->running, 1);
	return compression;
}

bool compress_body_wrap(struct wye_request *request, const struct compress_body *body,
			enum coding coding)
{
	struct compression *compression = start(request, body, coding);

	if (!compression) {
		wye_metric_add(body->refused, 1);
		return false;
	}
	if (!wye_reply_wrap(request, WYE_LENGTH_UNKNOWN, &source, compression,
			    &compression->inner))
		return true;
	stop(compression);
	return false;
}

static ssize_t read_nothing(struct wye_request *request, void *argument, void *buffer,
			    size_t size)
{
	(void)request;
	(void)argument;
	(void)buffer;
	(void)size;
	return 0;
}

static const struct wye_source nothing = { .size = sizeof nothing, .read = read_nothing };

bool compress_body_omit(struct wye_request *request, const struct compress_body *body)
{
	struct wye_inner *inner;

	return running < body->max_running &&
	       !wye_reply_wrap(request, WYE_LENGTH_UNKNOWN, &nothing, NULL, &inner);
}
