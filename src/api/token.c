/* Tokens for programs: made by a person, with scopes and an end.  What is kept is a hash. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/inside.h"
#include "base/clock.h"
#include "crypt/random.h"

enum { DAYS_MOST = 397 };
static const int64_t day_ns = 86400 * CLOCK_SECOND;

static const struct shape row[] = {
	{ "id", S_TEXT, NULL, "sixteen digits" },
	{ "name", S_TEXT, NULL, "what it is for" },
	{ "user", S_TEXT, NULL, "who made it" },
	{ "scopes", S_TEXTS, NULL, "read, all, or the word of an action" },
	{ "made", S_TIME, NULL, "since when" },
	{ "until", S_TIME, NULL, "and how long" },
	{ 0 },
};

static void show(struct json *j, const struct api_token *t, const char *secret)
{
	json_open(j, '{');
	json_kv_str(j, "id", t->id);
	json_kv_str(j, "token", secret);
	json_kv_str(j, "name", t->name);
	json_kv_str(j, "user", t->user);
	json_key(j, "scopes");
	json_open(j, '[');
	for (size_t i = 0; i < t->scope_count; i++)
		json_str(j, t->scopes[i]);
	json_close(j, ']');
	json_kv_time(j, "made", t->made_ns);
	json_kv_time(j, "until", t->until_ns);
	json_close(j, '}');
}

static bool is_seen(const struct api_call *c, const struct api_token *t)
{
	return t->id[0] && (c->who.role == API_OWNER || strcmp(c->who.name, t->user) == 0);
}

static void forget(struct api *a, struct api_token *t)
{
	memset(t, 0, sizeof *t);
	a->token_serials[t - a->tokens] = 0;
}

static struct api_token *find(struct api *a, const char *id)
{
	for (size_t i = 0; *id && i < COUNT_OF(a->tokens); i++)
		if (strcmp(a->tokens[i].id, id) == 0)
			return &a->tokens[i];
	return NULL;
}

static struct api_token *put(struct api *a, const struct api_token *t)
{
	for (size_t i = 0; i < COUNT_OF(a->tokens); i++) {
		if (a->tokens[i].id[0])
			continue;
		a->tokens[i] = *t;
		a->token_serials[i] = ++a->serial ? a->serial : ++a->serial;
		return &a->tokens[i];
	}
	return NULL;
}

/* Those that have ended make room. */
static size_t count_live(struct api *a, int64_t now_ns)
{
	size_t count = 0;
	for (size_t i = 0; i < COUNT_OF(a->tokens); i++) {
		struct api_token *t = &a->tokens[i];
		if (t->id[0] && t->until_ns <= now_ns)
			forget(a, t);
		count += t->id[0] != 0;
	}
	return count;
}

int api_token_add(struct api *a, const struct api_token *t, struct err *e)
{
	if (count_live(a, a->site.now_ns(a->site.self)) >= API_TOKENS)
		return err_set(e, -ENOSPC, "%d tokens are all there can be", API_TOKENS);
	if (!t->id[0] || find(a, t->id))
		return err_set(e, -EINVAL, "a token without a number of its own");
	put(a, t);
	return 0;
}

/* --- the list --- */

static const struct bind list_in[] = {
	PAGE_BINDS,
	{ 0 },
};
static const struct shape list_out[] = {
	{ "items", S_LIST, row, "in the order of their id" },
	{ "next", S_TEXT, NULL, "where there is more: for `after`" },
	{ 0 },
};

static const struct api_token *next_by_id(const struct api *a, const char *id)
{
	const struct api_token *next = NULL;
	for (size_t i = 0; i < COUNT_OF(a->tokens); i++) {
		const struct api_token *t = &a->tokens[i];
		if (t->id[0] && strcmp(t->id, id) > 0 && (!next || strcmp(t->id, next->id) < 0))
			next = t;
	}
	return next;
}

static int list(struct api_call *c, void *in)
{
	const struct page_in *i = in;
	struct page p = page_begin(c, i);
	count_live(c->api, c->now_ns);
	for (const struct api_token *t = next_by_id(c->api, i->after); t;
		t = next_by_id(c->api, t->id)) {
		if (!is_seen(c, t))
			continue;
		if (!page_takes(&p, t->id))
			break;
		show(&c->json, t, NULL);
	}
	return page_end(&p);
}

const struct route route_token_list = {
	.id = "token_list",
	.method = "GET",
	.path = "/v1/tokens",
	.may = "token.read",
	.what = "Tokens: all of them for an owner, one's own for others",
	.in = list_in,
	.in_size = sizeof(struct page_in),
	.out = list_out,
	.run = list,
};

/* --- a new one --- */

struct make {
	char name[API_NAME];
	struct texts scopes;
	uint64_t days;
	char secret[SECRET_TEXT + 8]; /* from here on: not asked, but made */
	struct api_token made;
};

static const struct bind make_in[] = {
	{ "name", T_TEXT, offsetof(struct make, name), .from = FROM_BODY, .required = true,
		.size = API_NAME, .min = 1, .what = "what it is for" },
	{ "scopes", T_TEXTS, offsetof(struct make, scopes), .from = FROM_BODY, .required = true,
		.min = 1, .what = "read, all, or the words of actions" },
	{ "days", T_UINT, offsetof(struct make, days), .from = FROM_BODY, .required = true,
		.min = 1, .max = DAYS_MOST, .what = "how long it holds" },
	{ 0 },
};
static const struct shape made_out[] = {
	{ "id", S_TEXT, NULL, "sixteen digits" },
	{ "token", S_TEXT, NULL, "shown this once" },
	{ "name", S_TEXT, NULL, "what it is for" },
	{ "user", S_TEXT, NULL, "who made it" },
	{ "scopes", S_TEXTS, NULL, "what it may" },
	{ "made", S_TIME, NULL, "since when" },
	{ "until", S_TIME, NULL, "and how long" },
	{ 0 },
};

