/* SPDX-License-Identifier: MIT
 *
 * limiter.c - see limiter.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "limiter.h"

const char *const limiter_periods[] = { "second", "minute", NULL };

int limiter_read(struct wye_bucket_limits *out, const struct wye_settings *values,
		 struct wye_error *why)
{
	bool minute = !strcmp(wye_setting_string(values, "per"), "minute");
	double rate = wye_setting_number(values, "rate") * 1000;

	*out = (struct wye_bucket_limits) {
		.rate = (uint32_t)((minute ? rate / 60 : rate) + 1e-6), /* 0.001 is 1 */
		.burst = (uint32_t)wye_setting_integer(values, "burst"),
		.delay = (uint32_t)wye_setting_integer(values, "delay"),
	};
	if (out->rate)
		return 0;
	wye_setting_error(values, "rate", why, "\"rate\" is less than one in 1000 seconds");
	return -EINVAL;
}

struct wye_text limiter_address(struct wye_text address, unsigned prefix,
				uint8_t room[LIMITER_KEY])
{
	char text[INET6_ADDRSTRLEN];

	if (address.length >= sizeof text || !address.length ||
	    !memchr(address.data, ':', address.length))
		return address;
	memcpy(text, address.data, address.length);
	text[address.length] = '\0';
	if (inet_pton(AF_INET6, text, room) != 1)
		return address;
	for (unsigned i = prefix; i < 8 * LIMITER_KEY; i++)
		room[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return (struct wye_text) { (const char *)room, (prefix + 7) / 8 };
}
