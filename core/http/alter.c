/* SPDX-License-Identifier: MIT
 *
 * alter.c - the public functions by which middleware changes the fields of a request. Texts
 * that were handed out before stay where they are, in the request's arena.
 */
#include <errno.h>
#include <string.h>

#include "base/field.h"
#include "http/request.h"

enum {
	MORE = 4, /* fields that there is room for when a list had to grow */
};

static const struct wye_text NO_VALUE = { "", 0 };

static bool make_room(struct wye_head *head, struct wye_arena *arena)
{
	size_t room = head->count + MORE;
	struct wye_field *fields;

	if (head->count < head->room)
		return true;
	fields = wye_arena_allocate(arena, room * sizeof *fields);
	if (!fields)
		return false;
	memcpy(fields, head->fields, head->count * sizeof *fields);
	head->fields = fields;
	head->room = room;
	return true;
}

/* Cookies are split when they are first asked for: then they are anew. */
static void forget_cookies(struct wye_request *request, const char *name)
{
	if (request->inputs && wye_text_is((struct wye_text) { "Cookie", 6 }, name))
		request->inputs->cookies = (struct wye_pairs) { .items = NULL };
}

static size_t remove_fields(struct wye_request *request, const char *name)
{
	struct wye_head *head = &request->head;
	size_t kept = 0, removed;

	for (size_t i = 0; i < head->count; i++)
		if (!wye_text_is(head->fields[i].name, name))
			head->fields[kept++] = head->fields[i];
	removed = head->count - kept;
	head->count = kept;
	if (removed)
		forget_cookies(request, name);
	return removed;
}

/* Both in the arena. Returns 0; -EINVAL; -ENOMEM: nothing has changed. */
static int copy_field(struct wye_request *request, const char *name, struct wye_text value,
		      struct wye_field *out)
{
	if (!wye_request_field_valid(name, value))
		return -EINVAL;
	out->name = wye_arena_copy(&request->arena, name, strlen(name));
	out->value =
		wye_arena_copy(&request->arena, value.data ? value.data : "", value.length);
	if (!out->name.data || !out->value.data || !make_room(&request->head, &request->arena))
		return -ENOMEM;
	return 0;
}

int wye_request_add_header(struct wye_request *request, const char *name, struct wye_text value)
{
	struct wye_field field;
	int error = copy_field(request, name, value, &field);

	if (error)
		return error;
	request->head.fields[request->head.count++] = field;
	forget_cookies(request, name);
	return 0;
}

int wye_request_set_header(struct wye_request *request, const char *name, struct wye_text value)
{
	struct wye_field field;
	int error = copy_field(request, name, value, &field);

	if (error)
		return error;
	remove_fields(request, name);
	request->head.fields[request->head.count++] = field;
	forget_cookies(request, name);
	return 0;
}

size_t wye_request_remove_header(struct wye_request *request, const char *name)
{
	return wye_request_field_valid(name, NO_VALUE) ? remove_fields(request, name) : 0;
}

bool wye_request_header_valid(const char *name, struct wye_text value)
{
	return wye_request_field_valid(name, value);
}
