/* SPDX-License-Identifier: MIT
 *
 * access-log-line.c - see access-log-line.h.
 */
#include <string.h>
#include <time.h>

#include "access-log-line.h"

const uint16_t access_longest[ACCESS_TEXTS] = {
	[ACCESS_CLIENT] = 64, [ACCESS_USER] = 256,     [ACCESS_ID] = 128,
	[ACCESS_METHOD] = 64, [ACCESS_TARGET] = 1024,  [ACCESS_PROTOCOL] = 16,
	[ACCESS_ROUTE] = 256, [ACCESS_REFERER] = 1024, [ACCESS_USER_AGENT] = 1024,
};

static const char *const ENDS[] = {
	[WYE_REQUEST_FINISHED] = "finished",   [WYE_REQUEST_ABORTED] = "aborted",
	[WYE_REQUEST_TIMED_OUT] = "timed out", [WYE_REQUEST_REFUSED] = "refused",
	[WYE_REQUEST_STOPPED] = "stopped",
};

static const char *const CAUSES[] = {
	[WYE_WS_PEER] = "peer",
	[WYE_WS_HANDLER] = "handler",
	[WYE_WS_RESET] = "reset",
	[WYE_WS_PROTOCOL] = "protocol",
	[WYE_WS_LIMIT] = "limit",
	[WYE_WS_WRITE_STALL] = "write-stall",
	[WYE_WS_SLOW_CONSUMER] = "slow-consumer",
	[WYE_WS_POLICY] = "policy",
	[WYE_WS_DRAIN] = "drain",
	[WYE_WS_DEADLINE] = "deadline",
	[WYE_WS_SILENT] = "silent",
	[WYE_WS_IDLE] = "idle",
	[WYE_WS_LIFETIME] = "lifetime",
	[WYE_WS_RATE] = "rate",
	[WYE_WS_REFUSED] = "refused",
	[WYE_WS_EXPIRED] = "expired",
};

/* ---- pieces ---- */

