/* SPDX-License-Identifier: MIT
 *
 * broken.c - plugins that must be refused, each with one clear line. BROKEN chooses the fault.
 */
#include <errno.h>

#include <wye/plugin.h>

enum { WRONG_ABI = 1, WRONG_SIZE, NO_HANDLE, NO_MESSAGE, NO_SYMBOL, OPEN_FAILS, BAD_DEFAULT };

static const struct wye_setting table[] = {
	{ .name = "many", .type = WYE_SETTING_INTEGER, .fallback = "x" },
	{ .name = NULL },
};

static const struct wye_rest_handler rest = { .size = sizeof rest, .name = "nothing" };
static const struct wye_rest_handler *const rest_list[] = { &rest, NULL };
static const struct wye_ws_handler ws = { .size = sizeof ws, .name = "nothing" };
static const struct wye_ws_handler *const ws_list[] = { &ws, NULL };

static int fail(const struct wye_settings *settings, void **instance, struct wye_error *why)
{
	(void)settings;
	(void)instance;
	wye_error_set(why, "it does not want to");
	return -EPERM;
}

#if BROKEN == 5 /* NO_SYMBOL */
#define SYMBOL another_name
#else
#define SYMBOL wye_plugin
#endif

WYE_EXPORT const struct wye_plugin SYMBOL = {
	.abi = BROKEN == WRONG_ABI ? WYE_PLUGIN_ABI + 1 : WYE_PLUGIN_ABI,
	.size = BROKEN == WRONG_SIZE ? 4 : sizeof SYMBOL,
	.name = "broken",
	.settings = BROKEN == BAD_DEFAULT ? table : NULL,
	.open = BROKEN == OPEN_FAILS ? fail : NULL,
	.rest_handlers = BROKEN == NO_HANDLE ? rest_list : NULL,
	.ws_handlers = BROKEN == NO_MESSAGE ? ws_list : NULL,
};
