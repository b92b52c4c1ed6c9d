/* SPDX-License-Identifier: MIT
 *
 * tls.c - see tls.h.
 */
#include "config/tls.h"

const struct wye_setting wye_tls_settings[] = {
	{ .name = "certificate",
	  .type = WYE_SETTING_STRING,
	  .flags = WYE_SETTING_REQUIRED,
	  .sentence = "a PEM file: the certificate, then its chain" },
	{ .name = "key",
	  .type = WYE_SETTING_STRING,
	  .flags = WYE_SETTING_REQUIRED,
	  .sentence = "a PEM file: the certificate's key, without a password" },
	{ .name = NULL },
};

static void make_context(struct wye_tls_context **out, const struct wye_settings *tls,
			 struct wye_problems *problems)
{
	static const char *const names[] = {
		[WYE_TLS_CERTIFICATE] = "certificate", [WYE_TLS_KEY] = "key"
	};
	const char *certificate = wye_setting_string(tls, "certificate");
	const char *key = wye_setting_string(tls, "key");
	enum wye_tls_setting wrong;
	struct wye_error why;

	if (!certificate || !key) /* said already */
		return;
	if (wye_tls_context_create(out, certificate, key, &wrong, &why))
		wye_config_problem(problems, wye_setting_source(tls, names[wrong]), "%s",
				   why.text);
}

int wye_tls_settings_load(struct wye_tls_context **out, const config_setting_t *group,
			  struct wye_problems *problems)
{
	struct wye_settings *tls;
	int error;

	if (!group || config_setting_type(group) != CONFIG_TYPE_GROUP)
		return 0;
	error = wye_settings_create(&tls, wye_tls_settings, group, "tls", problems);
	if (error)
		return error;
	make_context(out, tls, problems);
	wye_settings_destroy(tls);
	return 0;
}
