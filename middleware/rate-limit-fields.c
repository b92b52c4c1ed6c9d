/* SPDX-License-Identifier: MIT
 *
 * rate-limit-fields.c - see rate-limit-fields.h.
 */
#include <string.h>

#include "rate-limit-fields.h"

static uint64_t seconds_to_leak(const struct wye_bucket_limits *limits, uint64_t thousandths)
{
	return (thousandths + limits->rate - 1) / limits->rate;
}

struct rate_limit_state rate_limit_state(const struct wye_bucket_limits *limits,
					 const struct wye_bucket_answer *answer)
{
	uint64_t burst = (uint64_t)limits->burst * 1000;

	if (answer->verdict == WYE_BUCKET_REFUSES)
		return (struct rate_limit_state) { 0, (answer->wait + 999) / 1000 };
	return (struct rate_limit_state) { (burst - answer->excess) / 1000,
					   seconds_to_leak(limits, answer->excess) };
}

/* ---- putting fields together, as printf(3) would be most of their cost ---- */

static void begin(struct rate_limit_field *out, const char *name)
{
	out->name = name;
	out->length = 0;
}

static void add_text(struct rate_limit_field *out, const char *text)
{
	size_t length = strlen(text);

	memcpy(out->value + out->length, text, length);
	out->length += length;
}

static void add_number(struct rate_limit_field *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(out->value + out->length, digits + at, sizeof digits - at);
	out->length += sizeof digits - at;
}

static void put_number(struct rate_limit_field *out, const char *name, uint64_t number)
{
	begin(out, name);
	add_number(out, number);
}

/* An item of a structured field with two parameters (RFC 9651, 3.3). */
static void put_item(struct rate_limit_field *out, const char *name, const char *first_key,
		     uint64_t first, const char *second_key, uint64_t second)
{
	begin(out, name);
	add_text(out, "\"default\"");
	add_text(out, first_key);
	add_number(out, first);
	add_text(out, second_key);
	add_number(out, second);
}

unsigned rate_limit_fields(struct rate_limit_field out[RATE_LIMIT_FIELDS],
			   const struct wye_bucket_limits *limits,
			   const struct rate_limit_state *state, bool combined)
{
	uint64_t quota = (uint64_t)limits->burst + 1;

	if (combined) {
		put_item(&out[0], "RateLimit-Policy", ";q=", quota,
			 ";w=", seconds_to_leak(limits, quota * 1000));
		put_item(&out[1], "RateLimit", ";r=", state->remaining, ";t=", state->reset);
		return 2;
	}
	put_number(&out[0], "RateLimit-Limit", quota);
	put_number(&out[1], "RateLimit-Remaining", state->remaining);
	put_number(&out[2], "RateLimit-Reset", state->reset);
	return 3;
}
