/* Who asks: by a token in Authorization, or by a session in a cookie.  Of either only a hash is in
 * memory; both are 256 bits by chance, so one hash is enough. */
#include <stdio.h>
#include <string.h>

#include "api/inside.h"
#include "base/clock.h"
#include "crypt/random.h"

static const char cookie_name[] = "__Host-weir=", bearer[] = "Bearer ";
static const int64_t idle_ns = 30 * 60 * CLOCK_SECOND, longest_ns = 12 * 3600 * CLOCK_SECOND;

void secret_text(char text[SECRET_TEXT])
{
	uint8_t bytes[SECRET];
	struct out o = out_mem(text, SECRET_TEXT);
	random_fill(bytes, sizeof bytes);
	out_hex(&o, bytes, sizeof bytes);
	out_text(&o);
	explicit_bzero(bytes, sizeof bytes);
}

void secret_hash(const char *text, uint8_t hash[SHA256_SIZE])
{
	digest_sha256(text, strlen(text), hash);
}

bool scope_covers(const char *scope, const char *action)
{
	static const char read[] = ".read";
	size_t size = strlen(action), end = sizeof read - 1;
	return strcmp(scope, "all") == 0 || strcmp(scope, action) == 0 ||
		(strcmp(scope, "read") == 0 && size > end &&
			strcmp(action + size - end, read) == 0);
}

/* --- sessions --- */

static bool is_over(const struct session *s, int64_t now_ns)
{
	return now_ns - s->used_ns > idle_ns || now_ns - s->made_ns > longest_ns;
}

/* The value of ours, where the header has it in the form we give it. */
static bool cookie_value(const char *header, char text[SECRET_TEXT])
{
	size_t name = sizeof cookie_name - 1, size = SECRET_TEXT - 1;
	for (const char *at = header; at; at = strchr(at, ';')) {
		at += strspn(at, "; ");
		if (strncmp(at, cookie_name, name) != 0)
			continue;
		if (strspn(at + name, "0123456789abcdef") != size)
			return false;
		memcpy(text, at + name, size);
		text[size] = 0;
		return true;
	}
	return false;
}

struct session *session_of(struct api *a, const struct api_call *c)
{
	char text[SECRET_TEXT];
	uint8_t hash[SHA256_SIZE];
	if (!c->q || !cookie_value(serve_header(c->q, HEADER_COOKIE), text))
		return NULL;
	secret_hash(text, hash);
	for (size_t i = 0; i < COUNT_OF(a->sessions); i++) {
		struct session *s = &a->sessions[i];
		if (!s->live || !random_same(s->hash, hash, sizeof hash))
			continue;
		if (is_over(s, c->now_ns))
			memset(s, 0, sizeof *s);
		return s->live ? s : NULL;
	}
	return NULL;
}

static int by_session(struct api_call *c)
{
	struct api_user user;
	struct session *s = session_of(c->api, c);
	if (!s)
		return 0; /* nobody: what is open to all stays so */
	if (!c->api->site.user(c->api->site.self, s->user, &user)) {
		memset(s, 0, sizeof *s);
		return 0;
	}
	s->used_ns = c->now_ns;
	c->who.by = API_BY_SESSION;
	c->who.role = user.role;
	memcpy(c->who.name, s->user, sizeof s->user);
	return 0;
}

/* --- tokens --- */

static int refuse_token(struct api_call *c, const char *code, const char *title)
{
	c->api->counts.not_known++;
	return call_refuse(c, 401, code, title, "another token: POST /v1/tokens");
}

static int by_token(struct api_call *c, const char *text)
{
	struct api *a = c->api;
	uint8_t hash[SHA256_SIZE];
	struct api_user user;
	if (strncasecmp(text, bearer, sizeof bearer - 1) != 0)
		return refuse_token(c, "no-bearer", "tokens are said as Bearer TOKEN");
	secret_hash(text + sizeof bearer - 1, hash);
	for (size_t i = 0; i < COUNT_OF(a->tokens); i++) {
		const struct api_token *t = &a->tokens[i];
		if (!t->id[0] || !random_same(t->hash, hash, sizeof hash))
			continue;
		if (c->now_ns >= t->until_ns)
			return refuse_token(c, "token-expired", "the token has expired");
		if (!a->site.user(a->site.self, t->user, &user))
			return refuse_token(c, "token-orphaned", "whoever made the token is gone");
		c->who.by = API_BY_TOKEN;
		c->who.role = user.role;
		c->who.token = t;
		memcpy(c->who.name, t->user, sizeof t->user);
		return 0;
	}
	return refuse_token(c, "no-such-token", "there is no such token");
}

int who_asks(struct api_call *c)
{
	const char *token = serve_header(c->q, HEADER_AUTHORIZATION);
	return token ? by_token(c, token) : by_session(c);
}

/* --- pages elsewhere --- */

static int refuse_elsewhere(struct api_call *c, const char *code, const char *title)
{
	c->api->counts.not_from_here++;
	return call_refuse(c, 403, code, title, "GET /v1/session says the word; X-Weir-CSRF: WORD");
}

/* A cookie goes along whoever made the browser ask.  So a change says a word that only pages of
 * ours can have read, and where the browser says whose page it was, it has to be ours. */
int who_comes_from_here(struct api_call *c)
{
	static const char scheme[] = "https://";
	const char *origin = serve_header(c->q, HEADER_ORIGIN);
	const char *host = serve_header(c->q, HEADER_HOST);
	const char *word = serve_header(c->q, HEADER_CSRF);
	if (origin &&
		(!host || strncmp(origin, scheme, sizeof scheme - 1) != 0 ||
			strcasecmp(origin + sizeof scheme - 1, host) != 0))
		return refuse_elsewhere(c, "other-origin", "a page from elsewhere asks");
	if (c->who.by != API_BY_SESSION)
		return 0;
	const struct session *s = session_of(c->api, c);
	if (!s || !word || strlen(word) != SECRET_TEXT - 1 ||
		!random_same(word, s->csrf, SECRET_TEXT - 1))
		return refuse_elsewhere(
			c, "no-csrf", "who changes something in a session says its word");
	return 0;
}

/* --- those who listen --- */

uint64_t who_label(const struct api *a, const struct api_call *c)
{
	if (c->who.token) {
		size_t i = (size_t)(c->who.token - a->tokens);
		return (uint64_t)a->token_serials[i] << 32 | i;
	}
	const struct session *s = session_of(c->api, c);
	return s ? (uint64_t)s->serial << 32 | 1u << 31 | (uint32_t)(s - a->sessions) : 0;
}

static bool may_listen(void *self, uint64_t label)
{
	struct api *a = self;
	uint32_t serial = (uint32_t)(label >> 32), i = (uint32_t)label & ~(1u << 31);
	int64_t now = a->site.now_ns(a->site.self);
	struct api_user user;
	if (label & 1u << 31) {
		const struct session *s = &a->sessions[i];
		return s->live && s->serial == serial && now - s->made_ns <= longest_ns &&
			a->site.user(a->site.self, s->user, &user);
	}
	const struct api_token *t = &a->tokens[i];
	return serial && t->id[0] && a->token_serials[i] == serial && now < t->until_ns &&
		a->site.user(a->site.self, t->user, &user);
}

void who_listens(struct api *a)
{
	if (a->stream)
		serve_stream_keep(a->stream, may_listen, a);
}
