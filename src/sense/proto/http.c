/* HTTP/1: RFC 9110 (semantics) and RFC 9112 (messages): who serves what with which software.
 *
 * Heads are read, bodies are passed over by their framing; of an HTML page the first bytes are
 * looked at for its title.  Passwords never leave this file: a fact says who logs in, and whether
 * the password is one that everybody knows. */
#include "sense/proto/http_uri.h"
#include "sense/proto/text.h"
#include "sense/secret.h"

enum {
	HEAD_MAX = 16 * 1024, /* what common servers accept */
	LINE_MAX = 256,       /* of a chunk size or a trailer */
	TITLE_WITHIN = 2048,  /* a title stands near the top of its page */
	CREDENTIALS_MAX = 256,
};

/* What the next bytes of one direction are. */
enum mode { MODE_HEAD, MODE_PAGE, MODE_CHUNK, MODE_TRAILER };

struct side {
	uint8_t mode;
	bool html, chunked;
	uint32_t scanned; /* of an unfinished head: no end within these bytes */
	uint64_t left;    /* of the body or the chunk */
};

struct state {
	struct side sides[2];
	uint32_t asked, answered; /* requests and responses come in the same order, 9.3.2 */
};

/* What is kept of a request until its answer comes. */
struct asked {
	uint8_t row;
	bool login;
};

static const struct field f_method = { "http.request.method", TEXT };
static const struct field f_uri = { "http.request.uri", TEXT };
static const struct field f_request_version = { "http.request.version", TEXT };
static const struct field f_version = { "http.response.version", TEXT };
static const struct field f_code = { "http.response.code", BE16, 100, 599 };
static const struct field f_phrase = { "http.response.phrase", TEXT };
static const struct field f_length = { "http.content_length", BE64 };
static const struct field f_scheme = { "http.auth_scheme", TEXT };
static const struct field f_user = { "http.user", TEXT };
static const struct field f_default = { "http.default_credentials", FLAG };
static const struct field f_title = { "http.title", TEXT };

/* Headers whose value is told as it stands. */
static const struct {
	const char *name;
	struct field field;
	uint8_t identity; /* of the sender; 0 none */
	bool is_uri;
} headers[] = {
	{ "host", { "http.host", TEXT }, 0 },
	{ "user-agent", { "http.user_agent", TEXT }, ID_SOFTWARE },
	{ "server", { "http.server", TEXT }, ID_SOFTWARE },
	{ "www-authenticate", { "http.www_authenticate", TEXT }, 0 },
	{ "content-type", { "http.content_type", TEXT }, 0 },
	{ "location", { "http.location", TEXT }, .is_uri = true },
	{ "upgrade", { "http.upgrade", TEXT }, 0 },
	{ "x-forwarded-for", { "http.x_forwarded_for", TEXT }, 0 },
};

#define BOTH(code, act, name)                                                                      \
	{ code, DIR_REQUEST, act, 0, name },                                                       \
	{                                                                                          \
		code, DIR_RESPONSE, act, 0, name                                                   \
	}
enum { GET = 0, HEAD = 2, CONNECT = 12, OTHER_METHOD = 18 };
static const struct msg rows[] = {
	BOTH(1, ACT_READ, "get"),
	BOTH(2, ACT_READ, "head"),
	BOTH(3, ACT_WRITE, "post"),
	BOTH(4, ACT_WRITE, "put"),
	BOTH(5, ACT_WRITE, "delete"),
	BOTH(6, ACT_WRITE, "patch"),
	BOTH(7, ACT_OTHER, "connect"),
	BOTH(8, ACT_OTHER, "options"),
	BOTH(9, ACT_OTHER, "trace"),
	BOTH(10, ACT_OTHER, "other"),
};
static const struct msg row_response = { 11, DIR_RESPONSE, ACT_OTHER, 0, "response" };
static const struct msg row_page = { 12, DIR_OTHER, ACT_OTHER, 0, "page" };
static const struct msg row_login = { 13, DIR_REQUEST, ACT_OTHER, EFFECT_LOGIN, "login" };
static const struct msg row_refused = { 13, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED, "login" };

static bool is_status_line(const struct cur *c)
{
	return cur_starts(c, "HTTP/1.") && cur_peek(c, 8) == ' ';
}

