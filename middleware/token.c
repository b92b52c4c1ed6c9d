/* SPDX-License-Identifier: MIT
 *
 * token.c - lets handshakes pass that have a JSON Web Token, which for the sake of browsers may
 * also be an offered subprotocol, and ends the connection when the token does.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

#include "bearer.h"

enum {
	POLICY_VIOLATION = 1008, /* RFC 6455, 7.4.1 */
	FIRST_FREE = 3000,       /* codes for others (7.4.2) */
};

static const struct wye_setting settings[] = {
	BEARER_SETTINGS,
	{ .name = "subprotocol",
	  .type = WYE_SETTING_STRING,
	  .fallback = "bearer",
	  .sentence =
		  "a token may be offered as this with a dot and the token behind it, or as "
		  "this and the token; \"\": neither" },
	{ .name = "end_with_token",
	  .type = WYE_SETTING_BOOLEAN,
	  .fallback = "true",
	  .sentence = "the connection ends when its token does" },
	{ .name = "close_code",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "4401",
	  .minimum = POLICY_VIOLATION,
	  .maximum = 4999,
	  .sentence = "of that end: 1008, or 3000 and above" },
	{ .name = NULL },
};

struct gate {
	struct bearer bearer;
	const char *subprotocol; /* "": none */
	size_t subprotocol_length;
	bool ends;
	unsigned code;
};

/* ---- life ---- */

static int read_settings(struct gate *gate, const struct wye_settings *values,
			 struct wye_error *why)
{
	gate->subprotocol = wye_setting_string(values, "subprotocol");
	gate->subprotocol_length = strlen(gate->subprotocol);
	gate->ends = wye_setting_boolean(values, "end_with_token");
	gate->code = (unsigned)wye_setting_integer(values, "close_code");
	if (gate->code > POLICY_VIOLATION && gate->code < FIRST_FREE) {
		wye_setting_error(values, "close_code", why,
				  "%u is not for this: 1008 is, and 3000 to 4999", gate->code);
		return -EINVAL;
	}
	return bearer_open(&gate->bearer, values, "token", why);
}

static void close_gate(void *instance)
{
	struct gate *gate = instance;

	bearer_close(&gate->bearer);
	free(gate);
}

static int open_gate(const struct wye_settings *values, void **instance, struct wye_error *why)
{
	struct gate *gate = calloc(1, sizeof *gate);
	int error;

	if (!gate) {
		wye_error_set(why, "out of memory");
		return -ENOMEM;
	}
	error = read_settings(gate, values, why);
	if (error)
		close_gate(gate);
	else
		*instance = gate;
	return error;
}

static int start(void *instance, struct wye_error *why)
{
	const struct gate *gate = instance;

	return bearer_start(&gate->bearer, why);
}

static void stop(void *instance)
{
	const struct gate *gate = instance;

	wye_jwt_unwatch(gate->bearer.verifier);
}

/* ---- a token among the offers ---- */

struct offers {
	struct wye_handshake *handshake;
	const struct gate *gate;
	struct bearer_token token;
	bool announced; /* the offer before this one says that this is the token */
	int error;
};

static bool begins(struct wye_text offer, const struct gate *gate)
{
	return offer.length >= gate->subprotocol_length &&
	       !memcmp(offer.data, gate->subprotocol, gate->subprotocol_length);
}

/* A copy, as the offer is blanked. */
static void take(struct offers *offers, struct wye_text token)
{
	char *copy = malloc(token.length + 1);

	if (!copy) {
		offers->error = -ENOMEM;
		return;
	}
	memcpy(copy, token.data, token.length);
	free((char *)offers->token.text.data);
	offers->token.text = (struct wye_text) { copy, token.length };
	offers->token.count++;
}

static int look_at(void *argument, struct wye_text offer)
{
	struct offers *offers = argument;
	const struct gate *gate = offers->gate;
	size_t skip = gate->subprotocol_length;
	bool announced = offers->announced;

	offers->announced = false;
	if (announced)
		take(offers, offer);
	else if (!begins(offer, gate))
		return 0;
	else if (offer.length == skip)
		offers->announced = true;
	else if (offer.data[skip] == '.')
		take(offers,
		     (struct wye_text) { offer.data + skip + 1, offer.length - skip - 1 });
	else
		return 0;
	if (!offers->error)
		offers->error = wye_handshake_hide_offer(offers->handshake, offer);
	return offers->error;
}

