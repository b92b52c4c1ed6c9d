/* SPDX-License-Identifier: MIT
 *
 * peer-rules.h - which client certificates are meant: a set of names, made once and then read
 * by any thread. Exact ones are looked for by halves, those with a "*" one after the other.
 *
 * A "*" stands for one byte or more: in the name of a host for none that is a dot, in an
 * address of mail for none that is an "@". Names of hosts are compared in any case (RFC 4343),
 * all others byte by byte.
 */
#ifndef WYE_MIDDLEWARE_PEER_RULES_H
#define WYE_MIDDLEWARE_PEER_RULES_H

#include <wye/tls.h>

enum peer_part {
	PEER_COMMON_NAME,
	PEER_SUBJECT, /* the whole of it; without "*" */
	PEER_DNS,
	PEER_URI,
	PEER_EMAIL,
	PEER_FINGERPRINT, /* 64 hex digits in any case, with or without colons */
};

struct peer_rules;

/* An empty set, which holds nobody. NULL without memory. */
struct peer_rules *peer_rules_create(void);
void peer_rules_destroy(struct peer_rules *rules);

/* Returns 0; -EINVAL with a sentence; -ENOMEM. */
int peer_rules_add(struct peer_rules *rules, enum peer_part part, const char *text,
		   struct wye_error *why) WYE_MUST_CHECK;

/* After the last one was added. */
void peer_rules_seal(struct peer_rules *rules);

bool peer_rules_are_empty(const struct peer_rules *rules);

/* Whether any of a certificate's names is in the set. */
bool peer_rules_hold(const struct peer_rules *rules, const struct wye_tls_peer *peer);

#endif