static bool is_scope(const struct api *a, const char *scope)
{
	const struct route *r;
	if (strcmp(scope, "read") == 0 || strcmp(scope, "all") == 0)
		return true;
	for (size_t step = 0; (r = routes_next(a->more, &step));)
		if (strcmp(r->may, scope) == 0 && strcmp(scope, MAY_ANYBODY) != 0)
			return true;
	return false;
}

/* A token makes none that could do more than itself. */
static bool is_covered(const struct api_token *by, const char *scope)
{
	for (size_t i = 0; i < by->scope_count; i++)
		if (strcmp(by->scopes[i], "read") == 0
				? scope_covers("read", scope) || strcmp(scope, "read") == 0
				: scope_covers(by->scopes[i], scope))
			return true;
	return false;
}

static int look_at_scopes(struct api_call *c, const struct make *m)
{
	struct problem p = problem_of(400, "inputs", "what was asked cannot be read");
	for (size_t i = 0; i < m->scopes.count; i++) {
		const char *scope = m->scopes.list[i];
		if (!is_scope(c->api, scope))
			problem_at(&p, "body.scopes", "'%s': read, all, or the word of an action",
				scope);
		else if (c->who.token && !is_covered(c->who.token, scope))
			problem_at(&p, "body.scopes", "'%s': more than the token that asks has",
				scope);
	}
	c->problem = p;
	return p.count ? -1 : 0;
}

static int prepare(struct api_call *c, void *in)
{
	struct make *m = in;
	struct api_token *t = &m->made;
	uint8_t id[8];
	struct out o = out_mem(t->id, sizeof t->id);
	if (look_at_scopes(c, m) < 0)
		return -1;
	if (count_live(c->api, c->now_ns) >= API_TOKENS)
		return call_refuse(c, 503, "tokens-full",
			"there are as many tokens as there can be",
			"DELETE /v1/tokens/ID of those that nobody needs");
	random_fill(id, sizeof id);
	out_hex(&o, id, sizeof id);
	out_text(&o);
	memcpy(t->name, m->name, sizeof t->name);
	memcpy(t->user, c->who.name, sizeof t->user);
	memcpy(t->scopes, m->scopes.list, sizeof t->scopes);
	t->scope_count = m->scopes.count;
	t->made_ns = c->now_ns;
	t->until_ns = c->now_ns + (int64_t)m->days * day_ns;
	memcpy(m->secret, "weir_", 5);
	secret_text(m->secret + 5);
	secret_hash(m->secret, t->hash);
	snprintf(c->subject, sizeof c->subject, "token:%s", t->id);
	return RUN_ON;
}

static void note(const struct api_call *c, const void *in, struct json *j)
{
	const struct make *m = in;
	(void)c;
	json_kv_str(j, "user", m->made.user);
	json_key(j, "sha256");
	json_hex(j, m->made.hash, sizeof m->made.hash);
	json_kv_time(j, "until", m->made.until_ns);
}

static int make(struct api_call *c, void *in)
{
	const struct make *m = in;
	if (!put(c->api, &m->made))
		return call_refuse(c, 503, "tokens-full",
			"there are as many tokens as there can be",
			"DELETE /v1/tokens/ID of those that nobody needs");
	show(&c->json, &m->made, m->secret);
	return 201;
}

const struct route route_token_make = {
	.id = "token_make",
	.method = "POST",
	.path = "/v1/tokens",
	.may = "token.make",
	.what = "A new token; it is shown once",
	.in = make_in,
	.in_size = sizeof(struct make),
	.out = made_out,
	.status = 201,
	.kind = "access",
	.prepare = prepare,
	.note = note,
	.run = make,
};

/* --- no longer --- */

struct revoke {
	char id[API_ID];
};

static const struct bind revoke_in[] = {
	{ "id", T_TEXT, offsetof(struct revoke, id), .from = FROM_PATH, .size = API_ID, .min = 16,
		.what = "of the token" },
	{ 0 },
};

static int prepare_revoke(struct api_call *c, void *in)
{
	const struct revoke *r = in;
	const struct api_token *t = find(c->api, r->id);
	if (!t || !is_seen(c, t))
		return call_refuse(c, 404, "no-such-token", "there is no such token",
			"GET /v1/tokens lists them");
	snprintf(c->subject, sizeof c->subject, "token:%s", r->id);
	return RUN_ON;
}

static int run_revoke(struct api_call *c, void *in)
{
	const struct revoke *r = in;
	struct api_token *t = find(c->api, r->id);
	if (t)
		forget(c->api, t);
	who_listens(c->api);
	return 204;
}

const struct route route_token_revoke = {
	.id = "token_revoke",
	.method = "DELETE",
	.path = "/v1/tokens/{id}",
	.may = "token.revoke",
	.what = "End a token, and what listens by it",
	.in = revoke_in,
	.in_size = sizeof(struct revoke),
	.status = 204,
	.kind = "access",
	.prepare = prepare_revoke,
	.run = run_revoke,
};
