/* SPDX-License-Identifier: MIT
 *
 * status.c - see status.h.
 */
#include <time.h>

#include "base/status.h"

static const struct {
	unsigned status;
	const char *reason;
} REASONS[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 425, "Too Early" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *wye_status_reason(unsigned status)
{
	for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
		if (REASONS[i].status == status)
			return REASONS[i].reason;
	return "Unknown";
}

int wye_status_begin(struct wye_buffer *out, unsigned status)
{
	time_t now = time(NULL);
	struct tm utc;
	char date[32];

	gmtime_r(&now, &utc);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
	return wye_buffer_printf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: close\r\n",
				 status, wye_status_reason(status), date);
}

int wye_status_field(struct wye_buffer *out, struct wye_text name, struct wye_text value)
{
	return wye_buffer_printf(out, "%.*s: %.*s\r\n", (int)name.length, name.data,
				 (int)value.length, value.data);
}

int wye_status_body(struct wye_buffer *out, const void *body, size_t length)
{
	int error = wye_buffer_printf(out, "Content-Length: %zu\r\n\r\n", length);

	return error || !length ? error : wye_buffer_append(out, body, length);
}
