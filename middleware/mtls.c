/* SPDX-License-Identifier: MIT
 *
 * mtls.c - lets clients in by their certificates, which the listener has verified (`verify`).
 * Without one they get 400, as of nginx; with one that is not meant 403. The certificate's name
 * becomes the user.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <wye/plugin.h>

#include "peer-rules.h"

/* Which part of a certificate becomes the user. */
static const char *const users[] = { [PEER_COMMON_NAME] = "common_name",
				     [PEER_SUBJECT] = "subject",
				     [PEER_DNS] = "dns",
				     [PEER_URI] = "uri",
				     [PEER_EMAIL] = "email",
				     [PEER_FINGERPRINT] = "fingerprint",
				     NULL };

static const struct wye_setting settings[] = {
	{ .name = "required",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "true",
	  .sentence = "who has no certificate is refused; else he passes, as nobody" },
	{ .name = "common_names",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_FILLED,
	  .sentence = "common names (CN) that pass, with one \"*\" at most; default of all "
		      "lists: every certificate passes" },
	{ .name = "subjects",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_FILLED,
	  .sentence = "whole subjects like \"CN=alice,O=Example\" (RFC 4514) that pass" },
	{ .name = "dns",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_FILLED,
	  .sentence = "names of hosts that pass, as \"*.example.org\" for one label" },
	{ .name = "uris",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_FILLED,
	  .sentence = "URIs that pass, as \"spiffe://example.org/shop/*\"" },
	{ .name = "emails",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_FILLED,
	  .sentence = "addresses of mail that pass, as \"*@example.org\"" },
	{ .name = "fingerprints",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_FILLED,
	  .sentence = "SHA-256 in hex of certificates that pass" },
	{ .name = "user",
	  .type = WYE_SETTING_STRING,
	  .fallback = "common_name",
	  .choices = users,
	  .sentence = "what of a certificate becomes the user; where it has none, its "
		      "fingerprint" },
	{ .name = NULL },
};

static const struct {
	const char *setting;
	enum peer_part part;
} LISTS[] = {
	{ "common_names", PEER_COMMON_NAME },
	{ "subjects", PEER_SUBJECT },
	{ "dns", PEER_DNS },
	{ "uris", PEER_URI },
	{ "emails", PEER_EMAIL },
	{ "fingerprints", PEER_FINGERPRINT },
};

static const char MISSING[] = "a client certificate is needed\n";
static const char REFUSAL[] = "client certificate not allowed\n";
static const char NO_MEMORY[] = "out of memory\n";

struct guard {
	struct peer_rules *rules;
	enum peer_part user;
	bool required;
	wye_metric missing, refused;
};

/* ---- an instance ---- */

static void close_guard(void *instance)
{
	struct guard *guard = instance;

	peer_rules_destroy(guard->rules);
	free(guard);
}

static int read_list(struct peer_rules *rules, const struct wye_settings *values,
		     const char *setting, enum peer_part part, struct wye_error *why)
{
	struct wye_error reason;
	int error = 0;

	for (size_t i = 0; i < wye_setting_count(values, setting) && !error; i++)
		error = peer_rules_add(rules, part, wye_setting_item(values, setting, i),
				       &reason);
	if (error == -EINVAL)
		wye_setting_error(values, setting, why, "%s", reason.text);
	return error;
}

static enum peer_part read_user(const struct wye_settings *values)
{
	const char *name = wye_setting_string(values, "user");
	int part = 0;

	while (strcmp(users[part], name))
		part++;
	return (enum peer_part)part;
}

static int fill(struct guard *guard, const struct wye_settings *values, struct wye_error *why)
{
	int error = 0;

	guard->required = wye_setting_boolean(values, "required");
	guard->user = read_user(values);
	guard->rules = peer_rules_create();
	if (!guard->rules)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0] && !error; i++)
		error = read_list(guard->rules, values, LISTS[i].setting, LISTS[i].part, why);
	peer_rules_seal(guard->rules);
	return error;
}

static int open_guard(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct guard *guard = calloc(1, sizeof *guard);
	int error;

	if (!guard)
		return -ENOMEM;
	guard->missing = wye_metric_register("mtls_missing_total", WYE_COUNTER);
	guard->refused = wye_metric_register("mtls_refused_total", WYE_COUNTER);
	error = fill(guard, values, why);
	if (error)
		close_guard(guard);
	else
		*instance = guard;
	return error;
}

