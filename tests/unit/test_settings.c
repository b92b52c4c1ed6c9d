/* SPDX-License-Identifier: MIT
 *
 * test_settings.c - settings have the values of the config or their defaults, and each mistake
 * is one line that says what is wrong and what was meant.
 */
#include <wye/settings.h>

#include "config/keys.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "unit.h"

static const char *const COLOURS[] = { "red", "green", "blue", NULL };

static const struct wye_setting TABLE[] = {
	{ .name = "quiet", .type = WYE_SETTING_BOOLEAN, .fallback = "true" },
	{ .name = "count",
	  .type = WYE_SETTING_INTEGER,
	  .fallback = "7",
	  .minimum = -2,
	  .maximum = 1e15,
	  .unit = "things" },
	{ .name = "pause",
	  .type = WYE_SETTING_NUMBER,
	  .fallback = "2.5",
	  .minimum = 0.25,
	  .maximum = 3600 },
	{ .name = "title", .type = WYE_SETTING_STRING, .fallback = "none" },
	{ .name = "colour",
	  .type = WYE_SETTING_STRING,
	  .fallback = "green",
	  .choices = COLOURS },
	{ .name = "names", .type = WYE_SETTING_STRINGS },
	{ .name = "bare", .type = WYE_SETTING_STRING },
	{ .name = "any", .type = WYE_SETTING_INTEGER },
	{ .name = "fields", .type = WYE_SETTING_PAIRS },
	{ .name = NULL },
};

static const struct wye_setting NEEDED[] = {
	{ .name = "path", .type = WYE_SETTING_STRING, .flags = WYE_SETTING_REQUIRED },
	{ .name = NULL },
};

/* A config from a text, and what was said about it. */
struct fixture {
	config_t config;
	struct wye_problems problems;
	struct wye_settings *settings;
};

static void parse(struct fixture *fixture, const char *text)
{
	*fixture = (struct fixture) { .settings = NULL };
	config_init(&fixture->config);
	assert_true(config_read_string(&fixture->config, text));
}

static void read_text(struct fixture *fixture, const struct wye_setting *table,
		      const char *text)
{
	parse(fixture, text);
	assert_int_equal(wye_settings_create(&fixture->settings, table,
					     config_root_setting(&fixture->config), "the thing",
					     &fixture->problems),
			 0);
}

static void end(struct fixture *fixture)
{
	wye_settings_destroy(fixture->settings);
	wye_problems_fini(&fixture->problems);
	config_destroy(&fixture->config);
}

static void assert_said(struct fixture *fixture, const char *lines)
{
	struct wye_buffer *said = &fixture->problems.lines;

	assert_int_equal(wye_buffer_append(said, "", 1), 0);
	assert_string_equal(said->data, lines);
	said->length--;
}

static void assert_refused(const struct wye_setting *table, const char *text, const char *line)
{
	struct fixture fixture;

	read_text(&fixture, table, text);
	assert_said(&fixture, line);
	assert_int_equal(fixture.problems.errors, *line != '\0');
	end(&fixture);
}

static void assert_defaults(const struct wye_settings *settings)
{
	assert_true(wye_setting_boolean(settings, "quiet"));
	assert_int_equal(wye_setting_integer(settings, "count"), 7);
	assert_true(wye_setting_number(settings, "pause") == 2.5);
	assert_string_equal(wye_setting_string(settings, "title"), "none");
	assert_string_equal(wye_setting_string(settings, "colour"), "green");
	assert_int_equal(wye_setting_count(settings, "names"), 0);
	assert_null(wye_setting_item(settings, "names", 0));
	assert_null(wye_setting_string(settings, "bare"));
	assert_int_equal(wye_setting_integer(settings, "any"), 0);
	assert_int_equal(wye_setting_count(settings, "fields"), 0);
	assert_null(wye_setting_item_name(settings, "fields", 0));
	for (const struct wye_setting *row = TABLE; row->name; row++)
		assert_false(wye_setting_given(settings, row->name));
}

static void defaults(void **state)
{
	struct fixture fixture;
	struct wye_settings *settings;

	(void)state;
	read_text(&fixture, TABLE, "");
	assert_defaults(fixture.settings);
	assert_int_equal(wye_settings_create(&settings, TABLE, NULL, "it", &fixture.problems),
			 0);
	assert_defaults(settings);
	wye_settings_destroy(settings);
	assert_int_equal(wye_settings_create(&settings, NULL, NULL, "it", &fixture.problems),
			 0);
	wye_settings_destroy(settings);
	wye_settings_destroy(NULL);
	assert_said(&fixture, "");
	end(&fixture);
}

