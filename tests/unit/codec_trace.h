/* SPDX-License-Identifier: MIT
 *
 * codec_trace.h - runs the decoder over bytes cut in some way and writes its events down as
 * text, so that two ways can be compared. Each piece lies in an allocation of its own size,
 * where a sanitizer sees every step beside it. Aborts if the decoder breaks what codec.h
 * promises.
 */
#ifndef WYE_TESTS_CODEC_TRACE_H
#define WYE_TESTS_CODEC_TRACE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "websocket/deflate.h"

struct trace {
	char *text;
	size_t length, capacity;
	bool no_sentences; /* codes of errors only */
	bool deflate;      /* compressed messages are let in */
	bool takeover;     /* their client keeps its context */
};

/* Sizes of the pieces: `first`, then `next` each; with a seed, 1 to `next` at random. */
struct cuts {
	size_t first, next;
	uint32_t seed;
};

#define TRACE_MUST(condition)                                                                  \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,             \
				#condition);                                                   \
			abort();                                                               \
		}                                                                              \
	} while (0)

static inline void trace_bytes(struct trace *trace, const char *data, size_t length)
{
	if (trace->capacity < trace->length + length + 1) {
		trace->capacity = 2 * (trace->length + length + 1);
		trace->text = realloc(trace->text, trace->capacity);
		TRACE_MUST(trace->text);
	}
	memcpy(trace->text + trace->length, data, length);
	trace->length += length;
	trace->text[trace->length] = '\0';
}

static inline void __attribute__((format(printf, 2, 3)))
trace_add(struct trace *trace, const char *format, ...)
{
	char line[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	TRACE_MUST(length >= 0 && (size_t)length < sizeof line);
	trace_bytes(trace, line, (size_t)length);
}

/* Up to 200 bytes are spelled out, more become their number and a hash (FNV-1a). */
static inline void trace_payload(struct trace *trace, const uint8_t *data, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
		if (length > 200)
			continue;
		if (data[i] > ' ' && data[i] < 0x7f)
			trace_add(trace, "%c", data[i]);
		else
			trace_add(trace, "\\%02x", data[i]);
	}
	if (length > 200)
		trace_add(trace, "<%zu %016llx>", length, (unsigned long long)hash);
	trace_add(trace, ";");
}

static inline void trace_event(struct trace *trace, enum wye_ws_event kind,
			       const struct wye_ws_input *event)
{
	static const char *const names[] = { [WYE_WS_PING] = "ping:", [WYE_WS_PONG] = "pong:" };

	if (kind == WYE_WS_BROKEN) {
		trace_add(trace, "broken:%u", event->code);
		if (!trace->no_sentences)
			trace_add(trace, ":%s", event->why);
		trace_add(trace, ";");
		return;
	}
	if (kind == WYE_WS_CLOSE)
		trace_add(trace, "close:%u:", event->code);
	else if (kind == WYE_WS_MESSAGE)
		trace_add(trace, event->opcode == WYE_WS_TEXT ? "text:" : "binary:");
	else
		trace_add(trace, "%s", names[kind]);
	TRACE_MUST(event->data);
	trace_payload(trace, event->data, event->length);
}

static inline size_t next_cut(struct cuts *cuts, size_t left)
{
	size_t size = cuts->first;

	if (!size) {
		size = cuts->next;
		if (cuts->seed) {
			cuts->seed = cuts->seed * 1664525 + 1013904223;
			size = 1 + (cuts->seed >> 8) % cuts->next;
		}
	}
	cuts->first = 0;
	return size < left ? size : left;
}

/* What the decoder hands out is inflated if it is compressed; `*plain` is to be freed. */
static inline enum wye_ws_event trace_decode(struct wye_ws_decoder *decoder,
					     struct wye_inflater *inflater, uint8_t **data,
					     size_t *length, struct wye_ws_input *event,
					     uint8_t **plain)
{
	enum wye_ws_event kind = wye_ws_decode(decoder, data, length, event);

	*plain = NULL;
	if (kind != WYE_WS_MESSAGE || !event->compressed)
		return kind;
	kind = wye_inflate_message(inflater, decoder->max_message, event, plain);
	if (kind == WYE_WS_BROKEN)
		wye_ws_decoder_fini(decoder);
	else
		TRACE_MUST(event->length <= decoder->max_message && event->data);
	return kind;
}

/* Decodes one piece. Returns true once the decoder has answered CLOSE or BROKEN. */
static inline bool trace_piece(struct trace *trace, struct wye_ws_decoder *decoder,
			       struct wye_inflater *inflater, uint8_t *piece, size_t length,
			       bool over)
{
	uint8_t *data = piece, *end = piece + length, *plain;
	struct wye_ws_input event;
	enum wye_ws_event kind;

	while ((kind = trace_decode(decoder, inflater, &data, &length, &event, &plain)) !=
	       WYE_WS_MORE) {
		TRACE_MUST(!over);
		TRACE_MUST(data <= end && data + length == end);
		trace_event(trace, kind, &event);
		free(plain);
		over = kind == WYE_WS_CLOSE || kind == WYE_WS_BROKEN;
	}
	TRACE_MUST(!length && data == end);
	return over;
}

/* Appends all events of the bytes to the trace. */
static inline void trace_run(struct trace *trace, const void *bytes, size_t length,
			     size_t max_message, struct cuts cuts)
{
	struct wye_inflater inflater = { .bits = trace->takeover ? 15 : 0 };
	struct wye_ws_decoder decoder;
	size_t at = 0, size;
	bool over = false;

	trace_bytes(trace, "", 0);
	wye_ws_decoder_init(&decoder, max_message);
	if (trace->deflate)
		wye_ws_decoder_allow_compressed(&decoder);
	while (at < length) {
		uint8_t *piece = malloc(size = next_cut(&cuts, length - at));

		TRACE_MUST(piece);
		memcpy(piece, (const uint8_t *)bytes + at, size);
		over = trace_piece(trace, &decoder, &inflater, piece, size, over);
		free(piece);
		at += size;
		/* Memory is bounded by what has arrived, and an idle decoder holds none. */
		TRACE_MUST(decoder.capacity <= 256 + 2 * at);
		TRACE_MUST((decoder.kind && !over) || !decoder.message);
		TRACE_MUST(decoder.missing || !decoder.control || over);
	}
	wye_ws_decoder_fini(&decoder);
	wye_inflater_fini(&inflater);
}

static inline void trace_fini(struct trace *trace)
{
	free(trace->text);
	memset(trace, 0, sizeof *trace);
}

#endif
