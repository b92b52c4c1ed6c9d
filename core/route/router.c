/* SPDX-License-Identifier: MIT
 *
 * router.c - see router.h.
 *
 * A node stands for a run of literal bytes; behind it come literal children, told apart by
 * their first byte, one parameter child, and the routes that end here, plainly or with a rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "route/pattern.h"
#include "route/router.h"
#include "route/target.h"

struct entry {
	struct entry *next;
	unsigned methods;
	const void *value;
	unsigned count;
	struct wye_text names[]; /* of the parameters, in order; the texts follow */
};

struct node {
	char *run; /* literal bytes */
	size_t length;
	unsigned char *firsts; /* first byte of each child */
	struct node **children;
	size_t count;
	struct node *parameter; /* what follows a ":name" */
	struct entry *plain, *rest;
};

struct wye_router {
	struct node root;
};

static struct node *make_node(const char *run, size_t length)
{
	struct node *node = calloc(1, sizeof *node);

	if (!node)
		return NULL;
	node->run = malloc(length + 1);
	if (!node->run) {
		free(node);
		return NULL;
	}
	memcpy(node->run, run, length);
	node->length = length;
	return node;
}

static void clear_entries(struct entry *entry)
{
	while (entry) {
		struct entry *next = entry->next;

		free(entry);
		entry = next;
	}
}

static void destroy_node(struct node *node);

static void clear_node(struct node *node)
{
	for (size_t i = 0; i < node->count; i++)
		destroy_node(node->children[i]);
	destroy_node(node->parameter);
	clear_entries(node->plain);
	clear_entries(node->rest);
	free(node->run);
	free(node->firsts);
	free(node->children);
}

static void destroy_node(struct node *node)
{
	if (!node)
		return;
	clear_node(node);
	free(node);
}

int wye_router_create(struct wye_router **out)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : -ENOMEM;
}

void wye_router_destroy(struct wye_router *router)
{
	if (!router)
		return;
	clear_node(&router->root);
	free(router);
}

static struct node *child_for(const struct node *node, char first, size_t *index)
{
	const unsigned char *at =
		node->count ? memchr(node->firsts, (unsigned char)first, node->count) : NULL;

	if (!at)
		return NULL;
	*index = (size_t)(at - node->firsts);
	return node->children[*index];
}

static int add_child(struct node *node, struct node *child)
{
	unsigned char *firsts = realloc(node->firsts, node->count + 1);
	struct node **children;

	if (!firsts)
		return -ENOMEM;
	node->firsts = firsts;
	children = realloc(node->children, (node->count + 1) * sizeof *children);
	if (!children)
		return -ENOMEM;
	node->children = children;
	firsts[node->count] = (unsigned char)child->run[0];
	children[node->count++] = child;
	return 0;
}

static size_t common(const struct node *node, const char *text, size_t length)
{
	size_t same = 0;

	while (same < node->length && same < length && node->run[same] == text[same])
		same++;
	return same;
}

/* Splits a child's run, so that a node ends behind its first `at` bytes. */
static struct node *split(struct node *parent, size_t index, size_t at)
{
	struct node *lower = parent->children[index];
	struct node *upper = make_node(lower->run, at);

	if (!upper)
		return NULL;
	memmove(lower->run, lower->run + at, lower->length - at);
	lower->length -= at;
	if (add_child(upper, lower)) {
		destroy_node(upper);
		return NULL;
	}
	parent->children[index] = upper;
	return upper;
}

/* The node that stands behind a literal text, made where it is missing. */
static struct node *descend(struct node *node, const char *text, size_t length)
{
	while (length) {
		size_t index, same;
		struct node *child = child_for(node, text[0], &index);

		if (!child) {
			child = make_node(text, length);
			if (!child)
				return NULL;
			if (add_child(node, child)) {
				destroy_node(child);
				return NULL;
			}
			return child;
		}
		same = common(child, text, length);
		if (same < child->length)
			child = split(node, index, same);
		if (!child)
			return NULL;
		node = child;
		text += same;
		length -= same;
	}
	return node;
}

/* ---- adding ---- */

/* The node behind a literal run of a pattern, which may have escapes. */
static struct node *descend_decoded(struct node *node, const char *text, size_t length)
{
	char *run = malloc(length);
	size_t decoded = 0;

	if (!run)
		return NULL;
	for (size_t i = 0; i < length;) {
		size_t step = text[i] == '%' ? 3 : 1;
		size_t got = wye_percent_decode((struct wye_text) { text + i, step }, false,
						run + decoded);

		if (step == 3 && run[decoded] == '/')
			run[decoded] = WYE_PATH_SLASH;
		decoded += got;
		i += step;
	}
	node = descend(node, run, decoded);
	free(run);
	return node;
}

/* The node at which a checked pattern ends. */
static struct node *place(struct node *node, const char *text)
{
	while (*text && node) {
		const char *mark = text;

		while (*mark && !(mark[0] == '/' && (mark[1] == ':' || mark[1] == '*')))
			mark++;
		if (*mark)
			mark++; /* the slash is literal */
		node = descend_decoded(node, text, (size_t)(mark - text));
		text = mark;
		if (!node || *text == '*')
			return node;
		if (*text == ':') {
			if (!node->parameter)
				node->parameter = make_node("", 0);
			node = node->parameter;
			text += 1 + wye_pattern_name_length(text + 1);
		}
	}
	return node;
}

