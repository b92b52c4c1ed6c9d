/* SPDX-License-Identifier: MIT
 *
 * peer-rules.c - see peer-rules.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "peer-rules.h"

enum {
	FINGERPRINT = 64, /* hex digits */
};

struct rule {
	enum peer_part part;
	struct wye_text text; /* of a pattern: what stands before the "*" */
	struct wye_text tail; /* what stands behind it; NULL for data: there is none */
	char *memory;
};

struct list {
	struct rule *items;
	size_t count;
};

struct peer_rules {
	struct list exact, patterns;
};

struct peer_rules *peer_rules_create(void)
{
	return calloc(1, sizeof(struct peer_rules));
}

static void free_list(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].memory);
	free(list->items);
}

void peer_rules_destroy(struct peer_rules *rules)
{
	if (!rules)
		return;
	free_list(&rules->exact);
	free_list(&rules->patterns);
	free(rules);
}

/* ---- adding ---- */

static int bad(struct wye_error *why, const char *text, const char *sentence)
{
	wye_error_set(why, "\"%s\" %s", text, sentence);
	return -EINVAL;
}

/* Into the form that certificates' have; the text shrinks, if anything. */
static int read_fingerprint(char *text, const char *given, struct wye_error *why)
{
	char *out = text;

	for (const char *at = text; *at; at++)
		if (*at != ':')
			*out++ = (char)tolower((unsigned char)*at);
	*out = '\0';
	if (out - text != FINGERPRINT || strspn(text, "0123456789abcdef") != FINGERPRINT)
		return bad(why, given, "is no SHA-256 in hex: 64 digits");
	return 0;
}

static bool takes_star(enum peer_part part)
{
	return part != PEER_SUBJECT && part != PEER_FINGERPRINT;
}

static int read_rule(struct rule *rule, const char *given, struct wye_error *why)
{
	char *text = rule->memory, *star = strchr(text, '*');

	if (rule->part == PEER_FINGERPRINT) {
		int error = read_fingerprint(text, given, why);

		if (error)
			return error;
	}
	if (!*text)
		return bad(why, given, "is empty");
	if (star && !takes_star(rule->part))
		return bad(why, given, "can't have a \"*\"");
	if (star && strchr(star + 1, '*'))
		return bad(why, given, "has more than one \"*\"");
	if (star)
		rule->tail = (struct wye_text) { star + 1, strlen(star + 1) };
	rule->text = (struct wye_text) { text, star ? (size_t)(star - text) : strlen(text) };
	return 0;
}

static int append(struct list *list, const struct rule *rule)
{
	struct rule *items = realloc(list->items, (list->count + 1) * sizeof *items);

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count++] = *rule;
	return 0;
}

int peer_rules_add(struct peer_rules *rules, enum peer_part part, const char *text,
		   struct wye_error *why)
{
	struct rule rule = { .part = part, .memory = strdup(text) };
	int error = rule.memory ? read_rule(&rule, text, why) : -ENOMEM;

	if (!error)
		error = append(rule.tail.data ? &rules->patterns : &rules->exact, &rule);
	if (error)
		free(rule.memory);
	return error;
}

static int compare_bytes(enum peer_part part, const char *one, const char *other, size_t length)
{
	return part == PEER_DNS ? strncasecmp(one, other, length) : memcmp(one, other, length);
}

static int compare(const void *first, const void *second)
{
	const struct rule *one = first, *other = second;

	if (one->part != other->part)
		return one->part < other->part ? -1 : 1;
	if (one->text.length != other->text.length)
		return one->text.length < other->text.length ? -1 : 1;
	return compare_bytes(one->part, one->text.data, other->text.data, one->text.length);
}

void peer_rules_seal(struct peer_rules *rules)
{
	if (rules->exact.count)
		qsort(rules->exact.items, rules->exact.count, sizeof(struct rule), compare);
}

bool peer_rules_are_empty(const struct peer_rules *rules)
{
	return !rules->exact.count && !rules->patterns.count;
}

/* ---- looking ---- */

static bool fills_star(enum peer_part part, const char *data, size_t length)
{
	if (part == PEER_DNS)
		return !memchr(data, '.', length);
	return part != PEER_EMAIL || !memchr(data, '@', length);
}

static bool matches(const struct rule *rule, enum peer_part part, struct wye_text text)
{
	size_t fixed = rule->text.length + rule->tail.length;

	return rule->part == part && text.length > fixed &&
	       !compare_bytes(part, text.data, rule->text.data, rule->text.length) &&
	       !compare_bytes(part, text.data + text.length - rule->tail.length,
			      rule->tail.data, rule->tail.length) &&
	       fills_star(part, text.data + rule->text.length, text.length - fixed);
}

static bool holds(const struct peer_rules *rules, enum peer_part part, struct wye_text text)
{
	const struct rule wanted = { .part = part, .text = text };

	if (!text.length)
		return false;
	if (rules->exact.count &&
	    bsearch(&wanted, rules->exact.items, rules->exact.count, sizeof wanted, compare))
		return true;
	for (size_t i = 0; i < rules->patterns.count; i++)
		if (matches(&rules->patterns.items[i], part, text))
			return true;
	return false;
}

static bool holds_name(const struct peer_rules *rules, const struct wye_tls_peer_name *name)
{
	switch (name->kind) {
	case WYE_TLS_DNS:
		return holds(rules, PEER_DNS, name->value);
	case WYE_TLS_URI:
		return holds(rules, PEER_URI, name->value);
	case WYE_TLS_EMAIL:
		return holds(rules, PEER_EMAIL, name->value);
	default:
		return false;
	}
}

bool peer_rules_hold(const struct peer_rules *rules, const struct wye_tls_peer *peer)
{
	if (holds(rules, PEER_FINGERPRINT, peer->fingerprint) ||
	    holds(rules, PEER_COMMON_NAME, peer->common_name) ||
	    holds(rules, PEER_SUBJECT, peer->subject))
		return true;
	for (size_t i = 0; i < peer->name_count; i++)
		if (holds_name(rules, &peer->names[i]))
			return true;
	return false;
}
