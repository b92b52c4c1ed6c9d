/* SPDX-License-Identifier: MIT
 *
 * fuzz_cookies.c - cookies that come are those that a plain reader of RFC 6265, 5.2 finds;
 * a Set-Cookie that is written is what a browser reads as just that cookie (6265bis, 5.6), and
 * none that it would drop. Input: a byte chooses; the rest is the Cookie field, or flags and
 * ages in eight bytes and then name, value, path and domain, a line each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wye/http.h>

#include "route/pairs.h"
#include "target.h"

static struct wye_text trim(struct wye_text text)
{
	while (text.length && (text.data[0] == ' ' || text.data[0] == '\t'))
		text.data++, text.length--;
	while (text.length &&
	       (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
		text.length--;
	return text;
}

/* What stands in front of a separator, taken off the front; false at the end. */
static bool take(struct wye_text *text, char separator, struct wye_text *piece)
{
	size_t length = 0;

	if (!text->data)
		return false;
	while (length < text->length && text->data[length] != separator)
		length++;
	*piece = (struct wye_text) { text->data, length };
	if (length == text->length)
		text->data = NULL;
	else
		*text = (struct wye_text) { text->data + length + 1,
					    text->length - length - 1 };
	return true;
}

static bool equal(struct wye_text a, struct wye_text b)
{
	return a.length == b.length && (!a.length || !memcmp(a.data, b.data, a.length));
}

static bool is_text(struct wye_text text, const char *wanted)
{
	return equal(text, (struct wye_text) { wanted, strlen(wanted) });
}

/* ---- Cookie ---- */

/* The next pair with a name; its value without the quotes round it. */
static bool naive_pair(struct wye_text *text, struct wye_field *pair)
{
	struct wye_text piece;

	while (take(text, ';', &piece)) {
		struct wye_text rest = trim(piece);

		if (!take(&rest, '=', &pair->name) || !pair->name.length)
			continue;
		pair->value = rest.data ? rest : (struct wye_text) { "", 0 };
		if (pair->value.length > 1 && pair->value.data[0] == '"' &&
		    pair->value.data[pair->value.length - 1] == '"')
			pair->value = (struct wye_text) { pair->value.data + 1,
							  pair->value.length - 2 };
		return true;
	}
	return false;
}

static void run_cookie(struct wye_text text)
{
	struct wye_pairs pairs = { 0 };
	struct wye_field pair;
	struct wye_arena arena;
	char first[1];
	size_t count = 0;

	wye_arena_init(&arena, first, 0);
	wye_pairs_parse_cookies(&pairs, &arena, text);
	must(pairs.parsed && !pairs.incomplete, "not parsed");
	while (naive_pair(&text, &pair)) {
		must(count < pairs.count, "fewer cookies");
		must(equal(pairs.items[count].name, pair.name), "another name");
		must(equal(pairs.items[count].value, pair.value), "another value");
		count++;
	}
	must(count == pairs.count, "more cookies");
	wye_arena_reset(&arena);
}

/* ---- Set-Cookie ---- */

static bool has_prefix(struct wye_text name, const char *prefix)
{
	return name.length >= strlen(prefix) && !strncasecmp(name.data, prefix, strlen(prefix));
}

/* What a browser has of it. */
struct seen {
	struct wye_text path, domain, age, expires, same_site;
	bool secure, http_only, partitioned;
};

static void see(struct seen *seen, struct wye_text name, struct wye_text value)
{
	static const struct {
		const char *name;
		size_t place;
	} TEXTS[] = {
		{ "Path", offsetof(struct seen, path) },
		{ "Domain", offsetof(struct seen, domain) },
		{ "Max-Age", offsetof(struct seen, age) },
		{ "Expires", offsetof(struct seen, expires) },
		{ "SameSite", offsetof(struct seen, same_site) },
	};
	bool known = is_text(name, "Secure") || is_text(name, "HttpOnly") ||
		     is_text(name, "Partitioned");

	seen->secure |= is_text(name, "Secure");
	seen->http_only |= is_text(name, "HttpOnly");
	seen->partitioned |= is_text(name, "Partitioned");
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
		if (is_text(name, TEXTS[i].name)) {
			memcpy((char *)seen + TEXTS[i].place, &value, sizeof value);
			known = true;
		}
	must(known, "an attribute from nowhere");
}

