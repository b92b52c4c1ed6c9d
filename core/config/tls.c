/* SPDX-License-Identifier: MIT
 *
 * tls.c - see tls.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/tls.h"

/* The rows of a pair; `flags_` of both. */
#define PAIR_ROWS(flags_)                                                                      \
	{ .name = "certificate",                                                               \
	  .type = WYE_SETTING_STRING,                                                          \
	  .flags = flags_,                                                                     \
	  .sentence = "a PEM file: the certificate, then its chain" },                         \
	{                                                                                      \
		.name = "key", .type = WYE_SETTING_STRING, .flags = flags_,                    \
		.sentence = "a PEM file: the certificate's key, without a password"            \
	}

static const struct wye_setting PAIR[] = {
	PAIR_ROWS(WYE_SETTING_REQUIRED),
	{ .name = NULL },
};

static const char *const VERIFY[] = { [WYE_TLS_VERIFY_NONE] = "none",
				      [WYE_TLS_VERIFY_OPTIONAL] = "optional",
				      [WYE_TLS_VERIFY_REQUIRED] = "required",
				      NULL };

const struct wye_setting wye_tls_settings[] = {
	PAIR_ROWS(0),
	{ .name = "certificates",
	  .type = WYE_SETTING_GROUPS,
	  .sentence = "likewise, several: a client gets the one for the name that it asks for; "
		      "the first of all is the default",
	  .reserved = { PAIR } },
	{ .name = "verify",
	  .type = WYE_SETTING_STRING,
	  .fallback = "none",
	  .choices = VERIFY,
	  .sentence =
		  "whether clients are asked for certificates; one that is not believed ends "
		  "the handshake" },
	{ .name = "client_ca",
	  .type = WYE_SETTING_STRING,
	  .sentence = "a PEM file: the authorities that are believed about clients" },
	{ .name = "crl",
	  .type = WYE_SETTING_STRING,
	  .sentence = "a PEM file: their revocation lists; default: none is looked at" },
	{ .name = "verify_depth",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "3",
	  .minimum = 0,
	  .maximum = 10,
	  .unit = "certificates",
	  .sentence = "between a client's and one in client_ca, at most" },
	{ .name = "handshake_rate",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "2000",
	  .minimum = 0,
	  .maximum = 1000000,
	  .unit = "handshakes",
	  .sentence = "that may begin per second on this listener; 0: any number; beyond: "
		      "closed" },
	{ .name = "handshake_burst",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "4000",
	  .minimum = 1,
	  .maximum = 1000000,
	  .unit = "handshakes",
	  .sentence = "that may begin at once after a rest" },
	{ .name = "handshake_timeout",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "10",
	  .minimum = 0.1,
	  .maximum = 3600,
	  .unit = "seconds",
	  .sentence = "for a handshake; then a close" },
	{ .name = NULL },
};

const char *const wye_tls_profiles[] = {
	[WYE_TLS_INTERMEDIATE] = "intermediate", [WYE_TLS_MODERN] = "modern", NULL
};

static const char *const NAMES[] = { [WYE_TLS_CERTIFICATE] = "certificate",
				     [WYE_TLS_KEY] = "key",
				     [WYE_TLS_CLIENT_CA] = "client_ca",
				     [WYE_TLS_CRL] = "crl" };

/* What is read of a listener: its pairs of files, and the settings that they stand in. */
struct reading {
	struct wye_settings *tls;
	struct wye_tls_pair *pairs;
	struct wye_settings **groups;
	size_t count;
	struct wye_problems *problems;
};

static enum wye_tls_profile read_profile(const struct wye_settings *listener)
{
	const char *name = wye_setting_string(listener, "tls_profile");

	return !strcmp(name, wye_tls_profiles[WYE_TLS_MODERN]) ? WYE_TLS_MODERN
							       : WYE_TLS_INTERMEDIATE;
}

static void add_pair(struct reading *reading, struct wye_settings *settings)
{
	struct wye_tls_pair *pair = &reading->pairs[reading->count];

	pair->certificate = wye_setting_string(settings, NAMES[WYE_TLS_CERTIFICATE]);
	pair->key = wye_setting_string(settings, NAMES[WYE_TLS_KEY]);
	reading->groups[reading->count++] = settings;
}

static void require(const struct reading *reading, const config_setting_t *group,
		    const char *name)
{
	if (!wye_setting_given(reading->tls, name))
		wye_config_problem(reading->problems, group, "tls has no \"%s\"", name);
}

/* A certificate and a key in the group itself are the first pair. */
static void read_short(struct reading *reading, const config_setting_t *group)
{
	const char *certificate = NAMES[WYE_TLS_CERTIFICATE], *key = NAMES[WYE_TLS_KEY];

	if (wye_setting_given(reading->tls, "certificates") &&
	    !wye_setting_given(reading->tls, certificate) &&
	    !wye_setting_given(reading->tls, key))
		return;
	require(reading, group, certificate);
	require(reading, group, key);
	add_pair(reading, reading->tls);
}

static int read_list(struct reading *reading)
{
	const config_setting_t *list = wye_setting_source(reading->tls, "certificates");
	size_t count = wye_setting_count(reading->tls, "certificates");
	struct wye_settings *settings;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		error = wye_settings_create(&settings, PAIR,
					    config_setting_get_elem(list, (unsigned)i),
					    "certificates", reading->problems);
		if (!error)
			add_pair(reading, settings);
	}
	return error;
}

