#include "base/clock.h"

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
