#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct json json_on(struct out *o)
{
	return (struct json){ .out = o };
}

static void next(struct json *j)
{
	if (j->comma)
		out_char(j->out, ',');
	j->comma = true;
}

void json_open(struct json *j, char bracket)
{
	next(j);
	out_char(j->out, bracket);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	out_char(j->out, bracket);
	j->comma = true;
}

void json_key(struct json *j, const char *key)
{
	next(j);
	out_char(j->out, '"');
	out_str(j->out, key);
	out_bytes(j->out, "\":", 2);
	j->comma = false;
}

void json_uint(struct json *j, uint64_t n)
{
	next(j);
	out_uint(j->out, n);
}

void json_int(struct json *j, int64_t n)
{
	next(j);
	out_int(j->out, n);
}

void json_num(struct json *j, double d)
{
	next(j);
	if (!isfinite(d)) {
		out_str(j->out, "null");
		return;
	}
	if (d == floor(d) && fabs(d) < 1e15) {
		out_int(j->out, (int64_t)d);
		return;
	}
	char text[32];
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	out_str(j->out, text);
}

void json_bool(struct json *j, bool b)
{
	next(j);
	out_str(j->out, b ? "true" : "false");
}

/* Length of the UTF-8 sequence at p, 0 where there is none (RFC 3629, 4). */
static size_t utf8_size(const uint8_t *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2
		: (p[0] & 0xf0) == 0xe0         ? 3
		: p[0] >= 0xf0 && p[0] <= 0xf4  ? 4
						: 0;
	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
	bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
	bool beyond = p[0] == 0xf4 && p[1] >= 0x90;
	return overlong || surrogate || beyond ? 0 : n;
}

void json_text(struct json *j, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	next(j);
	out_char(j->out, '"');
	for (size_t i = 0; i < size;) {
		uint8_t c = p[i];
		if (c == '"' || c == '\\') {
			out_char(j->out, '\\');
			out_char(j->out, (char)c);
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			out_fmt(j->out, "\\u%04x", c);
			i++;
		} else {
			size_t n = utf8_size(p + i, size - i);
			if (n)
				out_bytes(j->out, p + i, n);
			else
				out_str(j->out, "\xef\xbf\xbd");
			i += n ? n : 1;
		}
	}
	out_char(j->out, '"');
}

void json_str(struct json *j, const char *s)
{
	json_text(j, s, strlen(s));
}

void json_hex(struct json *j, const uint8_t *bytes, size_t size)
{
	next(j);
	out_char(j->out, '"');
	out_hex(j->out, bytes, size);
	out_char(j->out, '"');
}

void json_line(struct json *j)
{
	out_char(j->out, '\n');
	j->comma = false;
}

void json_kv_str(struct json *j, const char *key, const char *s)
{
	if (!s || !*s)
		return;
	json_key(j, key);
	json_str(j, s);
}

void json_kv_uint(struct json *j, const char *key, uint64_t n)
{
	json_key(j, key);
	json_uint(j, n);
}

void json_kv_time(struct json *j, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT];
	if (!ns)
		return;
	json_key(j, key);
	json_str(j, clock_text(ns, text));
}