static struct entry *make_entry(const struct wye_pattern *pattern, unsigned methods,
				const void *value)
{
	size_t texts = 0;
	struct entry *entry;
	char *at;

	for (unsigned i = 0; i < pattern->count; i++)
		texts += pattern->names[i].length;
	entry = calloc(1, sizeof *entry + pattern->count * sizeof entry->names[0] + texts);
	if (!entry)
		return NULL;
	entry->methods = methods;
	entry->value = value;
	entry->count = pattern->count;
	at = (char *)(entry->names + pattern->count);
	for (unsigned i = 0; i < pattern->count; i++) {
		memcpy(at, pattern->names[i].data, pattern->names[i].length);
		entry->names[i] = (struct wye_text) { at, pattern->names[i].length };
		at += pattern->names[i].length;
	}
	return entry;
}

int wye_router_add(struct wye_router *router, const char *text, unsigned methods,
		   const void *value, const void **other, struct wye_error *why)
{
	struct wye_pattern pattern;
	struct entry **list, *entry;
	struct node *node;
	int error = wye_pattern_parse(&pattern, text, why);

	if (error)
		return error;
	node = place(&router->root, text);
	if (!node)
		return -ENOMEM;
	list = pattern.rest ? &node->rest : &node->plain;
	for (entry = *list; entry; entry = entry->next)
		if (entry->methods & methods) {
			*other = entry->value;
			return -EEXIST;
		}
	entry = make_entry(&pattern, methods, value);
	if (!entry)
		return -ENOMEM;
	entry->next = *list;
	*list = entry;
	return 0;
}

/* ---- finding ---- */

struct search {
	const char *end;
	enum wye_method method;
	struct wye_match *match;
	const struct entry *found;
};

static const struct entry *with_method(const struct entry *list, unsigned method)
{
	while (list && !(list->methods & method))
		list = list->next;
	return list;
}

/* HEAD is served by GET's route where it has none of its own (RFC 9110, 9.3.2). */
static bool take(struct search *search, const struct entry *list)
{
	const struct entry *found = with_method(list, search->method);

	if (!found && search->method == WYE_METHOD_HEAD)
		found = with_method(list, WYE_METHOD_GET);
	for (; list; list = list->next)
		search->match->allowed |= list->methods;
	search->found = found;
	return found;
}

static bool walk(struct search *search, const struct node *node, const char *at);

static bool walk_parameter(struct search *search, const struct node *node, const char *at)
{
	struct wye_match *match = search->match;
	const char *end = memchr(at, '/', (size_t)(search->end - at));

	if (!end)
		end = search->end;
	if (end == at || match->count == WYE_PARAMETERS_MAX)
		return false;
	match->parameters[match->count].rest = false;
	match->parameters[match->count++].value = (struct wye_text) { at, (size_t)(end - at) };
	if (walk(search, node->parameter, end))
		return true;
	match->count--;
	return false;
}

static bool take_rest(struct search *search, const struct node *node, const char *at)
{
	struct wye_match *match = search->match;

	if (!take(search, node->rest))
		return false;
	match->parameters[match->count].rest = true;
	match->parameters[match->count++].value =
		(struct wye_text) { at, (size_t)(search->end - at) };
	return true;
}

/* Literal first, then a parameter, then a rest; where one way leads nowhere the next is tried.
 */
static bool walk(struct search *search, const struct node *node, const char *at)
{
	size_t left = (size_t)(search->end - at), index;
	const struct node *child;

	if (left < node->length || (node->length && memcmp(at, node->run, node->length)))
		return false;
	at += node->length;
	if (at == search->end) {
		if (node->plain && take(search, node->plain))
			return true;
	} else {
		child = child_for(node, *at, &index);
		if (child && walk(search, child, at))
			return true;
		if (node->parameter && walk_parameter(search, node, at))
			return true;
	}
	return node->rest && take_rest(search, node, at);
}

void wye_match_init(struct wye_match *match)
{
	match->value = NULL;
	match->allowed = 0;
	match->count = 0;
}

bool wye_router_find(const struct wye_router *router, enum wye_method method,
		     struct wye_text path, struct wye_match *match)
{
	struct search search = { path.data + path.length, method, match, NULL };

	match->count = 0;
	if (!path.length || !walk(&search, &router->root, path.data))
		return false;
	match->value = search.found->value;
	for (unsigned i = 0; i < search.found->count; i++)
		match->parameters[i].name = search.found->names[i];
	return true;
}

/* ---- parameters ---- */

struct wye_text wye_parameter_text(const struct wye_parameter *parameter,
				   struct wye_arena *arena)
{
	struct wye_text value = parameter->value;
	size_t length = 0;
	char *out;

	if (!value.length || !memchr(value.data, WYE_PATH_SLASH, value.length))
		return value;
	out = wye_arena_allocate(arena, 3 * value.length);
	for (size_t i = 0; out && i < value.length; i++) {
		bool slash = value.data[i] == WYE_PATH_SLASH;

		if (slash && parameter->rest) {
			memcpy(out + length, "%2F", 3);
			length += 3;
		} else {
			out[length++] = slash ? '/' : value.data[i];
		}
	}
	return (struct wye_text) { out, length };
}
