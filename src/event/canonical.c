#include "event/canonical.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS_MAX = 32, DIGITS_MAX = 17 };

static const json_int_t exact_max = (json_int_t)1 << 53; /* RFC 7493, 2.2 */

/* --- numbers: RFC 8785, 3.2.2.3 --- */

/* The fewest digits that read back the same, and the place of the point behind the first of them.
 */
static int digits_of(double v, char digits[DIGITS_MAX + 1])
{
	char text[CANONICAL_NUMBER];
	for (int more = 0; more < DIGITS_MAX; more++) {
		snprintf(text, sizeof text, "%.*e", more, v);
		if (strtod(text, NULL) == v)
			break;
	}
	char *exponent = strchr(text, 'e');
	int place = atoi(exponent + 1);
	size_t count = 0;
	for (const char *at = text; at < exponent; at++)
		if (*at != '.')
			digits[count++] = *at;
	while (count > 1 && digits[count - 1] == '0')
		count--;
	digits[count] = 0;
	return place;
}

const char *canonical_number(double v, char text[CANONICAL_NUMBER])
{
	char digits[DIGITS_MAX + 1];
	if (v == 0)
		return "0"; /* the negative one, too */
	int place = digits_of(fabs(v), digits), count = (int)strlen(digits);
	const char *sign = v < 0 ? "-" : "";
	if (place >= count - 1 && place < 21)
		snprintf(text, CANONICAL_NUMBER, "%s%s%.*s", sign, digits, place - count + 1,
			"000000000000000000000");
	else if (place >= 0 && place < 21)
		snprintf(text, CANONICAL_NUMBER, "%s%.*s.%s", sign, place + 1, digits,
			digits + place + 1);
	else if (place < 0 && place > -7)
		snprintf(text, CANONICAL_NUMBER, "%s0.%.*s%s", sign, -place - 1, "000000", digits);
	else
		snprintf(text, CANONICAL_NUMBER, "%s%c%s%se%+d", sign, digits[0],
			count > 1 ? "." : "", digits + 1, place);
	return text;
}

/* --- texts: 3.2.2.2 --- */

static void write_text(struct out *o, const char *text)
{
	static const char *const words[32] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"
	};
	out_char(o, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 32 && words[c])
			out_str(o, words[c]);
		else if (c < 32)
			out_fmt(o, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			out_fmt(o, "\\%c", c);
		else
			out_char(o, (char)c);
	}
	out_char(o, '"');
}

/* --- members in the order of their UTF-16: 3.2.3 --- */

/* What takes two units of UTF-16 comes before U+E000 and what follows it. */
static unsigned weight(unsigned char c)
{
	return c >= 0xf0 ? c - 0xf0u + 0xeeu : c >= 0xee ? c + 0x10u : c;
}

static int by_name(const void *a, const void *b)
{
	const unsigned char *x = *(const unsigned char *const *)a;
	const unsigned char *y = *(const unsigned char *const *)b;
	for (; *x && *x == *y; x++)
		y++;
	return (int)weight(*x) - (int)weight(*y);
}

static int write_value(const json_t *value, unsigned level, struct out *o, struct err *e);

static int write_members(json_t *object, unsigned level, struct out *o, struct err *e)
{
	size_t count = 0, size = json_object_size(object);
	const char **names = calloc(size + 1, sizeof *names), *name;
	json_t *member;
	int r = names ? 0 : err_sys(e, "sort %zu members", size);
	if (names)
		json_object_foreach(object, name, member) names[count++] = name;
	if (names)
		qsort(names, count, sizeof *names, by_name);
	for (size_t i = 0; r == 0 && i < count; i++) {
		out_str(o, i ? "," : "");
		write_text(o, names[i]);
		out_char(o, ':');
		r = write_value(json_object_get(object, names[i]), level, o, e);
	}
	free(names);
	return r;
}

static int write_elements(const json_t *array, unsigned level, struct out *o, struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < json_array_size(array); i++) {
		out_str(o, i ? "," : "");
		r = write_value(json_array_get(array, i), level, o, e);
	}
	return r;
}

static int write_integer(json_int_t v, struct out *o, struct err *e)
{
	if (v > exact_max || v < -exact_max)
		return err_set(e, -EINVAL, "%lld: too large for a JSON number, write it as a text",
			(long long)v);
	out_int(o, v);
	return 0;
}

/* Below 10^21 a large one is written as an integer, and read again as one. */
static int write_real(double v, struct out *o, struct err *e)
{
	char room[CANONICAL_NUMBER];
	const char *number = canonical_number(v, room);
	if (fabs(v) > (double)exact_max && !strpbrk(number, ".e"))
		return err_set(
			e, -EINVAL, "%s: too large for a JSON number, write it as a text", number);
	out_str(o, number);
	return 0;
}

static int write_value(const json_t *value, unsigned level, struct out *o, struct err *e)
{
	int r = 0;
	if (level == LEVELS_MAX)
		return err_set(e, -EINVAL, "more than %d levels of lists and objects", LEVELS_MAX);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		out_char(o, '{');
		r = write_members((json_t *)value, level + 1, o, e);
		out_char(o, '}');
		break;
	case JSON_ARRAY:
		out_char(o, '[');
		r = write_elements(value, level + 1, o, e);
		out_char(o, ']');
		break;
	case JSON_STRING:
		write_text(o, json_string_value(value));
		break;
	case JSON_INTEGER:
		r = write_integer(json_integer_value(value), o, e);
		break;
	case JSON_REAL:
		r = write_real(json_real_value(value), o, e);
		break;
	case JSON_TRUE:
		out_str(o, "true");
		break;
	case JSON_FALSE:
		out_str(o, "false");
		break;
	case JSON_NULL:
		out_str(o, "null");
	}
	return r;
}

int canonical_write(const json_t *value, struct out *o, struct err *e)
{
	return write_value(value, 0, o, e);
}
