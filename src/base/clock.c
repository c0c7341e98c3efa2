#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Returns where the next character goes. */
static char *put_digits(char *at, int count, int64_t n)
{
	for (int i = count - 1; i >= 0; i--, n /= 10)
		at[i] = (char)('0' + n % 10);
	return at + count;
}

/* Days to date after Howard Hinnant's civil_from_days, proleptic Gregorian calendar. */
const char *clock_text(int64_t ns, char text[CLOCK_TEXT])
{
	int64_t seconds = ns / CLOCK_SECOND, fraction = ns % CLOCK_SECOND;
	if (fraction < 0) {
		fraction += CLOCK_SECOND;
		seconds--;
	}
	int64_t days = seconds / 86400, day_second = seconds % 86400;
	if (day_second < 0) {
		day_second += 86400;
		days--;
	}
	days += 719468; /* from 1970-01-01 to 0000-03-01 */
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153; /* March is 0 */
	int64_t day = day_of_year - (153 * shifted + 2) / 5 + 1;
	int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
	int64_t year = year_of_era + era * 400 + (month <= 2);
	if (year < 0 || year > 9999)
		year = 0; /* RFC 3339 has four digits; a capture with such a time is broken */
	put_digits(text, 4, year)[0] = '-';
	put_digits(text + 5, 2, month)[0] = '-';
	put_digits(text + 8, 2, day)[0] = 'T';
	put_digits(text + 11, 2, day_second / 3600)[0] = ':';
	put_digits(text + 14, 2, day_second / 60 % 60)[0] = ':';
	put_digits(text + 17, 2, day_second % 60)[0] = '.';
	memcpy(put_digits(text + 20, 9, fraction), "Z", 2);
	return text;
}

/* Exactly so many digits, no larger than that; moves behind them. */
static bool take_digits(const char **at, int count, int most, int *out)
{
	int n = 0;
	for (; count; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		n = n * 10 + (**at - '0');
	}
	*out = n;
	return n <= most;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Whatever stands there of hours, minutes, seconds and fraction, in nanoseconds. */
static bool take_clock(const char **at, int64_t *ns)
{
	int hour, minute, second = 0;
	if (!take_digits(at, 2, 23, &hour) || !take_char(at, ':') ||
		!take_digits(at, 2, 59, &minute))
		return false;
	bool seconds = take_char(at, ':'); /* 60: a leap second is the first of the next minute */
	if (seconds && !take_digits(at, 2, 60, &second))
		return false;
	*ns = ((hour * 60 + minute) * 60 + second) * CLOCK_SECOND;
	if (!seconds || !take_char(at, '.'))
		return true;
	if (**at < '0' || **at > '9')
		return false;
	for (int64_t unit = CLOCK_SECOND / 10; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
		*ns += (**at - '0') * unit;
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

/* Date to days since 1970 after Howard Hinnant's days_from_civil; from year 0 on. */
static int64_t days_of(int year, int month, int day)
{
	if (month <= 2)
		year--;
	int era = (year >= 0 ? year : year - 399) / 400, year_of_era = year - era * 400;
	int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return (int64_t)era * 146097 + day_of_era - 719468;
}

bool clock_read(const char *text, int64_t *ns)
{
	int year, month, day;
	int64_t clock = 0, sum;
	if (!take_digits(&text, 4, 9999, &year) || !take_char(&text, '-') ||
		!take_digits(&text, 2, 12, &month) || !take_char(&text, '-') || month < 1 ||
		!take_digits(&text, 2, days_of_month(year, month), &day) || day < 1)
		return false;
	if (take_char(&text, 'T') && !take_clock(&text, &clock))
		return false;
	take_char(&text, 'Z');
	if (*text)
		return false;
	int64_t days = days_of(year, month, day);
	if (__builtin_mul_overflow(days, 86400 * CLOCK_SECOND, &sum) ||
		__builtin_add_overflow(sum, clock, &sum))
		sum = days < 0 ? INT64_MIN : INT64_MAX;
	*ns = sum;
	return true;
}

/* Of any unit: as many hours fit into nanoseconds of 64 bits, twice over. */
enum { SPAN_MOST = 1000000 };

bool clock_read_span(const char *text, int64_t *ns)
{
	char *end;
	unsigned long n = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
	if (n < 1 || n > SPAN_MOST)
		return false;
	const char *unit = *end ? strchr("smh", *end) : "s";
	if (!unit || (*end && end[1]))
		return false;
	*ns = (int64_t)n * (*unit == 'h' ? 3600 : *unit == 'm' ? 60 : 1) * CLOCK_SECOND;
	return true;
}

int64_t clock_monotonic(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

int64_t clock_wall(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * (int64_t)CLOCK_SECOND + t.tv_nsec;
}