static void check_times(const struct seen *seen, const struct wye_cookie *cookie)
{
	int64_t time;

	must(!!seen->age.data == !!cookie->max_age, "Max-Age");
	if (cookie->max_age)
		must(strtoll(seen->age.data, NULL, 10) ==
			     (cookie->max_age > 0 ? cookie->max_age : 0),
		     "another age");
	must(!!seen->expires.data == !!cookie->expires, "Expires");
	if (cookie->expires)
		must(wye_http_date_read(seen->expires, &time) && time == cookie->expires,
		     "another time");
}

static void check_seen(const struct seen *seen, const struct wye_cookie *cookie,
		       struct wye_text name)
{
	must(seen->secure == cookie->secure && seen->http_only == cookie->http_only &&
		     seen->partitioned == cookie->partitioned,
	     "other flags");
	must(cookie->path ? is_text(seen->path, cookie->path) : !seen->path.data,
	     "another path");
	must(cookie->domain ? is_text(seen->domain, cookie->domain) : !seen->domain.data,
	     "another domain");
	check_times(seen, cookie);
	must(seen->secure || !(is_text(seen->same_site, "None") || seen->partitioned),
	     "it would be dropped");
	must(seen->secure || !has_prefix(name, "__Secure-"), "a prefix that lies");
	if (has_prefix(name, "__Host-"))
		must(seen->secure && is_text(seen->path, "/") && !seen->domain.data,
		     "a prefix that lies");
}

static void check_written(const struct wye_cookie *cookie, const char *out, size_t length)
{
	struct wye_text text = { out, length }, piece, name = { "", 0 };
	struct seen seen = { .secure = false };

	for (size_t i = 0; i < length; i++)
		must(out[i] >= ' ' && out[i] < 0x7f, "a byte that no field has");
	must(take(&text, ';', &piece) && take(&piece, '=', &name) && piece.data, "no pair");
	must(is_text(name, cookie->name) && equal(trim(name), name), "another name");
	must(equal(piece, cookie->value) && equal(trim(piece), piece), "another value");
	while (take(&text, ';', &piece)) {
		struct wye_text attribute, value = trim(piece);

		(void)take(&value, '=', &attribute);
		see(&seen, attribute, value.data ? value : (struct wye_text) { "", 0 });
	}
	check_seen(&seen, cookie, name);
}

/* The next line as a string; NULL for "-". */
static char *next_string(struct wye_text *text, size_t *length)
{
	struct wye_text line = { "", 0 };
	char *copy;

	(void)take(text, '\n', &line);
	*length = line.length;
	if (is_text(line, "-"))
		return NULL;
	copy = malloc(line.length + 1);
	must(copy, "memory");
	memcpy(copy, line.data, line.length);
	copy[line.length] = '\0';
	return copy;
}

/* From the years 0 to 9999, as a date has four digits for them. */
static int64_t take_time(const uint8_t *bytes)
{
	return (int64_t)(bytes[0] << 16 | bytes[1] << 8 | bytes[2]) * 15000;
}

static void run_set_cookie(const uint8_t *data, size_t length)
{
	struct wye_text text = { (const char *)data + 8, length - 8 };
	struct wye_cookie cookie = {
		.size = sizeof cookie,
		.max_age = (int8_t)data[1] * (int64_t)100000 * data[2],
		.expires = take_time(data + 3),
		.same_site = (enum wye_same_site)(data[0] & 3),
		.secure = data[0] & 4,
		.http_only = data[0] & 8,
		.partitioned = data[0] & 16,
	};
	size_t name_length, value_length, other;
	char *name = next_string(&text, &name_length),
	     *value = next_string(&text, &value_length), *path = next_string(&text, &other),
	     *domain = next_string(&text, &other), out[WYE_COOKIE_MAX];
	int written;

	cookie.name = name ? name : "-";
	cookie.value = (struct wye_text) { value, value ? value_length : 0 };
	cookie.path = path;
	cookie.domain = domain;
	written = wye_cookie_write(&cookie, out);
	must(written > 0 || written == -EINVAL, "neither");
	if (written > 0)
		check_written(&cookie, out, (size_t)written);
	free(name);
	free(value);
	free(path);
	free(domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	if (!length)
		return 0;
	if (!(data[0] & 1))
		run_cookie((struct wye_text) { (const char *)data + 1, length - 1 });
	else if (length > 9)
		run_set_cookie(data + 1, length - 1);
	return 0;
}
