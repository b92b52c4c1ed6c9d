/* SPDX-License-Identifier: MIT
 *
 * files-reply.c - see files.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <wye/http.h>

#include "files.h"

enum {
	SHORT = 32768, /* bytes that are read, and not left to sendfile(2) */
};

static struct wye_text text_of(const char *text)
{
	return (struct wye_text) { text, text ? strlen(text) : 0 };
}

static void put_field(struct wye_request *request, const char *name, const char *value)
{
	(void)wye_reply_header(request, name, text_of(value));
}

static void answer_text(struct wye_request *request, unsigned status, const char *text)
{
	wye_reply_static(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

void files_reply_error(struct wye_request *request, int error)
{
	if (files_is_missing(error))
		answer_text(request, 404, "not found\n");
	else if (error == -EACCES || error == -EPERM)
		answer_text(request, 403, "forbidden\n");
	else
		answer_text(request, 503, "the file can't be opened now\n");
}

/* To the same path with a slash behind it. It is relative: proxies may have cut the path's
 * front, and one that begins with two slashes would lead to another host. */
void files_reply_folder(struct wye_request *request)
{
	struct wye_text path = wye_request_path(request), query = wye_request_query(request);
	const char *slash = memrchr(path.data, '/', path.length);
	size_t length = (size_t)(path.data + path.length - (slash + 1));
	char *out = wye_request_allocate(request, length + query.length + 4);
	size_t at = 2 + length;

	if (!out)
		return; /* no answer: 500 */
	memcpy(out, "./", 2);
	memcpy(out + 2, slash + 1, length);
	out[at++] = '/';
	if (query.data) {
		out[at++] = '?';
		memcpy(out + at, query.data, query.length);
		at += query.length;
	}
	(void)wye_reply_header(request, "Location", (struct wye_text) { out, at });
	answer_text(request, 308, "moved\n");
}

/* ---- a file ---- */

static const char *type_of(const struct files *files, const char *name)
{
	const char *ending = files_ending(name), *type;

	for (size_t i = 0; ending && i < files->type_count; i++)
		if (!strcasecmp(files->types[i].ending, ending))
			return files->types[i].name;
	type = files_type(ending);
	return type ? type : files->default_type;
}

static char *put_hex(char *out, uint64_t number)
{
	static const char digits[] = "0123456789abcdef";
	int shift = 60;

	while (shift && !(number >> shift & 0xf))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*out++ = digits[number >> shift & 0xf];
	return out;
}

static uint64_t nanoseconds(struct timespec time)
{
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The time of the last change of the inode can't be set, as that of the file can: by it and the
 * inode's number files are told apart that were given the same time, as in images of
 * containers. */
static void make_etag(const struct files_found *found, char out[FILES_ETAG])
{
	const struct stat *state = &found->state;

	*out++ = '"';
	out = put_hex(out, (uint64_t)state->st_size);
	*out++ = '-';
	out = put_hex(out, nanoseconds(state->st_mtim));
	*out++ = '-';
	out = put_hex(out, nanoseconds(state->st_ctim) ^ (uint64_t)state->st_ino << 40);
	if (found->coding)
		out = stpcpy(out, found->coding->ending);
	*out++ = '"';
	*out = '\0';
}

/* What belongs to the file's bytes; a 304 has it, too (RFC 9110, 15.4.5). */
static void put_file_fields(struct wye_request *request, const struct files *files,
			    const struct files_validators *current)
{
	char date[WYE_HTTP_DATE];

	wye_http_date_write(current->modified, date);
	(void)wye_reply_header(request, "ETag", current->etag);
	put_field(request, "Last-Modified", date);
	if (files->cache_control.data)
		(void)wye_reply_header(request, "Cache-Control", files->cache_control);
}

static void put_common_fields(struct wye_request *request, const struct files *files)
{
	if (files->coding_count)
		put_field(request, "Vary", "Accept-Encoding");
	if (files->nosniff)
		put_field(request, "X-Content-Type-Options", "nosniff");
}

static void put_content_range(struct wye_request *request, uint64_t first, uint64_t length,
			      uint64_t size)
{
	char text[80];

	if (length)
		snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first,
			 (unsigned long long)(first + length - 1), (unsigned long long)size);
	else
		snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
	put_field(request, "Content-Range", text);
}

/* Range is defined for GET alone (RFC 9110, 14.2). */
static bool is_get(const struct wye_request *request)
{
	struct wye_text method = wye_request_method(request);

	return method.length == 3 && !memcmp(method.data, "GET", 3);
}

/* A short one is read at once: sendfile(2) would be several calls and two packets, which cost
 * thrice as much. NULL if it can't be: it has been cut meanwhile, or there is no memory. */
static const char *read_short(struct wye_request *request, int descriptor, uint64_t first,
			      uint64_t length)
{
	char *bytes = length && length <= SHORT && is_get(request)
			      ? wye_request_allocate(request, length)
			      : NULL;

	if (bytes && pread(descriptor, bytes, length, (off_t)first) == (ssize_t)length)
		return bytes;
	return NULL;
}

/* Its bytes, or some of them; the descriptor is taken over. */
static void answer_bytes(struct wye_request *request, const struct files *files,
			 const struct files_found *found, enum files_extent extent,
			 uint64_t first, uint64_t length)
{
	unsigned status = extent == FILES_PART ? 206 : 200;
	const char *type = type_of(files, found->name), *bytes;

	if (found->coding)
		put_field(request, "Content-Encoding", found->coding->name);
	put_field(request, "Accept-Ranges", "bytes");
	if (extent == FILES_PART)
		put_content_range(request, first, length, (uint64_t)found->state.st_size);
	bytes = read_short(request, found->descriptor, first, length);
	if (bytes) {
		close(found->descriptor);
		wye_reply_static(request, status, type, bytes, length);
	} else {
		wye_reply_file(request, status, type, found->descriptor, first, length);
	}
}

/* What a condition or a range does not fit. It is no state of the file: no cache may keep it as
 * long as that. */
static void answer_refusal(struct wye_request *request, unsigned status, uint64_t size)
{
	if (status == 412) {
		answer_text(request, 412, "the file is another one by now\n");
	} else {
		put_content_range(request, 0, 0, size);
		answer_text(request, 416, "no such range\n");
	}
}

void files_reply(struct wye_request *request, const struct files *files,
		 const struct files_asked *asked, struct files_found *found)
{
	int64_t now = time(NULL), modified = found->state.st_mtim.tv_sec;
	struct files_validators current;
	enum files_extent extent = FILES_WHOLE;
	uint64_t size = (uint64_t)found->state.st_size, first = 0, length = size;
	char etag[FILES_ETAG];
	unsigned status;

	if (modified > now) /* RFC 9110, 8.8.2.1 */
		modified = now;
	make_etag(found, etag);
	current = (struct files_validators) { text_of(etag), modified };
	put_common_fields(request, files);
	status = files_judge(&asked->conditions, &current);
	if (status == 200 && is_get(request))
		extent = files_extent(&asked->conditions, &current, size, now, &first, &length);
	if (status != 412 && extent != FILES_OUTSIDE)
		put_file_fields(request, files, &current);
	if (status == 304) {
		wye_reply_file(request, 304, NULL, found->descriptor, 0, size);
	} else if (status == 200 && extent != FILES_OUTSIDE) {
		answer_bytes(request, files, found, extent, first, length);
	} else {
		close(found->descriptor);
		answer_refusal(request, status, size);
	}
}
