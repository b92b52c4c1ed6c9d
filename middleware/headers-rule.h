/* SPDX-License-Identifier: MIT
 *
 * headers-rule.h - one rule of the headers middleware: what is done with which field, and the
 * value, with placeholders. Pure; read by any thread.
 */
#ifndef WYE_MIDDLEWARE_HEADERS_RULE_H
#define WYE_MIDDLEWARE_HEADERS_RULE_H

#include <wye/types.h>

enum headers_source {
	HEADERS_LITERAL,
	HEADERS_CLIENT,
	HEADERS_HOST,
	HEADERS_ID,
	HEADERS_USER,
	HEADERS_ATTRIBUTE, /* its name is the piece's text */
};

enum {
	HEADERS_PIECES = 8,
};

struct headers_piece {
	enum headers_source source;
	const char *text; /* of a literal or an attribute, with a NUL behind it */
	size_t length;
};

struct headers_rule {
	char *text; /* what the rule points into; owned */
	const char *name;
	struct headers_piece pieces[HEADERS_PIECES];
	size_t count;
	bool fixed; /* the value is a literal, or empty */
};

/* Reads "Name: value", or "Name" alone where `has_value` is false. Placeholders are {client},
 * {host}, {id}, {user}, and {NAME} of an attribute, whose name has a dot; braces round anything
 * else than [A-Za-z0-9._-] are text.
 *
 * Returns 0; -EINVAL with the reason in `*why`; -ENOMEM. */
int headers_rule_parse(struct headers_rule *rule, const char *text, bool has_value,
		       const char **why) __attribute__((warn_unused_result));
void headers_rule_fini(struct headers_rule *rule);

#endif
