/* SPDX-License-Identifier: MIT
 *
 * fuzz_fields.c - the rules of single fields. Input: a byte says which, the rest is the field's
 * value, and where two are needed, a line each.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/http.h>

#include "base/field.h"
#include "config/config.h"
#include "config/settings.h"
#include "net/forwarded.h"

#include "../../handlers/files-condition.h"
#include "../../handlers/files-encoding.h"
#include "../../middleware/compress-accept.h"
#include "../../middleware/field-list.h"
#include "../../middleware/origins.h"
#include "target.h"

/* The first line, taken off. */
/* ---- Range, If-Range and the preconditions (RFC 9110, 13 and 14) ---- */

static const struct files_validators current = { { "\"tag\"", 5 }, 1700000000 };

static void check_extent(struct wye_text range, uint64_t size)
{
	const struct files_conditions asked = { .range = range };
	struct files_conditions again = { .range = { NULL, 0 } };
	uint64_t first = 7, length = 7, first_again, length_again;
	char text[64];

	if (files_extent(&asked, &current, size, 1800000000, &first, &length) != FILES_PART) {
		must(first == 0 && length == size, "not the whole");
		return;
	}
	must(length && length <= size && first <= size - length, "outside of the file");
	again.range = (struct wye_text) {
		text, (size_t)snprintf(text, sizeof text, "bytes=%llu-%llu",
				       (unsigned long long)first,
				       (unsigned long long)(first + length - 1))
	};
	must(files_extent(&again, &current, size, 1800000000, &first_again, &length_again) ==
			     FILES_PART &&
		     first == first_again && length == length_again,
	     "another part by its own numbers");
}

static void check_range(struct wye_text text)
{
	static const uint64_t sizes[] = { 0, 1, 1000, UINT64_MAX };

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		check_extent(text, sizes[i]);
}

static void check_conditions(struct wye_text text)
{
	struct files_conditions asked = { .match = take_line(&text) };
	uint64_t first, length;

	asked.none_match = take_line(&text);
	asked.modified = asked.not_modified = take_line(&text);
	asked.if_range = take_line(&text);
	asked.range = (struct wye_text) { "bytes=0-0", 9 };
	(void)files_judge(&asked, &current);
	asked.match.data = NULL;
	(void)files_judge(&asked, &current);
	asked.none_match.data = NULL;
	(void)files_judge(&asked, &current);
	(void)files_extent(&asked, &current, 5, 1800000000, &first, &length);
	must(first == 0 && (length == 1 || length == 5), "another part than asked for");
}

/* ---- Accept-Encoding: two readers of one rule ---- */

static void check_accept(struct wye_text text)
{
	static const enum coding preferred[] = { CODING_BROTLI, CODING_GZIP };
	struct accepted accepted = ACCEPTED_NOTHING;
	unsigned weight = files_weight(text, "gzip", 0);
	enum coding best;

	accepted_add(&accepted, text);
	best = accepted_best(&accepted, preferred, 2);
	must(weight <= 1000 && best < CODINGS, "a weight or coding that is none");
	if (best == CODING_GZIP)
		must(accepted.weights[CODING_GZIP] > 0 || accepted.others > 0, "not wanted");
	if (text.length > 7 && !memcmp(text.data, "gzip;q=", 7) &&
	    !memchr(text.data, ',', text.length) &&
	    !memchr(text.data + 7, ';', text.length - 7))
		must((int)weight == accepted.weights[CODING_GZIP] ||
			     accepted.weights[CODING_GZIP] < 0,
		     "the two differ");
}

/* ---- X-Forwarded-For and Forwarded: what a client wrote changes nothing behind a proxy ----
 */

