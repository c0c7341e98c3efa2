#include "base/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

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
	/* What fifteen digits can tell they tell without further ones behind it; the smallest
	 * numbers of all have fewer. */
	for (int digits = fabs(d) < DBL_MIN ? 6 : DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
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

/* Characters that a terminal obeys instead of showing them: C1 controls (0x80-0x9f), zero width
 * and direction marks, line separators, the byte order mark.  Escaped they are the same text. */
static bool obeyed(uint32_t code)
{
	return (code >= 0x80 && code <= 0x9f) || code == 0xad || code == 0x61c || code == 0x180e ||
		(code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
		(code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
		(code >= 0xe0000 && code <= 0xe007f); /* tags */
}

static uint32_t utf8_code(const uint8_t *p, size_t n)
{
	uint32_t code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

static void out_escaped(struct out *o, uint32_t code)
{
	if (code >= 0x10000) { /* a pair of surrogates, RFC 8259, 7 */
		out_fmt(o, "\\u%04x", 0xd800 + ((code - 0x10000) >> 10));
		code = 0xdc00 + ((code - 0x10000) & 0x3ff);
	}
	out_fmt(o, "\\u%04x", code);
}

/* A character of more than one byte, or what takes the place of half a one; gives its size. */
static size_t out_wide(struct out *o, const uint8_t *p, size_t left)
{
	size_t n = utf8_size(p, left);
	uint32_t code = n ? utf8_code(p, n) : 0xfffd;
	if (o->ascii || obeyed(code))
		out_escaped(o, code);
	else if (n)
		out_bytes(o, p, n);
	else
		out_str(o, "\xef\xbf\xbd");
	return n ? n : 1;
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_text(struct json *j, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	next(j);
	out_char(j->out, '"');
	for (size_t i = 0; i < size;) {
		size_t plain = i;
		while (plain < size && is_plain(p[plain]))
			plain++;
		out_bytes(j->out, p + i, plain - i);
		i = plain;
		if (i == size)
			break;
		uint8_t c = p[i];
		if (c >= 0x80) {
			i += out_wide(j->out, p + i, size - i);
			continue;
		}
		if (c == '"' || c == '\\') {
			out_char(j->out, '\\');
			out_char(j->out, (char)c);
		} else {
			out_fmt(j->out, "\\u%04x", c);
		}
		i++;
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
