/* SPDX-License-Identifier: MIT
 *
 * date.c - dates of HTTP (<wye/http.h>): of the Gregorian calendar, without locale and time
 * zone, which the C library's functions would look at.
 */
#include <string.h>
#include <time.h>

#include <wye/http.h>

static const char DAYS[7][10] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				  "Thursday", "Friday", "Saturday" };
static const char MONTHS[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

enum { DAY = 86400 };

struct parts {
	int year, month, day; /* of the month; months count from 0 */
	int hour, minute, second;
};

/* ---- the calendar ----
 *
 * Years are counted from March on, so that a leap day is a year's last; 400 years have 146,097
 * days. */

static int64_t days_of(int64_t year, int month, int day)
{
	int64_t era;
	int of_era, of_year;

	month = (month + 10) % 12; /* March is 0 */
	year -= month >= 10;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = (int)(year - era * 400);
	of_year = (153 * month + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, struct parts *out)
{
	int64_t era;
	int of_era, year, of_year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = (int)(days - era * 146097);
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	out->day = of_year - (153 * month + 2) / 5 + 1;
	out->month = (month + 2) % 12;
	out->year = (int)(year + era * 400) + (month >= 10);
}

/* ---- writing ---- */

static char *put_number(char *out, int number, int digits)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		out[i] = (char)('0' + number % 10);
	return out + digits;
}

static char *put_text(char *out, const char *text, size_t length)
{
	memcpy(out, text, length);
	return out + length;
}

void wye_http_date_write(int64_t time, char out[WYE_HTTP_DATE])
{
	int64_t days = time / DAY - (time % DAY < 0);
	int second = (int)(time - days * DAY), weekday = (int)((days % 7 + 11) % 7);
	struct parts parts;

	date_of(days, &parts);
	out = put_text(out, DAYS[weekday], 3);
	out = put_text(out, ", ", 2);
	out = put_number(out, parts.day, 2);
	*out++ = ' ';
	out = put_text(out, MONTHS[parts.month], 3);
	*out++ = ' ';
	out = put_number(out, parts.year, 4);
	*out++ = ' ';
	out = put_number(out, second / 3600, 2);
	*out++ = ':';
	out = put_number(out, second / 60 % 60, 2);
	*out++ = ':';
	out = put_number(out, second % 60, 2);
	memcpy(out, " GMT", 5);
}

/* ---- reading ---- */

/* Each takes something off the front, or fails. */
static bool take_text(struct wye_text *text, const char *wanted, size_t length)
{
	if (text->length < length || memcmp(text->data, wanted, length) != 0)
		return false;
	text->data += length;
	text->length -= length;
	return true;
}

static bool take_byte(struct wye_text *text, char wanted)
{
	return take_text(text, &wanted, 1);
}

static bool take_number(struct wye_text *text, size_t digits, int *out)
{
	*out = 0;
	if (text->length < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (text->data[i] < '0' || text->data[i] > '9')
			return false;
		*out = *out * 10 + text->data[i] - '0';
	}
	text->data += digits;
	text->length -= digits;
	return true;
}

static bool take_month(struct wye_text *text, int *out)
{
	for (*out = 0; *out < 12; (*out)++)
		if (take_text(text, MONTHS[*out], 3))
			return true;
	return false;
}

static bool take_clock(struct wye_text *text, struct parts *out)
{
	return take_number(text, 2, &out->hour) && take_byte(text, ':') &&
	       take_number(text, 2, &out->minute) && take_byte(text, ':') &&
	       take_number(text, 2, &out->second);
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool read_fixed(struct wye_text text, struct parts *out)
{
	return take_number(&text, 2, &out->day) && take_byte(&text, ' ') &&
	       take_month(&text, &out->month) && take_byte(&text, ' ') &&
	       take_number(&text, 4, &out->year) && take_byte(&text, ' ') &&
	       take_clock(&text, out) && take_text(&text, " GMT", 4) && !text.length;
}

/* A year that seems to be more than 50 years ahead is the last one with these digits. */
static int year_of(int two_digits)
{
	struct parts now;

	date_of(time(NULL) / DAY, &now);
	two_digits += now.year / 100 * 100;
	return two_digits > now.year + 50 ? two_digits - 100 : two_digits;
}

/* "06-Nov-94 08:49:37 GMT" */
static bool read_rfc850(struct wye_text text, struct parts *out)
{
	if (!take_number(&text, 2, &out->day) || !take_byte(&text, '-') ||
	    !take_month(&text, &out->month) || !take_byte(&text, '-') ||
	    !take_number(&text, 2, &out->year) || !take_byte(&text, ' ') ||
	    !take_clock(&text, out) || !take_text(&text, " GMT", 4))
		return false;
	out->year = year_of(out->year);
	return !text.length;
}

/* "Nov  6 08:49:37 1994" */
static bool read_asctime(struct wye_text text, struct parts *out)
{
	return take_month(&text, &out->month) && take_byte(&text, ' ') &&
	       (take_byte(&text, ' ') ? take_number(&text, 1, &out->day)
				      : take_number(&text, 2, &out->day)) &&
	       take_byte(&text, ' ') && take_clock(&text, out) && take_byte(&text, ' ') &&
	       take_number(&text, 4, &out->year) && !text.length;
}

static bool read_parts(struct wye_text text, struct parts *out)
{
	for (int i = 0; i < 7; i++) {
		struct wye_text rest = text;

		if (take_text(&rest, DAYS[i], strlen(DAYS[i])) && take_text(&rest, ", ", 2))
			return read_rfc850(rest, out);
		rest = text;
		if (take_text(&rest, DAYS[i], 3) && take_text(&rest, ", ", 2))
			return read_fixed(rest, out);
		rest = text;
		if (take_text(&rest, DAYS[i], 3) && take_byte(&rest, ' '))
			return read_asctime(rest, out);
	}
	return false;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool wye_http_date_read(struct wye_text text, int64_t *time)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct parts parts;

	if (!text.data || !read_parts(text, &parts))
		return false;
	if (parts.day < 1 ||
	    parts.day > lengths[parts.month] + (parts.month == 1 && is_leap(parts.year)) ||
	    parts.hour > 23 || parts.minute > 59 || parts.second > 60)
		return false;
	*time = days_of(parts.year, parts.month, parts.day) * DAY + parts.hour * 3600 +
		parts.minute * 60 + parts.second;
	return true;
}