static void values(void **state)
{
	struct fixture fixture;

	(void)state;
	read_text(&fixture, TABLE,
		  "quiet = false; count = 900000000000000L; pause = 0.25; title = \"a\";\n"
		  "colour = \"blue\"; names = [ \"x\", \"y\" ]; bare = \"\"; any = -5;\n"
		  "fields = { X-A = \"1\"; b = \"\"; };");
	assert_said(&fixture, "");
	assert_false(wye_setting_boolean(fixture.settings, "quiet"));
	assert_true(wye_setting_integer(fixture.settings, "count") == 900000000000000);
	assert_true(wye_setting_number(fixture.settings, "pause") == 0.25);
	assert_string_equal(wye_setting_string(fixture.settings, "title"), "a");
	assert_string_equal(wye_setting_string(fixture.settings, "colour"), "blue");
	assert_int_equal(wye_setting_count(fixture.settings, "names"), 2);
	assert_string_equal(wye_setting_item(fixture.settings, "names", 1), "y");
	assert_null(wye_setting_item(fixture.settings, "names", 2));
	assert_string_equal(wye_setting_string(fixture.settings, "bare"), "");
	assert_int_equal(wye_setting_integer(fixture.settings, "any"), -5);
	assert_int_equal(wye_setting_count(fixture.settings, "fields"), 2);
	assert_string_equal(wye_setting_item_name(fixture.settings, "fields", 0), "X-A");
	assert_string_equal(wye_setting_item(fixture.settings, "fields", 0), "1");
	assert_string_equal(wye_setting_item_name(fixture.settings, "fields", 1), "b");
	assert_string_equal(wye_setting_item(fixture.settings, "fields", 1), "");
	assert_null(wye_setting_item_name(fixture.settings, "fields", 2));
	for (const struct wye_setting *row = TABLE; row->name; row++)
		assert_true(wye_setting_given(fixture.settings, row->name));
	end(&fixture);
}

static void kindred_types(void **state)
{
	struct fixture fixture;

	(void)state;
	read_text(&fixture, TABLE, "pause = 3; names = ( \"x\" );");
	assert_said(&fixture, "");
	assert_true(wye_setting_number(fixture.settings, "pause") == 3);
	assert_string_equal(wye_setting_item(fixture.settings, "names", 0), "x");
	end(&fixture);
	assert_refused(TABLE, "names = ();", "");
}

static void wrong_types(void **state)
{
	(void)state;
	assert_refused(TABLE, "quiet = 1;", "\"quiet\" must be true or false\n");
	assert_refused(TABLE, "quiet = \"true\";", "\"quiet\" must be true or false\n");
	assert_refused(TABLE, "count = 1.5;", "\"count\" must be an integer\n");
	assert_refused(TABLE, "count = \"1\";", "\"count\" must be an integer\n");
	assert_refused(TABLE, "count = true;", "\"count\" must be an integer\n");
	assert_refused(TABLE, "pause = \"1\";", "\"pause\" must be a number\n");
	assert_refused(TABLE, "pause = [ 1 ];", "\"pause\" must be a number\n");
	assert_refused(TABLE, "title = 1;", "\"title\" must be a string\n");
	assert_refused(TABLE, "title = { };", "\"title\" must be a string\n");
	assert_refused(TABLE, "colour = 1;", "\"colour\" must be a string\n");
	assert_refused(TABLE, "names = \"x\";", "\"names\" must be a list of strings\n");
	assert_refused(TABLE, "names = [ 1 ];", "\"names\" must be a list of strings\n");
	assert_refused(TABLE, "names = ( \"x\", 1 );", "\"names\" must be a list of strings\n");
	assert_refused(TABLE, "fields = [ \"x\" ];",
		       "\"fields\" must be a group of strings: { name = \"...\"; }\n");
	assert_refused(TABLE, "fields = { a = \"x\"; b = 1; };",
		       "\"fields\" must be a group of strings: { name = \"...\"; }\n");
	assert_refused(TABLE, "fields = { };", "");
}

static void ranges(void **state)
{
	(void)state;
	assert_refused(TABLE, "count = -2; pause = 3600;", "");
	assert_refused(TABLE, "count = 1000000000000000L; pause = 0.25;", "");
	assert_refused(TABLE, "any = 9223372036854775807L;", "");
	assert_refused(TABLE, "count = -3;",
		       "\"count\" is -3; it must be -2 to 1000000000000000 things\n");
	assert_refused(TABLE, "count = 1000000000000001L;",
		       "\"count\" is 1000000000000001; it must be -2 to 1000000000000000 "
		       "things\n");
	assert_refused(TABLE, "pause = 0.2;", "\"pause\" is 0.2; it must be 0.25 to 3600\n");
	assert_refused(TABLE, "pause = 1e30;", "\"pause\" is 1e+30; it must be 0.25 to 3600\n");
	assert_refused(TABLE, "pause = -1;", "\"pause\" is -1; it must be 0.25 to 3600\n");
}

static void choices(void **state)
{
	(void)state;
	assert_refused(TABLE, "colour = \"red\";", "");
	assert_refused(TABLE, "colour = \"gren\";",
		       "\"colour\" can't be \"gren\", did you mean \"green\"?\n");
	assert_refused(TABLE, "colour = \"xxxxxx\";",
		       "\"colour\" can't be \"xxxxxx\"; it must be \"red\", \"green\" or "
		       "\"blue\"\n");
	assert_refused(TABLE, "colour = \"x\\x0a\\x1b[1m\";",
		       "\"colour\" can't be \"x ?[1m\"; it must be \"red\", \"green\" or "
		       "\"blue\"\n");
}

