/* SPDX-License-Identifier: MIT
 *
 * compress-encoder.c - see compress-encoder.h.
 */
#include <brotli/encode.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "compress-encoder.h"

enum {
	KEPT = 4, /* of zlib's that a thread keeps: 256 KB each, which malloc(3) would map */
	GZIP_WINDOW = 31, /* 32 KB, and 16 for gzip's frame */
	GZIP_MEMORY = 8,
	BROTLI_WINDOW = 18, /* 256 KB */
	BROTLI_LONGEST =
		(1 << 20) - 1, /* from 1 MB on level 4 takes 4 MB more for its tables */
};

struct encoder {
	enum coding coding;
	int level;
	z_stream zlib;
	BrotliEncoderState *brotli;
	struct encoder *next_kept;
};

/* ---- what a thread keeps ---- */

static _Thread_local struct encoder *kept;
static _Thread_local unsigned kept_count;
static pthread_key_t at_thread_end;

static void destroy(struct encoder *encoder)
{
	if (encoder->coding == CODING_GZIP)
		deflateEnd(&encoder->zlib);
	if (encoder->brotli)
		BrotliEncoderDestroyInstance(encoder->brotli);
	free(encoder);
}

static void destroy_kept(void *unused)
{
	(void)unused;
	while (kept) {
		struct encoder *next = kept->next_kept;

		destroy(kept);
		kept = next;
	}
	kept_count = 0;
}

static void make_key(void)
{
	if (pthread_key_create(&at_thread_end, destroy_kept))
		abort();
}

static void keep(struct encoder *encoder)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_key);
	if (kept_count == KEPT || pthread_setspecific(at_thread_end, &kept)) {
		destroy(encoder);
		return;
	}
	encoder->next_kept = kept;
	kept = encoder;
	kept_count++;
}

/* One of that level, as new; or NULL. */
static struct encoder *take_kept(int level)
{
	struct encoder *encoder = kept;

	if (!encoder)
		return NULL;
	kept = encoder->next_kept;
	kept_count--;
	if (encoder->level == level && deflateReset(&encoder->zlib) == Z_OK)
		return encoder;
	destroy(encoder);
	return NULL;
}

/* ---- making one ---- */

static bool open_gzip(struct encoder *encoder)
{
	return deflateInit2(&encoder->zlib, encoder->level, Z_DEFLATED, GZIP_WINDOW,
			    GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool open_brotli(struct encoder *encoder, uint64_t length)
{
	BrotliEncoderState *state = BrotliEncoderCreateInstance(NULL, NULL, NULL);

	encoder->brotli = state;
	if (!state)
		return false;
	BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, (uint32_t)encoder->level);
	BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, BROTLI_WINDOW);
	BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT,
				  length < BROTLI_LONGEST ? (uint32_t)length : BROTLI_LONGEST);
	return true;
}

struct encoder *encoder_create(enum coding coding, int level, uint64_t length)
{
	struct encoder *encoder = coding == CODING_GZIP ? take_kept(level) : NULL;
	bool good;

	if (encoder)
		return encoder;
	encoder = calloc(1, sizeof *encoder);
	if (!encoder)
		return NULL;
	encoder->coding = coding;
	encoder->level = level;
	good = coding == CODING_GZIP ? open_gzip(encoder) : open_brotli(encoder, length);
	if (good)
		return encoder;
	free(encoder);
	return NULL;
}

void encoder_destroy(struct encoder *encoder)
{
	if (encoder && encoder->coding == CODING_GZIP)
		keep(encoder);
	else if (encoder)
		destroy(encoder);
}

/* ---- using it ---- */

static ssize_t run_gzip(z_stream *zlib, struct wye_text *in, enum encoder_end end, void *out,
			size_t size, bool *done)
{
	int result;

	zlib->next_in = (Bytef *)in->data;
	zlib->avail_in = (uInt)in->length;
	zlib->next_out = out;
	zlib->avail_out = (uInt)size;
	result = deflate(zlib, end == ENCODER_FINISH ? Z_FINISH : Z_SYNC_FLUSH);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return -EIO;
	in->data += in->length - zlib->avail_in;
	in->length = zlib->avail_in;
	*done = end == ENCODER_FINISH ? result == Z_STREAM_END : zlib->avail_out > 0;
	return (ssize_t)(size - zlib->avail_out);
}

static ssize_t run_brotli(BrotliEncoderState *brotli, struct wye_text *in, enum encoder_end end,
			  void *out, size_t size, bool *done)
{
	bool finish = end == ENCODER_FINISH;
	const uint8_t *next_in = (const uint8_t *)in->data;
	uint8_t *next_out = out;
	size_t left = size;

	if (!BrotliEncoderCompressStream(
		    brotli, finish ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH,
		    &in->length, &next_in, &left, &next_out, NULL))
		return -EIO;
	in->data = (const char *)next_in;
	*done = finish ? BrotliEncoderIsFinished(brotli)
		       : !in->length && !BrotliEncoderHasMoreOutput(brotli);
	return (ssize_t)(size - left);
}

ssize_t encoder_run(struct encoder *encoder, struct wye_text *in, enum encoder_end end,
		    void *out, size_t size, bool *done)
{
	if (encoder->coding == CODING_GZIP)
		return run_gzip(&encoder->zlib, in, end, out, size, done);
	return run_brotli(encoder->brotli, in, end, out, size, done);
}