/* METHOD SP target SP HTTP/1.x: the method a word in capitals, RFC 9112, 3. */
static enum probe request_line(struct cur c, bool whole)
{
	size_t method = 0;
	for (;; method++) {
		int byte = cur_peek(&c, method);
		if (byte < 0)
			return whole || method > 20 ? PROBE_NO : PROBE_MORE;
		if (byte == ' ')
			break;
		bool letter = (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-';
		if (!letter || method >= 20)
			return PROBE_NO;
	}
	if (method < 3)
		return PROBE_NO;
	long end = cur_find(&c, '\n');
	if (end < 0)
		return whole ? PROBE_NO : PROBE_MORE;
	struct cur line = text_line(&c);
	if (line.left < method + 10)
		return PROBE_NO;
	cur_skip(&line, line.left - 9);
	return cur_starts(&line, " HTTP/1.") ? PROBE_YES : PROBE_NO;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	static const char version[] = "HTTP/1.";
	size_t n = c.left < sizeof version - 1 ? c.left : sizeof version - 1;
	size_t same = 0;
	while (same < n && cur_peek(&c, same) == version[same])
		same++;
	if (same == n && c.left < 9)
		return PROBE_MORE;
	if (is_status_line(&c))
		return PROBE_YES;
	return request_line(c, false);
}

/* Length of a head with its empty line; looks only at what is new since the last time. */
static long head_size(struct cur c, struct side *side)
{
	struct cur rest = c;
	cur_skip(&rest, side->scanned);
	for (;;) {
		long at = cur_find(&rest, '\n');
		if (at < 0) {
			side->scanned = (uint32_t)c.left;
			return c.left > HEAD_MAX ? FRAME_LOST : FRAME_MORE;
		}
		cur_skip(&rest, (size_t)at);
		long here = (long)(c.left - rest.left);
		int first = cur_peek(&rest, 1), second = cur_peek(&rest, 2);
		if (first == '\n')
			return here + 2;
		if (first == '\r' && second == '\n')
			return here + 3;
		if (first < 0 || (first == '\r' && second < 0)) {
			side->scanned = (uint32_t)here;
			return c.left > HEAD_MAX ? FRAME_LOST : FRAME_MORE;
		}
		cur_skip(&rest, 1);
	}
}

static long frame(struct cur c, struct scene *s)
{
	struct state *state = s->state;
	struct side *side = &state->sides[s->side & 1];
	long line;

	switch (side->mode) {
	case MODE_PAGE:
		return (long)(side->left < TITLE_WITHIN ? side->left : TITLE_WITHIN);
	case MODE_CHUNK:
	case MODE_TRAILER:
		line = cur_find(&c, '\n');
		if (line < 0)
			return c.left > LINE_MAX ? FRAME_LOST : FRAME_MORE;
		return line + 1;
	default:
		break;
	}
	if (cur_peek(&c, 0) == '\n')
		return 1; /* an empty line before a request is passed over, 2.2 */
	if (cur_peek(&c, 0) == '\r')
		return c.left < 2 ? FRAME_MORE : cur_peek(&c, 1) == '\n' ? 2 : FRAME_LOST;
	if (probe(c, s) == PROBE_NO)
		return FRAME_LOST;
	return head_size(c, side);
}

/* Six bits of base 64 (RFC 4648, 4), or -1. */
static int sextet(int byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

static size_t base64(struct cur c, uint8_t out[CREDENTIALS_MAX])
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t size = 0;
	for (int six; size < CREDENTIALS_MAX && (six = sextet(cur_peek(&c, 0))) >= 0;
		cur_skip(&c, 1)) {
		bits = bits << 6 | (uint32_t)six;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[size++] = (uint8_t)(bits >> have);
		}
	}
	return size;
}

/* What one head says, beyond the values that went into its fact. */
struct head {
	bool has_length, chunked, html, packed;
	uint64_t length;
	bool login, is_default;
	size_t user_size;
	const char *scheme;
	uint8_t user[CREDENTIALS_MAX];
};

static void read_credentials(struct scene *s, struct cur value, struct head *head)
{
	if (cur_find(&value, ' ') < 0) { /* no scheme before it: the secret alone */
		fact_secret(s, &f_scheme, value.at, value.left);
		return;
	}
	struct cur scheme = text_until(&value, ' ');
	text_tell(s, &f_scheme, scheme);
	if (text_is(&scheme, "basic")) {
		size_t size = base64(value, head->user);
		const uint8_t *colon = memchr(head->user, ':', size);
		if (!colon)
			return;
		head->login = true;
		head->scheme = "basic";
		head->is_default = secret_known("http", head->user, size) != NULL;
		head->user_size = (size_t)(colon - head->user);
		return;
	}
	for (; value.left > 0 && !head->login; cur_skip(&value, 1)) {
		if (!text_begins(&value, "username=\""))
			continue;
		cur_skip(&value, strlen("username=\""));
		struct cur name = text_until(&value, '"');
		size_t size = name.left < sizeof head->user ? name.left : sizeof head->user;
		const uint8_t *bytes = cur_take(&name, size);
		if (bytes)
			memcpy(head->user, bytes, size);
		head->user_size = size;
		head->login = true;
		head->scheme = "digest";
	}
}

