/* Signing in and out.  Passwords are looked at elsewhere (checker.h), one at a time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/inside.h"
#include "base/clock.h"
#include "base/hash.h"

static const int64_t longest_ns = 12 * 3600 * CLOCK_SECOND; /* as in who.c */

#define COOKIE "__Host-weir="
#define RULES  "; Path=/; Secure; HttpOnly; SameSite=Strict"

struct sign_in {
	char user[API_NAME], password[PASSWORD_MAX + 1];
	enum api_role role;
};

static const struct bind sign_in[] = {
	{ "user", T_TEXT, offsetof(struct sign_in, user), .from = FROM_BODY, .required = true,
		.size = API_NAME, .min = 1, .what = "who signs in" },
	{ "password", T_TEXT, offsetof(struct sign_in, password), .from = FROM_BODY,
		.required = true, .secret = true, .size = PASSWORD_MAX + 1, .min = 1,
		.what = "and what only they know" },
	{ 0 },
};

static const struct shape shown[] = {
	{ "user", S_TEXT, NULL, "who has signed in" },
	{ "role", S_TEXT, NULL, "owner or viewer" },
	{ "csrf", S_TEXT, NULL, "to be said with each change: X-Weir-CSRF" },
	{ "until", S_TIME, NULL, "when it ends at the latest" },
	{ 0 },
};

/* --- those who guess --- */

/* An address, and a name at an address: nobody keeps others from signing in with their name. */
static void tries_of(struct api *a, const struct api_call *c, const char *user, struct try *two[2])
{
	uint64_t who = serve_peer_hash(c->q);
	uint64_t both = hash_mix(who, hash_bytes(user, strlen(user)));
	const uint64_t keys[2] = { who, both };
	for (size_t i = 0; i < 2; i++) {
		two[i] = &a->tries[keys[i] % TRIES];
		if (two[i]->who != keys[i] && two[i]->until_ns < c->now_ns)
			*two[i] = (struct try){ .who = keys[i] };
	}
}

static int64_t held_ns(struct api_call *c, const char *user)
{
	struct try *two[2];
	tries_of(c->api, c, user, two);
	int64_t until = two[0]->until_ns > two[1]->until_ns ? two[0]->until_ns : two[1]->until_ns;
	return until - c->now_ns;
}

static void say_failed(const void *of, struct json *j)
{
	const struct api *a = of;
	json_kv_str(j, "act", "session_begin");
	json_key(j, "failed");
	json_bool(j, true);
	json_kv_uint(j, "others_since", a->failed_unsaid);
}

/* One entry in ten seconds at most, which has the number of those in between. */
static void note_failed(struct api_call *c, const char *user)
{
	struct api *a = c->api;
	char actor[API_NAME + 8];
	a->counts.sign_ins_failed++;
	if (a->failed_said_ns && c->now_ns - a->failed_said_ns < 10 * CLOCK_SECOND) {
		a->failed_unsaid++;
		return;
	}
	a->failed_said_ns = c->now_ns;
	snprintf(actor, sizeof actor, "user:%s", user);
	api_tell(a, "access", actor, serve_peer(c->q), say_failed, a);
	a->failed_unsaid = 0;
}

static void count_failed(struct api_call *c, const char *user)
{
	struct try *two[2];
	tries_of(c->api, c, user, two);
	for (size_t i = 0; i < 2; i++) {
		struct try *t = two[i];
		/* A whole network may be behind one address: it has more of them. */
		unsigned freely = i == 0 ? 4 * TRIES_FREE : TRIES_FREE;
		if (++t->failed <= freely)
			continue;
		unsigned doubled = t->failed - freely > 9 ? 9 : t->failed - freely;
		int64_t wait = INT64_C(1) << doubled;
		t->until_ns = c->now_ns +
			(wait > TRIES_WAIT_MOST ? TRIES_WAIT_MOST : wait) * CLOCK_SECOND;
	}
	note_failed(c, user);
}

static void count_right(struct api_call *c, const char *user)
{
	struct try *two[2];
	tries_of(c->api, c, user, two);
	two[1]->failed = 0;
}

/* --- in --- */

static int prepare(struct api_call *c, void *in)
{
	struct sign_in *s = in;
	struct api *a = c->api;
	struct api_user user = { 0 };
	struct err e = { 0 };
	int64_t held = held_ns(c, s->user);
	if (held > 0) {
		a->counts.sign_ins_held++;
		call_refuse(c, 429, "held", "too many wrong passwords from there", "later");
		c->problem.retry_after = (unsigned)(held / CLOCK_SECOND) + 1;
		return -1;
	}
	bool known = a->site.user(a->site.self, s->user, &user);
	s->role = user.role;
	int r = a->site.check(a->site.self, c->ticket, known ? user.password : password_nobody(),
		s->password, &e);
	explicit_bzero(&user, sizeof user);
	if (r >= 0)
		return RUN_LATER;
	a->counts.sign_ins_held += r == -EAGAIN;
	call_refuse(c, 503, "busy", "too many sign in at a time", "again in a moment");
	problem_say(&c->problem, "%s", e.text);
	c->problem.retry_after = 2;
	return -1;
}

