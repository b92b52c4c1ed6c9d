/* SPDX-License-Identifier: MIT
 *
 * ip-filter.c - lets clients in by their address, or refuses them with 403. `deny` wins; where
 * there is an `allow`, an address must be in it. It is the client's address behind trusted
 * proxies.
 */
#include <errno.h>
#include <stdlib.h>

#include <wye/plugin.h>

#include "ip-ranges.h"

static const struct wye_setting settings[] = {
	{ .name = "allow",
	  .type = WYE_SETTING_STRINGS,
	  .flags = WYE_SETTING_FILLED,
	  .sentence = "ranges like \"10.0.0.0/8\" or \"fd00::/8\" and addresses that pass; "
		      "default: all" },
	{ .name = "deny",
	  .type = WYE_SETTING_STRINGS,
	  .sentence = "ranges and addresses that don't, even if they are in \"allow\"" },
	{ .name = NULL },
};

static const char REFUSAL[] = "address not allowed\n";

struct filter {
	struct ip_ranges *allow, *deny; /* NULL: there is no such list */
	wye_metric refused;
};

static int read_list(struct ip_ranges **out, const struct wye_settings *values,
		     const char *name, struct wye_error *why)
{
	size_t count = wye_setting_count(values, name);
	struct wye_error reason;
	int error = 0;

	if (!count)
		return 0;
	*out = ip_ranges_create();
	if (!*out)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++)
		error = ip_ranges_add(*out, wye_setting_item(values, name, i), &reason);
	if (error == -EINVAL)
		wye_setting_error(values, name, why, "%s", reason.text);
	ip_ranges_seal(*out);
	return error;
}

static void close_filter(void *instance)
{
	struct filter *filter = instance;

	ip_ranges_destroy(filter->allow);
	ip_ranges_destroy(filter->deny);
	free(filter);
}

static int fill(struct filter *filter, const struct wye_settings *values, struct wye_error *why)
{
	int error = read_list(&filter->allow, values, "allow", why);

	if (!error)
		error = read_list(&filter->deny, values, "deny", why);
	if (!error && !filter->allow && !filter->deny) {
		wye_setting_error(values, "allow", why,
				  "ip-filter needs \"allow\" or \"deny\": without, all pass");
		error = -EINVAL;
	}
	return error;
}

static int open_filter(const struct wye_settings *values, void **instance,
		       struct wye_error *why)
{
	struct filter *filter = calloc(1, sizeof *filter);
	int error;

	if (!filter)
		return -ENOMEM;
	filter->refused = wye_metric_register("ip_filter_refused_total", WYE_COUNTER);
	error = fill(filter, values, why);
	if (error)
		close_filter(filter);
	else
		*instance = filter;
	return error;
}

static bool passes(const struct filter *filter, const uint8_t address[16])
{
	bool passes = !(filter->deny && ip_ranges_hold(filter->deny, address)) &&
		      (!filter->allow || ip_ranges_hold(filter->allow, address));

	if (!passes)
		wye_metric_add(filter->refused, 1);
	return passes;
}

static enum wye_verdict on_request(struct wye_request *request, void *instance, void **state)
{
	uint8_t address[16];

	(void)state;
	wye_request_client_address(request, address);
	if (passes(instance, address))
		return WYE_NEXT;
	wye_reply_static(request, 403, "text/plain", REFUSAL, sizeof REFUSAL - 1);
	return WYE_ANSWERED;
}

static enum wye_verdict on_handshake(struct wye_handshake *handshake, void *instance,
				     void **state)
{
	uint8_t address[16];

	(void)state;
	wye_handshake_client_address(handshake, address);
	if (passes(instance, address))
		return WYE_NEXT;
	wye_handshake_refuse(handshake, 403, REFUSAL);
	return WYE_ANSWERED;
}

static const struct wye_rest_middleware rest = { .size = sizeof rest,
						 .name = "ip-filter",
						 .request = on_request };
static const struct wye_ws_middleware ws = { .size = sizeof ws,
					     .name = "ip-filter",
					     .handshake = on_handshake };
static const struct wye_rest_middleware *const rest_list[] = { &rest, NULL };
static const struct wye_ws_middleware *const ws_list[] = { &ws, NULL };

extern const struct wye_plugin wye_builtin_ip_filter;

const struct wye_plugin wye_builtin_ip_filter = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_ip_filter,
	.name = "ip-filter",
	.sentence = "lets clients in by their address",
	.settings = settings,
	.open = open_filter,
	.close = close_filter,
	.rest_middleware = rest_list,
	.ws_middleware = ws_list,
};