static void check_client(struct wye_text said, bool rfc7239)
{
	const char *name = rfc7239 ? "Forwarded" : "X-Forwarded-For";
	struct wye_trust trust = { .rfc7239 = rfc7239, .count = 1 };
	union wye_address proxy, client;
	struct wye_field fields[2] = { { { name, strlen(name) }, said } };
	struct wye_cidr range;
	char *joined = malloc(said.length + 64);
	char text[WYE_ADDRESS_TEXT];

	if (!joined || wye_cidr_parse(&range, "10.0.0.0/8") ||
	    wye_address_parse(&proxy, "10.0.0.1", 0))
		abort();
	trust.ranges = &range;
	if (wye_forwarded_client(&trust, &proxy, fields, 1, &client))
		must(wye_address_text(&client, text) > 1, "no address");
	memcpy(joined, said.data, said.length);
	fields[0].value = (struct wye_text) {
		joined,
		said.length + (size_t)sprintf(joined + said.length, "%s",
					      rfc7239 ? ", for=192.0.2.9" : ", 192.0.2.9")
	};
	must(wye_forwarded_client(&trust, &proxy, fields, 1, &client) &&
		     wye_address_text(&client, text) == 9 && !memcmp(text, "192.0.2.9", 9),
	     "what the proxy said is not what counts");
	fields[1] = (struct wye_field) { fields[0].name, said };
	must(!wye_forwarded_client(&trust, &client, fields, 2, &client), "not trusted");
	free(joined);
}

static void check_forwarded(struct wye_text text)
{
	check_client(text, true);
}

static void check_x_forwarded(struct wye_text text)
{
	check_client(text, false);
}

/* ---- origins ---- */

static void check_origin(struct wye_text text)
{
	static const char pattern[] = "https://*.b.example";
	struct wye_text origin = take_line(&text);
	char *own = strndup(text.data, text.length);

	if (!own)
		return;
	if (origin_matches(origin, pattern)) {
		const char *tail = origin.data + origin.length - 10;

		must(origin.length > 18 && !strncasecmp(origin.data, "https://", 8) &&
			     !strncasecmp(tail, ".b.example", 10),
		     "another origin");
		for (const char *at = origin.data + 8; at < tail; at++)
			must(*at && !strchr("/@:?#*%, \\", *at), "no label");
	}
	if (origin_well_formed(own) && !strpbrk(own, "*"))
		must(origin_matches((struct wye_text) { own, strlen(own) }, own), "not itself");
	(void)origin_is_host(origin, text);
	free(own);
}

/* ---- lists ---- */

/* Both ends see the same elements. */
static void check_list(struct wye_text text)
{
	struct wye_text forward = text, backward = text, one;
	size_t count = 0, sum = 0;

	for (; wye_list_next(&forward, &one); count++)
		sum += one.length;
	for (; wye_list_last(&backward, &one); count--)
		sum -= one.length;
	must(!count && !sum, "another list from behind");
}

/* A middleware's reader of lists, which also takes blanks for separators, and the one of the
 * core, for a word that neither would cut. */
static void check_words(struct wye_text text)
{
	struct wye_text one, list = text;
	bool blanks = false;

	while (wye_list_next(&list, &one))
		blanks = blanks || memchr(one.data, ' ', one.length) ||
			 memchr(one.data, '\t', one.length);
	if (wye_list_has(text, "Origin"))
		must(field_list_has(text, "origin"), "not in it");
	else
		must(blanks || !field_list_has(text, "origin"), "in it");
}

/* ---- dates ---- */

static void check_date(struct wye_text text)
{
	char written[WYE_HTTP_DATE];
	int64_t time, again;

	if (!wye_http_date_read(text, &time))
		return;
	wye_http_date_write(time, written);
	must(strlen(written) == WYE_HTTP_DATE - 1, "a date of another length");
	must(wye_http_date_read((struct wye_text) { written, WYE_HTTP_DATE - 1 }, &again) &&
		     again == time,
	     "another time");
}

/* ---- CORS: an origin against any pattern, by its parts ---- */

struct parts {
	struct wye_text scheme, host; /* with its port */
};