static struct session *free_session(struct api *a, int64_t now_ns)
{
	for (size_t i = 0; i < COUNT_OF(a->sessions); i++) {
		struct session *s = &a->sessions[i];
		if (!s->live || now_ns - s->made_ns > longest_ns)
			return s;
	}
	return NULL;
}

int session_checked(struct api_call *c, void *in, bool holds)
{
	struct sign_in *s = in;
	explicit_bzero(s->password, sizeof s->password);
	if (!holds) {
		count_failed(c, s->user);
		return call_refuse(c, 401, "wrong-password", "the name or the password is wrong",
			"what you know");
	}
	if (!free_session(c->api, c->now_ns))
		return call_refuse(c, 503, "sessions-full", "all places for sessions are taken",
			"DELETE /v1/session of those that nobody needs");
	count_right(c, s->user);
	memcpy(c->who.name, s->user, sizeof s->user);
	return 0;
}

static void show(const struct api_call *c, const struct session *s, enum api_role role)
{
	struct json j = c->json;
	json_open(&j, '{');
	json_kv_str(&j, "user", s->user);
	json_kv_str(&j, "role", api_roles[role]);
	json_kv_str(&j, "csrf", s->csrf);
	json_kv_time(&j, "until", s->made_ns + longest_ns);
	json_close(&j, '}');
}

static int begin(struct api_call *c, void *in)
{
	static char cookie[sizeof COOKIE + sizeof RULES + SECRET_TEXT];
	const struct sign_in *i = in;
	struct api *a = c->api;
	char secret[SECRET_TEXT];
	struct session *s = free_session(a, c->now_ns);
	if (!s)
		return call_refuse(c, 503, "sessions-full", "all places for sessions are taken",
			"again in a while");
	*s = (struct session){ .live = true, .made_ns = c->now_ns, .used_ns = c->now_ns };
	s->serial = ++a->serial ? a->serial : ++a->serial;
	memcpy(s->user, i->user, sizeof s->user);
	secret_text(s->csrf);
	secret_text(secret);
	secret_hash(secret, s->hash);
	snprintf(cookie, sizeof cookie, "%s%s%s", COOKIE, secret, RULES);
	explicit_bzero(secret, sizeof secret);
	a->counts.sign_ins++;
	c->set_cookie = cookie;
	show(c, s, i->role);
	return 201;
}

const struct route route_session_begin = {
	.id = "session_begin",
	.method = "POST",
	.path = "/v1/session",
	.may = MAY_ANYBODY,
	.what = "Sign in: a cookie for a browser, and the word that goes with changes",
	.in = sign_in,
	.in_size = sizeof(struct sign_in),
	.out = shown,
	.status = 201,
	.kind = "access",
	.prepare = prepare,
	.run = begin,
};

/* --- there, and out --- */

static int no_session(struct api_call *c)
{
	return call_refuse(c, 404, "no-session", "this is no session: it is a token's",
		"DELETE /v1/tokens/ID ends a token");
}

static int show_own(struct api_call *c, void *in)
{
	const struct session *s = session_of(c->api, c);
	(void)in;
	if (!s || c->who.by != API_BY_SESSION)
		return no_session(c);
	show(c, s, c->who.role);
	return 200;
}

const struct route route_session_show = {
	.id = "session_show",
	.method = "GET",
	.path = "/v1/session",
	.may = "session.read",
	.what = "Who has signed in, and the word that goes with changes",
	.out = shown,
	.run = show_own,
};

struct sign_out {
	uint32_t serial;
};

static int prepare_end(struct api_call *c, void *in)
{
	struct sign_out *o = in;
	const struct session *s = session_of(c->api, c);
	if (!s || c->who.by != API_BY_SESSION)
		return no_session(c);
	o->serial = s->serial;
	return RUN_ON;
}

static int end(struct api_call *c, void *in)
{
	const struct sign_out *o = in;
	struct api *a = c->api;
	for (size_t i = 0; i < COUNT_OF(a->sessions); i++)
		if (a->sessions[i].live && a->sessions[i].serial == o->serial)
			memset(&a->sessions[i], 0, sizeof a->sessions[i]);
	who_listens(a);
	c->set_cookie = COOKIE RULES "; Max-Age=0";
	return 204;
}

const struct route route_session_end = {
	.id = "session_end",
	.method = "DELETE",
	.path = "/v1/session",
	.may = "session.end",
	.what = "Sign out",
	.in_size = sizeof(struct sign_out),
	.status = 204,
	.kind = "access",
	.prepare = prepare_end,
	.run = end,
};