/* ---- who it is ---- */

enum verdict {
	PASSES,
	NOBODY, /* passes, too */
	MISSES,
	REFUSED,
};

static enum verdict judge(const struct guard *guard, const struct wye_tls_peer *peer)
{
	if (!peer || !peer->fingerprint.data) {
		if (!guard->required)
			return NOBODY;
		wye_metric_add(guard->missing, 1);
		return MISSES;
	}
	if (peer_rules_are_empty(guard->rules) || peer_rules_hold(guard->rules, peer))
		return PASSES;
	wye_metric_add(guard->refused, 1);
	return REFUSED;
}

static struct wye_text first_name(const struct wye_tls_peer *peer, enum wye_tls_name_kind kind)
{
	for (size_t i = 0; i < peer->name_count; i++)
		if (peer->names[i].kind == kind)
			return peer->names[i].value;
	return (struct wye_text) { NULL, 0 };
}

static struct wye_text part_of(const struct wye_tls_peer *peer, enum peer_part part)
{
	switch (part) {
	case PEER_COMMON_NAME:
		return peer->common_name;
	case PEER_SUBJECT:
		return peer->subject;
	case PEER_DNS:
		return first_name(peer, WYE_TLS_DNS);
	case PEER_URI:
		return first_name(peer, WYE_TLS_URI);
	case PEER_EMAIL:
		return first_name(peer, WYE_TLS_EMAIL);
	case PEER_FINGERPRINT:
		break;
	}
	return peer->fingerprint;
}

static struct wye_text user_of(const struct guard *guard, const struct wye_tls_peer *peer)
{
	struct wye_text user = part_of(peer, guard->user);

	return user.length ? user : peer->fingerprint;
}

/* ---- requests ---- */

static int name_request(struct wye_request *request, const struct guard *guard,
			const struct wye_tls_peer *peer)
{
	int error = wye_request_set_user(request, user_of(guard, peer));

	if (!error)
		error = wye_request_set_attribute(request, "mtls.subject", peer->subject);
	if (!error)
		error = wye_request_set_attribute(request, "mtls.fingerprint",
						  peer->fingerprint);
	return error;
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	const struct wye_tls_peer *peer = wye_request_tls_peer(request);

	(void)state;
	switch (judge(instance, peer)) {
	case PASSES:
		if (!name_request(request, instance, peer))
			return WYE_NEXT;
		wye_reply_static(request, 500, "text/plain", NO_MEMORY, sizeof NO_MEMORY - 1);
		return WYE_ANSWERED;
	case NOBODY:
		return WYE_NEXT;
	case MISSES:
		wye_reply_static(request, 400, "text/plain", MISSING, sizeof MISSING - 1);
		return WYE_ANSWERED;
	default:
		wye_reply_static(request, 403, "text/plain", REFUSAL, sizeof REFUSAL - 1);
		return WYE_ANSWERED;
	}
}

/* ---- handshakes ---- */

static int name_handshake(struct wye_handshake *handshake, const struct guard *guard,
			  const struct wye_tls_peer *peer)
{
	int error = wye_handshake_set_user(handshake, user_of(guard, peer));

	if (!error)
		error = wye_handshake_set_attribute(handshake, "mtls.subject", peer->subject);
	if (!error)
		error = wye_handshake_set_attribute(handshake, "mtls.fingerprint",
						    peer->fingerprint);
	return error;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	const struct wye_tls_peer *peer = wye_handshake_tls_peer(handshake);

	(void)state;
	switch (judge(instance, peer)) {
	case PASSES:
		if (!name_handshake(handshake, instance, peer))
			return WYE_NEXT;
		wye_handshake_refuse(handshake, 500, NO_MEMORY);
		return WYE_ANSWERED;
	case NOBODY:
		return WYE_NEXT;
	case MISSES:
		wye_handshake_refuse(handshake, 400, MISSING);
		return WYE_ANSWERED;
	default:
		wye_handshake_refuse(handshake, 403, REFUSAL);
		return WYE_ANSWERED;
	}
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "mtls",
						 .request = on_request };
static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "mtls",
					     .handshake = on_handshake };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_mtls;

const struct wye_plugin wye_builtin_mtls = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_mtls,
	.name = "mtls",
	.sentence = "lets clients in by their certificates",
	.settings = settings,
	.open = open_guard,
	.close = close_guard,
	.rest_middleware = rest_list,
	.ws_middleware = ws_list,
};
