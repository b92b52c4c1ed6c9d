/* SPDX-License-Identifier: MIT
 *
 * environment.c - see environment.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "config/environment.h"

static const char NAME_FIRST[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
static const char NAME[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

/* One string: where it stands and what becomes of it. */
struct expansion {
	const config_setting_t *at;
	struct wye_problems *problems;
	struct wye_buffer text;
	bool wrong;
};

static int append(struct expansion *expansion, const char *data, size_t length)
{
	int error = wye_buffer_reserve_secret(&expansion->text, length);

	return error ? error : wye_buffer_append(&expansion->text, data, length);
}

static int append_value(struct expansion *expansion, const char *name, size_t length)
{
	char *copy = strndup(name, length);
	const char *value;
	int error = 0;

	if (!copy)
		return -ENOMEM;
	value = getenv(copy);
	if (value) {
		error = append(expansion, value, strlen(value));
	} else {
		expansion->wrong = true;
		wye_config_problem(expansion->problems, expansion->at,
				   "the environment has no variable \"%s\"", copy);
	}
	free(copy);
	return error;
}

/* `name` is what follows the bracket. Returns 0 or -ENOMEM, and moves behind the variable. */
static int expand_variable(struct expansion *expansion, const char **name)
{
	const char *start = *name, *close = strchr(start, '}');
	size_t length = strspn(start, NAME);

	*name = close ? close + 1 : start + strlen(start);
	if (close == start + length && length && strchr(NAME_FIRST, *start))
		return append_value(expansion, start, length);
	expansion->wrong = true;
	if (!start[length])
		wye_config_problem(expansion->problems, expansion->at,
				   "\"${%s\" has no \"}\"; \"$${\" stands for \"${\"", start);
	else
		wye_config_problem(expansion->problems, expansion->at,
				   "\"${%.*s\" is no name of a variable; \"$${\" stands for "
				   "\"${\"",
				   (int)(*name - start), start);
	return 0;
}

static int expand_text(struct expansion *expansion, const char *text)
{
	int error = 0;

	while (*text && !error) {
		size_t plain = strcspn(text, "$");

		if (plain || (text[1] != '{' && strncmp(text, "$${", 3) != 0)) {
			plain += !plain;
			error = append(expansion, text, plain);
			text += plain;
		} else if (text[1] == '$') {
			error = append(expansion, "${", 2);
			text += 3;
		} else {
			text += 2;
			error = expand_variable(expansion, &text);
		}
	}
	return error ? error : append(expansion, "", 1);
}

static int expand_string(config_setting_t *setting, struct wye_problems *problems)
{
	struct expansion expansion = { .at = setting, .problems = problems };
	const char *text = config_setting_get_string(setting);
	int error;

	if (!text || !strstr(text, "${"))
		return 0;
	error = expand_text(&expansion, text);
	if (!error && !expansion.wrong &&
	    !config_setting_set_string(setting, expansion.text.data))
		error = -ENOMEM;
	wye_buffer_wipe(&expansion.text);
	return error;
}

int wye_environment_expand(config_setting_t *root, struct wye_problems *problems)
{
	int length, error = 0;

	if (config_setting_type(root) == CONFIG_TYPE_STRING)
		return expand_string(root, problems);
	if (!config_setting_is_aggregate(root))
		return 0;
	length = config_setting_length(root);
	for (int i = 0; i < length && !error; i++)
		error = wye_environment_expand(config_setting_get_elem(root, (unsigned)i),
					       problems);
	return error;
}