static bool split_origin(struct wye_text text, struct parts *out)
{
	const char *mark = memmem(text.data, text.length, "://", 3);

	if (!mark)
		return false;
	out->scheme = (struct wye_text) { text.data, (size_t)(mark - text.data) };
	out->host = (struct wye_text) { mark + 3, text.length - out->scheme.length - 3 };
	return true;
}

static bool alike(struct wye_text a, struct wye_text b)
{
	for (size_t i = 0; i < a.length && a.length == b.length; i++)
		if (tolower((unsigned char)a.data[i]) != tolower((unsigned char)b.data[i]))
			return false;
	return a.length == b.length;
}

static bool naive_matches(struct wye_text origin, struct wye_text pattern)
{
	struct parts has, wants;
	size_t more;

	if (pattern.length == 1 && pattern.data[0] == '*')
		return true;
	if (!memchr(pattern.data, '*', pattern.length))
		return alike(origin, pattern);
	if (!split_origin(origin, &has) || !split_origin(pattern, &wants) ||
	    !alike(has.scheme, wants.scheme) || has.host.length < wants.host.length)
		return false;
	more = has.host.length - (wants.host.length - 1); /* what the star stands for */
	for (size_t i = 0; i < more; i++)
		if (!isalnum((unsigned char)has.host.data[i]) &&
		    !memchr("-_.", has.host.data[i], 3))
			return false;
	return alike((struct wye_text) { has.host.data + more, has.host.length - more },
		     (struct wye_text) { wants.host.data + 1, wants.host.length - 1 });
}

/* The list of a config, and what it says of an origin. */
static void check_origins(struct wye_text origin, const char *pattern)
{
	static const struct wye_setting table[] = {
		{ .name = "origins", .type = WYE_SETTING_STRINGS }, { .name = NULL }
	};
	struct wye_problems problems = { .errors = 0 };
	struct wye_settings *settings;
	struct wye_error why = { "" };
	struct origins *origins;
	config_setting_t *list;
	config_t config;

	config_init(&config);
	list = config_setting_add(config_root_setting(&config), "origins", CONFIG_TYPE_ARRAY);
	config_setting_set_string_elem(list, -1, "https://first.example");
	config_setting_set_string_elem(list, -1, pattern);
	must(!wye_settings_create(&settings, table, config_root_setting(&config), "it",
				  &problems),
	     "settings");
	if (!origins_open(&origins, settings, "origins", &why)) {
		must(origin_well_formed(pattern), "a pattern that is none");
		must(origins_have(origins, origin) ==
			     (origin_matches(origin, "https://first.example") ||
			      origin_matches(origin, pattern)),
		     "in the list, or not");
		free(origins);
	} else {
		must(!origin_well_formed(pattern) && why.text[0], "refused without a word");
	}
	wye_settings_destroy(settings);
	wye_problems_fini(&problems);
	config_destroy(&config);
}

static void check_cors(struct wye_text text)
{
	struct wye_text origin = take_line(&text);
	char *pattern = strndup(text.data, text.length);

	if (!pattern)
		return;
	if (origin_well_formed(pattern))
		must(origin_matches(origin, pattern) ==
			     naive_matches(origin,
					   (struct wye_text) { pattern, strlen(pattern) }),
		     "it matches, or not");
	check_origins(origin, pattern);
	free(pattern);
}

static void (*const checks[])(struct wye_text text) = {
	check_range,  check_conditions, check_accept, check_forwarded, check_x_forwarded,
	check_origin, check_list,       check_words,  check_date,      check_cors,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	char *copy;

	if (!length)
		return 0;
	copy = malloc(length - 1
			      ? length - 1
			      : 1); /* of its own size: a sanitizer sees each step beside it */
	if (!copy)
		return 0;
	memcpy(copy, data + 1, length - 1);
	checks[data[0] % (sizeof checks / sizeof checks[0])](
		(struct wye_text) { copy, length - 1 });
	free(copy);
	return 0;
}
