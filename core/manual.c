/* SPDX-License-Identifier: MIT
 *
 * manual.c - see manual.h.
 */
#include "config/options.h"
#include "config/value.h"
#include "manual.h"
#include "plugin/builtin.h"
#include "route/routes.h"

static const char *const TYPES[] = {
	[WYE_SETTING_BOOLEAN] = "boolean",
	[WYE_SETTING_INTEGER] = "integer",
	[WYE_SETTING_NUMBER] = "number",
	[WYE_SETTING_STRING] = "string",
	[WYE_SETTING_STRINGS] = "list of strings",
	[WYE_SETTING_GROUP] = "group",
	[WYE_SETTING_PAIRS] = "pairs",
	[WYE_SETTING_GROUPS] = "list of groups",
};

/* ---- a row ---- */

/* A bar would end the cell. */
static void put_text(FILE *out, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_default(FILE *out, const struct wye_setting *row)
{
	if (row->flags & WYE_SETTING_REQUIRED)
		fputs("needed", out);
	else if (row->fallback && row->type == WYE_SETTING_STRING)
		fprintf(out, "`\"%s\"`", row->fallback);
	else if (row->fallback)
		put_text(out, row->fallback);
}

static void put_range(FILE *out, const struct wye_setting *row)
{
	char low[32], high[32];

	for (const char *const *choice = row->choices; choice && *choice; choice++)
		fprintf(out, "%s`\"%s\"`", choice == row->choices ? "" : ", ", *choice);
	if (row->minimum != row->maximum)
		fprintf(out, "%s to %s%s", wye_number_text(row->minimum, low),
			wye_number_text(row->maximum, high), row->unit ? " " : "");
	put_text(out, row->unit);
}

static void put_row(FILE *out, const struct wye_setting *row)
{
	fprintf(out, "| `%s` | %s | ", row->name, TYPES[row->type]);
	put_default(out, row);
	fputs(" | ", out);
	put_range(out, row);
	fputs(" | ", out);
	put_text(out, row->sentence);
	fputs(" |\n", out);
}

/* ---- tables ---- */

static void put_table(FILE *out, const struct wye_setting *table)
{
	fputs("\n| key | type | default | range | what |\n|---|---|---|---|---|\n", out);
	for (const struct wye_setting *row = table; row->name; row++)
		put_row(out, row);
	for (const struct wye_setting *row = table; row->name; row++)
		if (row->type == WYE_SETTING_GROUP || row->type == WYE_SETTING_GROUPS) {
			fprintf(out, "\nOf %s`%s`:\n",
				row->type == WYE_SETTING_GROUPS ? "each of " : "", row->name);
			put_table(out, row->reserved[0]);
		}
}

static void put_section(FILE *out, const char *title, const struct wye_setting *table)
{
	fprintf(out, "\n### %s\n", title);
	put_table(out, table);
}

static bool put_routes(FILE *out, const char *handler, const struct wye_setting *table)
{
	if (!table)
		return false;
	fprintf(out, "\nOf a route with the handler `%s`, beside those of every route:\n",
		handler);
	put_table(out, table);
	return true;
}

static void put_plugin(FILE *out, const struct wye_plugin *plugin)
{
	const struct wye_rest_handler *const *rest = plugin->rest_handlers;
	const struct wye_ws_handler *const *ws = plugin->ws_handlers;
	bool any = plugin->settings;

	fprintf(out, "\n### `%s`: ", plugin->name);
	put_text(out, plugin->sentence);
	fputc('\n', out);
	if (any) {
		fputs("\nOf an instance:\n", out);
		put_table(out, plugin->settings);
	}
	for (; rest && *rest; rest++)
		any = put_routes(out, (*rest)->name, (*rest)->route_settings) || any;
	for (; ws && *ws; ws++)
		any = put_routes(out, (*ws)->name, (*ws)->route_settings) || any;
	if (!any)
		fputs("\nIt has no settings.\n", out);
}

void wye_manual_settings(FILE *out)
{
	fputs("## All settings\n", out);
	put_section(out, "At the top", wye_options_table());
	put_section(out, "A listener", wye_options_listen_table());
	put_section(out, "A REST group, and `rest` itself", wye_group_table(false));
	put_section(out, "A REST route", wye_route_table(false));
	put_section(out, "A WebSocket group, and `websocket` itself", wye_group_table(true));
	put_section(out, "A WebSocket route", wye_route_table(true));
	for (const struct wye_plugin *const *builtin = wye_builtins; *builtin; builtin++)
		put_plugin(out, *builtin);
}
