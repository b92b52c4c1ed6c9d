/* SPDX-License-Identifier: MIT
 *
 * chunks.c - see chunks.h.
 *
 *   chunk     = size *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted ) ] ) CRLF data CRLF
 *   last      = 1*"0" extensions CRLF *( name ":" value CRLF ) CRLF
 *
 * A step for each place in that grammar takes one byte and says where the next one stands.
 * Blanks between the size and its first ";" are not taken, as the engine does not take them
 * either.
 */
#include <string.h>

#include "base/field.h"
#include "http/chunks.h"

enum {
	DIGITS = 16, /* of a size: beyond, it would run over */
};

enum state {
	SIZE_FIRST,
	SIZE,
	NAME_FIRST,
	NAME,
	NAME_GAP, /* blanks behind a name: "=" or another extension must follow */
	VALUE_FIRST,
	VALUE,
	QUOTED,
	QUOTED_PAIR,
	QUOTED_END,
	GAP, /* blanks behind an extension: another must follow */
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_FIRST,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
	STATES,
	/* where it ends */
	DONE = STATES,
	BAD,
	LARGE,
};

typedef enum state step(struct wye_chunking *chunks, char byte);

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static enum state only(char byte, char wanted, enum state next)
{
	return byte == wanted ? next : BAD;
}

/* ---- the size ---- */

/* -1: it is none. */
static int digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static enum state size_first(struct wye_chunking *chunks, char byte)
{
	int value = digit(byte);

	chunks->left = (uint64_t)value;
	chunks->digits = 1;
	return value < 0 ? BAD : SIZE;
}

static enum state end_of_line_or(char byte, char other, enum state next)
{
	return byte == '\r' ? SIZE_LF : only(byte, other, next);
}

static enum state size(struct wye_chunking *chunks, char byte)
{
	int value = digit(byte);

	if (value < 0)
		return end_of_line_or(byte, ';', NAME_FIRST);
	if (++chunks->digits > DIGITS)
		return BAD;
	chunks->left = chunks->left << 4 | (unsigned)value;
	return SIZE;
}

static enum state size_lf(struct wye_chunking *chunks, char byte)
{
	if (chunks->left > INT64_MAX)
		return BAD;
	return only(byte, '\n', chunks->left ? DATA : TRAILER_FIRST);
}

/* ---- extensions ---- */

static enum state behind_extension(char byte)
{
	return is_blank(byte) ? GAP : end_of_line_or(byte, ';', NAME_FIRST);
}

static enum state gap(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return is_blank(byte) ? GAP : only(byte, ';', NAME_FIRST);
}

static enum state name_first(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	if (wye_byte_is(byte, WYE_BYTE_TOKEN))
		return NAME;
	return is_blank(byte) ? NAME_FIRST : BAD;
}

static enum state name(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	if (wye_byte_is(byte, WYE_BYTE_TOKEN))
		return NAME;
	if (byte == '=')
		return VALUE_FIRST;
	return is_blank(byte) ? NAME_GAP : behind_extension(byte);
}

static enum state name_gap(struct wye_chunking *chunks, char byte)
{
	return byte == '=' ? VALUE_FIRST : is_blank(byte) ? NAME_GAP : gap(chunks, byte);
}

static enum state value_first(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	if (byte == '"')
		return QUOTED;
	if (wye_byte_is(byte, WYE_BYTE_TOKEN))
		return VALUE;
	return is_blank(byte) ? VALUE_FIRST : BAD;
}

static enum state value(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return wye_byte_is(byte, WYE_BYTE_TOKEN) ? VALUE : behind_extension(byte);
}

static enum state quoted(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	if (byte == '"')
		return QUOTED_END;
	if (byte == '\\')
		return QUOTED_PAIR;
	return wye_byte_is(byte, WYE_BYTE_TEXT) ? QUOTED : BAD;
}

static enum state quoted_pair(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return wye_byte_is(byte, WYE_BYTE_TEXT) ? QUOTED : BAD;
}

static enum state quoted_end(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return behind_extension(byte);
}

/* ---- data ---- */

static enum state data_cr(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return only(byte, '\r', DATA_LF);
}

static enum state data_lf(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return only(byte, '\n', SIZE_FIRST);
}

/* ---- trailers ---- */

static enum state trailer_first(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	if (byte == '\r')
		return LAST_LF;
	return wye_byte_is(byte, WYE_BYTE_TOKEN) ? TRAILER_NAME : BAD;
}

static enum state trailer_name(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return wye_byte_is(byte, WYE_BYTE_TOKEN) ? TRAILER_NAME
						 : only(byte, ':', TRAILER_VALUE);
}

static enum state trailer_value(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return wye_byte_is(byte, WYE_BYTE_TEXT) ? TRAILER_VALUE : only(byte, '\r', TRAILER_LF);
}

static enum state trailer_lf(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return only(byte, '\n', TRAILER_FIRST);
}

static enum state last_lf(struct wye_chunking *chunks, char byte)
{
	(void)chunks;
	return only(byte, '\n', DONE);
}

static step *const steps[STATES] = {
	[SIZE_FIRST] = size_first,
	[SIZE] = size,
	[GAP] = gap,
	[NAME_FIRST] = name_first,
	[NAME] = name,
	[NAME_GAP] = name_gap,
	[VALUE_FIRST] = value_first,
	[VALUE] = value,
	[QUOTED] = quoted,
	[QUOTED_PAIR] = quoted_pair,
	[QUOTED_END] = quoted_end,
	[SIZE_LF] = size_lf,
	[DATA_CR] = data_cr,
	[DATA_LF] = data_lf,
	[TRAILER_FIRST] = trailer_first,
	[TRAILER_NAME] = trailer_name,
	[TRAILER_VALUE] = trailer_value,
	[TRAILER_LF] = trailer_lf,
	[LAST_LF] = last_lf,
};

/* States whose bytes are neither a size nor data nor a line end. */
static bool is_extra(enum state state)
{
	return (state >= NAME_FIRST && state <= GAP) ||
	       (state >= TRAILER_NAME && state <= TRAILER_LF);
}

static enum state take(struct wye_chunking *chunks, char byte)
{
	enum state next = steps[chunks->state](chunks, byte);

	if (next < STATES && is_extra(next) && !chunks->room--)
		return LARGE;
	return next;
}

static size_t skip_data(struct wye_chunking *chunks, size_t length)
{
	size_t skipped = chunks->left < length ? (size_t)chunks->left : length;

	chunks->left -= skipped;
	if (!chunks->left)
		chunks->state = DATA_CR;
	return skipped;
}

void wye_chunking_begin(struct wye_chunking *chunks, uint32_t room)
{
	*chunks = (struct wye_chunking) { .state = SIZE_FIRST, .room = room };
}

enum wye_chunking_answer wye_chunking_read(struct wye_chunking *chunks, const char *data,
					   size_t length, size_t *used)
{
	size_t at = 0;

	while (at < length && chunks->state < STATES) {
		if (chunks->state == DATA)
			at += skip_data(chunks, length - at);
		else
			chunks->state = (uint8_t)take(chunks, data[at++]);
	}
	*used = at;
	switch (chunks->state) {
	case DONE:
		return WYE_CHUNKING_DONE;
	case BAD:
		return WYE_CHUNKING_BAD;
	case LARGE:
		return WYE_CHUNKING_LARGE;
	default:
		return WYE_CHUNKING_MORE;
	}
}
