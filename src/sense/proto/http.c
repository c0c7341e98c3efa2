/* HTTP/1: RFC 9110 (semantics) and RFC 9112 (messages): who serves what with which software.
 *
 * Heads are read, bodies are passed over by their framing; of pages that may name their server the
 * first bytes are looked at (http_page.c).  Passwords never leave this file: a fact says who logs
 * in, and whether the password is one that everybody knows. */
#include "sense/proto/http_page.h"
#include "sense/proto/http_trick.h"
#include "sense/proto/http_uri.h"
#include "sense/proto/text.h"
#include "sense/secret.h"

enum {
	HEAD_MAX = 16 * 1024, /* what common servers accept */
	LINE_MAX = 256,       /* of a chunk size or a trailer */
	CREDENTIALS_MAX = 256,
};

/* What the next bytes of one direction are. */
enum mode { MODE_HEAD, MODE_PAGE, MODE_CHUNK, MODE_TRAILER };

struct side {
	uint8_t mode;
	uint8_t page; /* enum http_page */
	bool chunked, to_the_end;
	bool root, own;   /* of a page: http_page_read */
	uint16_t looked;  /* bytes of this page in chunks before */
	uint32_t scanned; /* of an unfinished head or page: no end within these bytes */
	uint64_t left;    /* of the body or the chunk */
};

struct state {
	struct side sides[2];
	uint32_t home;            /* hash of the path that the root sent its visitors to; 0 none */
	uint32_t asked, answered; /* requests and responses come in the same order, 9.3.2 */
};