/* ---- certificates of clients ---- */

static void read_verify(const struct reading *reading, struct wye_tls_verify *out)
{
	const char *mode = wye_setting_string(reading->tls, "verify");

	*out = (struct wye_tls_verify) {
		.client_ca = wye_setting_string(reading->tls, NAMES[WYE_TLS_CLIENT_CA]),
		.crl = wye_setting_string(reading->tls, NAMES[WYE_TLS_CRL]),
		.depth = (unsigned)wye_setting_integer(reading->tls, "verify_depth"),
	};
	while (strcmp(VERIFY[out->mode], mode))
		out->mode++;
}

/* What says whom to believe goes with being asked. False where it is wrong, which is said. */
static bool check_verify(const struct reading *reading, const struct wye_tls_verify *verify)
{
	static const char *const companions[] = { "client_ca", "crl", "verify_depth" };
	bool wanted = verify->mode != WYE_TLS_VERIFY_NONE, good = true;

	if (wanted && !verify->client_ca) {
		wye_config_problem(reading->problems,
				   wye_setting_source(reading->tls, "verify"),
				   "\"verify\" needs \"client_ca\"");
		return false;
	}
	for (size_t i = 0; !wanted && i < sizeof companions / sizeof companions[0]; i++) {
		if (!wye_setting_given(reading->tls, companions[i]))
			continue;
		wye_config_problem(reading->problems,
				   wye_setting_source(reading->tls, companions[i]),
				   "\"%s\" goes with \"verify\" only", companions[i]);
		good = false;
	}
	return good;
}

/* ---- all of it ---- */

static const config_setting_t *place(const struct reading *reading,
				     const struct wye_tls_fault *fault)
{
	if (fault->pair == reading->count)
		return wye_setting_source(reading->tls, NAMES[WYE_TLS_CRL]);
	if (fault->setting == WYE_TLS_CLIENT_CA || fault->setting == WYE_TLS_CRL)
		return wye_setting_source(reading->tls, NAMES[fault->setting]);
	return wye_setting_source(reading->groups[fault->pair], NAMES[fault->setting]);
}

static void make_context(struct wye_tls_context **out, const struct reading *reading,
			 enum wye_tls_profile profile)
{
	struct wye_tls_setup setup = { .pairs = reading->pairs,
				       .count = reading->count,
				       .profile = profile };
	struct wye_tls_fault fault;

	read_verify(reading, &setup.verify);
	if (!check_verify(reading, &setup.verify))
		return;
	if (wye_tls_context_create(out, &setup, &fault)) {
		wye_config_problem(reading->problems, place(reading, &fault), "%s",
				   fault.why.text);
		return;
	}
	fault.setting = WYE_TLS_CERTIFICATE;
	for (fault.pair = 0; fault.pair < wye_tls_context_count(*out); fault.pair++)
		if (wye_tls_context_doubt(*out, fault.pair))
			wye_config_warning(reading->problems, place(reading, &fault), "%s",
					   wye_tls_context_doubt(*out, fault.pair));
}

static bool is_whole(const struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		if (!reading->pairs[i].certificate || !reading->pairs[i].key)
			return false;
	return reading->count;
}

static int read_pairs(struct reading *reading, const config_setting_t *group)
{
	size_t most = 1 + wye_setting_count(reading->tls, "certificates");

	reading->pairs = calloc(most, sizeof *reading->pairs);
	reading->groups = calloc(most, sizeof(struct wye_settings *));
	if (!reading->pairs || !reading->groups)
		return -ENOMEM;
	read_short(reading, group);
	return read_list(reading);
}

static void read_handshakes(struct wye_handshake_option *out, const struct wye_settings *tls)
{
	out->rate = (unsigned)wye_setting_integer(tls, "handshake_rate");
	out->burst = (unsigned)wye_setting_integer(tls, "handshake_burst");
	out->timeout = wye_setting_milliseconds(tls, "handshake_timeout");
}

static int read_group(struct wye_tls_context **out, struct wye_handshake_option *handshakes,
		      const config_setting_t *group, enum wye_tls_profile profile,
		      struct wye_problems *problems)
{
	struct reading reading = { .problems = problems };
	int error = wye_settings_create(&reading.tls, wye_tls_settings, group, "tls", problems);

	if (error)
		return error;
	read_handshakes(handshakes, reading.tls);
	error = read_pairs(&reading, group);
	if (!error && is_whole(&reading))
		make_context(out, &reading, profile);
	for (size_t i = 0; i < reading.count; i++)
		if (reading.groups[i] != reading.tls)
			wye_settings_destroy(reading.groups[i]);
	free(reading.pairs);
	free(reading.groups);
	wye_settings_destroy(reading.tls);
	return error;
}

int wye_tls_settings_load(struct wye_tls_context **out, struct wye_handshake_option *handshakes,
			  const struct wye_settings *listener, struct wye_problems *problems)
{
	const config_setting_t *group = wye_setting_source(listener, "tls");

	if (!group && wye_setting_given(listener, "tls_profile"))
		wye_config_problem(problems, wye_setting_source(listener, "tls_profile"),
				   "\"tls_profile\" goes with \"tls\" only");
	if (!group || config_setting_type(group) != CONFIG_TYPE_GROUP)
		return 0;
	return read_group(out, handshakes, group, read_profile(listener), problems);
}
