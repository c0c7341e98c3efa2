/* What libmicrohttpd 0.9.75 lets pass in the head of a request, and nobody should: lines that end
 * in LF alone, values folded over several lines, a NUL in the middle, blanks before a colon or in
 * the first line; two lengths, two hosts, a length with a transfer coding; codings and methods that
 * nobody knows.  Two programs read such a head in two ways, and that is how requests are smuggled
 * (RFC 9112, 11.2).
 *
 * The library cuts the head up where it lies: each name and value is a text in its buffer, with
 * NULs in place of what stood between.  So where a line was clean, the next one begins two bytes
 * (CR, LF) behind its end, and all of them together are as long as the library says the head was.
 * Whatever else was there makes a gap, or a piece that lies elsewhere. */
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "net/serve_inside.h"

enum { HEADERS_MAX = 64, LENGTH_DIGITS = 15 };

static const char *const names[HEADER_COUNT] = {
	[HEADER_HOST] = "Host",
	[HEADER_CONTENT_LENGTH] = "Content-Length",
	[HEADER_TRANSFER_ENCODING] = "Transfer-Encoding",
	[HEADER_CONTENT_TYPE] = "Content-Type",
	[HEADER_AUTHORIZATION] = "Authorization",
	[HEADER_COOKIE] = "Cookie",
	[HEADER_ORIGIN] = "Origin",
	[HEADER_EXPECT] = "Expect",
	[HEADER_LAST_EVENT_ID] = "Last-Event-ID",
	[HEADER_CSRF] = "X-Weir-CSRF",
};

struct walk {
	struct serve_request *q;
	uintptr_t next; /* where the next line begins if all is clean */
	unsigned count;
	enum cause wrong;
};

/* RFC 9110, 5.6.2: token. */
static bool is_token(const char *s, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)s[i];
		bool word =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!word && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return size > 0;
}

/* RFC 9110, 5.5: no control character but a tab. */
static bool is_value(const char *s, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f)
			return false;
	return true;
}

static enum cause keep(struct serve_request *q, const char *name, size_t size, const char *value)
{
	for (unsigned i = 0; i < HEADER_COUNT; i++) {
		if (size != strlen(names[i]) || strncasecmp(name, names[i], size) != 0)
			continue;
		if (q->headers[i])
			return CAUSE_HEADER_TWICE;
		q->headers[i] = value;
	}
	return CAUSE_NONE;
}

static enum cause see_header(
	struct walk *w, const char *name, size_t name_size, const char *value, size_t value_size)
{
	uintptr_t at = (uintptr_t)name, of_value = (uintptr_t)value;
	if (++w->count > HEADERS_MAX)
		return CAUSE_HEADERS_MANY;
	if (!is_token(name, name_size))
		return CAUSE_HEADER_NAME;
	if (at != w->next || of_value < at + name_size + 1)
		return CAUSE_HEAD;
	w->next = of_value + value_size + 2;
	if (!is_value(value, value_size))
		return CAUSE_HEADER_VALUE;
	return keep(w->q, name, name_size, value);
}

static enum MHD_Result on_header(void *self, enum MHD_ValueKind kind, const char *name,
	size_t name_size, const char *value, size_t value_size)
{
	struct walk *w = self;
	(void)kind;
	w->wrong = see_header(w, name, name_size, value ? value : "", value ? value_size : 0);
	return w->wrong ? MHD_NO : MHD_YES;
}

static enum cause look_at_lines(struct serve_request *q, const char *version)
{
	struct MHD_Connection *c = q->guest->connection;
	uintptr_t method = (uintptr_t)q->method, target = (uintptr_t)q->target;
	struct walk w = { .q = q, .next = (uintptr_t)version + strlen(version) + 2 };
	/* The only blanks of the first line are those two (RFC 9112, 3). */
	if (target != method + strlen(q->method) + 1 ||
		(uintptr_t)version != target + q->target_size + 1)
		return CAUSE_HEAD;
	MHD_get_connection_values_n(c, MHD_HEADER_KIND, on_header, &w);
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (!w.wrong && (!size || method + size->header_size != w.next + 2))
		w.wrong = CAUSE_HEAD;
	return w.wrong;
}

static enum cause look_at_length(struct serve_request *q)
{
	const char *length = q->headers[HEADER_CONTENT_LENGTH];
	if (q->headers[HEADER_TRANSFER_ENCODING])
		return length ? CAUSE_LENGTH : CAUSE_LENGTH_MISSING;
	if (!length)
		return CAUSE_NONE;
	size_t digits = strspn(length, "0123456789");
	if (!digits || length[digits])
		return CAUSE_LENGTH;
	q->body_size = 0;
	for (size_t i = 0; i < digits && i < LENGTH_DIGITS; i++)
		q->body_size = q->body_size * 10 + (size_t)(length[i] - '0');
	return digits > LENGTH_DIGITS || q->body_size > q->serve->limits.body ? CAUSE_BODY_LARGE
									      : CAUSE_NONE;
}

static bool is_host(const char *s)
{
	size_t size = strlen(s);
	return size && size <= 255 &&
		strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") ==
		size;
}

static bool is_method(const char *s)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(s, known[i]) == 0)
			return true;
	return false;
}

enum cause serve_look(struct serve_request *q, const char *version)
{
	enum cause wrong = look_at_lines(q, version);
	if (!wrong && strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
		wrong = CAUSE_VERSION;
	if (!wrong)
		wrong = look_at_length(q);
	if (wrong)
		return wrong;
	const char *host = q->headers[HEADER_HOST], *expect = q->headers[HEADER_EXPECT];
	if (host ? !is_host(host) : version[7] == '1')
		return CAUSE_HOST;
	if (expect && strcasecmp(expect, "100-continue") != 0)
		return CAUSE_EXPECT;
	if (!is_method(q->method))
		return CAUSE_METHOD;
	return q->wrong;
}

const char *serve_method(const struct serve_request *q)
{
	return q->method;
}

const struct url *serve_url(const struct serve_request *q)
{
	return &q->url;
}

const char *serve_header(const struct serve_request *q, enum serve_header h)
{
	return q->headers[h];
}

struct cur serve_body(const struct serve_request *q)
{
	return q->body ? cur_of(q->body, q->body_got) : cur_none();
}