/* What is kept of a request until its answer comes. */
struct asked {
	uint8_t row;
	bool login;
	bool root;     /* asks for the page where a server's pages begin */
	bool through;  /* by way of a proxy: what comes back is not its own */
	uint32_t host; /* hash of the name it is asked by */
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
static const struct field f_trick = { "http.trick", TEXT };

/* Headers whose value is told as it stands, and kept until all of the head is read. */
enum header {
	HOST,
	USER_AGENT,
	SERVER,
	CHALLENGE,
	CONTENT_TYPE,
	LOCATION,
	UPGRADE,
	FORWARDED_FOR,
	HEADER_COUNT
};
static const struct {
	const char *name;
	struct field field;
} headers[HEADER_COUNT] = {
	[HOST] = { "host", { "http.host", TEXT } },
	[USER_AGENT] = { "user-agent", { "http.user_agent", TEXT } },
	[SERVER] = { "server", { "http.server", TEXT } },
	[CHALLENGE] = { "www-authenticate", { "http.www_authenticate", TEXT } },
	[CONTENT_TYPE] = { "content-type", { "http.content_type", TEXT } },
	[LOCATION] = { "location", { "http.location", TEXT } },
	[UPGRADE] = { "upgrade", { "http.upgrade", TEXT } },
	[FORWARDED_FOR] = { "x-forwarded-for", { "http.x_forwarded_for", TEXT } },
};

enum { GET = 0, HEAD = 2, CONNECT = 12, OTHER_METHOD = 18 };
static const struct msg rows[] = {
	BOTH(1, ACT_READ, EFFECT_NONE, "get"),
	BOTH(2, ACT_READ, EFFECT_NONE, "head"),
	BOTH(3, ACT_WRITE, EFFECT_NONE, "post"),
	BOTH(4, ACT_WRITE, EFFECT_NONE, "put"),
	BOTH(5, ACT_WRITE, EFFECT_NONE, "delete"),
	BOTH(6, ACT_WRITE, EFFECT_NONE, "patch"),
	BOTH(7, ACT_OTHER, EFFECT_NONE, "connect"),
	BOTH(8, ACT_OTHER, EFFECT_NONE, "options"),
	BOTH(9, ACT_OTHER, EFFECT_NONE, "trace"),
	BOTH(10, ACT_OTHER, EFFECT_NONE, "other"),
};
static const struct msg row_response = { 11, DIR_RESPONSE, ACT_OTHER, 0, "response" };
static const struct msg row_login = { 13, DIR_REQUEST, ACT_OTHER, EFFECT_LOGIN, "login" };
static const struct msg row_form = { 14, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "form" };
static const struct msg row_refused = { 13, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED, "login" };

static bool is_status_line(const struct cur *c)
{
	return cur_starts(c, "HTTP/1.") && cur_peek(c, 8) == ' ';
}

/* METHOD SP target SP HTTP/1.x: the method a word in capitals, RFC 9112, 3. */
static enum probe request_line(struct cur c)
{
	size_t method = 0;
	for (;; method++) {
		int byte = cur_peek(&c, method);
		if (byte < 0)
			return method > 20 ? PROBE_NO : PROBE_MORE;
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
		return PROBE_MORE;
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
	return request_line(c);
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
		if (side->to_the_end)
			return http_page_end(c, side->page, &side->scanned);
		return (long)(side->left < HTTP_PAGE_WITHIN ? side->left : HTTP_PAGE_WITHIN);
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
	bool has_length, chunked, packed;
	bool via; /* somebody handed it on (RFC 9110, 7.6.3) */
	uint64_t length;
	struct cur values[HEADER_COUNT];
	bool login, is_default, encoded;
	const char *trick; /* what attacks are made of: a literal */
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

static void note_trick(struct head *head, const char *trick)
{
	if (trick && !head->trick)
		head->trick = trick;
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
	if (good && head->has_length && head->length != length)
		note_trick(head, "two lengths of one body");
	if (!good || (head->has_length && head->length != length)) {
		fact_violation(s);
		return;
	}
	head->has_length = true;
	head->length = length;
	fact_uint(s, &f_length, length);
}

/* Headers of those in between: RFC 9110, 7.6.3, RFC 7239 and what came before it. */
static bool is_via(const struct cur *name)
{
	return text_is(name, "via") || text_is(name, "forwarded") ||
		text_is(name, "x-forwarded-for") || text_is(name, "x-cache");
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
		if (head->encoded)
			note_trick(head, "two encodings of one body");
		head->encoded = true;
		head->chunked |= text_has(value, "chunked");
	} else if (text_is(&name, "authorization") || text_is(&name, "proxy-authorization")) {
		read_credentials(s, value, head);
	} else if (text_is(&name, "content-encoding")) {
		head->packed = !text_is(&value, "identity");
	} else if (is_via(&name)) {
		head->via = true;
	}
	for (size_t i = 0; i < HEADER_COUNT; i++) {
		if (!text_is(&name, headers[i].name))
			continue;
		if (i == HOST && head->values[HOST].left)
			note_trick(head, "two hosts of one request");
		if (i == LOCATION)
			http_tell_uri(s, &headers[i].field, value);
		else
			text_tell(s, &headers[i].field, value);
		head->values[i] = value;
	}
}

static void read_headers(struct scene *s, struct cur c, struct head *head)
{
	while (c.left > 0) {
		struct cur line = text_line(&c);
		if (line.left == 0)
			break;
		note_trick(head, http_trick(line, false));
		if (cur_peek(&line, 0) != ' ' && cur_peek(&line, 0) != '\t')
			read_header(s, line, head);
	}
	/* Two lengths for one body are how requests are smuggled past a proxy: RFC 9112, 6.1. */
	if (head->chunked && head->has_length) {
		fact_violation(s);
		note_trick(head, "two lengths of one body");
	}
}

static enum http_page page_of(const struct head *head)
{
	const struct cur *type = &head->values[CONTENT_TYPE];
	if (head->packed)
		return PAGE_NONE;
	if (text_begins(type, "text/html"))
		return PAGE_HTML;
	return text_begins(type, "text/xml") || text_begins(type, "application/xml") ? PAGE_XML
										     : PAGE_NONE;
}

/* What comes behind the head, RFC 9112, 6.3.  `page`: its beginning is worth a look. */
static void expect_body(struct scene *s, struct side *side, const struct head *head,
	enum http_page page, bool to_the_end)
{
	bool empty = head->has_length && head->length == 0;
	side->page = (uint8_t)page;
	side->looked = 0;
	side->chunked = head->chunked;
	side->to_the_end = !head->chunked && !head->has_length;
	side->left = side->to_the_end ? UINT64_MAX : head->length;
	if (head->chunked)
		side->mode = MODE_CHUNK;
	else if (page && !empty && (head->has_length || to_the_end))
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

static void say(struct scene *s, enum identity_key key, struct cur text)
{
	who_sender(s, key, text.at, text.left);
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
	note_trick(&head, http_trick(uri, true));
	if (head.trick)
		fact_text(s, &f_trick, head.trick, strlen(head.trick));
	fact_end(s);
	if (!head.via)
		say(s, ID_SOFTWARE, head.values[USER_AGENT]);
	if (asked)
		*asked = (struct asked){ .row = (uint8_t)(row - rows),
			.login = head.login,
			.root = http_page_is_root(uri) ||
				(state->home && state->home == http_path_hash(uri)),
			.through = row - rows != CONNECT && cur_peek(&uri, 0) != '/' &&
				!text_is(&uri, "*"),
			.host = http_host_hash(http_host_of(head.values[HOST])) };
	if (head.login) {
		fact_begin(s, &row_login);
		fact_text(s, &f_scheme, head.scheme, strlen(head.scheme));
		fact_text(s, &f_user, head.user, head.user_size);
		if (head.is_default)
			fact_flag(s, &f_default, true);
		fact_end(s);
		who_sender(s, ID_USER, head.user, head.user_size);
	}
	bool form =
		!head.packed && text_begins(&head.values[CONTENT_TYPE], "application/x-www-form");
	expect_body(s, side, &head, form ? PAGE_FORM : PAGE_NONE, false);
	return PARSED_WHOLE;
}

/* What a head says of who answers, where it is his own. */
static void say_server(struct scene *s, struct state *state, const struct asked *asked,
	const struct head *head, unsigned code)
{
	if (head->via || (asked->through && code != 407)) /* 407: the proxy itself */
		return;
	say(s, ID_SOFTWARE, head->values[SERVER]);
	if (code == 401)
		http_page_say_realm(s, head->values[CHALLENGE]);
	if (code / 100 == 3 && asked->root && head->values[LOCATION].left > 0 &&
		http_stays_here(s, head->values[LOCATION], asked->host))
		state->home = http_path_hash(head->values[LOCATION]);
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
	/* RFC 7616, 3.3: a nonce that is too old refuses nobody. */
	bool stale = text_has(head.values[CHALLENGE], "stale=true") ||
		text_has(head.values[CHALLENGE], "stale=\"true\"");
	if ((code == 401 || code == 407) && asked.login && !stale) {
		fact_begin(s, &row_refused);
		fact_failed(s);
		fact_end(s);
	}
	if (found) /* else nobody knows whether it was asked as a proxy */
		say_server(s, state, &asked, &head, code);
	bool tunnel = asked.row == CONNECT && code / 100 == 2;
	if (code == 101 || tunnel) {
		scene_anew(s);
		if (tunnel)
			scene_beyond(s);
		return PARSED_WHOLE;
	}
	bool empty = code / 100 == 1 || code == 204 || code == 304 || asked.row == HEAD;
	side->root = asked.root;
	side->own = found && code == 200 && asked.row == GET && !asked.through && !head.via;
	if (!empty)
		expect_body(s, side, &head, page_of(&head), true);
	return PARSED_WHOLE;
}

/* The beginning of a page; of one in chunks, chunk after chunk until it is known. */
static void page(struct scene *s, struct side *side, struct cur c)
{
	uint64_t size = c.left;
	const char *trick = side->page == PAGE_FORM ? http_trick(c, true) : NULL;
	if (trick) {
		fact_begin(s, &row_form);
		fact_text(s, &f_trick, trick, strlen(trick));
		fact_end(s);
	}
	bool known =
		side->page == PAGE_FORM || http_page_read(s, c, side->page, side->root, side->own);
	side->looked = (uint16_t)(side->looked + size);
	if (known || side->looked >= HTTP_PAGE_WITHIN)
		side->page = PAGE_NONE;
	side->left -= size < side->left ? size : side->left;
	side->mode = side->chunked ? MODE_CHUNK : MODE_HEAD;
	scene_skip(s, side->to_the_end ? UINT64_MAX : side->left + (side->chunked ? 2 : 0));
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
	else if (side->page) {
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
	.reads = "request and status lines, heads, titles, logins, UPnP descriptions",
	.seen = "18 captures: device pages, cloud agents, attacks",
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
