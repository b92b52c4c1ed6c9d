/* SPDX-License-Identifier: MIT
 *
 * form.c - a plugin for the tests: a form of parts as text, "name|filename|type|bytes|sum" in a
 * line each. With ?wait each piece of the body is let pass by a thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wye/plugin.h>

enum { TEXT = 16384 };

struct form {
	struct wye_multipart *parser;
	size_t length, bytes;
	unsigned long sum;
	char text[TEXT];
};

static void put(struct form *form, struct wye_text text)
{
	size_t room = TEXT - form->length - 64,
	       length = text.length < room ? text.length : room;

	if (text.data)
		memcpy(form->text + form->length, text.data, length);
	form->length += length;
	form->text[form->length++] = '|';
}

static int begin(void *argument, const struct wye_form_part *part)
{
	struct form *form = argument;

	if (form->length + 128 > TEXT)
		return -ENOSPC;
	put(form, part->name);
	put(form, part->filename);
	put(form, part->type);
	form->bytes = form->sum = 0;
	return 0;
}

static int data(void *argument, const void *bytes, size_t length)
{
	struct form *form = argument;

	for (size_t i = 0; i < length; i++)
		form->sum = (form->sum * 31 + ((const unsigned char *)bytes)[i]) & 0xffffffff;
	form->bytes += length;
	return 0;
}

static int end(void *argument)
{
	struct form *form = argument;

	form->length += (size_t)snprintf(form->text + form->length, 48, "%zu|%lu\n",
					 form->bytes, form->sum);
	return 0;
}

static const struct wye_multipart_handler parts = {
	.size = sizeof parts, .begin = begin, .data = data, .end = end
};

static void destroy(void *argument)
{
	struct form *form = argument;

	wye_multipart_destroy(form->parser);
	free(form);
}

static struct form *form_of(struct wye_request *request, int *error)
{
	struct form *form = wye_request_data(request);

	*error = 0;
	if (form)
		return form;
	form = calloc(1, sizeof *form);
	if (!form || wye_request_at_end(request, destroy, form))
		return NULL;
	wye_request_set_data(request, form);
	*error = wye_multipart_create(
		&form->parser, wye_request_header(request, "Content-Type"), NULL, &parts, form);
	return form;
}

static enum wye_verdict refuse(struct wye_request *request, int error)
{
	unsigned status = error == -EINVAL    ? 415
			  : error == -E2BIG   ? 413
			  : error == -EBADMSG ? 400
					      : 500;

	wye_reply(request, status, "text/plain", "no\n", 3);
	return WYE_ANSWERED;
}

static void *pass(void *argument)
{
	wye_ticket *ticket = argument;

	nanosleep(&(struct timespec) { 0, 200000 }, NULL);
	(void)!wye_ticket_finish(*ticket, WYE_NEXT);
	free(ticket);
	return NULL;
}

static enum wye_verdict let_pass_later(struct wye_request *request)
{
	wye_ticket *ticket = malloc(sizeof *ticket);
	pthread_t thread;

	if (!ticket || wye_ticket_take(request, ticket) ||
	    pthread_create(&thread, NULL, pass, ticket)) {
		free(ticket);
		return WYE_NEXT;
	}
	pthread_detach(thread);
	return WYE_DEFERRED;
}

static enum wye_verdict body(struct wye_request *request, const struct wye_mount *mount,
			     const void *bytes, size_t length)
{
	struct wye_text query = wye_request_query(request);
	struct form *form;
	int error;

	(void)mount;
	form = form_of(request, &error);
	if (!form)
		return refuse(request, -ENOMEM);
	if (!error)
		error = wye_multipart_feed(form->parser, bytes, length);
	if (error)
		return refuse(request, error);
	return query.length ? let_pass_later(request) : WYE_NEXT;
}

static enum wye_verdict handle(struct wye_request *request, const struct wye_mount *mount)
{
	struct form *form;
	int error;

	(void)mount;
	form = form_of(request, &error);
	if (!form)
		return refuse(request, -ENOMEM);
	if (!error)
		error = wye_multipart_finish(form->parser);
	if (error)
		return refuse(request, error);
	wye_reply(request, 200, "text/plain", form->text, form->length);
	return WYE_ANSWERED;
}

static const char *const methods[] = { "POST", NULL };
static const struct wye_rest_handler form = {
	.size = sizeof form, .name = "form", .methods = methods, .body = body, .handle = handle
};
static const struct wye_rest_handler *const handlers[] = { &form, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI,
	.size = sizeof wye_plugin,
	.name = "form",
	.sentence = "for tests",
	.rest_handlers = handlers,
};
