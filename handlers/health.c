/* SPDX-License-Identifier: MIT
 *
 * health.c - what supervisors and load balancers ask. "health" (liveness): 200 as long as
 * requests are served at all. "ready": 200 while the program wants them, 503 from the moment on
 * in which a drain begins, or while a check of a plugin fails; the answer names those.
 */
#include <string.h>

#include <wye/plugin.h>

static void answer(struct wye_request *request, unsigned status, const char *text,
		   size_t length)
{
	static const struct wye_text no_store = { "no-store", 8 };

	(void)wye_reply_header(request, "Cache-Control", no_store);
	wye_reply(request, status, "application/json", text, length);
}

static enum wye_verdict health(struct wye_request *request, const struct wye_mount *mount)
{
	static const char text[] = "{\"status\":\"ok\"}\n";

	(void)mount;
	answer(request, 200, text, sizeof text - 1);
	return WYE_ANSWERED;
}

/* ---- what fails, as JSON ---- */

enum { MOST = 8192 }; /* bytes of an answer; checks beyond are left out */

struct list {
	size_t length;
	char text[MOST];
	bool any;
};

static void put(struct list *list, const char *text)
{
	size_t length = strlen(text);

	memcpy(list->text + list->length, text, length);
	list->length += length;
}

/* A string of RFC 8259; bytes that could end it or are no text of their own become "?". */
static void put_string(struct list *list, const char *text)
{
	put(list, "\"");
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		bool plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';

		list->text[list->length++] = plain ? *text : '?';
	}
	put(list, "\"");
}

static void put_failing(const char *name, const char *reason, void *argument)
{
	struct list *list = argument;

	if (list->length + strlen(name) + strlen(reason) + 16 > MOST)
		return;
	put(list, list->any ? "," : "");
	put_string(list, name);
	put(list, ":");
	put_string(list, reason);
	list->any = true;
}

static void answer_not_ready(struct wye_request *request)
{
	struct list list = { .length = 0 };

	put(&list, "{\"status\":\"not ready\",\"draining\":");
	put(&list, wye_is_draining() ? "true" : "false");
	put(&list, ",\"failing\":{");
	wye_ready_each_failing(put_failing, &list);
	put(&list, "}}\n");
	answer(request, 503, list.text, list.length);
}

static enum wye_verdict ready(struct wye_request *request, const struct wye_mount *mount)
{
	static const char text[] = "{\"status\":\"ready\"}\n";

	(void)mount;
	if (wye_is_ready())
		answer(request, 200, text, sizeof text - 1);
	else
		answer_not_ready(request);
	return WYE_ANSWERED;
}

static const struct wye_rest_handler health_handler = { .size = sizeof health_handler,
							.name = "health",
							.handle = health };
static const struct wye_rest_handler ready_handler = { .size = sizeof ready_handler,
						       .name = "ready",
						       .handle = ready };
static const struct wye_rest_handler *const health_list[] = { &health_handler, NULL };
static const struct wye_rest_handler *const ready_list[] = { &ready_handler, NULL };

extern const struct wye_plugin wye_builtin_health, wye_builtin_ready;

const struct wye_plugin wye_builtin_health = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_health,
	.name = "health",
	.sentence = "says that the program runs",
	.rest_handlers = health_list,
};

const struct wye_plugin wye_builtin_ready = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_builtin_ready,
	.name = "ready",
	.sentence = "says whether the program wants requests",
	.rest_handlers = ready_list,
};