static void required(void **state)
{
	struct fixture fixture;
	struct wye_settings *settings;

	(void)state;
	assert_refused(NEEDED, "path = \"/\";", "");
	assert_refused(NEEDED, "", "the thing has no \"path\"\n");
	assert_refused(NEEDED, "path = 1;", "\"path\" must be a string\n");
	parse(&fixture, "");
	assert_int_equal(wye_settings_create(&settings, NEEDED, NULL, "it", &fixture.problems),
			 0);
	assert_said(&fixture, "it has no \"path\"\n");
	assert_null(wye_setting_string(settings, "path"));
	wye_settings_destroy(settings);
	end(&fixture);
}

static void unknown_keys(void **state)
{
	const struct wye_setting *const tables[] = { TABLE, NULL, NEEDED };
	static const char *const others[] = { "listen", NULL };
	struct fixture fixture;

	(void)state;
	parse(&fixture, "path = 1; title = 2; listen = 3; tilte = 4; pth = 5; lisen = 6;\n"
			"zzzzzzzz = 7;");
	wye_check_keys(config_root_setting(&fixture.config), tables, 3, others, "it",
				&fixture.problems);
	assert_said(&fixture, "it has no setting \"tilte\", did you mean \"title\"?\n"
			      "it has no setting \"pth\", did you mean \"path\"?\n"
			      "it has no setting \"lisen\", did you mean \"listen\"?\n"
			      "it has no setting \"zzzzzzzz\"\n");
	assert_int_equal(fixture.problems.errors, 4);
	wye_check_keys(NULL, tables, 3, others, "it", &fixture.problems);
	assert_int_equal(fixture.problems.errors, 4);
	end(&fixture);
}

static void all_mistakes(void **state)
{
	struct fixture fixture;

	(void)state;
	read_text(&fixture, TABLE, "pause = true; count = 2000000000000000L; quiet = 0;");
	assert_said(&fixture, "\"quiet\" must be true or false\n"
			      "\"count\" is 2000000000000000; it must be -2 to "
			      "1000000000000000 things\n"
			      "\"pause\" must be a number\n");
	end(&fixture);
}

static void defaults_for_mistakes(void **state)
{
	struct fixture fixture;

	(void)state;
	read_text(&fixture, TABLE,
		  "quiet = 0; count = -3; pause = \"1\"; title = 1; colour = \"x\";\n"
		  "names = ( \"x\", 1 );");
	assert_int_equal(fixture.problems.errors, 6);
	assert_true(wye_setting_boolean(fixture.settings, "quiet"));
	assert_int_equal(wye_setting_integer(fixture.settings, "count"), 7);
	assert_true(wye_setting_number(fixture.settings, "pause") == 2.5);
	assert_string_equal(wye_setting_string(fixture.settings, "title"), "none");
	assert_string_equal(wye_setting_string(fixture.settings, "colour"), "green");
	assert_int_equal(wye_setting_count(fixture.settings, "names"), 0);
	end(&fixture);
}

static void errors_of_plugins(void **state)
{
	struct fixture fixture;
	struct wye_error why;

	(void)state;
	read_text(&fixture, TABLE, "\ntitle = \"a\";");
	config_setting_get_member(config_root_setting(&fixture.config), "title")->file = "a.c";
	wye_setting_error(fixture.settings, "title", &why, "no %s", "good");
	assert_string_equal(why.text, "a.c:2: no good");
	end(&fixture);
}

static const char *nearest(const char *wanted, const char *const *names)
{
	struct wye_nearest nearest;

	wye_nearest_init(&nearest, wanted);
	for (; *names; names++)
		wye_nearest_offer(&nearest, *names);
	return nearest.best ? nearest.best : "-";
}

static void nearest_names(void **state)
{
	static const char *const names[] = { "port", "path", "warning", "timeout", NULL };
	static const char endless[] = "timeouttimeouttimeouttimeouttimeouttimeouttimeout";

	(void)state;
	assert_string_equal(nearest("prot", names), "port");    /* swapped */
	assert_string_equal(nearest("pat", names), "path");     /* missing */
	assert_string_equal(nearest("portt", names), "port");   /* too many */
	assert_string_equal(nearest("puth", names), "path");    /* wrong */
	assert_string_equal(nearest("warn", names), "warning"); /* begun */
	assert_string_equal(nearest("time_out", names), "timeout");
	assert_string_equal(nearest("zebra", names), "-");
	assert_string_equal(nearest("", names), "-");
	assert_string_equal(nearest(endless, names), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(kindred_types),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(ranges),
		cmocka_unit_test(choices),
		cmocka_unit_test(required),
		cmocka_unit_test(unknown_keys),
		cmocka_unit_test(all_mistakes),
		cmocka_unit_test(defaults_for_mistakes),
		cmocka_unit_test(errors_of_plugins),
		cmocka_unit_test(nearest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
