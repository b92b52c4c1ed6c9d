/* SPDX-License-Identifier: MIT
 *
 * headers-rule.c - see headers-rule.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "headers-rule.h"

static const char NAME_BYTES[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789._-";

static const struct {
	const char *name;
	enum headers_source source;
} SOURCES[] = {
	{ "client", HEADERS_CLIENT },
	{ "host", HEADERS_HOST },
	{ "id", HEADERS_ID },
	{ "user", HEADERS_USER },
};

/* Of a placeholder's name; HEADERS_LITERAL if there is none of that name. */
static enum headers_source find_source(const char *name)
{
	for (size_t i = 0; i < sizeof SOURCES / sizeof SOURCES[0]; i++)
		if (!strcmp(SOURCES[i].name, name))
			return SOURCES[i].source;
	return strchr(name, '.') ? HEADERS_ATTRIBUTE : HEADERS_LITERAL;
}

/* The first "{name}"; NULL if there is none. `end` stands at its closing brace. */
static char *find_placeholder(char *text, char **end)
{
	for (char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
		*end = at + 1 + strspn(at + 1, NAME_BYTES);
		if (**end == '}' && *end > at + 1)
			return at;
	}
	return NULL;
}

static int add(struct headers_rule *rule, enum headers_source source, const char *text,
	       const char **why)
{
	if (rule->count == HEADERS_PIECES) {
		*why = "has too many placeholders";
		return -EINVAL;
	}
	rule->pieces[rule->count++] = (struct headers_piece) { source, text, strlen(text) };
	return 0;
}

static int add_literal(struct headers_rule *rule, const char *text, const char **why)
{
	return *text ? add(rule, HEADERS_LITERAL, text, why) : 0;
}

/* Cuts the value at its placeholders. */
static int split(struct headers_rule *rule, char *value, const char **why)
{
	char *start, *end;
	int error = 0;

	while (!error && (start = find_placeholder(value, &end))) {
		*start = *end = '\0';
		error = add_literal(rule, value, why);
		if (!error && find_source(start + 1) == HEADERS_LITERAL) {
			*why = "has an unknown placeholder: {client}, {host}, {id}, {user}, "
			       "or an attribute like {claim.sub}";
			error = -EINVAL;
		}
		if (!error)
			error = add(rule, find_source(start + 1), start + 1, why);
		value = end + 1;
	}
	return error ? error : add_literal(rule, value, why);
}

static int parse(struct headers_rule *rule, bool has_value, const char **why)
{
	char *colon = strchr(rule->text, ':');

	rule->name = rule->text;
	if (has_value != (colon != NULL)) {
		*why = has_value ? "is not \"Name: value\"" : "is not a name alone";
		return -EINVAL;
	}
	if (!colon)
		return 0;
	*colon = '\0';
	return split(rule, colon + 1 + strspn(colon + 1, " \t"), why);
}

int headers_rule_parse(struct headers_rule *rule, const char *text, bool has_value,
		       const char **why)
{
	int error;

	*rule = (struct headers_rule) { .text = strdup(text) };
	if (!rule->text)
		return -ENOMEM;
	error = parse(rule, has_value, why);
	if (error)
		headers_rule_fini(rule);
	rule->fixed =
		!rule->count || (rule->count == 1 && rule->pieces[0].source == HEADERS_LITERAL);
	return error;
}

void headers_rule_fini(struct headers_rule *rule)
{
	free(rule->text);
	rule->text = NULL;
}