static void put(struct access_line *line, const char *text, size_t length)
{
	if (length > ACCESS_LINE - line->length)
		length = ACCESS_LINE - line->length;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

static void put_text(struct access_line *line, const char *text)
{
	put(line, text, strlen(text));
}

static void put_number(struct access_line *line, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(line, digits + at, sizeof digits - at);
}

/* Three decimals, with their zeros: "1.050". */
static void put_thousandths(struct access_line *line, uint64_t number)
{
	unsigned rest = (unsigned)(number % 1000);
	const char decimals[4] = { '.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
				   (char)('0' + rest % 10) };

	put_number(line, number / 1000);
	put(line, decimals, sizeof decimals);
}

/* ---- time: its text is made once a second on each thread, as gmtime_r(3) takes a lock ---- */

struct stamp {
	time_t second;
	char combined[32], json[24];
};

/* CLOCK_REALTIME_COARSE is enough, and cheaper, where only seconds are told. */
static const struct stamp *stamp(clockid_t clock, struct timespec *now)
{
	static _Thread_local struct stamp last;

	clock_gettime(clock, now);
	if (now->tv_sec != last.second) {
		struct tm utc;

		gmtime_r(&now->tv_sec, &utc);
		strftime(last.combined, sizeof last.combined, "[%d/%b/%Y:%H:%M:%S +0000]",
			 &utc);
		strftime(last.json, sizeof last.json, "%Y-%m-%dT%H:%M:%S", &utc);
		last.second = now->tv_sec;
	}
	return &last;
}

/* ---- texts that others sent ---- */

struct escape {
	size_t length;
	char text[8];
};

/* Printable ASCII but for the quote and the backslash. */
static const bool plain_bytes[256] = { [' ' ... '!'] = true,
				       ['#' ... '['] = true,
				       [']' ... '~'] = true };

/* How many there are in front, up to `room`. */
static size_t count_plain(const unsigned char *at, const unsigned char *end, size_t room)
{
	const unsigned char *start = at;

	if ((size_t)(end - at) > room)
		end = at + room;
	while (at < end && plain_bytes[*at])
		at++;
	return (size_t)(at - start);
}

static void add_hex(struct escape *out, const char *start, unsigned value, unsigned digits)
{
	out->length = strlen(start);
	memcpy(out->text, start, out->length);
	while (digits--)
		out->text[out->length++] = "0123456789ABCDEF"[value >> 4 * digits & 0xf];
}

/* Writes what stands for the first bytes of a text; returns how many bytes these are. */
typedef size_t escaper(const unsigned char *at, size_t left, struct escape *out);

/* As nginx does: what could end the line or the quotes becomes \xHH. */
static size_t escape_combined(const unsigned char *at, size_t left, struct escape *out)
{
	(void)left;
	add_hex(out, "\\x", *at, 2);
	return 1;
}

/* Returns the bytes of the character at the start, or 0 if this is no UTF-8 (RFC 3629, 4). */
static size_t decode_utf8(const unsigned char *at, size_t left, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *at < 0x80 ? 1 : *at < 0xc0 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
	uint32_t point = length == 1 ? *at : *at & (0x7fu >> length);

	if (!length || length > left || *at > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*out = point;
	return length;
}

/* JSON forbids the first 32 only; the others would end a line for some readers. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029;
}

/* A byte that is no UTF-8 becomes the text \xHH, which has its backslash escaped here. */
static size_t escape_json(const unsigned char *at, size_t left, struct escape *out)
{
	uint32_t point;
	size_t length = decode_utf8(at, left, &point);

	if (!length) {
		add_hex(out, "\\\\x", *at, 2);
		return 1;
	}
	if (is_control(point)) {
		add_hex(out, "\\u", point, 4);
		return length;
	}
	out->length = 0;
	if (point == '"' || point == '\\')
		out->text[out->length++] = '\\';
	memcpy(out->text + out->length, at, length);
	out->length += length;
	return length;
}

/* Cut at `room` bytes, never within an escape or a character. */
static void put_escaped(struct access_line *line, struct wye_text text, size_t room,
			escaper *escape)
{
	const unsigned char *at = (const unsigned char *)text.data, *end = at + text.length;

	while (at < end && room) {
		struct escape escaped;
		size_t plain = count_plain(at, end, room);

		put(line, (const char *)at, plain);
		at += plain;
		room -= plain;
		if (at == end || !room)
			return;
		at += escape(at, (size_t)(end - at), &escaped);
		if (escaped.length > room)
			return;
		put(line, escaped.text, escaped.length);
		room -= escaped.length;
	}
}

/* ---- combined ---- */

static void put_or_dash(struct access_line *line, const struct access_entry *entry,
			enum access_text which)
{
	if (entry->texts[which].length)
		put_escaped(line, entry->texts[which], access_longest[which], escape_combined);
	else
		put(line, "-", 1);
}

static void put_traffic(struct access_line *line, const char *key, uint64_t messages,
			uint64_t bytes)
{
	put_text(line, key);
	put_number(line, messages);
	put_text(line, "/");
	put_number(line, bytes);
}

static void put_connection(struct access_line *line, const struct wye_ws_ending *ending)
{
	put_text(line, " ws duration=");
	put_thousandths(line, ending->duration);
	put_traffic(line, " in=", ending->messages_in, ending->bytes_in);
	put_traffic(line, " out=", ending->messages_out, ending->bytes_out);
	put_text(line, " code=");
	put_number(line, ending->code);
	put_text(line, " cause=");
	put_text(line, CAUSES[ending->cause]);
}

static void put_combined(struct access_line *line, const struct access_entry *entry)
{
	struct timespec now;

	line->length = 0;
	put_or_dash(line, entry, ACCESS_CLIENT);
	put_text(line, " - ");
	put_or_dash(line, entry, ACCESS_USER);
	put_text(line, " ");
	put_text(line, stamp(CLOCK_REALTIME_COARSE, &now)->combined);
	put_text(line, " \"");
	put_or_dash(line, entry, ACCESS_METHOD);
	put_text(line, " ");
	put_or_dash(line, entry, ACCESS_TARGET);
	put_text(line, " ");
	put_or_dash(line, entry, ACCESS_PROTOCOL);
	put_text(line, "\" ");
	put_number(line, entry->status);
	put_text(line, " ");
	put_number(line, entry->bytes);
	put_text(line, " \"");
	put_or_dash(line, entry, ACCESS_REFERER);
	put_text(line, "\" \"");
	put_or_dash(line, entry, ACCESS_USER_AGENT);
	put_text(line, "\"");
}

void access_line_combined(struct access_line *line, const struct access_entry *entry)
{
	put_combined(line, entry);
	if (entry->ending)
		put_connection(line, entry->ending);
	put_text(line, "\n");
}

static void put_times(struct access_line *line, const struct access_entry *entry)
{
	put_text(line, " duration_ms=");
	put_thousandths(line, entry->duration);
	put_text(line, " upstream_ms=");
	if (entry->upstream == ACCESS_NOBODY)
		put_text(line, "-");
	else
		put_thousandths(line, entry->upstream);
	put_text(line, " end=\"");
	put_text(line, ENDS[entry->end]);
	put_text(line, "\"");
}

void access_line_extended(struct access_line *line, const struct access_entry *entry)
{
	put_combined(line, entry);
	put_text(line, " route=\"");
	put_or_dash(line, entry, ACCESS_ROUTE);
	put_text(line, "\" id=\"");
	put_or_dash(line, entry, ACCESS_ID);
	put_text(line, "\"");
	if (entry->ending)
		put_connection(line, entry->ending);
	else
		put_times(line, entry);
	put_text(line, "\n");
}

/* ---- JSON ---- */

static void put_json_time(struct access_line *line)
{
	struct timespec now;
	const struct stamp *last = stamp(CLOCK_REALTIME, &now);
	unsigned thousandths = (unsigned)(now.tv_nsec / 1000000);
	const char decimals[3] = { (char)('0' + thousandths / 100),
				   (char)('0' + thousandths / 10 % 10),
				   (char)('0' + thousandths % 10) };

	put_text(line, "{\"time\":\"");
	put_text(line, last->json);
	put_text(line, ".");
	put(line, decimals, sizeof decimals);
	put_text(line, "Z\"");
}

/* `key` has its quotes, the comma before and the colon behind. */
static void put_member(struct access_line *line, const char *key,
		       const struct access_entry *entry, enum access_text which)
{
	put_text(line, key);
	if (!entry->texts[which].length) {
		put_text(line, "null");
		return;
	}
	put_text(line, "\"");
	put_escaped(line, entry->texts[which], access_longest[which], escape_json);
	put_text(line, "\"");
}

static void put_count(struct access_line *line, const char *key, uint64_t number)
{
	put_text(line, key);
	put_number(line, number);
}

static void put_json_request(struct access_line *line, const struct access_entry *entry)
{
	put_count(line, ",\"bytes\":", entry->bytes);
	put_text(line, ",\"duration_ms\":");
	put_thousandths(line, entry->duration);
	put_text(line, ",\"upstream_ms\":");
	if (entry->upstream == ACCESS_NOBODY)
		put_text(line, "null");
	else
		put_thousandths(line, entry->upstream);
	put_text(line, ",\"end\":\"");
	put_text(line, ENDS[entry->end]);
	put_text(line, "\"}\n");
}

static void put_json_connection(struct access_line *line, const struct wye_ws_ending *ending)
{
	put_count(line, ",\"duration_ms\":", ending->duration);
	put_count(line, ",\"messages_in\":", ending->messages_in);
	put_count(line, ",\"bytes_in\":", ending->bytes_in);
	put_count(line, ",\"messages_out\":", ending->messages_out);
	put_count(line, ",\"bytes_out\":", ending->bytes_out);
	put_count(line, ",\"code\":", ending->code);
	put_text(line, ",\"cause\":\"");
	put_text(line, CAUSES[ending->cause]);
	put_text(line, "\"}\n");
}

void access_line_json(struct access_line *line, const struct access_entry *entry)
{
	line->length = 0;
	put_json_time(line);
	put_text(line, entry->ending ? ",\"lane\":\"websocket\"" : ",\"lane\":\"rest\"");
	put_member(line, ",\"id\":", entry, ACCESS_ID);
	put_member(line, ",\"client\":", entry, ACCESS_CLIENT);
	put_member(line, ",\"user\":", entry, ACCESS_USER);
	put_member(line, ",\"method\":", entry, ACCESS_METHOD);
	put_member(line, ",\"target\":", entry, ACCESS_TARGET);
	put_member(line, ",\"protocol\":", entry, ACCESS_PROTOCOL);
	put_member(line, ",\"route\":", entry, ACCESS_ROUTE);
	put_member(line, ",\"referer\":", entry, ACCESS_REFERER);
	put_member(line, ",\"user_agent\":", entry, ACCESS_USER_AGENT);
	put_count(line, ",\"status\":", entry->status);
	if (entry->ending)
		put_json_connection(line, entry->ending);
	else
		put_json_request(line, entry);
}