static void read_length(struct scene *s, struct cur value, struct head *head)
{
	uint64_t length = 0;
	bool good = value.left > 0 && value.left < 19;
	while (good && value.left > 0) {
		uint8_t digit = cur_u8(&value);
		good = digit >= '0' && digit <= '9';
		length = length * 10 + (uint64_t)(digit - '0');
	}
	if (!good || (head->has_length && head->length != length)) {
		fact_violation(s);
		return;
	}
	head->has_length = true;
	head->length = length;
	fact_uint(s, &f_length, length);
}

static void read_header(struct scene *s, struct cur line, struct head *head)
{
	if (cur_find(&line, ':') < 0) {
		fact_violation(s);
		return;
	}
	struct cur name = text_until(&line, ':'), value = text_trimmed(line);
	if (text_is(&name, "content-length")) {
		read_length(s, value, head);
	} else if (text_is(&name, "transfer-encoding")) {
		head->chunked = text_has(value, "chunked");
	} else if (text_is(&name, "authorization") || text_is(&name, "proxy-authorization")) {
		read_credentials(s, value, head);
	} else if (text_is(&name, "content-encoding")) {
		head->packed = !text_is(&value, "identity");
	} else {
		for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
			if (!text_is(&name, headers[i].name))
				continue;
			if (headers[i].is_uri)
				http_tell_uri(s, &headers[i].field, value);
			else
				text_tell(s, &headers[i].field, value);
			if (headers[i].identity)
				who_sender(s, headers[i].identity, value.at, value.left);
		}
		if (text_is(&name, "content-type"))
			head->html = text_begins(&value, "text/html");
	}
}

static void read_headers(struct scene *s, struct cur c, struct head *head)
{
	while (c.left > 0) {
		struct cur line = text_line(&c);
		if (line.left == 0)
			break;
		if (cur_peek(&line, 0) != ' ' && cur_peek(&line, 0) != '\t')
			read_header(s, line, head);
	}
	/* Two lengths for one body are how requests are smuggled past a proxy: RFC 9112, 6.1. */
	if (head->chunked && head->has_length)
		fact_violation(s);
}

/* What comes behind the head, RFC 9112, 6.3. */
static void expect_body(
	struct scene *s, struct side *side, const struct head *head, bool to_the_end)
{
	bool page = head->html && !head->packed;
	side->html = page;
	side->chunked = head->chunked;
	side->left = head->length;
	if (head->chunked)
		side->mode = MODE_CHUNK;
	else if (head->has_length && page && head->length > 0)
		side->mode = MODE_PAGE;
	else if (head->has_length)
		scene_skip(s, head->length);
	else if (to_the_end)
		scene_skip(s, UINT64_MAX);
}

static const struct msg *request_row(struct cur method)
{
	const struct msg *row = rows;
	while (row - rows < OTHER_METHOD && !text_is(&method, row->name))
		row += 2;
	return row;
}

static enum parsed request(struct scene *s, struct state *state, struct side *side, struct cur c)
{
	struct cur line = text_line(&c), method = text_until(&line, ' ');
	size_t version_size = strlen("HTTP/1.1");
	if (line.left < version_size + 1)
		return PARSED_BAD;
	struct cur uri = text_trimmed(cur_sub(&line, line.left - version_size));
	const struct msg *row = request_row(method);
	struct head head = { 0 };

	scene_client(s);
	struct asked *asked = ask_put(s, state->asked++);
	fact_begin(s, row);
	text_tell(s, &f_method, method);
	http_tell_uri(s, &f_uri, uri);
	text_tell(s, &f_request_version, line);
	read_headers(s, c, &head);
	fact_end(s);
	if (asked)
		*asked = (struct asked){ .row = (uint8_t)(row - rows), .login = head.login };
	if (head.login) {
		fact_begin(s, &row_login);
		fact_text(s, &f_scheme, head.scheme, strlen(head.scheme));
		fact_text(s, &f_user, head.user, head.user_size);
		if (head.is_default)
			fact_flag(s, &f_default, true);
		fact_end(s);
		who_sender(s, ID_USER, head.user, head.user_size);
	}
	expect_body(s, side, &head, false);
	return PARSED_WHOLE;
}

