/* SPDX-License-Identifier: MIT
 *
 * fuzz_multipart.c - a form of parts is the same however its body is cut. Input: a line with
 * the Content-Type, then the body.
 */
#include <stdlib.h>
#include <string.h>

#include <wye/multipart.h>

#include "target.h"

/* A sum over all that was told; the bytes of a part count one by one, as they may be cut. */
struct trace {
	uint64_t sum;
	size_t bytes, parts_begun, parts_ended;
};

static void add(struct trace *trace, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++)
		trace->sum = (trace->sum ^ bytes[i]) * 0x100000001b3;
	trace->bytes += length;
}

static int begin(void *argument, const struct wye_form_part *part)
{
	struct trace *trace = argument;

	if (trace->parts_begun++ != trace->parts_ended || !part->name.data)
		abort();
	add(trace, "[", 1);
	add(trace, part->name.data, part->name.length);
	add(trace, part->filename.data, part->filename.length);
	add(trace, part->type.data, part->type.length);
	return 0;
}

static int part_data(void *argument, const void *data, size_t length)
{
	struct trace *trace = argument;

	if (!length || trace->parts_begun != trace->parts_ended + 1)
		abort();
	add(trace, data, length);
	return 0;
}

static int end(void *argument)
{
	struct trace *trace = argument;

	if (trace->parts_begun != ++trace->parts_ended)
		abort();
	add(trace, "]", 1);
	return 0;
}

static const struct wye_multipart_handler HANDLER = {
	.size = sizeof HANDLER, .begin = begin, .data = part_data, .end = end
};

/* Each piece is memory of its own: a sanitizer sees each step beside it. */
static int feed(struct wye_multipart *parser, const uint8_t *data, size_t length)
{
	uint8_t *copy = malloc(length);
	int error;

	if (!copy)
		return 0;
	memcpy(copy, data, length);
	error = wye_multipart_feed(parser, copy, length);
	free(copy);
	return error;
}

static int run(struct wye_text type, const uint8_t *body, size_t length, size_t step,
	       struct trace *trace)
{
	struct wye_multipart *parser;
	int error = wye_multipart_create(&parser, type, NULL, &HANDLER, trace);

	if (error)
		return error;
	for (size_t at = 0; at < length && !error; at += step)
		error = feed(parser, body + at, length - at < step ? length - at : step);
	if (!error)
		error = wye_multipart_finish(parser);
	wye_multipart_destroy(parser);
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	const uint8_t *line = length ? memchr(data, '\n', length) : NULL;
	struct trace whole = { .sum = 0 };
	struct wye_text type;
	size_t left;
	int error;

	if (!line)
		return 0;
	type = (struct wye_text) { (const char *)data, (size_t)(line - data) };
	left = length - type.length - 1;
	error = run(type, line + 1, left, left + 1, &whole);
	for (size_t step = 1; step <= 7; step += 2) {
		struct trace cut = { .sum = 0 };

		if (run(type, line + 1, left, step, &cut) != error || cut.sum != whole.sum ||
		    cut.bytes != whole.bytes || cut.parts_ended != whole.parts_ended)
			abort();
	}
	return 0;
}
