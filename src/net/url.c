#include "net/url.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static int digit_of(int c)
{
	return c >= '0' && c <= '9'    ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : -1;
}

/* What may stand as it is in a path or a query: RFC 3986, 3.3 and 3.4. */
static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c && strchr("-._~!$&'()*+,;=:@/?", c));
}

/* Of %41. */
static int decoded(struct cur *c)
{
	int high = digit_of(cur_peek(c, 0)), low = digit_of(cur_peek(c, 1));
	cur_skip(c, 2);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int wrong(struct err *e, const char *what)
{
	err_set(e, -EINVAL, "the target of the request: %s", what);
	return e->code;
}

/* One segment, name or value, decoded and with a NUL; there is room, as nothing gets longer. */
static const char *take(struct url *u, struct cur c, bool in_query, struct err *e)
{
	char *text = u->text + u->used;
	size_t size = 0;
	while (c.left > 0) {
		uint8_t byte = cur_u8(&c);
		int is = byte == '%' ? decoded(&c) : byte == '+' && in_query ? ' ' : byte;
		if (byte == '%' && (is < 0 || !cur_ok(&c)))
			return wrong(e, "% without two hexadecimal digits behind it"), NULL;
		if (byte != '%' && !is_plain(byte))
			return wrong(e, "a character that has to be written with %"), NULL;
		if (is < ' ' || is == 0x7f)
			return wrong(e, "a control character"), NULL;
		if (is == '/' && !in_query)
			return wrong(e, "a slash hidden in a segment"), NULL;
		text[size++] = (char)is;
	}
	text[size] = 0;
	if (!utf8_whole(text, size))
		return wrong(e, "no UTF-8"), NULL;
	u->used += size + 1;
	return text;
}

/* Up to the character, or all there is; c stands behind it. */
static struct cur until(struct cur *c, char end)
{
	long at = cur_find(c, (uint8_t)end);
	struct cur part = cur_sub(c, at < 0 ? c->left : (size_t)at);
	if (at >= 0)
		cur_skip(c, 1);
	return part;
}

static int read_path(struct cur path, struct url *u, struct err *e)
{
	bool more = path.left > 0;
	while (more) {
		more = cur_find(&path, '/') >= 0;
		const char *s = take(u, until(&path, '/'), false, e);
		if (!s)
			return e->code;
		if (!*s)
			return wrong(e, "an empty segment: two slashes, or one at the end");
		if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
			return wrong(e, "a segment that is . or ..");
		if (u->segment_count == URL_SEGMENTS)
			return err_set(
				e, -ENAMETOOLONG, "a path has at most %d segments", URL_SEGMENTS);
		u->segments[u->segment_count++] = s;
	}
	return 0;
}

static int read_pair(struct cur pair, struct url *u, struct err *e)
{
	bool has_value = cur_find(&pair, '=') >= 0;
	struct cur word = until(&pair, '=');
	const char *name = has_value ? take(u, word, true, e) : NULL;
	const char *value = name ? take(u, pair, true, e) : NULL;
	if (!has_value)
		return wrong(e, "a query is made of NAME=VALUE, with & in between");
	if (!value)
		return e->code;
	if (!*name)
		return wrong(e, "a value in the query without a name");
	if (url_query(u, name))
		return err_set(e, -EINVAL, "the query has '%.40s' twice", name);
	if (u->pair_count == URL_PAIRS)
		return err_set(e, -ENAMETOOLONG, "a query has at most %d names", URL_PAIRS);
	u->pairs[u->pair_count++] = (struct url_pair){ name, value };
	return 0;
}

int url_read(struct cur target, struct url *out, struct err *e)
{
	out->segment_count = out->pair_count = out->used = 0;
	if (target.left > URL_SIZE)
		return err_set(
			e, -ENAMETOOLONG, "the target of a request has at most %d bytes", URL_SIZE);
	if (cur_u8(&target) != '/')
		return wrong(e, "it begins with a slash");
	bool has_query = cur_find(&target, '?') >= 0;
	struct cur path = until(&target, '?');
	int r = read_path(path, out, e);
	while (r == 0 && has_query) {
		has_query = cur_find(&target, '&') >= 0;
		r = read_pair(until(&target, '&'), out, e);
	}
	return r;
}

const char *url_query(const struct url *u, const char *name)
{
	for (size_t i = 0; i < u->pair_count; i++)
		if (strcmp(u->pairs[i].name, name) == 0)
			return u->pairs[i].value;
	return NULL;
}