/* ---- the step ---- */

/* Elsewhere than among the offers. */
static struct bearer_token find(const struct bearer *bearer,
				const struct wye_handshake *handshake)
{
	struct bearer_token token = { .count = 0 };
	struct wye_field field;

	for (size_t i = 0; wye_handshake_header_at(handshake, i, &field); i++)
		bearer_take_field(&token, &field);
	if (!token.count && bearer->cookie)
		for (size_t i = 0; wye_handshake_cookie_at(handshake, i, &field); i++)
			bearer_take_pair(&token, bearer->cookie, &field);
	if (!token.count && bearer->query)
		for (size_t i = 0; wye_handshake_query_at(handshake, i, &field); i++)
			bearer_take_pair(&token, bearer->query, &field);
	return token;
}

static int keep_claim(void *handshake, const char *name, struct wye_text value)
{
	char attribute[BEARER_NAME];

	if (!bearer_attribute_name(attribute, name))
		return 0;
	return wye_handshake_set_attribute(handshake, attribute, value);
}

/* Seconds that the token is still good for. One that is let in by the leeway lasts as long as
 * that. */
static double time_left(const struct gate *gate, double expires)
{
	struct timespec now;
	double left;

	clock_gettime(CLOCK_REALTIME, &now);
	left = expires - (double)now.tv_sec - (double)now.tv_nsec / 1e9;
	if (left <= 0)
		left += gate->bearer.leeway;
	return left > 0 ? left : 0;
}

static int set_end(struct wye_handshake *handshake, const struct gate *gate,
		   const struct wye_jwt *jwt)
{
	const double longest = 1e12; /* seconds: for ever */
	double expires, left;

	if (!gate->ends || !wye_jwt_number(jwt, "exp", &expires))
		return 0;
	left = time_left(gate, expires);
	if (left > longest)
		return 0;
	return wye_handshake_set_deadline(handshake, (uint64_t)ceil(left * 1000), gate->code,
					  "the token has expired");
}

/* Returns 0 or -ENOMEM. */
static int introduce(struct wye_handshake *handshake, const struct gate *gate,
		     const struct wye_jwt *jwt)
{
	struct wye_text user = wye_jwt_string(jwt, gate->bearer.user_claim);

	if (user.data && wye_handshake_set_user(handshake, user))
		return -ENOMEM;
	if (set_end(handshake, gate, jwt))
		return -ENOMEM;
	return wye_jwt_each(jwt, keep_claim, handshake);
}

static enum wye_verdict refuse(struct wye_handshake *handshake,
			       const struct bearer_refusal *refusal)
{
	const char *challenge = refusal->challenge;

	if (challenge)
		wye_handshake_reply_header(handshake, "WWW-Authenticate",
					   (struct wye_text) { challenge, strlen(challenge) });
	wye_handshake_refuse(handshake, refusal->status, refusal->body);
	return WYE_ANSWERED;
}

/* Returns the case that it is. The offers are looked at in any case, so that none is left to be
 * seen. */
static int check(struct wye_handshake *handshake, const struct gate *gate)
{
	struct offers offers = { .handshake = handshake, .gate = gate };
	struct bearer_token token = find(&gate->bearer, handshake);
	struct wye_jwt *jwt = NULL;
	int which;

	if (gate->subprotocol_length)
		(void)wye_handshake_each_offer(handshake, look_at, &offers);
	if (!token.count)
		token = offers.token;
	which = offers.error ? (int)WYE_JWT_NO_MEMORY
			     : bearer_judge(&gate->bearer, &token, &jwt);
	free((char *)offers.token.text.data);
	if (which == WYE_JWT_VALID && introduce(handshake, gate, jwt))
		which = WYE_JWT_NO_MEMORY;
	wye_jwt_destroy(jwt);
	return which;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	const struct gate *gate = instance;
	int which = check(handshake, gate);

	(void)state;
	if (which == WYE_JWT_VALID || (which == BEARER_MISSING && gate->bearer.optional))
		return WYE_NEXT;
	return refuse(handshake, &gate->bearer.refusals[which]);
}

static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "token",
					     .handshake = on_handshake };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_token;

const struct wye_plugin wye_builtin_token = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_token,
	.name = "token",
	.sentence = "lets handshakes pass that have a JSON Web Token",
	.settings = settings,
	.open = open_gate,
	.close = close_gate,
	.start = start,
	.stop = stop,
	.ws_middleware = ws_list,
};