static enum parsed response(struct scene *s, struct state *state, struct side *side, struct cur c)
{
	struct cur line = text_line(&c), version = text_until(&line, ' '),
		   digits = text_until(&line, ' ');
	unsigned code = 0;
	if (digits.left != 3)
		return PARSED_BAD;
	while (digits.left > 0)
		code = code * 10 + (unsigned)(cur_u8(&digits) - '0');
	if (code < 100 || code > 999)
		return PARSED_BAD;

	bool last = code >= 200 || code == 101;
	const struct asked *found = NULL;
	if (state->answered != state->asked)
		found = last ? ask_take(s, state->answered) : ask_peek(s, state->answered);
	if (last && state->answered != state->asked)
		state->answered++;
	struct asked asked = found ? *found : (struct asked){ .row = OTHER_METHOD };
	struct head head = { 0 };

	scene_server(s);
	fact_begin(s, found ? &rows[asked.row + 1] : &row_response);
	if (code >= 400)
		fact_failed(s);
	text_tell(s, &f_version, version);
	fact_uint(s, &f_code, code);
	text_tell(s, &f_phrase, line);
	read_headers(s, c, &head);
	fact_end(s);
	if ((code == 401 || code == 407) && asked.login) {
		fact_begin(s, &row_refused);
		fact_failed(s);
		fact_end(s);
	}
	if (code == 101 || (asked.row == CONNECT && code / 100 == 2)) {
		scene_anew(s);
		return PARSED_WHOLE;
	}
	bool empty = code / 100 == 1 || code == 204 || code == 304 || asked.row == HEAD;
	if (!empty)
		expect_body(s, side, &head, true);
	return PARSED_WHOLE;
}

/* The title of a page, where it stands within the first bytes. */
static void page(struct scene *s, struct side *side, struct cur c)
{
	uint64_t size = c.left;
	for (; c.left > 0; cur_skip(&c, 1)) {
		if (!text_begins(&c, "<title"))
			continue;
		text_until(&c, '>');
		long end = cur_find(&c, '<');
		if (end <= 0)
			break;
		struct cur title = text_trimmed(cur_sub(&c, (size_t)end));
		fact_begin(s, &row_page);
		text_tell(s, &f_title, title);
		fact_end(s);
		break;
	}
	side->left -= size < side->left ? size : side->left;
	side->html = false;
	side->mode = side->chunked ? MODE_CHUNK : MODE_HEAD;
	scene_skip(s, side->left + (side->chunked ? 2 : 0));
}

/* A chunk size in hexadecimal digits, 7.1. */
static enum parsed chunk(struct scene *s, struct side *side, struct cur c)
{
	uint64_t size = 0;
	size_t digits = 0;
	for (;; digits++) {
		int byte = cur_peek(&c, digits);
		int low = text_lower(byte);
		if (low >= '0' && low <= '9')
			size = size << 4 | (uint64_t)(low - '0');
		else if (low >= 'a' && low <= 'f')
			size = size << 4 | (uint64_t)(low - 'a' + 10);
		else
			break;
	}
	if (digits == 0 || digits > 15) {
		side->mode = MODE_HEAD;
		return PARSED_BAD;
	}
	if (size == 0)
		side->mode = MODE_TRAILER;
	else if (side->html) {
		side->left = size;
		side->mode = MODE_PAGE;
	} else
		scene_skip(s, size + 2);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct state *state = s->state;
	struct side *side = &state->sides[s->side & 1];
	side->scanned = 0;

	switch (side->mode) {
	case MODE_PAGE:
		page(s, side, c);
		return PARSED_WHOLE;
	case MODE_CHUNK:
		return chunk(s, side, c);
	case MODE_TRAILER:
		if (text_line(&c).left == 0)
			side->mode = MODE_HEAD;
		return PARSED_WHOLE;
	default:
		break;
	}
	if (cur_peek(&c, 0) == '\r' || cur_peek(&c, 0) == '\n')
		return PARSED_WHOLE;
	return is_status_line(&c) ? response(s, state, side, c) : request(s, state, side, c);
}

static void gap(struct scene *s)
{
	struct state *state = s->state;
	state->sides[s->side & 1] = (struct side){ 0 };
	state->answered = state->asked;
}

const struct proto proto_http = {
	.name = "http",
	.title = "HTTP",
	.standard = "RFC 9110, RFC 9112",
	.reads = "request and status lines, heads, titles, logins",
	.seen = "19 captures: device pages, cloud agents, attacks",
	.over = OVER_TCP,
	.begins = "2d 41-5a 5f",
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct state),
	.asks = 8,
	.ask_size = sizeof(struct asked),
};
